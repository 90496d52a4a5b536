"""Judges the certificates of a message: of which authority, in force, not revoked, and whether they sign."""

from datetime import datetime
from typing import Final, Literal

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from segur_sandbox.clock import SandboxClock
from segur_sandbox.dmp.refusal import NOT_A_SIGNATURE, SoapRefusedError
from segur_sandbox.pki.store import PkiFiles

Kind = Literal["structure", "professional"]
_NAMES: Final = {
    "SN": NameOID.SURNAME,
    "GN": NameOID.GIVEN_NAME,
    "T": NameOID.TITLE,
    "TITLE": NameOID.TITLE,
    "PSEUDONYM": NameOID.PSEUDONYM,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
}


@attrs.frozen
class Holder:
    """Whose a certificate is.

    Attributes:
        kind: Of a structure (offer ORG) or on the card of a professional.
        identifier: `Struct_IdNat` of a structure, PS_IdNat of a professional.
        certificate: The certificate.
    """

    kind: Kind
    identifier: str
    certificate: x509.Certificate


class Judge:
    """Knows the authorities of the sandbox and what they revoked.

    Args:
        pki: The hierarchy.
        clock: Judges dates.
    """

    def __init__(self, pki: PkiFiles, clock: SandboxClock) -> None:
        self._pki = pki
        self._clock = clock
        self._issuers: dict[Kind, x509.Certificate] = {
            "structure": pki.organisations().certificate,
            "professional": pki.fort_personnes().certificate,
        }

    def holder(self, certificate: x509.Certificate | None) -> Holder:
        """Return whose a certificate is that one of the two authorities issued and that is good now.

        Raises:
            SoapRefusedError: `certificate`.
        """
        if certificate is None:
            raise _no("the connection shows no certificate")
        kind = next((kind for kind, issuer in self._issuers.items() if _issued(certificate, issuer)), None)
        if kind is None:
            raise _no("a certificate is of another authority")
        now = self._clock.now()
        if not _holds(certificate, now) or not _holds(self._issuers[kind], now):
            raise _no("a certificate is not valid now")
        if self._pki.register.revocation(certificate.serial_number) is not None:
            raise _no("a certificate is revoked")
        name = NameOID.ORGANIZATIONAL_UNIT_NAME if kind == "structure" else NameOID.COMMON_NAME
        values = certificate.subject.get_attributes_for_oid(name)
        if len(values) != 1:
            raise _no("a certificate names nobody")
        return Holder(kind, str(values[0].value), certificate)

    def signer(self, certificate: x509.Certificate, connection: Holder) -> Holder:
        """Return whose a certificate is that signs, beside the one of the connection.

        Raises:
            SoapRefusedError: `certificate`.
        """
        if certificate.public_key() == connection.certificate.public_key() or not _signs(certificate):
            raise _no(NOT_A_SIGNATURE)
        holder = self.holder(certificate)
        if (holder.kind, holder.identifier) != (connection.kind, connection.identifier):
            raise _no("who signs is not who connects")
        return holder

    def authenticates(self, certificate: x509.Certificate | None) -> Holder:
        """Return whose a certificate is that opens a connection.

        Raises:
            SoapRefusedError: `certificate`.
        """
        holder = self.holder(certificate)
        if not _authenticates(holder.certificate):
            raise _no("the certificate of the connection does not authenticate a client")
        return holder


def names(text: str, certificate: x509.Certificate) -> bool:
    """Tell whether `text` is the subject of a certificate, written as RFC 2253 says."""
    try:
        named = x509.Name.from_rfc4514_string(text, attr_name_overrides=_overrides())
    except ValueError:
        return False
    return [_as_set(one) for one in named.rdns] == [_as_set(one) for one in certificate.subject.rdns]


def _overrides() -> dict[str, ObjectIdentifier]:
    return {spelling: oid for name, oid in _NAMES.items() for spelling in (name, name.lower(), name.capitalize())}


def _as_set(part: x509.RelativeDistinguishedName) -> frozenset[tuple[str, str | bytes]]:
    return frozenset((one.oid.dotted_string, one.value) for one in part)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _holds(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _purposes(certificate: x509.Certificate) -> tuple[x509.KeyUsage | None, set[ObjectIdentifier]]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None, set()
    try:
        return usage, set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return usage, set()


def _signs(certificate: x509.Certificate) -> bool:
    usage, purposes = _purposes(certificate)
    return usage is not None and usage.content_commitment and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes


def _authenticates(certificate: x509.Certificate) -> bool:
    usage, purposes = _purposes(certificate)
    return usage is not None and usage.digital_signature and ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def _no(detail: str) -> SoapRefusedError:
    return SoapRefusedError("certificate", detail)
