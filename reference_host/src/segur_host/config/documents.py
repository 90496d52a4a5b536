"""``[documents]`` of the configuration: what leaves by itself, and how documents of the past are taken."""

from typing import Annotated, Literal

from pydantic import Field

from segur_sdk.models.base import Value

TypeCode = Annotated[str, Field(min_length=1, max_length=40)]


class PastTable(Value):
    """Documents of the past, of which each run feeds some (SC.DMP/HISTO.06, .08)."""

    types: tuple[TypeCode, ...] | None = None
    """Type codes of those that are taken; without it, those that leave by themselves."""
    depth_days: int = Field(default=365, ge=1, le=36525)
    """How old an act may be. UNVERIFIED: no public text says how far back."""
    at_most: int = Field(default=100, ge=1, le=100_000)
    """How many documents one run lets in; how fast they leave, ``[outbox]`` says."""


class DocumentsTable(Value):
    """Documents that a professional answers for."""

    feeding: Literal["automatic", "window"] = "automatic"
    """Whether documents that regulation wants fed leave by themselves, or when the user sends each from a window."""
    past: PastTable = PastTable()
    """Which documents of the past are fed."""
