"""openid-client, a relying party nobody of this project wrote, as ``rp.mjs`` drives it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.counterparts.foreign_process import node


class RefusedError(Exception):
    """What was asked was refused, by the authority or by openid-client itself.

    Args:
        error: the code of OAuth, when the authority gave one.
        status: of the HTTP answer, when there was one.
        why: what openid-client says of it.
    """

    def __init__(self, error: str | None, status: int | None, why: str) -> None:
        super().__init__(f"{error} ({status}): {why}")
        self.error = error
        self.status = status
        self.why = why


class RelyingParty:
    """openid-client in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, command: str, **parameters: object) -> Any:
        """Have one of the commands of ``rp.mjs`` carried out.

        Raises:
            RefusedError: it was refused.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **parameters}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise RefusedError(**answer["refused"])
        return answer["ok"]


@contextmanager
def relying_party(anchors: Path) -> Iterator[RelyingParty]:
    """Start openid-client; it trusts ``anchors`` besides the public authorities."""
    with node("rp.mjs", anchors=anchors) as process:
        yield RelyingParty(process)
