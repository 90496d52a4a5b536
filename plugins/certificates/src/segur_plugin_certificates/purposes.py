"""What a certificate has to be for a purpose, and whether one fits: asked before any call.

Sources: INSi (CN ``INSI-AUTO`` for automatic calls, ``INSI-MANU`` for those of a person, issuer ``AC IGC-SANTE
ELEMENTAIRE ORGANISATIONS``), SC.MSS/CONF.27 (servers of MSSanté: only certificates of that authority), offers of
IGC-Santé.
"""

import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import attrs

from segur_plugin_certificates.authorities import Domain, Gamme
from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.usages import Usage

INSI_AUTO: Final = "INSI-AUTO"
INSI_MANU: Final = "INSI-MANU"
INSI_NAMES: Final = frozenset({INSI_AUTO, INSI_MANU})


class Purpose(StrEnum):
    """What a certificate is to be used for."""

    INSI_AUTO = "insi-auto"
    INSI_MANU = "insi-manu"
    DMP_AUTH = "dmp-auth"
    DMP_SIGN = "dmp-sign"
    MSS_CLIENT = "mss-client"
    MSS_SERVER = "mss-server"
    CLIENT = "client"
    SIGNATURE = "signature"
    ENCRYPTION = "encryption"
    SERVER = "server"
    CARD_CLIENT = "card-client"
    CARD_SIGNATURE = "card-signature"


@attrs.frozen
class _Need:
    usage: Usage
    name: str | None = None
    offers: frozenset[Offer] = frozenset({Offer.ORG, Offer.SERV, Offer.FOREIGN})
    organisations: bool = False
    """Only certificates of ELEMENTAIRE ORGANISATIONS."""
    structure: bool = False
    """Only with a structure in ``OU``."""


_CARD: Final = frozenset({Offer.CPX})
_ORG: Final = frozenset({Offer.ORG})
_NEEDS: Final = {
    Purpose.INSI_AUTO: _Need(Usage.AUTH_CLI, INSI_AUTO, _ORG, organisations=True, structure=True),
    Purpose.INSI_MANU: _Need(Usage.AUTH_CLI, INSI_MANU, _ORG, organisations=True, structure=True),
    Purpose.DMP_AUTH: _Need(Usage.AUTH_CLI, offers=_ORG, organisations=True, structure=True),
    Purpose.DMP_SIGN: _Need(Usage.SIGN, offers=_ORG, organisations=True, structure=True),
    Purpose.MSS_CLIENT: _Need(Usage.AUTH_CLI, offers=_ORG, organisations=True),
    Purpose.MSS_SERVER: _Need(Usage.SSL_SERV, organisations=True),
    Purpose.CLIENT: _Need(Usage.AUTH_CLI),
    Purpose.SIGNATURE: _Need(Usage.SIGN),
    Purpose.ENCRYPTION: _Need(Usage.CONF),
    Purpose.SERVER: _Need(Usage.SSL_SERV),
    Purpose.CARD_CLIENT: _Need(Usage.AUTH_CLI, offers=_CARD),
    Purpose.CARD_SIGNATURE: _Need(Usage.SIGN, offers=_CARD),
}


def misfits(facts: Facts, purpose: Purpose) -> tuple[str, ...]:
    """Return the codes of everything that keeps a certificate from a purpose; none when it fits.

    ``certificates.usage_misfit``, ``certificates.offer_misfit``, ``certificates.issuer_misfit``,
    ``certificates.structure_missing``, ``certificates.insi_name`` and its near misses (``insi_name_case``,
    ``insi_name_space``, ``insi_name_hyphen``), ``certificates.insi_name_other`` (the other of the two names).
    """
    return tuple(_misfits(facts, _NEEDS[purpose]))


def _misfits(facts: Facts, need: _Need) -> Iterator[str]:
    if not facts.usages.allow(need.usage):
        yield "certificates.usage_misfit"
    # The offer is probable at best, so that a wrong guess between ORG and SERV refuses nothing; the rest is in names.
    offer = facts.kind.offer
    if offer not in need.offers and not (offer is Offer.SERV and Offer.ORG in need.offers):
        yield "certificates.offer_misfit"
    issuer = facts.issuer
    if need.organisations and (
        issuer is None or issuer.gamme is not Gamme.ELEMENTAIRE or issuer.domain is not Domain.ORGANISATIONS
    ):
        yield "certificates.issuer_misfit"
    if need.structure and facts.subject.structure is None:
        yield "certificates.structure_missing"
    if need.name is not None and (code := insi_name_fault(facts.subject.common_name, need.name)):
        yield code


def insi_name_fault(common_name: str | None, expected: str | None = None) -> str | None:
    """Tell what is wrong with a CN for INSi; ``None`` when it is exact.

    Args:
        common_name: as in the certificate or the order, every character counted.
        expected: which of the two names; ``None`` when either will do.
    """
    name = common_name or ""
    if name in INSI_NAMES:
        return None if expected in {None, name} else "certificates.insi_name_other"
    if name.upper() in INSI_NAMES:
        return "certificates.insi_name_case"
    plain = "".join("-" if unicodedata.category(one) == "Pd" or one in "\u2212\u00ad" else one for one in name)
    if plain.upper() in INSI_NAMES:
        return "certificates.insi_name_hyphen"
    squeezed = "".join("" if one.isspace() or one in "\u200b\ufeff" else one for one in plain).upper()
    if squeezed in INSI_NAMES or squeezed in {known.replace("-", "") for known in INSI_NAMES}:
        return "certificates.insi_name_space"
    return "certificates.insi_name"
