"""The names of a package, all of them from the one that its author gives."""

import re
from typing import Final, Self

import attrs

from segur_sdk.errors import InputError

MAX_ID: Final = 40
_WORDS: Final = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


@attrs.frozen
class PackageNames:
    """What a package is called, where.

    Attributes:
        given: as its author wrote it, with dashes or underscores.
    """

    given: str

    @classmethod
    def of(cls, given: str) -> Self:
        """Accept a name.

        Args:
            given: 2 to 40 lower-case letters and digits, the first a letter, in words parted by one dash or
                underscore each. It is an id of a manifest, except that dashes are understood too.

        Raises:
            InputError: ``input.plugin_name``; ``reason`` is ``length`` or ``form``.
        """
        if not _WORDS.fullmatch(given):
            raise InputError("input.plugin_name", reason="form")
        if not 1 < len(given) <= MAX_ID:
            raise InputError("input.plugin_name", reason="length")
        return cls(given)

    @property
    def id(self) -> str:
        """Id of the plugin: of its manifest, its entry point and its table in a configuration."""
        return self.given.replace("-", "_")

    @property
    def folder(self) -> str:
        """Folder that holds everything."""
        return f"segur-plugin-{self.given}"

    @property
    def distribution(self) -> str:
        """Name under which it is installed."""
        return f"segur-plugin-{self.given.replace('_', '-')}"

    @property
    def package(self) -> str:
        """Name under which it is imported."""
        return f"segur_plugin_{self.id}"

    @property
    def plugin_class(self) -> str:
        """Name of its class."""
        words = "".join(word.capitalize() for word in self.id.split("_"))
        return words if words.endswith("Plugin") else f"{words}Plugin"

    @property
    def words(self) -> str:
        """Name for people."""
        return self.id.replace("_", " ")
