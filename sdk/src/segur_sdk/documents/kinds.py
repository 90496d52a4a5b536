"""Kinds of documents: type code, class, format and level of the body, and what happens by itself.

The rows stand in ``kinds.toml`` and ``classes.toml``. Sources: NOS JDV_J07, JDV_J57, ASS_X16.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from pydantic import ConfigDict, Field

from segur_sdk.documents.tables import rows_of
from segur_sdk.errors import InputError
from segur_sdk.models.base import Value
from segur_sdk.models.document import Concept

CLASSES: Final = "1.2.250.1.213.1.1.4.1"
"""OID of the list of classes (TRE_A03)."""


class DocumentClass(Value):
    """A class of documents (JDV_J57)."""

    code: str = Field(pattern=r"^[0-9]{2}$")
    label: str = Field(min_length=1, max_length=80)


class DocumentKind(Value):
    """One kind of document, by its type code."""

    model_config = ConfigDict(populate_by_name=True)

    code: str = Field(min_length=1, max_length=40)
    """XDS ``typeCode``: LOINC, or one of TRE_A05."""
    system: str = Field(pattern=r"^[0-9.]+$")
    label: str = Field(min_length=1, max_length=128)
    class_code: str = Field(alias="class", pattern=r"^[0-9]{2}$")
    level: Literal[1, 3]
    """Of the body: 1, one file in a CDA; 3, structured."""
    format: str
    """XDS ``formatCode`` of such a body."""
    automatic: bool = False
    """Fed once it is validated, without anybody asking."""
    sensitive: bool = False
    """Held until somebody says otherwise."""
    source: str = Field(min_length=1)
    verified: bool
    """Code, label and class were read in the published lists."""

    @property
    def type(self) -> Concept:
        """The type code with its list and label."""
        return Concept(code=self.code, system=self.system, label=self.label)


@cache
def kinds() -> Mapping[str, DocumentKind]:
    """Return every kind of document by its type code."""
    return MappingProxyType({row.code: row for row in rows_of("kinds.toml", "kind", DocumentKind)})


@cache
def classes() -> Mapping[str, DocumentClass]:
    """Return every class of documents by its code."""
    return MappingProxyType({row.code: row for row in rows_of("classes.toml", "class", DocumentClass)})


def kind_of(type_code: str) -> DocumentKind:
    """Return the kind of document of a type code.

    Raises:
        InputError: ``input.document_type_unknown``: the DMP would refuse it too.
    """
    kind = kinds().get(type_code)
    if kind is None:
        raise InputError("input.document_type_unknown")
    return kind


def class_of(type_code: str) -> Concept:
    """Return the class that a type code implies (ASS_X16).

    Raises:
        InputError: ``input.document_type_unknown``.
    """
    row = classes()[kind_of(type_code).class_code]
    return Concept(code=row.code, system=CLASSES, label=row.label)


def shown(type_code: str, label: str | None = None) -> str:
    """Return how a type is shown to a user, whether it is known or not (S001-12).

    Args:
        type_code: as received.
        label: that came with it, if any; what is published counts before it.
    """
    kind = kinds().get(type_code)
    return kind.label if kind is not None else f"{label or 'Type de document inconnu'} ({type_code})"
