"""From a certificate up to an anchor: path building and the checks of RFC 5280.

Only anchors of one tree are given, and a certificate of the other one is refused by its name before any signature is
looked at. Whether something was revoked is not asked here.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from segur_plugin_certificates.anchors import Anchors, Search, names_of
from segur_plugin_certificates.authorities import Tree, read_authority
from segur_plugin_certificates.containers import load_certificate
from segur_plugin_certificates.public_keys import key_kind
from segur_sdk.errors import InputError

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
MAX_OTHERS: Final = 64
_UNDERSTOOD: Final = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.SubjectAlternativeName.oid,
        x509.CertificatePolicies.oid,
        x509.CRLDistributionPoints.oid,
    }
)
"""Extensions that may be critical; another critical one is refused (RFC 5280, 4.2)."""


@attrs.frozen
class Chain:
    """A path that holds: the certificate, then its issuers, up to and with the anchor."""

    path: tuple[x509.Certificate, ...] = attrs.field(repr=lambda path: f"‹{len(path)} certificates›")
    not_before: datetime
    """Latest beginning of all."""
    not_after: datetime
    """Earliest end of all."""
    notes: tuple[str, ...]
    """What was not as it should be and did no harm: ``certificates.chain_order``, ``certificates.chain_extra``,
    ``certificates.chain_completed`` (an intermediate was missing, and found among the anchors)."""

    def refuse_outside(self, at: datetime) -> None:
        """Refuse a moment at which one of the certificates does not hold.

        Raises:
            InputError: ``certificates.chain_expired``, ``certificates.chain_not_yet``.
        """
        if at > self.not_after:
            raise InputError("certificates.chain_expired")
        if at < self.not_before:
            raise InputError("certificates.chain_not_yet")


def build_chain(leaf: bytes, others: Sequence[bytes], anchors: Anchors, at: datetime) -> Chain:
    """Find the path of a certificate and check it.

    Args:
        leaf: the certificate, in DER.
        others: what came with it, in any order, in DER.
        anchors: of the tree of the installation.
        at: moment at which everything has to hold.

    Raises:
        InputError: ``certificates.chain_tree`` (of the other tree), ``certificates.chain_missing`` (no issuer),
            ``certificates.chain_loop``, ``certificates.chain_too_long``, ``certificates.chain_root`` (the right name,
            another key), ``certificates.chain_signature``, ``certificates.chain_not_ca``,
            ``certificates.chain_key_usage``, ``certificates.chain_path_length``, ``certificates.chain_weak``,
            ``certificates.chain_critical``, ``certificates.chain_expired``, ``certificates.chain_not_yet``,
            ``certificates.too_many``, those of ``load_certificate``.
    """
    if len(others) > MAX_OTHERS:
        raise InputError("certificates.too_many")
    first = load_certificate(leaf)
    given = [load_certificate(der) for der in others]
    _refuse_other_tree([first], anchors.tree)
    path = Search(given, anchors).path((first,))
    _check(path)
    chain = Chain(
        path=path,
        not_before=max(one.not_valid_before_utc for one in path),
        not_after=min(one.not_valid_after_utc for one in path),
        notes=tuple(_notes(path, given)),
    )
    chain.refuse_outside(at)
    return chain


def _check(path: Sequence[x509.Certificate]) -> None:
    for rank, certificate in enumerate(path):
        if key_kind(_loaded(certificate)).weak:
            raise InputError("certificates.chain_weak", rank=rank)
        try:
            extensions = certificate.extensions
        except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            extensions = None
        if extensions is None:
            raise InputError("certificates.unreadable", rank=rank)
        if any(one.critical and one.oid not in _UNDERSTOOD for one in extensions):
            raise InputError("certificates.chain_critical", rank=rank)
        if rank:
            _check_authority(extensions, rank)


def _check_authority(extensions: x509.Extensions, rank: int) -> None:
    constraints = _extension(extensions, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise InputError("certificates.chain_not_ca", rank=rank)
    usage = _extension(extensions, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise InputError("certificates.chain_key_usage", rank=rank)
    # Authorities between this one and the certificate (RFC 5280, 4.2.1.9); rank 1 has none.
    if constraints.path_length is not None and rank - 1 > constraints.path_length:
        raise InputError("certificates.chain_path_length", rank=rank)


def _notes(path: Sequence[x509.Certificate], given: list[x509.Certificate]) -> Iterator[str]:
    used = [one for one in path if one in given]
    if [one for one in given if one in used] != used:
        yield "certificates.chain_order"
    if any(one not in path for one in given):
        yield "certificates.chain_extra"
    if any(one not in given for one in path[1:-1]):
        yield "certificates.chain_completed"


def _refuse_other_tree(certificates: Iterable[x509.Certificate], tree: Tree | None) -> None:
    for certificate in certificates:
        for name in names_of(certificate):
            named = read_authority(name)
            if named is not None and tree is not None and named.tree is not tree:
                raise InputError("certificates.chain_tree", tree=str(tree))


def _loaded(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        return certificate.public_key()
    raise InputError("certificates.unreadable")


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    with suppress(x509.ExtensionNotFound):
        return extensions.get_extension_for_class(kind).value
    return None
