"""``python -m segur_host.cli`` is ``segur``."""

from segur_host.cli import main

main()
