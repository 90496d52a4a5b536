"""The authorities that are trusted, and the way from a certificate up to one of them."""

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from segur_plugin_certificates.authorities import Tree, read_authority
from segur_plugin_certificates.containers import load_certificate
from segur_plugin_certificates.public_keys import WEAK_HASHES
from segur_sdk.errors import InputError

MAX_LINKS: Final = 8
MAX_STEPS: Final = 64
"""Authorities that are looked at: a file may hold many of one name."""
KNOWN: Final = 512
"""Certificates of which names and signatures stay known: those of authorities stand above many."""


@attrs.frozen
class Anchors:
    """The authorities of one tree that are trusted: roots, and intermediates that complete what a file left out."""

    tree: Tree | None
    roots: tuple[x509.Certificate, ...] = attrs.field(repr=lambda found: f"‹{len(found)} roots›")
    intermediates: tuple[x509.Certificate, ...] = attrs.field(repr=lambda found: f"‹{len(found)} intermediates›")


def read_anchors(certificates: Iterable[bytes], tree: Tree) -> Anchors:
    """Sort the authorities of a file, and refuse one of the other tree.

    Authorities that are not of IGC-Santé belong to no tree and are accepted: who configured them answers for them.

    Raises:
        InputError: ``certificates.anchors_mixed``, ``certificates.not_authority``, ``certificates.no_anchor``, those
            of ``load_certificate``.
    """
    roots: list[x509.Certificate] = []
    intermediates: list[x509.Certificate] = []
    for der in certificates:
        certificate = load_certificate(der)
        named = read_authority(names_of(certificate)[0])
        if named is not None and named.tree is not tree:
            raise InputError("certificates.anchors_mixed", tree=str(tree))
        if not _is_authority(certificate):
            raise InputError("certificates.not_authority")
        (roots if self_issued(certificate) else intermediates).append(certificate)
    if not roots:
        raise InputError("certificates.no_anchor")
    return Anchors(tree, tuple(roots), tuple(intermediates))


class Search:
    """Walks up by names, then by signatures; among several issuers of one name and key every one is tried."""

    def __init__(self, given: list[x509.Certificate], anchors: Anchors) -> None:
        self._roots = anchors.roots
        self._known = [*anchors.roots, *anchors.intermediates, *(one for one in given if not self_issued(one))]
        self._steps = MAX_STEPS

    def path(self, walked: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
        """Return the path on from ``walked`` to a root, or raise why the most promising way does not lead there."""
        current = walked[-1]
        if current in self._roots:
            return walked
        self._steps -= 1
        if len(walked) > MAX_LINKS or self._steps < 0:
            raise InputError("certificates.chain_too_long")
        fresh = [one for one in self._issuers(current) if one not in walked]
        if not fresh:
            raise InputError("certificates.chain_loop")
        failures = []
        for issuer in fresh:
            try:
                return self.path((*walked, issuer))
            except InputError as failure:
                failures.append(failure)
        raise failures[0]

    def _issuers(self, current: x509.Certificate) -> list[x509.Certificate]:
        if _weak_signature(current):
            raise InputError("certificates.chain_weak")
        subject, issuer = names_of(current)
        named = [one for one in self._known if names_of(one)[0] == issuer]
        of_root = any(names_of(root)[0] == issuer for root in self._roots)
        # Named after itself and no anchor, or after an anchor whose key did not sign: a root that nobody here trusts.
        if not named:
            raise InputError("certificates.chain_root" if subject == issuer else "certificates.chain_missing")
        signed = [one for one in named if _signed(one, current)]
        if not signed:
            raise InputError("certificates.chain_root" if of_root else "certificates.chain_signature")
        # A renewed authority has several certificates of one name and key: anchors first, then the one that ends last.
        return sorted(signed, key=lambda one: (one not in self._roots, -one.not_valid_after_utc.timestamp()))


@lru_cache(maxsize=KNOWN)
def names_of(certificate: x509.Certificate) -> tuple[x509.Name, x509.Name]:
    """Return subject and issuer.

    Raises:
        InputError: ``certificates.unreadable``.
    """
    with suppress(ValueError, TypeError):
        return certificate.subject, certificate.issuer
    raise InputError("certificates.unreadable")


def self_issued(certificate: x509.Certificate) -> bool:
    """Tell whether subject and issuer are one name."""
    subject, issuer = names_of(certificate)
    return subject == issuer


def _is_authority(certificate: x509.Certificate) -> bool:
    with suppress(ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.ExtensionNotFound):
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return False


@lru_cache(maxsize=KNOWN)
def _signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    with suppress(ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        certificate.verify_directly_issued_by(issuer)
        return True
    return False


def _weak_signature(certificate: x509.Certificate) -> bool:
    """Tell whether its issuer signed by a hash that no longer protects; the library verifies none of these."""
    with suppress(UnsupportedAlgorithm):
        algorithm = certificate.signature_hash_algorithm
        return algorithm is not None and algorithm.name in WEAK_HASHES
    return True
