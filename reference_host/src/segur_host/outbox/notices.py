"""What users read in the list of what is not sent."""

from collections.abc import Mapping
from typing import Final

from segur_host.messages import explain
from segur_sdk.errors import SegurError, UserMessage
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Notice
from segur_sdk.senders import Needs

HELD_BY_USER: Final = Notice(
    code="outbox.held_by_user",
    text="Vous avez retenu ce document.",
    action="Relancez l’envoi quand il peut partir, ou retirez-le.",
)
IDENTITY_CHANGED: Final = Notice(
    code="outbox.identity_changed",
    text="L’identité du patient a changé depuis une première tentative.",
    action="Vérifiez si le document est arrivé, puis retirez cet envoi ou refaites-le.",
)
IN_DOUBT: Final = Notice(
    code="outbox.in_doubt",
    text="On ne sait pas si une tentative a abouti, et le service ne reconnaît pas les doublons.",
    action="Vérifiez auprès du destinataire, puis relancez l’envoi ou retirez-le.",
)
ALTERED: Final = Notice(
    code="outbox.altered",
    text="L’envoi enregistré n’est pas celui qui a été accepté.",
    action="Ne le relancez pas : retirez-le, refaites l’envoi et prévenez le responsable de la sécurité.",
)
WAITS_FOR_SESSION: Final = "outbox.waits_for_session"
UNTIL_RETRIED: Final = frozenset({HELD_BY_USER.code, IDENTITY_CHANGED.code, IN_DOUBT.code})
"""What only a person releases, whatever else changes."""
_MEANS: Final = {
    SessionMeans.CPS: "la carte CPS de son auteur",
    SessionMeans.PSC: "une session Pro Santé Connect",
    SessionMeans.LOCAL: "une session locale",
}


def waits_for(needs: Needs) -> Notice:
    """Return what an attempt waits for."""
    assert needs.means is not None
    return Notice(
        code=WAITS_FOR_SESSION,
        text=f"L’envoi attend {_MEANS[needs.means]}.",
        action="Ouvrez cette session : l’envoi repartira de lui-même.",
    )


def of(failure: SegurError, own: Mapping[str, UserMessage]) -> Notice:
    """Return a failure as users read it.

    Args:
        failure: why something was not sent.
        own: texts that plugins bring.
    """
    text = explain(failure, own)
    return Notice(code=failure.code, text=text.message, action=text.action)
