"""The value sets that metadata and assertions are checked against, as data.

Sources: ANS terminology server (JDV_J02, J04, J57, J58, J59, J60; ASS_A11, ASS_A12, ASS_X16); NOS (TRE_G05, G15, R01,
R02). JDV_J66, the document types of the DMP, is not at hand: the types here are the sources of ASS_X16. In this file
`?` is any character, `*` any text, and a type that ends with `-` or `_` begins the codes of a family.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any


class ValueSets:
    """Answers whether a code belongs to a set."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    @classmethod
    def load(cls) -> "ValueSets":
        """Read the file of the package."""
        file = resources.files("segur_sandbox.dmp").joinpath("data/value_sets.json")
        return cls(json.loads(file.read_bytes()))

    def holds(self, name: str, code: str, system: str) -> bool:
        """Tell whether the set `name` holds a code of a list."""
        return any(fnmatchcase(code, pattern) for pattern in self._data[name].get(system, ()))

    def class_of_type(self, code: str, system: str) -> str | None:
        """Return the class of a document type (ASS_X16), `None` when the DMP does not take that type."""
        known: Mapping[str, str] = self._data["class_of_type"].get(system, {})
        if code in known:
            return None if code.endswith(("-", "_")) else known[code]
        return next((one for stem, one in known.items() if stem.endswith(("-", "_")) and code.startswith(stem)), None)

    def format_of_media(self, media: str) -> str | None:
        """Return the format of an unstructured document (ASS_A12), `None` when it may not hold that."""
        found: str | None = self._data["format_of_media"].get(media)
        return found

    def format_of_templates(self, templates: list[str]) -> str | None:
        """Return the format of a structured document (ASS_A11), `None` when its templates are not in the table."""
        known: Mapping[str, str] = self._data["format_of_template"]
        return next((known[one] for one in templates if one in known), None)

    def is_first_role(self, code: str, system: str) -> bool:
        """Tell whether it is a profession, a training or a technical role."""
        return self.holds("first_roles", code, system)

    def speciality_list(self, code: str, system: str) -> str | None:
        """Return the list from which the second role of a profession is, `None` when it has none."""
        found: str | None = self._data["second_roles"].get(system, {}).get(code)
        return found

    def is_speciality(self, code: str, system: str) -> bool:
        """Tell whether it is a speciality of a list."""
        return self.holds("specialities", code, system)
