"""Run the examples of a page and compare what they give with what the page says.

- A fenced block ``python`` is executed; all those of a page share their names. What it prints must be the ``text``
  block that follows it, or nothing when none follows.
- A block ``console`` has commands after ``$`` and, under each, what it writes. A comment ``# ends with 1`` announces an
  exit code other than 0. ``segur sandbox up`` keeps running while the page lasts.
- A block with a caption is a file of that name in the working folder.
- Anything else (``sh``, ``toml`` or ``json`` without caption) is for reading only.

In what is expected, ``…`` stands for anything within a line, and alone on its line for any number of lines.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

_FENCE = re.compile(
    r"^```(?:\{code-block\} )?(?P<language>\w+)\n(?::caption: (?P<caption>\S+)\n\n?)?(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ENDS_WITH = re.compile(r"\s+# ends with (?P<status>\d+)$")
_LASTING = "segur sandbox up"
_COMMAND_S = 60


class ExampleError(AssertionError):
    """An example gives something else than its page says."""


@attrs.frozen
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    line: int
    caption: str | None = None


def blocks(page: str) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, in order."""
    return tuple(
        Block(found["language"], found["text"], page.count("\n", 0, found.start()) + 1, found["caption"])
        for found in _FENCE.finditer(page)
    )


def matches(expected: str, given: str) -> bool:
    """Tell whether ``given`` is what a page announces, ``…`` standing for anything."""
    pattern = "".join(
        "(?:[^\n]*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", "[^\n]*") + "\n"
        for line in expected.strip("\n").splitlines()
    )
    lines = "".join(line.rstrip() + "\n" for line in given.strip("\n").splitlines())
    return re.fullmatch(pattern, lines) is not None


class Runner:
    """Runs the blocks of one page in one folder.

    Args:
        folder: the working folder; the process must be in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "__example__"}
        self._lasting: list[subprocess.Popen[str]] = []
        self._environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "COLUMNS": "120",
            "PYTHONIOENCODING": "utf-8",
            "TERM": "dumb",
        }

    def run(self, page: str) -> int:
        """Run every block of a page; return how many were run.

        Raises:
            ExampleError: one gives something else than the page says.
        """
        found = blocks(page)
        ran = 0
        for place, block in enumerate(found):
            following = found[place + 1] if place + 1 < len(found) else None
            if block.caption is not None:
                (self._folder / block.caption).write_text(block.text, encoding="utf-8")
            elif block.language == "python":
                expected = following.text if following is not None and following.language == "text" else ""
                self._python(block, expected)
            elif block.language == "console":
                self._console(block)
            else:
                continue
            ran += 1
        return ran

    def close(self) -> None:
        """Stop what was started, last first."""
        for process in reversed(self._lasting):
            with process:
                process.terminate()

    def _python(self, block: Block, expected: str) -> None:
        # Compiled with its place, so that a traceback names the line of the page.
        code = compile("\n" * block.line + block.text, "page", "exec")
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(code, self._names)  # noqa: S102 - examples of our own pages
        _compare(block.line, expected, output.getvalue())

    def _console(self, block: Block) -> None:
        for line, command, expected in _commands(block):
            announced = _ENDS_WITH.search(command)
            words = shlex.split(command, comments=True)
            if command.startswith(_LASTING):
                self._start(line, words, expected)
                continue
            done = subprocess.run(
                words,
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_COMMAND_S,
                check=False,
            )
            _compare(line, expected, done.stdout)
            status = int(announced["status"]) if announced else 0
            if done.returncode != status:
                raise ExampleError(f"line {line}: ends with {done.returncode}, not {status}")

    def _start(self, line: int, words: list[str], expected: str) -> None:
        process = subprocess.Popen(
            words, cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lasting.append(process)
        assert process.stdout is not None
        given = [process.stdout.readline() for _ in expected.splitlines()]
        _compare(line, expected, "".join(given))


def _commands(block: Block) -> Iterator[tuple[int, str, str]]:
    """Give each command of a console with its line and what it is expected to write."""
    start: tuple[int, str] | None = None
    expected: list[str] = []
    for offset, text in enumerate(block.text.splitlines(), start=1):
        if text.startswith("$ "):
            if start is not None:
                yield (*start, "\n".join(expected))
            start, expected = (block.line + offset, text.removeprefix("$ ")), []
        else:
            expected.append(text)
    if start is not None:
        yield (*start, "\n".join(expected))


def _compare(line: int, expected: str, given: str) -> None:
    if not matches(expected, given):
        raise ExampleError(f"line {line}: the page says\n{expected.rstrip()}\nand this came:\n{given.rstrip()}")
