"""The settings in force, which the control API may change until the reset."""

from typing import Any

from segur_sandbox.settings import DmpSettings


class Options:
    """Settings of the DMP, and those they go back to."""

    def __init__(self, first: DmpSettings) -> None:
        self._first = first
        self.now = first

    def change(self, members: dict[str, Any]) -> None:
        """Change some members.

        Raises:
            ValidationError: an unknown or wrong one.
        """
        self.now = DmpSettings.model_validate({**self.now.model_dump(), **members})

    def reset(self) -> None:
        """Go back to the first settings."""
        self.now = self._first
