"""Settings of the plugin: the table ``[plugins.insi.settings]`` of a host's configuration."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from segur_sdk.context import PluginSettings
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Value

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,20}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]{0,59}$")]


class AttributeNames(Value):
    """Names of the attributes of an assertion. Public sources differ in their case: the guide in force decides."""

    identifiant_facturation: Name = "identifiantFacturation"
    secteur_activite: Name = "secteurActivite"
    code_specialite: Name = "codeSpecialite"
    profession: Name = "gipProfessionCode"

    @model_validator(mode="after")
    def _distinct(self) -> "AttributeNames":
        names = (self.identifiant_facturation, self.secteur_activite, self.code_specialite, self.profession)
        if len(set(names)) != len(names):
            raise ValueError("two attributes have one name")
        return self


class ProfessionalTable(Value):
    """What INSi wants to know of a professional and neither his card nor Pro Santé Connect tells."""

    national_id: str = Field(pattern=r"^[0-9][!-~]{1,63}$")
    """Type digit first, as his certificates and Pro Santé Connect name him: ``8`` and the RPPS, for example."""
    exercice: str | None = Field(default=None, min_length=1, max_length=100)
    """Only in that situation d'exercice; by its id, as the host offers it."""
    identifiant_facturation: Code | None = None
    """*Numéro de facturation* of a liberal professional. Without it, FINESS géographique, else SIRET, of the structure
    in which he acts."""
    secteur_activite: Code | None = None
    """Sector of the Assurance Maladie, ``SA05`` for example. Without it, the one that the id of his situation bears."""
    code_specialite: Code | None = None
    """*Spécialité* by the code list of the Assurance Maladie, which is not the *savoir-faire* of a card. For
    physicians and physicians in training, and nobody else."""
    profession: Code | None = None
    """By Pro Santé Connect only, for somebody who has several professions."""


class InsiSettings(PluginSettings):
    """What a site may change."""

    authentication: Literal["certificate", "cps", "psc"] = "certificate"
    """In whose name calls are made that a person triggers. ``certificate``: the structure's, by ``INSI-MANU``.
    ``cps``: the professional's whose card opened the session; the card signs an assertion for each call. ``psc``: the
    professional's who signed in with Pro Santé Connect; his assertion is not signed, and the session's access token
    goes with it. With either, a session by the other of the two is refused (``insi.session_needed``), and a session by
    a local code, or none, calls by ``INSI-MANU``. What nobody triggered always calls by ``INSI-AUTO``."""
    professionals: tuple[ProfessionalTable, ...] = ()
    """For ``cps`` and ``psc``. A table with ``exercice`` goes before one without."""
    cps_attributes: AttributeNames = AttributeNames()
    """As a published sample of an assertion by CPS has them."""
    psc_attributes: AttributeNames = AttributeNames(code_specialite="codeSpecialiteAMO")
    """UNVERIFIED: public libraries quote them from a sample that is not public."""
    psc_issuer: str | None = Field(default=None, min_length=1, max_length=200)
    """``Issuer`` of an assertion by Pro Santé Connect, the professional's identifier without it. UNVERIFIED."""
    psc_issuer_format: str | None = Field(default=None, min_length=1, max_length=200)
    """``Format`` of that ``Issuer``; left out without it. UNVERIFIED."""
    retries: int = Field(default=1, ge=0, le=2)
    """How often, in one qualification, a search is asked again at once after an answer that proves nothing was
    found out: service not reached, or ``siram_40``. A search only reads, asking twice changes nothing."""
    vitale_assertion: Literal["none", "sandbox"] = "none"
    """Where the assertion Vitale of a search by card comes from. ``none``: there is none, a card's beneficiary
    is searched by the traits read. ``sandbox``: an assertion of this project's own making, understood by its
    sandbox alone and refused in any other environment. The official one is made by official components."""

    @model_validator(mode="after")
    def _nobody_twice(self) -> "InsiSettings":
        tables = [(one.national_id, one.exercice) for one in self.professionals]
        if len(set(tables)) != len(tables):
            raise ValueError("two tables are of one professional in one situation")
        return self

    def makes_assertions(self, environment: Environment) -> bool:
        """Tell whether cards are searched with the assertion of this project's own making.

        Raises:
            ConfigError: ``insi.assertion_outside_sandbox``: no other service must ever see it.
        """
        if self.vitale_assertion == "none":
            return False
        if environment is not Environment.SANDBOX:
            raise ConfigError("insi.assertion_outside_sandbox", environment=environment.value)
        return True
