"""What every verb takes: a model of its arguments, who asked, and the session in which it is carried out."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeVar

from pydantic import Field, ValidationError

from segur_host.broker.cancelling import Cancellation
from segur_host.host import Host
from segur_sdk.errors import invalid_input
from segur_sdk.models.base import Inbound
from segur_sdk.models.notice import Notice, Question

InputT = TypeVar("InputT", bound=Inbound)


class Asked(Protocol):
    """Who had a verb carried out."""

    @property
    def cancellation(self) -> Cancellation:
        """Cancelled when he went away."""
        ...

    def ask(self, question: Question) -> str:
        """Ask him; see ``segur_host.broker.ask.Asker``."""
        ...

    def show(self, notice: Notice) -> None:
        """Show him something."""
        ...

    def tell(self, event: Any) -> None:
        """Tell him what happened, for a verb that goes on."""
        ...


class Nothing(Inbound):
    """No arguments."""


class InSession(Inbound):
    """Arguments of a verb that somebody's session carries out."""

    session: str | None = Field(default=None, min_length=1, max_length=64)
    """Which one, when several are open."""

    def acting(self, host: Host) -> AbstractContextManager[None]:
        """Have every call of the block made in the session that is named, if one is."""
        return nullcontext() if self.session is None else host.acting(self.session)


Verb = Callable[[Host, Mapping[str, Any], Asked], Any]
"""Takes and returns JSON."""


def verb(model: type[InputT], carry_out: Callable[[Host, InputT, Asked], Any]) -> Verb:
    """Return a verb that takes its arguments in JSON.

    Args:
        model: of the arguments; the verb raises ``input.verb`` for others.
        carry_out: does it.
    """

    def carried_out(host: Host, arguments: Mapping[str, Any], asked: Asked) -> Any:
        try:
            given = model.model_validate(arguments)
        except ValidationError as failure:
            refused = invalid_input("input.verb", failure, model)
        else:
            return carry_out(host, given, asked)
        raise refused

    return carried_out
