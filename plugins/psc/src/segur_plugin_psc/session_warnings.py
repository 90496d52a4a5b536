"""What a professional should know when his session opens."""

from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.identifiers import rpps
from segur_sdk.models.actor import Actor, SessionMeans
from segur_sdk.models.notice import Notice


def contribute(event: SessionLoginEvent) -> SessionContribution | None:
    """Return warnings; ``None`` for a session that Pro Santé Connect did not open.

    The situations d'exercice came with the authentication: they are not repeated.
    """
    if event.session.means is not SessionMeans.PSC:
        return None
    return SessionContribution(warnings=tuple(_warnings(event.actor)))


def _warnings(actor: Actor) -> list[Notice]:
    found = []
    if actor.rpps is None:
        found.append(
            Notice(
                code="psc.no_rpps",
                text="Pro Santé Connect ne donne pas de numéro RPPS pour vous : la session est ouverte, mais ne permet "
                "ni de créer une boîte aux lettres ou un compte, ni d’être auteur d’un document.",
                action="Demandez votre enregistrement au RPPS à votre ordre, à votre employeur ou à votre agence "
                "régionale de santé.",
            )
        )
    elif not rpps.is_valid(actor.rpps):
        found.append(
            Notice(
                code="psc.rpps_check",
                text="La clé du numéro RPPS que Pro Santé Connect donne pour vous est fausse : d’autres services "
                "peuvent le refuser.",
                action="Signalez-le au service client de l’ANS.",
            )
        )
    if actor.exercice is None:
        found.append(
            Notice(
                code="psc.no_exercice",
                text="Aucune situation d’exercice n’est choisie pour cette session : certains services nationaux en "
                "demandent une.",
                action="Si vous exercez, faites compléter votre activité au RPPS par votre ordre ou votre employeur.",
            )
        )
    return found
