"""Which offer of IGC-Santé a certificate belongs to.

The profiles of the offers are not public: an offer is concluded from the issuing authority, the subject and the
extensions, and ``certain`` only where the extensions of the ANS or RFC 5280 say it.
"""

from enum import StrEnum

import attrs

from segur_plugin_certificates.ans_extensions import AnsExtensions, Product
from segur_plugin_certificates.authorities import Authority, Domain, Gamme
from segur_plugin_certificates.subject import Subject
from segur_plugin_certificates.usages import Usage, Usages


class Offer(StrEnum):
    """An offer, or what a certificate is instead."""

    ORG = "ORG"
    """A legal person or its service."""
    SERV = "SERV"
    """A server."""
    PRO = "PRO"
    """A natural person attached to a structure."""
    PS = "PS"
    """A professional in his own name, without structure."""
    CPX = "CPx"
    """A card."""
    AUTHORITY = "AC"
    """An authority."""
    FOREIGN = "other"
    """Not of IGC-Santé."""


@attrs.frozen
class Kind:
    """Offer, usages, and whether that is certain or only probable."""

    offer: Offer
    usages: tuple[Usage, ...]
    certain: bool


def judge_kind(
    subject: Subject, issuer: Authority | None, usages: Usages, ans: AnsExtensions, *, authority: bool
) -> Kind:
    """Conclude the offer.

    Args:
        subject: of the certificate.
        issuer: authority that its issuer's name is.
        usages: of the certificate.
        ans: its extensions of the ANS.
        authority: whether BasicConstraints says so.
    """
    probable = usages.probable()
    if authority:
        return Kind(Offer.AUTHORITY, (), certain=True)
    if ans.card is not None or ans.product is Product.CARD:
        return Kind(Offer.CPX, probable, certain=True)
    if issuer is None:
        return Kind(Offer.FOREIGN, probable, certain=True)
    if issuer.gamme is Gamme.FORT and issuer.domain is Domain.PERSONNES:
        return Kind(Offer.CPX, probable, certain=False)
    if issuer.domain is Domain.PERSONNES:
        return Kind(Offer.PS if subject.structure is None else Offer.PRO, probable, certain=False)
    server = Usage.AUTH_CLI not in probable and (Usage.SSL_SERV in probable or Usage.SMIME in probable)
    return Kind(Offer.SERV if server else Offer.ORG, probable, certain=False)
