"""What a run leaves behind: every line exchanged, every exchange of a service, everything the monitor saw."""

import json
from collections.abc import Mapping
from typing import Any, Final

import attrs

from segur_conformance.boundary.monitor import Violation

MAX_PRINTED: Final = 1024 * 1024
"""Bytes printed during one check that are kept."""
MAX_LEFT: Final = 1_000
"""Files that are kept."""
MAX_CONTENT: Final = 1024 * 1024
"""Bytes of each."""


@attrs.define
class RunRecord:
    """What the whole run recorded; checks that judge the run read it.

    Attributes:
        violations: what went round the broker, each with the check during which it happened.
        printed: the beginning of what the target wrote beside the conversation, by check.
        left: files that the target left in its folder, the host's own data apart: the beginning of each by name.
        isolation: ``namespace`` when what the target must not see does not exist for it, ``watched`` when the
            monitor guards it; ``watched`` until a target has started.
        dialogue: lines exchanged during the present check.
        check: id of the present check.
    """

    violations: list[tuple[str, Violation]] = attrs.field(factory=list)
    printed: dict[str, bytes] = attrs.field(factory=dict)
    left: dict[str, bytes] = attrs.field(factory=dict)
    isolation: str = "watched"
    dialogue: list[dict[str, Any]] = attrs.field(factory=list)
    check: str = ""

    def begin(self, check: str) -> None:
        """Go on to the next check."""
        self.check = check
        self.dialogue = []

    def tell(self, direction: str, content: Mapping[str, Any]) -> None:
        """Keep one line of the conversation."""
        self.dialogue.append({"direction": direction, "content": content})

    def saw(self, violation: Violation) -> None:
        """Keep what the monitor saw."""
        self.violations.append((self.check, violation))

    def heard(self, text: bytes) -> None:
        """Keep the beginning of what the target wrote beside the conversation."""
        known = self.printed.get(self.check, b"")
        self.printed[self.check] = known + text[: max(0, MAX_PRINTED - len(known))]

    def found(self, file: str, content: bytes) -> None:
        """Keep the beginning of a file that the target left."""
        if len(self.left) < MAX_LEFT or file in self.left:
            self.left[file] = content[:MAX_CONTENT]

    def evidence(self, exchanges: Mapping[str, list[dict[str, Any]]]) -> bytes:
        """Return the evidence of the present check: the conversation, then what each service saw, a line each."""
        lines = [*self.dialogue]
        lines += [{"service": service, **one} for service, seen in exchanges.items() for one in seen]
        return "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines).encode(
            "utf-8",
            "backslashreplace",  # a target may answer with halves of characters
        )
