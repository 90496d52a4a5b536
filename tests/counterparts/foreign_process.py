"""A program in JavaScript, nobody's of this project, that ends with its standard input."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
STOP_S: Final = 10.0


@contextmanager
def node(script: str, *arguments: str, anchors: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run one of the scripts beside this module, and end it.

    Args:
        script: its name.
        arguments: its command line.
        anchors: PEM file of the only authorities it trusts besides those it was built with.
    """
    # It says on stderr that it was not meant for this version of node, and how it is badly set: that stays visible.
    with subprocess.Popen(
        ["node", str(HERE / script), *arguments],
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(anchors)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
