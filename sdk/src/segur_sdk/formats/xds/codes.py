"""Formats and confidentialities of documents. The rows of formats stand in ``formats.toml``.

Sources: NOS JDV_J60, ASS_A11, ASS_A12; TRE_A07 and HL7 Confidentiality.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from segur_sdk.models.base import Value
from segur_sdk.models.document import Concept, Visibility

NORMAL: Final = Concept(code="N", system="2.16.840.1.113883.5.25", label="Normal")
_VISIBILITY: Final = "1.2.250.1.213.1.1.4.13"
HIDDEN: Final[Mapping[Visibility, Concept]] = MappingProxyType(
    {
        visibility: Concept(code=visibility.value, system=_VISIBILITY, label=label)
        for visibility, label in (
            (Visibility.MASQUE_PS, "Masqué aux professionnels de santé"),
            (Visibility.INVISIBLE_PATIENT, "Non visible par le patient"),
            (Visibility.INVISIBLE_REPRESENTANTS_LEGAUX, "Non visible par les représentants légaux"),
        )
    }
)
"""The code of each visibility, in the order in which they are written."""


class DocumentFormat(Value):
    """A format, and the bodies that are of it."""

    code: str
    system: str
    label: str
    media_type: str | None = None
    """Of an unstructured body."""
    templates: tuple[str, ...] = ()
    """Of a structured body: OIDs that its document claims."""

    @property
    def concept(self) -> Concept:
        """The code with its list and label."""
        return Concept(code=self.code, system=self.system, label=self.label)


@cache
def formats() -> tuple[DocumentFormat, ...]:
    """Return every format."""
    rows = tomllib.loads((files("segur_sdk.formats.xds") / "formats.toml").read_text("utf-8"))["format"]
    return tuple(DocumentFormat.model_validate(row) for row in rows)


def format_of_file(media_type: str) -> Concept | None:
    """Return the format of an unstructured body; ``None`` when the DMP takes no such file."""
    return next((row.concept for row in formats() if row.media_type == media_type), None)


def format_of_templates(claimed: Iterable[str]) -> Concept:
    """Return the format of a structured body: of the first template that has one, or of none."""
    by_template = {template: row for row in formats() for template in row.templates}
    found = next((by_template[template] for template in claimed if template in by_template), None)
    if found is None:
        found = next(row for row in formats() if row.media_type is None and not row.templates)
    return found.concept
