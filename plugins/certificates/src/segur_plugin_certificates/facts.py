"""Everything that one certificate says, read once.

Whether it is to be believed, :mod:`segur_plugin_certificates.chain` and the revocation modules tell.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeVar, cast

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from segur_plugin_certificates.ans_extensions import AnsExtensions, read_ans_extensions
from segur_plugin_certificates.authorities import Authority, read_authority
from segur_plugin_certificates.containers import load_certificate
from segur_plugin_certificates.kind import Kind, judge_kind
from segur_plugin_certificates.public_keys import KeyKind, key_kind
from segur_plugin_certificates.publication_points import MAX_ADDRESSES, read_points
from segur_plugin_certificates.slices import issuer_and_key
from segur_plugin_certificates.subject import Subject, read_subject
from segur_plugin_certificates.usages import Usage, Usages, read_usages
from segur_sdk.errors import InputError
from segur_sdk.models.certificate import CertificateInfo

MAX_ISSUERS: Final = 256
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_REFUSALS: Final = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)


@attrs.frozen
class Facts:
    """Facts of a certificate. Moments are in UTC, fingerprints in upper-case hexadecimal."""

    fingerprint: str
    """SHA-256 of the certificate."""
    serial: str
    subject: Subject
    issuer: Authority | None
    issuer_name: str | None
    """Common name of the issuer."""
    kind: Kind
    usages: Usages
    ans: AnsExtensions
    not_before: datetime
    not_after: datetime
    key: KeyKind
    public_key: str
    """SHA-256 of the SubjectPublicKeyInfo."""
    signature_hash: str | None
    """Name of the hash function of the issuer's signature, ``None`` when there is none or it is not known."""
    crl: tuple[str, ...]
    """HTTP addresses of revocation lists."""
    ocsp: tuple[str, ...]
    issuers: tuple[str, ...]
    """HTTP addresses of the issuer's certificate."""
    names: tuple[str, ...]
    """DNS names."""
    certificate: x509.Certificate = attrs.field(repr=False, eq=False)

    def info(self) -> CertificateInfo:
        """Return the facts as the contract has them."""
        return CertificateInfo(
            subject_cn=self.subject.common_name or "",
            subject_ou=None if self.subject.structure is None else str(self.subject.structure),
            issuer_cn=self.issuer_name or "",
            serial=self.serial,
            not_before=self.not_before,
            not_after=self.not_after,
            client_authentication=self.usages.allow(Usage.AUTH_CLI),
        )


def read_facts(der: bytes) -> Facts:
    """Read a certificate.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.containers.load_certificate`,
            ``certificates.extension``.
    """
    certificate = load_certificate(der)
    found: Facts | None = None
    # The library reads late and may refuse at each access; what it raises holds bytes of the certificate.
    with suppress(*_REFUSALS):
        found = _facts(der, certificate)
    if found is None:
        raise InputError("certificates.unreadable")
    return found


def _facts(der: bytes, certificate: x509.Certificate) -> Facts:
    subject = read_subject(certificate.subject)
    extensions = certificate.extensions
    held = {one.oid: one.value for one in extensions}
    constraints = _held(held, x509.BasicConstraints)
    usages = read_usages(_held(held, x509.KeyUsage), _held(held, x509.ExtendedKeyUsage))
    ans = read_ans_extensions(held)
    issuer_bytes, key_bytes = issuer_and_key(der)
    issuer, issuer_name = _ISSUERS.read(issuer_bytes, certificate)
    points = read_points(_held(held, x509.CRLDistributionPoints), _held(held, x509.AuthorityInformationAccess))
    return Facts(
        fingerprint=sha256(der).hexdigest().upper(),
        serial=f"{certificate.serial_number:X}",
        subject=subject,
        issuer=issuer,
        issuer_name=issuer_name,
        kind=judge_kind(subject, issuer, usages, ans, authority=constraints is not None and constraints.ca),
        usages=usages,
        ans=ans,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=key_kind(certificate.public_key()),
        public_key=sha256(key_bytes).hexdigest().upper(),
        signature_hash=_hash_name(certificate),
        crl=points.lists,
        ocsp=points.ocsp,
        issuers=points.issuers,
        names=_dns_names(_held(held, x509.SubjectAlternativeName)),
        certificate=certificate,
    )


def _held(held: Mapping[x509.ObjectIdentifier, x509.ExtensionType], kind: type[_Extension]) -> _Extension | None:
    # The library gives an extension that it knows as its own class, or refuses the certificate.
    return cast("_Extension | None", held.get(kind.oid))


class _Issuers:
    """What the names of issuers say, by their bytes: an installation has few."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Authority | None, str | None]] = {}

    def read(self, name: bytes, certificate: x509.Certificate) -> tuple[Authority | None, str | None]:
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MAX_ISSUERS:
                self._known.clear()
            issuer = certificate.issuer
            found = [one.value for one in issuer if one.oid == NameOID.COMMON_NAME]
            text = found[0] if len(found) == 1 and isinstance(found[0], str) else None
            known = self._known[name] = (read_authority(issuer), text)
        return known


_ISSUERS: Final = _Issuers()


def _hash_name(certificate: x509.Certificate) -> str | None:
    with suppress(UnsupportedAlgorithm):
        algorithm = certificate.signature_hash_algorithm
        return None if algorithm is None else algorithm.name
    return None


def _dns_names(extension: x509.SubjectAlternativeName | None) -> tuple[str, ...]:
    return () if extension is None else tuple(extension.get_values_for_type(x509.DNSName)[:MAX_ADDRESSES])
