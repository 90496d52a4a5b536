"""The README's own lines do what they say."""

import re
import subprocess
import sys
from pathlib import Path

from segur_sandbox.running import RunningSandbox

README = Path(__file__).parents[2] / "README.md"


def test_the_lines_that_embed_the_host_run_as_they_stand(segur_sandbox: RunningSandbox) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=segur_sandbox.config.parent,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "InsStatus.RECUPEREE" in done.stdout
    assert "ADRUN" not in done.stdout


def test_the_two_commands_of_a_newcomer_are_those_of_dev_py() -> None:
    commands = re.findall(r"^python dev\.py (\w+)", README.read_text("utf-8"), re.MULTILINE)
    usage = (README.parent / "dev.py").read_text("utf-8")
    assert commands == ["demo", "test"]
    assert all(re.search(rf"^  {command}\b", usage, re.MULTILINE) for command in commands)
