"""`python -m segur_sandbox`: the same commands as `segur sandbox`, without a host."""

from segur_sandbox.cli import app

app(prog_name="segur-sandbox")
