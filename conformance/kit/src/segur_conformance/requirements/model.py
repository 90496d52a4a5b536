"""One requirement: what is asked, by whom, of whom, and how it can be shown."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints, model_validator

from segur_sdk.models.base import Value

RequirementId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_*\-]{1,59}$")]
Sentence = Annotated[str, StringConstraints(pattern=r"^[A-ZÀ-Ý0-9«].{13,318}[.?]$")]


class Level(StrEnum):
    """How binding it is: *exigence* (DOIT) or *préconisation* (PEUT)."""

    DOIT = "DOIT"
    PEUT = "PEUT"


class Actor(StrEnum):
    """Who makes it hold."""

    SDK = "sdk"
    PLUGIN = "plugin"
    HOST = "host"
    OPERATOR = "operator"
    """Who runs the software in a pharmacy or a practice."""
    ORGANISATION = "organisation"
    """The editor's organisation."""


class Effect(StrEnum):
    """Where it shows."""

    WIRE = "wire"
    DATA = "data"
    SCREEN = "screen"
    PAPER = "paper"
    ORGANISATION = "organisation"
    NONE = "none"


class Verifiable(StrEnum):
    """What decides: a machine, a machine and a person, a declaration, nothing."""

    AUTO = "auto"
    ASSISTED = "assisted"
    ATTESTED = "attested"
    NO = "no"


class Reason(StrEnum):
    """Why a machine cannot decide."""

    PAPER = "paper"
    OFFICIAL_ENVIRONMENT = "official_environment"
    PHYSICAL_SCREEN = "physical_screen"
    ORGANISATION = "organisation"


class State(StrEnum):
    """State of the text that the requirement comes from."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Arbitration(StrEnum):
    """What the draft decided on it; an obsolete one is a user's need, never a duty."""

    APPROVED = "approved"
    REWORK = "rework"
    OBSOLETE = "obsolete"


class Wave(StrEnum):
    """Wave of the Ségur programme."""

    FIRST = "1"
    SECOND = "2"
    NONE = "none"


class Domain(StrEnum):
    """What it is about."""

    INS = "ins"
    VITALE = "vitale"
    CPS = "cps"
    APCV = "apcv"
    ADRI = "adri"
    DMP = "dmp"
    MSSANTE = "mssante"
    PSC = "psc"
    DOCUMENTS = "documents"
    ORDONNANCE = "ordonnance"
    ANNUAIRE = "annuaire"
    CERTIFICATS = "certificats"
    SECURITE = "securite"
    TABLEAUX_DE_BORD = "tableaux_de_bord"
    PORTABILITE = "portabilite"
    DOSSIER_PHARMACEUTIQUE = "dossier_pharmaceutique"
    DOSSIER_PATIENT = "dossier_patient"
    MON_ESPACE_SANTE = "mon_espace_sante"
    COMPTOIR = "comptoir"
    PAQUET = "paquet"
    CONFORMITE = "conformite"
    PROGRAMME = "programme"
    """The programme around the software: dates, files, financing."""


class Profile(StrEnum):
    """Profiles of checks of the kit; some are still to come."""

    VITALE = "vitale"
    IDENTITY = "identity"
    INSI = "insi"
    PACKAGE = "package"
    CPS = "cps"
    APCV = "apcv"
    DMP = "dmp"
    MSSANTE = "mssante"
    PSC = "psc"
    CERTIFICATES = "certificates"
    ANNUAIRE = "annuaire"
    ORDONNANCE = "ordonnance"
    ADRI = "adri"
    GATEWAY = "gateway"


class Proof(StrEnum):
    """Kinds of proof that a certifier accepts or that the kit makes."""

    EXCHANGES = "exchanges"
    """Exchanges recorded by the sandbox."""
    RESULT = "result"
    """Outcome of a check, with what the target answered."""
    TRACE = "trace"
    MAIL_SOURCE = "mail_source"
    CONFIGURATION = "configuration"
    CODE_EXTRACT = "code_extract"
    VIDEO = "video"
    SCREENSHOT = "screenshot"
    SCAN = "scan"
    DOCUMENT = "document"
    DECLARATION = "declaration"
    GAZELLE = "gazelle"
    MSS_TOOL = "mss_tool"
    CNDA = "cnda"


DECIDED_BY_A_MACHINE: Final = frozenset({Effect.WIRE, Effect.DATA})
"""Effects of which a machine can always judge."""


class Source(Value):
    """Where requirements come from."""

    title: str = Field(min_length=5, max_length=300)
    own_ids: bool = False
    """The ids are this project's own, because none is public."""
    for_editors: bool = True
    """They bind the software of an editor, and not only plugins as packages: the matrix shows them."""


class Requirement(Value):
    """One requirement, rule, case or acceptance story, in our own words."""

    id: RequirementId
    statement: Sentence
    """In French, our wording; the published text prevails."""
    source: str
    """Name of a ``Source``."""
    wave: Wave = Wave.NONE
    state: State
    arbitration: Arbitration | None = None
    level: Level
    conditional: bool = False
    """Of the form « si … alors … »."""
    domain: Domain
    actor: Actor
    owners: tuple[str, ...] = ()
    """Parts of the project that the statement falls to: plugins, ``sdk``, ``host``, ``kit``, ``docs``."""
    profiles: tuple[Profile, ...] = ()
    effect: Effect
    verifiable: Verifiable
    reason: Reason | None = None
    proofs: tuple[Proof, ...] = ()
    out_of_scope: bool = False
    """The project does not do it and says so."""
    follows: tuple[RequirementId, ...] = ()
    """Requirements that it takes over under another number, for example from the common base."""
    reference: str = ""
    """Rule or paragraph of the text that it comes from."""
    note: str = ""
    """What remains to be confirmed, in French."""

    @model_validator(mode="after")
    def _can_be_shown(self) -> "Requirement":
        excused = self.verifiable in {Verifiable.ATTESTED, Verifiable.NO}
        if excused != (self.reason is not None):
            raise ValueError("attested and no have a reason, and only they do")
        if self.level is Level.DOIT and self.effect in DECIDED_BY_A_MACHINE and self.verifiable is not Verifiable.AUTO:
            raise ValueError("a DOIT with an effect on the wire or on data is auto")
        if bool(self.proofs) == (self.verifiable is Verifiable.NO):
            raise ValueError("what can be shown has a kind of proof, and only that")
        return self

    @property
    def counted(self) -> bool:
        """Whether shares count it: once under its first number, and not when it was given up."""
        return not self.follows and self.arbitration is not Arbitration.OBSOLETE
