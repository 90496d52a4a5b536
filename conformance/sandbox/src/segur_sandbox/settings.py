"""Settings for what official documents do not settle, read from `DIR/settings.json` when it exists."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.data_files import read_data_file

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class InsiSettings(BaseModel):
    """Settings of the INSi simulator.

    Attributes:
        idam: The only software authorisation number accepted.
        fault_codes: Reason → `siram:Erreur` code of a refusal whose official code is not public;
            a reason left out has the code `sandbox_<reason>`. UNVERIFIED, ours.
        fault_subcode: SOAP subcode of those refusals. UNVERIFIED.
        vitale_assertion_seconds: Age from which a Vitale assertion is refused.
        professional_assertion_seconds: Age from which that of a professional is refused.
        clock_skew_seconds: By how much that of a professional may be ahead. UNVERIFIED.
        billing_attribute: Name of an attribute, whose case differs between public sources; as the next ones.
        sector_attribute: See `billing_attribute`.
        cps_speciality: See `billing_attribute`; in assertions by CPS.
        psc_speciality: See `billing_attribute`; in assertions by Pro Santé Connect.
        profession_attribute: See `billing_attribute`; of somebody with several professions, by Pro Santé Connect only.
        body_prefix: Prefix of the SOAP Body of replies.
    """

    model_config = _CLOSED

    idam: str = "TESTSGIE0000"
    fault_codes: dict[str, str] = Field(default_factory=dict)
    fault_subcode: str = "siram_100"
    vitale_assertion_seconds: int = Field(default=20 * 60, ge=1)
    professional_assertion_seconds: int = Field(default=3600, ge=1)
    clock_skew_seconds: int = Field(default=60, ge=0)
    billing_attribute: str = "identifiantFacturation"
    sector_attribute: str = "secteurActivite"
    cps_speciality: str = "codeSpecialite"
    psc_speciality: str = "codeSpecialiteAMO"
    profession_attribute: str = "gipProfessionCode"
    body_prefix: str = Field(default="env", pattern=r"^[A-Za-z]{1,10}$")


class PscSettings(BaseModel):
    """Settings of the Pro Santé Connect simulator; lifetimes are in seconds, by the sandbox's clock.

    Attributes:
        lenient: Accept requests without `scope_all`, `acr_values` and `channel`.
        dialect: Whose errors CIBA speaks: those of the standard, or those of a stock Keycloak 26.
        cnf: How a token names its certificate: as RFC 8705 says, or base64 of the hexadecimal text, as ANS examples do.
        code_s: Life of an authorization code. UNVERIFIED, Keycloak's default.
        access_s: Life of access and ID tokens.
        refresh_s: Life of refresh tokens.
        session_max_s: Life of a session, however much it is used.
        session_idle_s: Life of a session that nobody uses.
        page_s: How long a login page waits. UNVERIFIED.
        ciba_s: How long a CIBA request waits. UNVERIFIED, that of an ANS example.
        ciba_interval_s: Seconds between two polls. UNVERIFIED, the standard's default.
        service_token_s: Life of the tokens of the fake target service.
    """

    model_config = _CLOSED

    lenient: bool = False
    dialect: Literal["standard", "keycloak"] = "standard"
    cnf: Literal["rfc", "hex"] = "rfc"
    code_s: int = Field(default=60, ge=1, le=86_400)
    access_s: int = Field(default=120, ge=1, le=86_400)
    refresh_s: int = Field(default=30 * 60, ge=1, le=86_400)
    session_max_s: int = Field(default=4 * 3600, ge=1, le=86_400)
    session_idle_s: int = Field(default=30 * 60, ge=1, le=86_400)
    page_s: int = Field(default=5 * 60, ge=1, le=86_400)
    ciba_s: int = Field(default=120, ge=1, le=86_400)
    ciba_interval_s: int = Field(default=5, ge=1, le=600)
    service_token_s: int = Field(default=4 * 3600, ge=1, le=86_400)


class IgcSettings(BaseModel):
    """Settings of the platform where certificates are ordered; by the sandbox's clock.

    Attributes:
        validation_days: Working days until a form is validated.
        order_s: Seconds until what was ordered is available. UNVERIFIED.
        notice_days: How many days before its end a certificate is announced to expire.
    """

    model_config = _CLOSED

    validation_days: int = Field(default=3, ge=0, le=60)
    order_s: int = Field(default=0, ge=0, le=30 * 86_400)
    notice_days: int = Field(default=30, ge=0, le=365)


class DmpSettings(BaseModel):
    """Settings of the DMP simulator.

    Attributes:
        duplicates: What becomes of a document that is there already, with the same bytes: taken as done
            (`idempotent`), refused (`refuse`), or taken once more (`accept`), so that duplicates show. UNVERIFIED.
        vihf_seconds: Age from which a VIHF is refused. UNVERIFIED.
        clock_skew_seconds: By how much it may be ahead. UNVERIFIED.
        vihf_versions: Accepted values of `VIHF_Version`, which public sources disagree on.
        sha1: Accept RSA with SHA-1, as older software does, for the VIHF and for the signature of a lot.
        accepted_oids: Authorities of the INS.
        inline_documents: Accept documents as base64 in the envelope, beside MTOM.
        cumulated: Let a document be masked to professionals and hidden from the patient at once. UNVERIFIED.
        tls13: Offer TLS 1.3 too, which the DMP does not to practice software.
        fault_codes: Reason → subcode of a fault, instead of the usual one. UNVERIFIED, ours.
        max_bytes: The largest message. UNVERIFIED.
    """

    model_config = _CLOSED

    duplicates: Literal["idempotent", "refuse", "accept"] = "idempotent"
    vihf_seconds: int = Field(default=3600, ge=1)
    clock_skew_seconds: int = Field(default=60, ge=0)
    vihf_versions: tuple[str, ...] = ("3.0", "4.0")
    sha1: bool = False
    accepted_oids: tuple[str, ...] = ("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10")
    inline_documents: bool = True
    cumulated: bool = True
    tls13: bool = False
    fault_codes: dict[str, str] = Field(default_factory=dict)
    max_bytes: int = Field(default=50_000_000, ge=1024, le=200_000_000)


class SandboxSettings(BaseModel):
    """All settings of the sandbox."""

    model_config = _CLOSED

    insi: InsiSettings = InsiSettings()
    psc: PscSettings = PscSettings()
    igc: IgcSettings = IgcSettings()
    dmp: DmpSettings = DmpSettings()


def load_settings(path: Path) -> SandboxSettings:
    """Read `path`, or return the defaults when it does not exist.

    Raises:
        DataFileError: not JSON, or an unknown or wrong member.
    """
    if not path.exists():
        return SandboxSettings()
    return read_data_file(path.read_bytes(), path.name, SandboxSettings)
