"""The variables of the environment that the process of the target finds, changed for a while."""

import os
from collections.abc import Mapping


class Surroundings:
    """Changes variables of this process, and sets them back."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def change(self, variables: Mapping[str, str]) -> None:
        """Have these from now on."""
        for name, value in variables.items():
            self._before.setdefault(name, os.environ.get(name))
            os.environ[name] = value

    def restore(self) -> None:
        """Have what was there before."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before.clear()
