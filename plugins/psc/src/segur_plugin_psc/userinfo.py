"""What Pro Santé Connect tells of a professional, as it comes from the RPPS.

Only ``sub`` is always there: whatever else is missing, empty or unknown is passed over. Claims as published samples of
the ANS show them (``ansforge/PSC-POC``, ``prosanteconnect/proof-of-concept``).
"""

from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict, ValidationError

from segur_plugin_psc.exchanges import Endpoint, get, object_of
from segur_plugin_psc.json_objects import JsonObject
from segur_plugin_psc.refusals import service_code
from segur_sdk.context import HookContext
from segur_sdk.errors import ServiceError, invalid_input

MAX_TEXT: Final = 500
MAX_LIST: Final = 100
_REFUSED: Final = range(400, 500)


def _nothing_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _on_one_line(text: str | None) -> str | None:
    """Return a text that can be shown anywhere: registers hold tabs, and a name must not command a terminal."""
    if text is None:
        return None
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split()) or None


def _nothing_is_none(value: Any) -> Any:
    return () if value is None else value


T = TypeVar("T")
Text = Annotated[
    Annotated[str, Field(max_length=MAX_TEXT)] | None,
    BeforeValidator(_nothing_if_empty),
    AfterValidator(_on_one_line),
]
"""A claim: empty and ``null`` are nothing."""
Several = Annotated[tuple[T, ...], Strict(False), Field(max_length=MAX_LIST), BeforeValidator(_nothing_is_none)]
"""A claim that is a list: ``null`` is an empty one."""


class Claims(BaseModel):
    """Base of the parts of a userinfo: strict types, unknown claims ignored, nothing repeated by an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True, defer_build=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(‹claims›)"

    __str__ = __repr__


class Activity(Claims):
    """One place where the professional practises."""

    code_mode_exercice: Text = Field(default=None, alias="codeModeExercice")
    """TRE_R23: ``L`` libéral, ``S`` salarié."""
    code_secteur_dactivite: Text = Field(default=None, alias="codeSecteurDactivite")
    """TRE_R02, for example ``SA33``."""
    code_section_pharmacien: Text = Field(default=None, alias="codeSectionPharmacien")
    numero_siret_site: Text = Field(default=None, alias="numeroSiretSite")
    numero_finess_site: Text = Field(default=None, alias="numeroFinessSite")
    identifiant_technique_de_la_structure: Text = Field(default=None, alias="identifiantTechniqueDeLaStructure")
    raison_sociale_site: Text = Field(default=None, alias="raisonSocialeSite")
    enseigne_commerciale_site: Text = Field(default=None, alias="enseigneCommercialeSite")
    ancien_identifiant_de_la_structure: Text = Field(default=None, alias="ancienIdentifiantDeLaStructure")
    """Type digit and identifier, as cards bear it: ``10B0193488``."""


class ExercicePro(Claims):
    """One profession of the professional, and where he practises it."""

    code_profession: Text = Field(default=None, alias="codeProfession")
    """TRE_G15, for example ``21``."""
    code_categorie_professionnelle: Text = Field(default=None, alias="codeCategorieProfessionnelle")
    """TRE_R09: ``C`` civil, ``M`` military, ``E`` student."""
    activities: Several[Activity] = Field(default=(), alias="activities")


class SubjectRefPro(Claims):
    """The professional in the RPPS."""

    exercices: Several[ExercicePro] = Field(default=(), alias="exercices")


class Userinfo(Claims):
    """The claims that this plugin reads."""

    sub: str = Field(alias="sub", min_length=1, max_length=255)
    national_id: Annotated[str | None, BeforeValidator(_nothing_if_empty)] = Field(
        default=None, alias="SubjectNameID", max_length=MAX_TEXT
    )
    """As it was given: an identifier is not mended."""
    given_name: Text = Field(default=None, alias="given_name")
    family_name: Text = Field(default=None, alias="family_name")
    subject_roles: Several[Annotated[str, Field(max_length=MAX_TEXT)]] = Field(default=(), alias="SubjectRole")
    """Code of the profession, ``^``, OID of its list."""
    organisation: Text = Field(default=None, alias="SubjectOrganization")
    organisation_id: Text = Field(default=None, alias="SubjectOrganizationID")
    sector: Text = Field(default=None, alias="Secteur_Activite")
    auth_mode: Text = Field(default=None, alias="authMode")
    """``CARD``, or ``MOBILE`` for the e-CPS."""
    reference: SubjectRefPro | None = Field(default=None, alias="SubjectRefPro")


def ask_userinfo(endpoint: Endpoint, access_token: SecretStr, subject: str, ctx: HookContext) -> Userinfo:
    """Ask who the professional is.

    Args:
        endpoint: of the authority.
        access_token: of his session.
        subject: ``sub`` of his ID token; the answer must be about that very person (OpenID Connect Core 5.3.2).
        ctx: of the call.

    Raises:
        ServiceError: ``psc.unavailable``, ``psc.answer_unreadable``, ``psc.fault``; ``psc.userinfo`` with ``reason``
            ``form`` and ``fields``, or ``sub``.
    """
    reply = get(endpoint, ctx, access_token)
    if reply.status in _REFUSED:
        raise ServiceError("psc.fault", endpoint=endpoint.name, service_code=service_code(reply), status=reply.status)
    return read_userinfo(object_of(reply, endpoint), subject)


def read_userinfo(content: JsonObject, subject: str) -> Userinfo:
    """Read a userinfo; see :func:`ask_userinfo`."""
    wrong = None
    try:
        found = Userinfo.model_validate(content)
    except ValidationError as failure:
        wrong = invalid_input("psc.userinfo", failure, Userinfo).facts["fields"]
    # The exception of a failed validation holds its input: it must not become the context of an error.
    if wrong is not None:
        raise ServiceError("psc.userinfo", reason="form", fields=wrong)
    if found.sub != subject:
        raise ServiceError("psc.userinfo", reason="sub")
    return found
