"""The authorities of IGC-Santé, known by their names: two trees, production and TEST, that never meet.

A name proves nothing: whether a certificate really comes from there, :mod:`segur_plugin_certificates.chain` tells.
Source: certificates published at ``igc-sante.esante.gouv.fr/AC``.
"""

import re
from enum import StrEnum
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_sdk.models.actor import Environment

_REGISTER: Final = "0002 187512751"
"""ICD 0002 (register SIREN) and the SIREN of the Agence du numérique en santé."""
_COMMON_NAME: Final = re.compile(
    r"(TEST )?AC (?:(RACINE) IGC-SANTE (ELEMENTAIRE|STANDARD|FORT)"
    r"|IGC-SANTE (ELEMENTAIRE|STANDARD|FORT) (ORGANISATIONS|PERSONNES))"
)


class Tree(StrEnum):
    """One of the two trees."""

    PRODUCTION = "production"
    TEST = "test"


class Gamme(StrEnum):
    """Range of certificates: software ones are ``ELEMENTAIRE``, cards ``FORT``."""

    ELEMENTAIRE = "ELEMENTAIRE"
    STANDARD = "STANDARD"
    FORT = "FORT"


class Domain(StrEnum):
    """For whom an intermediate authority issues."""

    ORGANISATIONS = "ORGANISATIONS"
    PERSONNES = "PERSONNES"


@attrs.frozen
class Authority:
    """An authority of IGC-Santé; a root has no domain."""

    tree: Tree
    gamme: Gamme
    domain: Domain | None


def tree_of(environment: Environment) -> Tree:
    """Return the one tree that an installation may use."""
    return Tree.PRODUCTION if environment is Environment.PRODUCTION else Tree.TEST


def read_authority(name: x509.Name) -> Authority | None:
    """Tell which authority a distinguished name is; ``None`` when it is none of IGC-Santé, or contradicts itself."""
    values = [(one.oid, one.value) for one in name]
    units = {value for oid, value in values if oid == NameOID.ORGANIZATIONAL_UNIT_NAME}
    names = [value for oid, value in values if oid == NameOID.COMMON_NAME]
    if len(names) != 1 or not isinstance(names[0], str):
        return None
    found = _COMMON_NAME.fullmatch(names[0])
    if found is None:
        return None
    tree = Tree.TEST if found[1] else Tree.PRODUCTION
    if units != {_REGISTER, "IGC-SANTE TEST" if found[1] else "IGC-SANTE"}:
        return None
    return Authority(tree, Gamme(found[3] or found[4]), None if found[2] else Domain(found[5]))
