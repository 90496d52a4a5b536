"""What a run has done so far: one line a check, on the disk before the next check begins."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import attrs
from pydantic import Field, ValidationError

from segur_conformance.boundary.monitor import Violation
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports.report import ReportedCheck
from segur_conformance.runner.record import RunRecord
from segur_sdk.errors import HostError, InputError
from segur_sdk.models.base import Moment, Value

NAME: Final = "progress.jsonl"
TRIED_AGAIN: Final = frozenset({CheckOutcome.ERROR, CheckOutcome.BLOCKED, CheckOutcome.WAITING})
"""Outcomes that say nothing of the target: what stood in the way may be gone."""


class Beginning(Value):
    """First line: what the run is about. A run is taken up again only if all of it is the same.

    Attributes:
        plan: SHA-256 of the plan.
        target: SHA-256 of the product's code.
        kit: SHA-256 of the kit's code.
        beneath: SHA-256 of what both stand on: SDK, host, sandbox.
        certified: certified mode was asked for.
        started_at: when the first run began.
    """

    plan: str
    target: str
    kit: str
    beneath: str
    certified: bool
    started_at: Moment


class _Line(Value):
    """One finished check, and what the run as a whole will be judged by."""

    check: ReportedCheck
    violations: tuple[Mapping[str, Any], ...] = ()
    printed: bytes = b""
    left: Mapping[str, bytes] = Field(default_factory=dict)


@contextmanager
def on_disk() -> Iterator[None]:
    """Turn what a disk refuses into a typed failure.

    Raises:
        HostError: ``host.report_disk``.
    """
    try:
        yield
    except OSError as failure:
        reason = os.strerror(failure.errno) if failure.errno else type(failure).__name__
        raise HostError("host.report_disk", reason=reason, retryable=True) from None


@attrs.define
class Progress:
    """The file ``progress.jsonl`` of a report's folder.

    Attributes:
        path: of the file.
        beginning: its first line.
        done: checks that need not be carried out again, by id.
    """

    path: Path
    beginning: Beginning
    done: dict[str, ReportedCheck] = attrs.field(factory=dict)
    _kept: set[str] = attrs.field(factory=set, init=False)
    """Files left by the product that are in the file already."""

    def begin(self) -> None:
        """Write the first line, unless an earlier run did.

        Raises:
            HostError: ``host.report_disk``.
        """
        if not self.path.exists():
            with on_disk():
                self._append(self.beginning.model_dump_json(), "xb")

    @classmethod
    def take_up(cls, folder: Path, beginning: Beginning, record: RunRecord) -> Self:
        """Go on with an earlier run; what its checks recorded is put back into ``record``.

        Raises:
            InputError: ``input.resume_other``: another plan, product or kit; ``input.report_folder``: no run was
                interrupted here.
            HostError: ``host.report_disk``.
        """
        try:
            whole = (folder / NAME).read_bytes()
        except OSError:
            raise InputError("input.report_folder", reason="no_progress") from None
        # A machine that stopped while a line was written leaves a part of it, which is no result.
        lines = whole[: whole.rfind(b"\n") + 1].splitlines()
        try:
            earlier = Beginning.model_validate_json(lines[0])
            finished = [_Line.model_validate_json(line) for line in lines[1:]]
        except (IndexError, ValidationError):
            raise InputError("input.report_folder", reason="progress_unreadable") from None
        for field in ("plan", "target", "kit", "beneath"):
            if getattr(earlier, field) != getattr(beginning, field):
                raise InputError("input.resume_other", differs=field)
        found = cls(folder / NAME, earlier)
        kept = [line for line in finished if line.check.outcome not in TRIED_AGAIN]
        for line in kept:
            found.done[line.check.id] = line.check
            _put_back(line, record)
            found._kept |= line.left.keys()
        with on_disk():
            found._rewrite([earlier.model_dump_json(), *(line.model_dump_json() for line in kept)])
        return found

    def add(self, check: ReportedCheck, record: RunRecord) -> None:
        """Keep a finished check, with what the run as a whole will be judged by."""
        line = _Line(
            check=check,
            violations=tuple(attrs.asdict(seen) for during, seen in record.violations if during == check.id),
            printed=record.printed.get(check.id, b""),
            left={name: record.left[name] for name in record.left.keys() - self._kept},
        )
        self._kept |= record.left.keys()
        with on_disk():
            self._append(line.model_dump_json(), "ab")

    def _append(self, line: str, mode: str) -> None:
        with self.path.open(mode) as stream:
            stream.write(line.encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _rewrite(self, lines: list[str]) -> None:
        draft = self.path.with_name(f".{NAME}.new")
        draft.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        draft.replace(self.path)


def _put_back(line: _Line, record: RunRecord) -> None:
    record.violations += [(line.check.id, Violation(**seen)) for seen in line.violations]
    if line.printed:
        record.printed[line.check.id] = line.printed
    for name, content in line.left.items():
        record.found(name, content)
