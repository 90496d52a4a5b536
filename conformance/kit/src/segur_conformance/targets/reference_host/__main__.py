"""The target in a process of its own: ``python -m segur_conformance.targets.reference_host``."""

from segur_conformance.targets.reference_host import main

main()
