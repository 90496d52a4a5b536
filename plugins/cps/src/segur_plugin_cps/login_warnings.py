"""What a professional should know when his session opens."""

from datetime import datetime
from typing import Final

from segur_plugin_cps.card_notes import EndedSession
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.notice import Notice
from segur_sdk.models.professional import CardCertificate, CardHolder, CardKeyUsage

_SOON: Final = 30
_VERY_SOON: Final = 7
_PURPOSE: Final = {
    CardKeyUsage.AUTHENTICATION: "d’authentification",
    CardKeyUsage.SIGNATURE: "de signature",
}


def warnings_for(holder: CardHolder, last: EndedSession | None, now: datetime) -> tuple[Notice, ...]:
    """Return the warnings, the most pressing first.

    Args:
        holder: whose session opens.
        last: how the card's last session ended.
        now: to count days, which are those of UTC.
    """
    found = [*_endings(holder, now)]
    if holder.rpps is None and holder.adeli is not None:
        found.append(
            Notice(
                code="cps.adeli_only",
                text="Votre carte porte un numéro ADELI et pas de RPPS : elle ouvre cette session, mais ne permet ni "
                "de créer une boîte aux lettres ou un compte, ni d’être auteur d’un document.",
                action="Demandez votre enregistrement au RPPS à votre ordre ou à votre agence régionale de santé.",
            )
        )
    if last is not None and last.reason is SessionEnd.CARD_REMOVED:
        found.append(
            Notice(
                code="cps.last_session_card_removed",
                text=f"Votre dernière session s’est terminée le {last.at:%d/%m/%Y} par le retrait de la carte.",
                action="Vérifiez qu’aucun travail n’est resté en cours ; fermez la session avant de retirer la carte.",
            )
        )
    if last is not None and last.reason is SessionEnd.TOKEN_LOST:
        found.append(
            Notice(
                code="cps.last_session_token_lost",
                text=f"Votre dernière session s’est terminée le {last.at:%d/%m/%Y} d’elle-même : la carte n’était plus "
                "utilisable.",
                action="Vérifiez qu’aucun travail n’est resté en cours ; si cela se répète, prévenez votre éditeur.",
            )
        )
    return tuple(found)


def _endings(holder: CardHolder, now: datetime) -> list[Notice]:
    by_day: dict[int, list[CardCertificate]] = {}
    for one in holder.certificates:
        by_day.setdefault((one.info.not_after.date() - now.date()).days, []).append(one)
    return [_ending(certificates, days) for days, certificates in sorted(by_day.items()) if days <= _SOON]


def _ending(certificates: list[CardCertificate], days: int) -> Notice:
    purposes = " et ".join(_PURPOSE[one.usage] for one in certificates)
    what = f"Le certificat {purposes}" if len(certificates) == 1 else f"Les certificats {purposes}"
    verb = "se termine" if len(certificates) == 1 else "se terminent"
    left = {0: "aujourd’hui", 1: "demain"}.get(days, f"dans {days} jours")
    return Notice(
        code="cps.certificate_ends_very_soon" if days <= _VERY_SOON else "cps.certificate_ends_soon",
        text=f"{what} de votre carte {verb} {left}, le {certificates[0].info.not_after:%d/%m/%Y}.",
        action="Votre nouvelle carte doit vous être parvenue : sinon, contactez le service client de l’ANS.",
    )
