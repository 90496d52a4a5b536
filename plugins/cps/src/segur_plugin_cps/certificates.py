"""A certificate of a CPx card: what it is for, whom it names, how long it holds.

A card has two, of the same subject and issuer: one authenticates, one signs. They are told apart by their usages,
never by their order. Source: RFC 5280; certificates of IGC-Santé.
"""

from contextlib import suppress
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import ValidationError

from segur_plugin_cps.ans_extensions import AnsExtensions, read_ans_extensions
from segur_plugin_cps.set_order import with_ordered_sets
from segur_plugin_cps.subject import CardSubject, read_subject
from segur_sdk.drivers import TokenCertificate
from segur_sdk.errors import CardError
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.professional import CardCertificate, CardKeyUsage

_CLIENT_USAGES: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


@attrs.frozen
class CpxCertificate:
    """One of the two certificates of a card."""

    usage: CardKeyUsage
    key: str
    """``CKA_ID``, upper-case hexadecimal."""
    subject: CardSubject
    subject_name: x509.Name = attrs.field(repr=False)
    issuer_name: x509.Name = attrs.field(repr=False)
    ans: AnsExtensions
    info: CertificateInfo

    def for_contract(self) -> CardCertificate:
        """Return it as the contract has it."""
        return CardCertificate(usage=self.usage, key=self.key, info=self.info)


@attrs.frozen
class _Raw:
    """What the parser finds; all of it at once, because it parses late and may refuse at each access."""

    subject: x509.Name
    issuer: x509.Name
    extensions: x509.Extensions
    whole: x509.Certificate


def read_certificate(found: TokenCertificate) -> CpxCertificate | None:
    """Read a certificate of a token.

    Returns:
        The certificate, or ``None`` when it is not one of a card's two: an authority's, one without the extensions
        of the ANS, or one whose usages allow neither to authenticate nor to sign, or allow both.

    Raises:
        CardError: ``card.unreadable`` with ``reason`` ``certificate`` and ``key``; those of
            :func:`segur_plugin_cps.subject.read_subject` and
            :func:`segur_plugin_cps.ans_extensions.read_ans_extensions`.
    """
    raw = _parsed(found.der)
    if raw is None:
        raise CardError("card.unreadable", reason="certificate", key=found.key)
    usage = _usage(raw.extensions)
    ans = read_ans_extensions(raw.extensions)
    if usage is None or ans is None:
        return None
    subject = read_subject(raw.subject)
    info = _info(raw, subject, usage)
    if info is None:
        raise CardError("card.unreadable", reason="certificate", key=found.key)
    return CpxCertificate(
        usage=usage,
        key=found.key,
        subject=subject,
        subject_name=raw.subject,
        issuer_name=raw.issuer,
        ans=ans,
        info=info,
    )


def _parsed(der: bytes) -> _Raw | None:
    found = _strictly(der)
    if found is None:
        ordered = with_ordered_sets(der)
        found = None if ordered is None else _strictly(ordered)
    return found


def _strictly(der: bytes) -> _Raw | None:
    # What the library raises holds bytes of the certificate: it must not become the context of an error.
    with suppress(ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        whole = x509.load_der_x509_certificate(der)
        return _Raw(whole.subject, whole.issuer, whole.extensions, whole)
    return None


def _usage(extensions: x509.Extensions) -> CardKeyUsage | None:
    """Tell what a certificate is for; one that would do for both is neither: a key has one use."""
    with suppress(x509.ExtensionNotFound):
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return None
    try:
        allowed = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    extended = None
    with suppress(x509.ExtensionNotFound):
        extended = frozenset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    if allowed.content_commitment:
        return None if extended is not None and extended & _CLIENT_USAGES else CardKeyUsage.SIGNATURE
    # Usages that are not stated forbid nothing (RFC 5280, 4.2.1.12).
    if allowed.digital_signature and (extended is None or extended & _CLIENT_USAGES):
        return CardKeyUsage.AUTHENTICATION
    return None


def _info(raw: _Raw, subject: CardSubject, usage: CardKeyUsage) -> CertificateInfo | None:
    issuer = [str(one.value) for one in raw.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(issuer) != 1:
        return None
    with suppress(ValidationError):
        return CertificateInfo(
            subject_cn=subject.common_name,
            subject_ou=subject.unit,
            issuer_cn=issuer[0],
            serial=f"{raw.whole.serial_number:X}",
            not_before=raw.whole.not_valid_before_utc,
            not_after=raw.whole.not_valid_after_utc,
            client_authentication=usage is CardKeyUsage.AUTHENTICATION,
        )
    return None
