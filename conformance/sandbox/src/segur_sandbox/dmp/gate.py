"""The gate before every transaction: who connects, who signs, whether the VIHF is theirs and says all it must."""

import re
from datetime import timedelta
from typing import Final

import attrs
from cryptography import x509

from segur_sandbox.clock import SandboxClock
from segur_sandbox.dmp.certificates import Holder, Judge, names
from segur_sandbox.dmp.options import Options
from segur_sandbox.dmp.refusal import NO_SPECIALITY, SoapRefusedError
from segur_sandbox.dmp.soap import Envelope
from segur_sandbox.dmp.value_sets import ValueSets
from segur_sandbox.dmp.vihf import (
    ACCESS_MODES,
    DIRECT,
    MODES,
    SECRECY,
    SECTOR,
    SUBJECT,
    SUBJECT_NAME,
    Vihf,
    only_assertion,
    read_vihf,
)
from segur_sandbox.dmp.vihf_signature import verified
from segur_sandbox.dmp.xmldsig import SignatureRefusedError

_REQUIRED: Final = (
    "VIHF_Version",
    "Authentification_mode",
    "Identifiant_Structure",
    "Secteur_Activite",
    "Ressource_URN",
    "LPS_Nom",
    "LPS_Version",
    "LPS_ID_HOMOLOGATION_DMP",
)
_REQUIRED_OF_STRUCTURES: Final = (*_REQUIRED, SUBJECT)
_SECTOR: Final = re.compile(r"SA[0-9]{2}\^1\.2\.250\.1\.71\.4\.2\.4")
_PS_ID: Final = re.compile(r"[0-9][0-9A-Z/]{8,40}")
_STRUCTURE_ID: Final = re.compile(r"[0-4][0-9A-Z]{8,20}")
_INVISIBLE: Final = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
_ACCESS_LISTS: Final = ("1.2.250.1.213.1.1.4.248",)


@attrs.frozen
class Caller:
    """Who is let in.

    Attributes:
        vihf: What he says, all of it checked.
        signer: Whose the key is that signs, his or his structure's.
    """

    vihf: Vihf
    signer: Holder


class Gate:
    """Lets callers in.

    Args:
        options: Settings in force.
        judge: Knows certificates.
        value_sets: Codes of roles.
        clock: Judges dates.
    """

    def __init__(self, options: Options, judge: Judge, value_sets: ValueSets, clock: SandboxClock) -> None:
        self._options = options
        self._judge = judge
        self._value_sets = value_sets
        self._clock = clock

    def admit(self, envelope: Envelope, connection: x509.Certificate | None) -> Caller:
        """Return who calls.

        Args:
            envelope: Of the request.
            connection: The certificate of its TLS connection.

        Raises:
            SoapRefusedError: nobody who may.
        """
        opened_by = self._judge.authenticates(connection)
        assertion = only_assertion(envelope.security)
        try:
            signed = verified(assertion, sha1=self._options.now.sha1)
        except SignatureRefusedError as error:
            raise error.as_fault() from None
        signer = self._judge.signer(signed.certificate, opened_by)
        # From here on, only what was signed counts.
        vihf = read_vihf(signed.content)
        if vihf.issuer_format != SUBJECT_NAME or not names(vihf.issuer, signed.certificate):
            raise _token("Issuer is not the subject of the certificate that signs")
        self._check_dates(vihf)
        self._check_attributes(vihf)
        self._check_mode(vihf, signer)
        self._check_roles(vihf)
        return Caller(vihf, signer)

    def _check_dates(self, vihf: Vihf) -> None:
        now, skew = self._clock.now(), timedelta(seconds=self._options.now.clock_skew_seconds)
        if vihf.issued_at - now > skew:
            raise _token("the assertion is dated in the future")
        if now - vihf.issued_at > timedelta(seconds=self._options.now.vihf_seconds):
            raise _token("the assertion is too old")
        if vihf.authenticated_at - vihf.issued_at > skew:
            raise _token("the user authenticated after the assertion was made")
        if vihf.not_before is not None and vihf.not_before - now > skew:
            raise _token("the conditions of the assertion do not hold yet")
        if vihf.not_on_or_after is not None and now - vihf.not_on_or_after >= skew:
            raise _token("the conditions of the assertion do not hold any more")

    def _check_attributes(self, vihf: Vihf) -> None:
        required = _REQUIRED if vihf.mode == DIRECT else _REQUIRED_OF_STRUCTURES
        for name in required:
            if not vihf.attributes.get(name):
                raise _token(f"attribute {name} is missing or empty")
        if vihf.attributes["VIHF_Version"] not in self._options.now.vihf_versions:
            raise _token("VIHF_Version is not an accepted one")
        if vihf.attributes["Ressource_URN"] != "urn:dmp":
            raise _token("Ressource_URN is not urn:dmp")
        if not _SECTOR.fullmatch(vihf.attributes[SECTOR]):
            raise _token("Secteur_Activite is not a sector")
        if not _STRUCTURE_ID.fullmatch(vihf.structure) or not _PS_ID.fullmatch(vihf.name_id):
            raise _token("NameID or Identifiant_Structure is no national identifier")
        if vihf.attributes.get(SECRECY, _INVISIBLE) != _INVISIBLE:
            raise _token("confidentiality-code is not the one value it may have")
        if vihf.purpose.code not in ACCESS_MODES or vihf.purpose.system not in _ACCESS_LISTS:
            raise _token("PurposeOfUse is not an access mode")
        if vihf.patient is not None and vihf.patient.oid not in self._options.now.accepted_oids:
            raise SoapRefusedError("patient", "the authority of the INS is not accepted here")

    def _check_mode(self, vihf: Vihf, signer: Holder) -> None:
        if vihf.mode not in MODES:
            raise _token("Authentification_mode is none of the three")
        if not vihf.context.startswith("urn:oasis:names:tc:SAML:2.0:ac:classes:"):
            raise _token("AuthnContextClassRef is not a class of SAML 2.0")
        if vihf.mode == DIRECT:
            if signer.kind != "professional":
                raise _token("direct authentication is by the card of a professional")
            if signer.identifier != vihf.name_id:
                raise _token("NameID is not the holder of the card")
            return
        if signer.kind != "structure":
            raise _token("indirect authentication is by the certificate of a structure")
        if signer.identifier != vihf.structure:
            raise _token("Identifiant_Structure is not that of the certificate")

    def _check_roles(self, vihf: Vihf) -> None:
        if len(vihf.roles) not in (1, 2):
            raise _token("there is not one role, or two")
        first, *others = vihf.roles
        if not self._value_sets.is_first_role(first.code, first.system):
            raise _token("the first role is not a profession nor a technical role")
        speciality = self._value_sets.speciality_list(first.code, first.system)
        if speciality is None:
            if others:
                raise _token("this profession has no second role")
            return
        if not others:
            raise _token(NO_SPECIALITY)
        if others[0].system != speciality or not self._value_sets.is_speciality(others[0].code, speciality):
            raise _token("the second role is not a speciality of the first one")


def _token(detail: str) -> SoapRefusedError:
    return SoapRefusedError("token", detail)
