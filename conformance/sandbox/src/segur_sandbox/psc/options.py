"""Settings of Pro Santé Connect that a test may change while it runs."""

from collections.abc import Mapping

from segur_sandbox.settings import PscSettings


class PscOptions:
    """The settings in force.

    Attributes:
        now: Read at each use.
    """

    def __init__(self, first: PscSettings) -> None:
        self._first = first
        self.now = first

    def change(self, members: Mapping[str, str | int | bool]) -> PscSettings:
        """Replace some members until the reset.

        Raises:
            ValidationError: an unknown or wrong member.
        """
        self.now = PscSettings.model_validate({**self.now.model_dump(), **members})
        return self.now

    def reset(self) -> None:
        """Go back to those of the start."""
        self.now = self._first
