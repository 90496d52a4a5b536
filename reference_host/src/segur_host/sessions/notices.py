"""What somebody should know of the session that was opened for him."""

from segur_host.operators.rights import NATIONAL
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Notice


def notices_of(opened: OpenSession) -> tuple[Notice, ...]:
    """Return what is reduced in a session, and how that is lifted."""
    notices = []
    if opened.session.means is SessionMeans.LOCAL:
        notices.append(
            Notice(
                code="session.local",
                text="Session locale : ni messagerie, ni consultation du DMP, ni ordonnance numérique.",
                action="Connectez-vous par Pro Santé Connect ou par CPS dès que c’est possible.",
            )
        )
    if NATIONAL not in opened.session.rights:
        notices.append(
            Notice(
                code="session.not_acknowledged",
                text="Aucun service national n’est appelé en votre nom.",
                action="À la prochaine connexion, prenez connaissance de la transmission de votre identifiant.",
            )
        )
    return tuple(notices)
