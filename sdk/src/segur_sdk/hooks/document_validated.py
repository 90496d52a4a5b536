"""``on_document_validated``: a professional answers for a document from now on."""

from datetime import date
from typing import Final, Self

from pydantic import Field, model_validator

from segur_sdk.context import HookContext
from segur_sdk.hooks.dmp_send import Validation
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.base import Event, Value
from segur_sdk.models.channels import Circumstance, ProposedChannel
from segur_sdk.models.notice import Notice
from segur_sdk.privacy import Patient


class DocumentValidatedEvent(Event):
    """A document was validated in the practice software."""

    document_ref: str = Field(min_length=1, max_length=100)
    """By which the practice software knows the document; without patient data."""
    document_type: str | None = Field(default=None, min_length=1, max_length=40)
    """Code of the kind of document (XDS ``typeCode``), when the practice software knows it."""
    label: str | None = Field(default=None, min_length=1, max_length=128)
    """Name of the kind of document in the practice software; never the title of this one."""
    document_date: Patient[date]
    """Day of the document in the place where it was made: the rules of that day count."""
    circumstances: frozenset[Circumstance] = frozenset()
    validation: Validation

    @model_validator(mode="after")
    def _says_what_it_is(self) -> Self:
        if self.document_type is None and self.label is None:
            raise ValueError("a document has a type or a label")
        return self


class DocumentRouting(Value):
    """Where one plugin would have a document go. Nothing is sent by saying so."""

    document_type: str | None = Field(default=None, min_length=1, max_length=40)
    """Code of its kind; ``None``: none stands for it."""
    shown: str = Field(min_length=1, max_length=200)
    """How its kind is called for the user; an unknown one by what was given."""
    channels: tuple[ProposedChannel, ...] = Field(default=(), max_length=10)
    notices: tuple[Notice, ...] = ()
    """What the user should know, for example that the kind is unknown."""


class OnDocumentValidated:
    """Specification of ``on_document_validated``."""

    @hookspec
    def on_document_validated(self, event: DocumentValidatedEvent, ctx: HookContext) -> DocumentRouting | None:
        """Propose the channels of a document, each with the rules behind it.

        When: once a professional answers for the document; again for each new version.

        When not: to send, which the host asks for by drafts that pass its gate; for working notes, which nobody
        validates.

        Args:
            event: the document by its kind and day; it does not say about whom.
            ctx: context of this plugin.

        Returns:
            The channels proposed; ``None`` when such a document is of no interest. An unknown kind is shown with a
            notice and no channel, never dropped.

        Stop rule: all plugins are asked (``collect``). A channel is a proposal: recipients are chosen by somebody.

        Failure: the document stays where it is, and the user sees which proposal is missing.

        Source: arrêté du 26 avril 2022, completed on 23 May 2024; S000-34 to -38, S001-12, S004-51 to -56.
        """


ON_DOCUMENT_VALIDATED: Final = HookInfo(
    name="on_document_validated",
    version="1.0",
    mode=HookMode.COLLECT,
    deadline_s=5,
    stability=Stability.EXPERIMENTAL,
    requirements=("S000-34", "S000-35", "S000-36", "S001-12", "S004-51", "S004-55", "S004-56"),
    event=DocumentValidatedEvent,
    result=DocumentRouting,
)
