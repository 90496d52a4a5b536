"""What is known of a hook besides its signature; exported as JSON for other languages and for the kit."""

from enum import StrEnum

from pydantic import Field

from segur_sdk.models.base import Event, Value


class HookMode(StrEnum):
    """How the answers of several plugins are combined."""

    FIRST = "first"
    """In order; ``None`` means "not mine"; the first value wins; an error stops."""
    COLLECT = "collect"
    """All run; one outcome each."""
    DECIDE = "decide"
    """All run; the strictest verdict wins and every reason is kept."""
    OBSERVE = "observe"
    """After the fact, at least once; never affects its cause."""


class Stability(StrEnum):
    """Whether a contract may still change."""

    STABLE = "stable"
    EXPERIMENTAL = "experimental"


class HookInfo(Value):
    """Contract data of one hook."""

    name: str = Field(pattern=r"^[a-z][a-z_]*$")
    version: str = Field(pattern=r"^[1-9][0-9]*\.[0-9]+$")
    """Contract version: an optional field is a minor, anything else is a new hook name."""
    mode: HookMode
    deadline_s: float = Field(gt=0)
    """How long the host waits for one plugin, seconds."""
    stability: Stability
    traced: bool = False
    """What is answered belongs to the patient's functional trace, which the host keeps encrypted."""
    requirements: tuple[str, ...] = ()
    """Requirement and story ids that the hook serves."""
    event: type[Event]
    result: type[Value]
