"""Revocation lists: read, checked, kept, asked.

A list serves until its ``nextUpdate``, never after. A new one replaces the one that is kept only when it is sound and
not older. Source: RFC 5280, 5 and 6.3; SC.MSS/CONF.22.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from segur_plugin_certificates.ber import SEQUENCE, read_ber
from segur_plugin_certificates.public_keys import WEAK_HASHES
from segur_plugin_certificates.revocation import NOTHING_KNOWN, Answer, Standing
from segur_sdk.errors import InputError

MAX_LIST: Final = 33_554_432
CLOCK_LEEWAY: Final = timedelta(minutes=5)
_PEM: Final = b"-----BEGIN X509 CRL-----"
_HEAD: Final = 64
_UNDERSTOOD: Final = frozenset({x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid, x509.IssuingDistributionPoint.oid})


@attrs.frozen
class RevocationList:
    """A list whose signature is right."""

    issuer: x509.Name = attrs.field(repr=False)
    number: int | None
    this_update: datetime
    next_update: datetime
    revoked: Mapping[int, x509.RevokedCertificate] = attrs.field(repr=lambda found: f"‹{len(found)} entries›")
    """By serial number."""
    points: frozenset[x509.GeneralName] = frozenset()
    """Where it is published, if it says so: it is about certificates that name one of these places, and no other."""

    def fresh(self, at: datetime) -> bool:
        """Tell whether it may be believed at a moment."""
        return self.this_update - CLOCK_LEEWAY <= at <= self.next_update

    def ask(self, certificate: x509.Certificate, at: datetime) -> Answer:
        """Tell what the list says of a certificate; nothing when it ended, or is not about it."""
        if not self.fresh(at) or certificate.issuer != self.issuer or not self._covers(certificate):
            return NOTHING_KNOWN
        entry = self.revoked.get(certificate.serial_number)
        if entry is None:
            return Answer(Standing.GOOD, "crl", self.this_update, self.next_update)
        return Answer(
            Standing.REVOKED, "crl", self.this_update, self.next_update, entry.revocation_date_utc, _reason(entry)
        )

    def _covers(self, certificate: x509.Certificate) -> bool:
        return not self.points or not self.points.isdisjoint(_points_of(certificate))


def read_list(data: bytes, issuer: x509.Certificate) -> RevocationList:
    """Read a list and check who signed it. Whether it is still of use is asked when it is used.

    Args:
        data: DER, or PEM.
        issuer: the authority whose certificates the list is about.

    Raises:
        InputError: ``certificates.too_large``, ``certificates.crl_unreadable``, ``certificates.crl_truncated``,
            ``certificates.crl_issuer`` (of another authority), ``certificates.crl_signature``,
            ``certificates.crl_issuer_usage`` (the authority may not sign lists), ``certificates.crl_endless`` (no
            ``nextUpdate``), ``certificates.crl_unsupported`` (delta, indirect, of some
            certificates or reasons alone, unknown critical extension).
    """
    if len(data) > MAX_LIST:
        raise InputError("certificates.too_large", size=len(data))
    crl = _loaded(data)
    found: RevocationList | None = None
    # The library reads late; what it raises may hold bytes of the list.
    with suppress(ValueError, TypeError, x509.DuplicateExtension, UnsupportedAlgorithm):
        _refuse_unsigned(crl, issuer)
        found = _checked(crl)
    if found is None:
        raise InputError("certificates.crl_unreadable")
    return found


def keep(kept: RevocationList | None, arrived: RevocationList, at: datetime) -> RevocationList:
    """Return which of two lists serves from now on.

    Raises:
        InputError: ``certificates.crl_ended``, ``certificates.crl_not_yet``, ``certificates.crl_older``: the list that
            arrived is of no use, and the one that was kept goes on serving until its end.
    """
    if at > arrived.next_update:
        raise InputError("certificates.crl_ended")
    if at < arrived.this_update - CLOCK_LEEWAY:
        raise InputError("certificates.crl_not_yet")
    if kept is not None and kept.issuer == arrived.issuer and _older(arrived, kept):
        raise InputError("certificates.crl_older")
    return arrived


def _older(arrived: RevocationList, kept: RevocationList) -> bool:
    if arrived.number is not None and kept.number is not None:
        return arrived.number < kept.number
    return arrived.this_update < kept.this_update


def _loaded(data: bytes) -> x509.CertificateRevocationList:
    with suppress(ValueError, TypeError):
        if data[:_HEAD].lstrip().startswith(_PEM):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)
    raise InputError("certificates.crl_truncated" if _cut(data) else "certificates.crl_unreadable")


def _cut(data: bytes) -> bool:
    if data and data[0] != SEQUENCE:
        return False
    try:
        read_ber(data, max_size=MAX_LIST)
    except InputError as failure:
        return failure.code in {"certificates.truncated", "certificates.empty"}
    return False


def _refuse_unsigned(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    if crl.issuer != issuer.subject:
        raise InputError("certificates.crl_issuer")
    with suppress(x509.ExtensionNotFound):
        if not issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign:
            raise InputError("certificates.crl_issuer_usage")
    algorithm = crl.signature_hash_algorithm
    if algorithm is None or algorithm.name in WEAK_HASHES:
        raise InputError("certificates.crl_signature")
    if not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
        raise InputError("certificates.crl_signature")


def _checked(crl: x509.CertificateRevocationList) -> RevocationList:
    if crl.next_update_utc is None:
        raise InputError("certificates.crl_endless")
    held = {one.oid: one for one in crl.extensions}
    if x509.DeltaCRLIndicator.oid in held or any(one.critical and oid not in _UNDERSTOOD for oid, one in held.items()):
        raise InputError("certificates.crl_unsupported")
    number = held.get(x509.CRLNumber.oid)
    return RevocationList(
        issuer=crl.issuer,
        number=number.value.crl_number if number is not None and isinstance(number.value, x509.CRLNumber) else None,
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        revoked=MappingProxyType({entry.serial_number: entry for entry in crl}),
        points=_points(held.get(x509.IssuingDistributionPoint.oid)),
    )


def _points(extension: "x509.Extension[x509.ExtensionType] | None") -> frozenset[x509.GeneralName]:
    """Return where a list says that it is published; one that is kept stands for all of its authority."""
    if extension is None or not isinstance(extension.value, x509.IssuingDistributionPoint):
        return frozenset()
    point = extension.value
    restricted = (
        point.indirect_crl,
        point.only_some_reasons,
        point.only_contains_user_certs,
        point.only_contains_ca_certs,
        point.only_contains_attribute_certs,
        point.relative_name,
    )
    if any(restricted):
        raise InputError("certificates.crl_unsupported")
    return frozenset(point.full_name or ())


def _points_of(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    """Return where a certificate says that lists about it are published (RFC 5280, 6.3.3, b, 2)."""
    with suppress(x509.ExtensionNotFound, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        found = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        return frozenset(name for point in found for name in point.full_name or ())
    return frozenset()


def _reason(entry: x509.RevokedCertificate) -> str | None:
    with suppress(x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    return None
