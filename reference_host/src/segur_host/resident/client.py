"""A client of the resident host: what a command uses when one runs."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from segur_host.broker.ask import Asker
from segur_host.resident.place import socket_of
from segur_host.resident.wire import Broken, Wire
from segur_sdk.errors import ErrorSource, HostError, InputError, SegurError
from segur_sdk.models.notice import Notice, Question


class ToldError(SegurError):
    """A failure as the resident host told it, texts of its plugins included.

    Args:
        told: the failure in JSON, as ``segur_host.messages.as_json`` gives it.
        kind: name of its class.
    """

    def __init__(self, told: dict[str, Any], kind: str) -> None:
        self.told = told
        self.kind = kind
        super().__init__(
            told["code"], source=ErrorSource(told["source"]), retryable=told["retryable"], user_message_key=told["code"]
        )


class ResidentClient:
    """One connection to the resident host of a data folder.

    Args:
        data: the data folder.

    Raises:
        HostError: ``resident.not_running``.
    """

    def __init__(self, data: Path) -> None:
        connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connecting.connect(str(socket_of(data)))
        except OSError:
            connecting.close()
            raise HostError("resident.not_running") from None
        self._wire = Wire(connecting)

    def call(
        self,
        verb: str,
        arguments: dict[str, Any],
        *,
        asker: Asker | None = None,
        show: Callable[[Notice], None] = lambda _: None,
        told: Callable[[Any], None] = lambda _: None,
    ) -> Any:
        """Have one verb carried out and return its value.

        Args:
            verb: its name.
            arguments: in JSON.
            asker: answers what is asked meanwhile.
            show: shows what is shown meanwhile.
            told: takes each event of a verb that goes on.

        Raises:
            ToldError: what the host said.
            HostError: ``resident.gone``: it stopped meanwhile; what was asked may have been done.
        """
        try:
            self._wire.send({"verb": verb, "arguments": arguments})
            while True:
                message = self._wire.receive()
                match message:
                    case {"value": value}:
                        return value
                    case {"error": dict(error), "kind": str(kind)}:
                        raise ToldError(error, kind)
                    case {"ask": asked}:
                        self._wire.send({"answer": _answer(asker, Question.model_validate(asked))})
                    case {"show": shown}:
                        show(Notice.model_validate(shown))
                    case {"event": event}:
                        told(event)
                    case _:
                        raise Broken
        except Broken:
            raise HostError("resident.gone") from None

    def close(self) -> None:
        """Go away."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answer(asker: Asker | None, question: Question) -> str | None:
    if asker is None:
        return None
    try:
        return asker.ask(question)
    except InputError:
        return None
