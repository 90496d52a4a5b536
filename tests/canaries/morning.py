"""``segur`` as it is, in a process that logs everything and keeps its temporary folders.

``python morning.py [--crash] [--leak WORDS.json] COMMAND…``: with ``--crash`` a repository fails with a patient in
its message; with ``--leak`` each place a patient must not appear in is given one, to prove that it would be found.
"""

import gzip
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segur_host import crash, messages
from segur_host.audit.entries import AuditEntry
from segur_host.cli import failing, main
from segur_host.identities.desk import IdentityDesk
from segur_host.identities.repository import IdentityRepository
from segur_sdk.errors import SegurError, UserMessage


def keep_folders() -> None:
    """Leave every temporary folder as it is at the end, so that it can be searched."""
    kept: Any = tempfile.TemporaryDirectory
    kept.cleanup = lambda self: None
    kept._cleanup = classmethod(lambda *_, **__: None)


def fail_with_a_patient() -> None:
    """Let the first newcomer meet a bug whose messages are full of him."""

    def add(_: object, record: Any, *__: object) -> None:
        try:
            raise KeyError(record.matricule.value)
        except KeyError as cause:
            raise RuntimeError(f"{record.traits.nom_naissance} {record.traits.premier_prenom}") from cause

    IdentityRepository.add = add  # type: ignore[assignment, method-assign]


def leak(words: Mapping[str, str]) -> None:
    """Put one word into each place, the way somebody careless would."""
    described, rendered, asked = crash.describe, messages.as_json, IdentityDesk._ask

    def describe(failure: BaseException) -> dict[str, Any]:
        return described(failure) | {"message": words["crash_report"]}

    def as_json(failure: SegurError, own: Mapping[str, UserMessage] | None = None) -> dict[str, Any]:
        return rendered(failure, own) | {"message": words["stdout"]}

    def ask(desk: IdentityDesk, *arguments: Any) -> Any:
        folder = Path(desk._database.folder)
        (folder / f"{words['file_names']}.tmp").write_bytes(gzip.compress(words["files"].encode()))
        desk._audit.append(AuditEntry(event="leak.audit", facts={"nom": words["audit"]}))
        logging.getLogger("httpcore.http11").debug("send_request_body %s", words["logs"])
        os.write(2, words["stderr"].encode())
        subprocess.run(
            [sys.executable, "-c", "import time; time.sleep(1)", words["command_lines"]],
            env=os.environ | {"PATIENT": words["environments"]},
            check=True,
        )
        return asked(desk, *arguments)

    crash.describe = describe
    failing.as_json = as_json  # type: ignore[attr-defined]
    IdentityDesk._ask = ask  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    keep_folders()
    arguments = sys.argv[1:]
    if arguments[0] == "--crash":
        fail_with_a_patient()
        arguments = arguments[1:]
    if arguments[0] == "--leak":
        leak(json.loads(Path(arguments[1]).read_text("utf-8")))
        arguments = arguments[2:]
    sys.argv = ["segur", *arguments]
    main()
