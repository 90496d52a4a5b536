"""A document as practice software hands it over once a professional answers for it."""

import json
from datetime import date
from hashlib import sha256
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from segur_sdk.errors import invalid_input
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpContent, DmpDraft, Validation
from segur_sdk.identity.seal import Resolver, SealedIdentity
from segur_sdk.models.base import Event, Outbound
from segur_sdk.models.channels import Circumstance
from segur_sdk.models.document import DocumentVersion, Visibility
from segur_sdk.privacy import Patient


class ValidatedDocument(Outbound, Event):
    """One version of one document, validated."""

    document_ref: str = Field(min_length=1, max_length=100)
    """By which the practice software knows the document, the same for all its versions; without patient data."""
    identity: SealedIdentity
    document_type: str | None = Field(default=None, min_length=1, max_length=40)
    """Code of its kind (XDS ``typeCode``), when the practice software knows it."""
    label: str | None = Field(default=None, min_length=1, max_length=128)
    """Name of its kind in the practice software; never the title of this one."""
    title: str = Field(min_length=1, max_length=128)
    confidentiality: frozenset[Visibility] = frozenset()
    validation: Validation
    consents: ConsentSnapshot = ConsentSnapshot(informed=False, opposed=False)
    """Looked at when the practice software keeps them (``[consents]`` of the configuration)."""
    content: DmpContent
    personal_note: bool = False
    answers: dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=100)]] = Field(
        default_factory=dict, max_length=20
    )
    """What somebody chose when this very document was held with a question; see ``DmpDraft.answers``."""
    circumstances: frozenset[Circumstance] = frozenset()
    """What else is true of it, and decides whether a rule concerns it."""
    deceased: Patient[bool | None] = None
    """Whether its patient died, looked at for past documents; ``None``: nobody looked."""

    @model_validator(mode="after")
    def _says_what_it_is(self) -> Self:
        if self.document_type is None and self.label is None:
            raise ValueError("a document has a type or a label")
        return self

    @property
    def day(self) -> date:
        """Its day in the place where it was made: the rules of that day count."""
        return self.content.authored_at.date()

    def draft(self, document_type: str, replaces: DocumentVersion | None) -> DmpDraft:
        """Return what would be fed.

        Args:
            document_type: code of its kind, as it was found out.
            replaces: the version that it replaces, when the document itself names none.
        """
        content = self.content
        if content.replaces is None and replaces is not None:
            content = content.model_copy(update={"replaces": replaces})
        return DmpDraft(
            identity=self.identity,
            document_type=document_type,
            title=self.title,
            confidentiality=self.confidentiality,
            validation=self.validation,
            consents=self.consents,
            content=content,
            document_ref=self.document_ref,
            personal_note=self.personal_note,
            answers=self.answers,
        )

    def digest(self) -> bytes:
        """Return a digest of what this version says and of whom: the same version has the same."""
        told = self.model_dump(mode="json", include={"identity", "document_type", "label", "title", "content"})
        told["confidentiality"] = sorted(self.confidentiality)
        return sha256(json.dumps(told, sort_keys=True).encode()).digest()


def understood(document: ValidatedDocument | str, resolve: Resolver) -> ValidatedDocument:
    """Return a document, checked.

    Args:
        document: itself, or its JSON, in which the identity is ``{"identity_ref": …}``.
        resolve: finds the sealed identity of a reference.

    Raises:
        InputError: ``input.document``: it is not one.
    """
    context = {"resolve_identity": resolve}
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        if isinstance(document, str):
            return ValidatedDocument.model_validate_json(document, context=context)
        return ValidatedDocument.model_validate(document)
    except ValidationError as failure:
        refused = invalid_input("input.document", failure, ValidatedDocument)
    raise refused
