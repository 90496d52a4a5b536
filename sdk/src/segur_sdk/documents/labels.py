"""Names under which documents are spoken of, and the types that they stand for: the rows of ``labels.toml``.

A name that is not known is handed back as it came: it is shown, never dropped.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Self
from unicodedata import combining, normalize

from pydantic import Field, model_validator

from segur_sdk.documents.kinds import DocumentKind, kind_of
from segur_sdk.documents.tables import rows_of
from segur_sdk.models.base import Value


class LabelGroup(StrEnum):
    """Headings under which Mon espace santé lists documents."""

    SYNTHESES = "synthèses"
    TREATMENT = "traitement et soins"
    REPORTS = "comptes rendus"
    IMAGING = "imagerie"
    BIOLOGY = "biologie"
    PREVENTION = "prévention"
    CERTIFICATES = "certificats"


class DocumentLabel(Value):
    """A name, and what it stands for."""

    text: str = Field(min_length=1, max_length=128)
    group: LabelGroup | None = None
    types: tuple[str, ...] = ()
    """Type codes, the usual one first; none: no type of the DMP stands for it."""
    sensitive: bool = False
    """Held until somebody says otherwise, whatever its type."""
    dmp: bool = True
    """Whether it may go to the DMP at all."""
    source: str = Field(default="", max_length=200)
    verified: bool = False

    @model_validator(mode="after")
    def _without_a_type_there_is_no_dmp(self) -> Self:
        if self.dmp and not self.types:
            raise ValueError("what has no type cannot go to the DMP")
        return self

    @property
    def known(self) -> bool:
        """Whether the name stands in the table."""
        return bool(self.source)

    @property
    def kinds(self) -> tuple[DocumentKind, ...]:
        """The kinds of documents that it stands for, the usual one first."""
        return tuple(kind_of(code) for code in self.types)


@cache
def labels() -> Mapping[str, DocumentLabel]:
    """Return every known name by its plain form: lower case, without accents, blanks made one."""
    return MappingProxyType({_plain(row.text): row for row in rows_of("labels.toml", "label", DocumentLabel)})


def kind_for_label(text: str) -> DocumentLabel:
    """Return what a name stands for.

    Args:
        text: as written by a person or another software; case, accents and blanks do not count.

    Returns:
        The row of the table; for a name that is not in it, one that bears the name, no type, and is not ``known``.
    """
    found = labels().get(_plain(text))
    return found if found is not None else DocumentLabel(text=text.strip()[:128] or "?", dmp=False)


def _plain(text: str) -> str:
    apart = normalize("NFD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold())
    return " ".join("".join(one for one in apart if not combining(one)).split())
