"""The folder of a report: empty when a run begins, and with a report in it only when the run has ended."""

from collections.abc import Mapping
from os import fsync
from pathlib import Path
from typing import Final

import attrs

from segur_conformance.runner.progress import NAME as PROGRESS
from segur_conformance.runner.progress import on_disk
from segur_sdk.errors import InputError

REPORT: Final = "report.json"
EVIDENCE: Final = "evidence"


@attrs.frozen
class ReportFolder:
    """The folder of a report.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def interrupted(self) -> bool:
        """Whether an earlier run left something to take up."""
        return (self.path / PROGRESS).is_file()

    def prepare(self, *, resume: bool) -> None:
        """Make the folder; with ``resume``, take back what an earlier run said at its end.

        Raises:
            InputError: ``input.report_folder``: it exists and is not empty, or cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            empty = not any(self.path.iterdir())
        except OSError as failure:
            raise InputError("input.report_folder", reason=type(failure).__name__) from None
        if empty:
            return
        if not resume:
            raise InputError("input.report_folder", reason="not_empty")
        if not self.interrupted:
            raise InputError("input.report_folder", reason="no_progress")

    def take_back(self) -> None:
        """Remove the reports of an earlier run, the one that others read first."""
        with on_disk():
            for name in (REPORT, "report.html", "junit.xml"):
                (self.path / name).unlink(missing_ok=True)

    def keep_evidence(self, check: str, content: bytes) -> tuple[str, ...]:
        """Write the evidence of a check and return the names of its files, relative to the folder."""
        if not content:
            return ()
        name = f"{EVIDENCE}/{check}.jsonl"
        with on_disk():
            (self.path / EVIDENCE).mkdir(exist_ok=True)
            (self.path / name).write_bytes(content)
        return (name,)

    def publish(self, reports: Mapping[str, str]) -> None:
        """Write every report whole, then give each its name; ``report.json`` comes last.

        Args:
            reports: texts by file name.

        Raises:
            HostError: ``host.report_disk``: none of them has its name then, or the last one has not.
        """
        drafts = {name: self.path / f".{name}.new" for name in sorted(reports, key=lambda one: one == REPORT)}
        try:
            with on_disk():
                for name, draft in drafts.items():
                    with draft.open("wb") as stream:
                        stream.write(reports[name].encode("utf-8"))
                        stream.flush()
                        fsync(stream.fileno())
                for name, draft in drafts.items():
                    draft.replace(self.path / name)
        finally:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)
