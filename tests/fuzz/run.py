"""Fuzz the parsers of cards: ``tox -e fuzz [-- [--seconds N] [TARGET ...]]``.

Each target runs for a bounded time in a process of its own, from what the sandbox's cards say. Prints what was tried
and found; exit status 1 when something was.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

SECONDS: Final = 20
SLACK_S: Final = 60
"""For the start of the interpreter and the reading of the seeds, beyond the time of a target."""
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s+([0-9]+)")
_COVERED: Final = re.compile(r"\bcov: ([0-9]+)")
_TRACE: Final = re.compile(r"=== Uncaught Python exception: ===\n(.*?)\n==", re.DOTALL)


@attrs.frozen
class Tried:
    """What became of one target."""

    name: str
    executions: int
    covered: int
    """Edges of the code under test."""
    inputs: tuple[bytes, ...]
    """Those for which it failed."""
    told: str

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found, by a run that did something."""
        return not self.inputs and not self.told and self.executions > 0


def main(arguments: Sequence[str]) -> int:
    """Fuzz the targets that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="tox -e fuzz --", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target; %(default)s by default")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    given = parser.parse_args(arguments)
    unknown = set(given.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="segur-fuzz-") as folder:
        known = seeds(Path(folder))
        tried = [shown(fuzzed(name, known[name], given.seconds)) for name in given.targets or TARGETS]
    return int(not all(one.is_sound for one in tried))


def fuzzed(name: str, known: list[bytes], seconds: int) -> Tried:
    """Run one target in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="segur-fuzz-") as folder:
        corpus, findings = Path(folder) / "corpus", Path(folder) / "findings"
        corpus.mkdir()
        findings.mkdir()
        for number, data in enumerate(known):
            (corpus / f"seed-{number}").write_bytes(data)
        command = [sys.executable, "-m", "tests.fuzz.drive", name, str(seconds), str(corpus), str(findings)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=seconds + SLACK_S
        )
        inputs = tuple(one.read_bytes() for one in sorted(findings.iterdir()))
    output = done.stdout.decode("utf-8", "replace")
    trace = _TRACE.search(output)
    told = trace[1] if trace else "" if done.returncode == 0 else output[-2000:]
    return Tried(name, _last(_EXECUTED, output), _last(_COVERED, output), inputs, told)


def shown(tried: Tried) -> Tried:
    """Print what became of a target."""
    for line in _lines(tried):
        print(line, flush=True)  # noqa: T201 - this is what the command is for
    return tried


def _lines(tried: Tried) -> Iterator[str]:
    verdict = "ok" if tried.is_sound else "FOUND"
    yield f"{tried.name:26} {tried.executions:>9} executions  {tried.covered:>5} edges  {verdict}"
    yield from (f"  input: {data.hex()}" for data in tried.inputs)
    if tried.told:
        yield tried.told


def _last(form: re.Pattern[str], text: str) -> int:
    found = form.findall(text)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
