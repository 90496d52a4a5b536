"""Why virtual PC/SC readers cannot be had."""

from collections.abc import Sequence


class PcscError(Exception):
    """pcscd does not start or does not answer; the message says what was seen."""


class PcscMissingError(PcscError):
    """This machine lacks what virtual PC/SC readers need.

    Attributes:
        missing: What was not found: programs and files.
        install: The command that installs it on Debian and its derivatives; nothing on other systems.
    """

    def __init__(self, missing: Sequence[str], install: str | None) -> None:
        super().__init__(f"not found: {', '.join(missing)}")
        self.missing = tuple(missing)
        self.install = install


class SlotError(PcscError):
    """A card cannot be put into a slot; the message says why."""
