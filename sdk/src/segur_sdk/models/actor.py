"""Who acts, and where: present in every context."""

from enum import StrEnum

from pydantic import Field

from segur_sdk.models.base import Value


class Environment(StrEnum):
    """Which world the installation belongs to. Comes from configuration, never from an OID or a card."""

    SANDBOX = "sandbox"
    TEST = "test"
    PRODUCTION = "production"


class ActorKind(StrEnum):
    """What kind of actor makes a call."""

    PROFESSIONAL = "professional"
    OPERATOR = "operator"
    AUTOMATON = "automaton"


class Structure(Value):
    """The care structure in whose name the software acts."""

    finess: str | None = Field(default=None, pattern=r"^[0-9][0-9AB][0-9]{7}$")
    """FINESS géographique, 9 characters."""
    siret: str | None = Field(default=None, pattern=r"^[0-9]{14}$")
    name: str = Field(min_length=1, max_length=100)


class Actor(Value):
    """Who makes a call.

    An operator is somebody the practice software knows by its own means; a professional is known nationally
    (RPPS); an automaton is a job nobody triggered by hand.
    """

    kind: ActorKind
    name: str = Field(min_length=1, max_length=100)
    """How the practice software calls this user; shown in traces."""
    rpps: str | None = Field(default=None, pattern=r"^[0-9]{11}$")
    structure: Structure
    exercice: str | None = None
    """Situation d'exercice chosen, when the professional has several."""
    workstation: str = Field(min_length=1, max_length=100)


class SessionMeans(StrEnum):
    """How a session was opened."""

    LOCAL = "local"
    CPS = "cps"
    PSC = "psc"


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    """Its user left, or another took his place."""
    CARD_REMOVED = "card_removed"
    """The card that opened it is no longer in its reader."""
    TOKEN_LOST = "token_lost"  # noqa: S105 - not a password
    """Its token can no longer be used: the process of its driver ended, or it left a reader that only its module
    knows."""
    EXPIRED = "expired"
    REFUSED = "refused"
    """The authority that had opened it no longer confirms it."""
    HOST_STOPPED = "host_stopped"


class Session(Value):
    """An open session as a plugin may see it: never a token."""

    session_id: str
    means: SessionMeans
    expires_at: str | None = None
    token_serial: str | None = Field(default=None, max_length=64)
    """Serial number of the card by which it was opened."""
    rights: frozenset[str] = frozenset()
    """What its user may do, by his role and by these means, for example ``insi`` or ``dmp.read``."""
