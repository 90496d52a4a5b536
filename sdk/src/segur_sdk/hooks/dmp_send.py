"""``before_dmp_send``: a document is about to be fed to the patient's DMP."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.base import Event, LocalMoment, Moment, Outbound, Value
from segur_sdk.models.decision import Decision
from segur_sdk.models.document import (
    DocumentAct,
    DocumentBody,
    DocumentProfessional,
    DocumentVersion,
    Recipient,
    Visibility,
)


class DmpEffect(StrEnum):
    """What would become of a document in the DMP."""

    FEED = "feed"
    """It goes there, or replaces the version before it."""
    WITHDRAW = "withdraw"
    """The version that the content ``replaces`` is deleted there; nothing of the draft's own text leaves."""


class Validation(Value):
    """Who answers for a document, and since when."""

    validator: str = Field(min_length=1, max_length=100)
    """RPPS, or the practice software's name of the professional."""
    validated_at: Moment


class ConsentSnapshot(Value):
    """What the patient was told and said, when the draft was made."""

    informed: bool
    """The patient was informed that the DMP is fed."""
    opposed: bool
    """The patient opposed feeding, or this document."""


class DmpContent(Outbound):
    """What is fed: the document without its identifiers, which the sender gives."""

    author: DocumentProfessional
    authored_at: LocalMoment
    validator: DocumentProfessional
    """Who answers for the document; a pharmacist even if a préparateur typed it."""
    act: DocumentAct
    body: DocumentBody
    recipients: tuple[Recipient, ...] = Field(default=(), max_length=20)
    replaces: DocumentVersion | None = None
    """The version that this one replaces."""
    privacy_notice: str | None = Field(default=None, max_length=2000)


class DmpDraft(Outbound, Event):
    """A document that would be fed, before anything is built or sent."""

    identity: SealedIdentity
    document_type: str = Field(min_length=1, max_length=40)
    """Code of the kind of document (XDS ``typeCode``)."""
    title: str = Field(min_length=1, max_length=128)
    confidentiality: frozenset[Visibility] = frozenset()
    validation: Validation | None = None
    consents: ConsentSnapshot
    content: DmpContent | None = None
    """The document itself. A draft without it can be judged, and is never sent."""
    document_ref: str | None = Field(default=None, min_length=1, max_length=100)
    """By which the practice software knows the document; without patient data."""
    effect: DmpEffect = DmpEffect.FEED
    """Said by the host, from the kind of effect that it was asked for, whatever stood here before."""
    personal_note: bool = False
    """A working hypothesis, a draft: never fed (S002-04)."""
    answers: dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=100)]] = Field(
        default_factory=dict, max_length=20
    )
    """What somebody chose when a decider held the document with a question: value of the choice by code of the
    question. Nothing but what is said for this very document: no default, and none of the last one."""


class BeforeDmpSend:
    """Specification of ``before_dmp_send``."""

    @hookspec
    def before_dmp_send(self, event: DmpDraft, ctx: HookContext) -> Decision | None:
        """Decide whether a document may be fed to the DMP.

        When: at the gate, for each new draft, before anything is recorded or sent.

        When not: to send, to change the draft (an accepted suggestion makes a new one), nor to relax the host's
        own rules, which run whatever this hook says.

        Args:
            event: the draft; its identity is sealed by the host.
            ctx: context of this plugin.

        Returns:
            A verdict with all its reasons; ``None`` when this plugin has nothing to say about such a document.

        Stop rule: all plugins are asked, the strictest verdict wins (``decide``).

        Failure: block. So do zero deciders and a suspended one.

        Source: SC.DMP/CONF.06, .09; SC.INS/va1.53, .59; S000-05.
        """


BEFORE_DMP_SEND: Final = HookInfo(
    name="before_dmp_send",
    version="1.0",
    mode=HookMode.DECIDE,
    deadline_s=8,
    stability=Stability.EXPERIMENTAL,
    requirements=("SC.INS/va1.53", "SC.INS/va1.59", "S000-05"),
    event=DmpDraft,
    result=Decision,
)
