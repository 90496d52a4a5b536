"""What a patient was told of the DMP, and what he said."""

from typing import Any

from pydantic import Field

from segur_host.consents.ledger import MAX_MOTIVE, ConsentState, InformationChannel
from segur_host.host import Host
from segur_host.verbs.asked import Asked, InSession
from segur_sdk.privacy import Patient


class OfPatient(InSession):
    """Arguments of every verb about a patient's consents."""

    identity_ref: str = Field(min_length=1, max_length=64)


class InformInput(OfPatient):
    """Arguments of ``consents.inform``."""

    channel: InformationChannel


class AboutDocument(OfPatient):
    """Arguments of ``consents.lift``."""

    document: str | None = Field(default=None, min_length=1, max_length=100)


class OpposeInput(AboutDocument):
    """Arguments of ``consents.oppose``."""

    motive: Patient[str | None] = Field(default=None, min_length=1, max_length=2 * MAX_MOTIVE)


class JudgeInput(AboutDocument):
    """Arguments of ``consents.judge``."""

    judge: str = Field(min_length=1, max_length=200)
    accepted: bool


def inform(host: Host, given: InformInput, _asked: Asked) -> Any:
    """Record that he was told."""
    with given.acting(host):
        return consents_as_json(host.inform(given.identity_ref, given.channel))


def oppose(host: Host, given: OpposeInput, _asked: Asked) -> Any:
    """Record that he opposes."""
    with given.acting(host):
        return consents_as_json(host.oppose(given.identity_ref, motive=given.motive, document=given.document))


def judge(host: Host, given: JudgeInput, _asked: Asked) -> Any:
    """Record what a professional said of his motive."""
    with given.acting(host):
        judged = host.judge_opposition(
            given.identity_ref, judge=given.judge, accepted=given.accepted, document=given.document
        )
    return consents_as_json(judged)


def lift(host: Host, given: AboutDocument, _asked: Asked) -> Any:
    """Record that he opposes no longer."""
    with given.acting(host):
        return consents_as_json(host.lift_opposition(given.identity_ref, document=given.document))


def show(host: Host, given: OfPatient, _asked: Asked) -> Any:
    """Return what is known."""
    return consents_as_json(host.consents_of(given.identity_ref))


def consents_as_json(state: ConsentState) -> dict[str, Any]:
    """Return what is known of a patient, never his motive."""
    information = state.information
    return {
        "informed": information is not None,
        "channel": str(information.channel) if information and information.channel else None,
        "opposed": state.opposes(),
        "entries": [
            {
                "kind": str(one.kind),
                "at": one.at.isoformat(),
                "author": one.author,
                "channel": str(one.channel) if one.channel else None,
                "document": one.document,
                "judge": one.judge,
                "accepted": one.accepted,
                "motive_kept": one.motive is not None,
            }
            for one in state.entries
        ],
    }
