"""Who calls: a structure by its TLS certificate, or a professional by his assertion."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from lxml import etree
from starlette.requests import Request

from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import Exchange
from segur_sandbox.insi.professional_assertion import (
    SUBJECT_NAME,
    ProfessionalAssertion,
    qualifier_of,
    read_professional_assertion,
)
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.xml_signature import SIGNATURE, verified
from segur_sandbox.psc.errors import OAuthRefusedError
from segur_sandbox.psc.professionals import Professional
from segur_sandbox.settings import InsiSettings

ACCEPTED_CN: Final = ("INSI-AUTO", "INSI-MANU")
CPS: Final = "CPS"
PSC: Final = "PSC"
_ATTRIBUTE: Final = re.compile(r"(?:\\.|[^,+\\])+")
"""Of a distinguished name as text: what separates them may be escaped (RFC 4514)."""
_COMMON_NAME: Final = "CN="
_SECTOR: Final = re.compile(r"[A-Z]{2}[0-9]{2}")
_PROFESSIONS: Final = (ObjectIdentifier("1.2.250.1.71.1.2.7"), ObjectIdentifier("1.2.250.1.71.1.2.8"))
_PHYSICIAN: Final = "10"
_PHYSICIAN_DER: Final = b"\x02\x01\x0a"


@attrs.frozen
class Caller:
    """Somebody who may call.

    Attributes:
        name: CN of his certificate, or identifier of the professional.
        assertions: What is left of `wsse:Security` when his own assertion is taken from it.
    """

    name: str
    assertions: Sequence[etree._Element]


class Callers(Protocol):
    """Who may call at one address."""

    def identify(self, assertions: Sequence[etree._Element], exchange: Exchange, request: Request | None) -> Caller:
        """Return who calls.

        Raises:
            RequestRefusedError: nobody who may.
        """
        ...


class StructureCallers:
    """Structures, which the TLS handshake knows by their certificates."""

    def identify(self, assertions: Sequence[etree._Element], exchange: Exchange, _request: Request | None) -> Caller:
        """Return the structure whose certificate the connection has."""
        name = exchange.client.cn if exchange.client else ""
        if name not in ACCEPTED_CN:
            raise RequestRefusedError("desir_560", "the certificate is neither INSI-AUTO nor INSI-MANU")
        return Caller(name, assertions)


class ProfessionalCallers:
    """Professionals, by card or by Pro Santé Connect, whatever the certificate of the connection.

    Args:
        issuer: The authority that issues the certificates of cards.
        signed_in: Returns whose the access token of a request is.
        settings: Names of attributes, and how old an assertion may be.
        clock: Judges dates.
    """

    def __init__(
        self,
        issuer: x509.Certificate,
        signed_in: Callable[[Request], Professional],
        settings: InsiSettings,
        clock: SandboxClock,
    ) -> None:
        self._issuer = issuer
        self._signed_in = signed_in
        self._settings = settings
        self._clock = clock

    def identify(self, assertions: Sequence[etree._Element], _exchange: Exchange, request: Request | None) -> Caller:
        """Return the professional of the first assertion."""
        if not assertions:
            raise RequestRefusedError("assertion_missing", "wsse:Security holds no assertion of a professional")
        own, *others = assertions
        qualifier = qualifier_of(own)
        if qualifier == CPS:
            said = self._by_card(own)
        elif qualifier == PSC:
            said = self._by_psc(own, request)
        else:
            raise RequestRefusedError("assertion_missing", "the first assertion is neither by CPS nor by PSC")
        return Caller(said.name_id, others)

    def _by_card(self, assertion: etree._Element) -> ProfessionalAssertion:
        signed = verified(assertion)
        # From here on, only what was signed counts: the qualifier too.
        said = read_professional_assertion(signed.content)
        if said.qualifier != CPS:
            raise RequestRefusedError("assertion_form", "what was signed is not an assertion by CPS")
        self._check_age(said)
        self._check_certificate(signed.certificate)
        names = signed.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        holder = str(names[0].value) if len(names) == 1 else ""
        if not holder or said.name_id != holder:
            raise RequestRefusedError("assertion_bearer", "NameID is not the CN of the certificate that signs")
        if said.issuer_format != SUBJECT_NAME or _common_names(said.issuer) != [holder]:
            raise RequestRefusedError("assertion_bearer", "Issuer is not the subject of the certificate that signs")
        stated = (one.value for one in signed.certificate.extensions if one.oid in _PROFESSIONS)
        physician = any(isinstance(one, x509.UnrecognizedExtension) and one.value == _PHYSICIAN_DER for one in stated)
        self._check_attributes(said, self._settings.cps_speciality, physician=physician)
        return said

    def _by_psc(self, assertion: etree._Element, request: Request | None) -> ProfessionalAssertion:
        if any(one.tag == SIGNATURE for one in assertion.iterchildren(etree.Element)):
            raise RequestRefusedError("assertion_form", "an assertion by PSC is not signed")
        said = read_professional_assertion(assertion)
        self._check_age(said)
        if request is None:
            raise RequestRefusedError("bearer", "there is no request to show a token")
        try:
            professional = self._signed_in(request)
        except OAuthRefusedError as error:
            raise RequestRefusedError("bearer", error.description) from None
        if said.name_id != professional.national_id:
            raise RequestRefusedError("assertion_bearer", "NameID is not the SubjectNameID of the access token")
        roles = professional.claims.get("SubjectRole") or []
        physician = any(str(role).partition("^")[0] == _PHYSICIAN for role in roles)
        self._check_attributes(said, self._settings.psc_speciality, physician=physician)
        return said

    def _check_age(self, said: ProfessionalAssertion) -> None:
        now = self._clock.now()
        if said.issued_at - now > timedelta(seconds=self._settings.clock_skew_seconds):
            raise RequestRefusedError("assertion_future", "the assertion is dated in the future")
        if now - said.issued_at > timedelta(seconds=self._settings.professional_assertion_seconds):
            raise RequestRefusedError("assertion_expired", "the assertion is too old")

    def _check_certificate(self, certificate: x509.Certificate) -> None:
        now = self._clock.now()
        try:
            certificate.verify_directly_issued_by(self._issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise _certificate("it is not of the authority of cards") from None
        if not _holds(certificate, now) or not _holds(self._issuer, now):
            raise _certificate("it is not valid now")
        if not _signs(certificate):
            raise _certificate("its usages do not say that it signs")

    def _check_attributes(self, said: ProfessionalAssertion, speciality: str, *, physician: bool) -> None:
        settings, attributes = self._settings, dict(said.attributes)
        if not attributes.pop(settings.billing_attribute, ""):
            raise _attributes(f"{settings.billing_attribute} is missing")
        if not _SECTOR.fullmatch(attributes.pop(settings.sector_attribute, "")):
            raise _attributes(f"{settings.sector_attribute} is missing, or no sector")
        if bool(attributes.pop(speciality, "")) != physician:
            raise _attributes(f"{speciality} is for physicians, and only for them")
        if said.qualifier == PSC:
            attributes.pop(settings.profession_attribute, "")
        if attributes:
            raise _attributes("there are others")


def _common_names(subject: str) -> list[str]:
    attributes = (one.strip() for one in _ATTRIBUTE.findall(subject))
    return [one.removeprefix(_COMMON_NAME) for one in attributes if one.startswith(_COMMON_NAME)]


def _holds(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _signs(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return False
    return usage.content_commitment and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes


def _certificate(detail: str) -> RequestRefusedError:
    return RequestRefusedError("assertion_certificate", f"the certificate that signs: {detail}")


def _attributes(detail: str) -> RequestRefusedError:
    return RequestRefusedError("assertion_attributes", detail)
