"""A token driver as the token broker calls it: in a child process of its own."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from segur_host.drivers.process import CardRelay, DriverProcess
from segur_sdk.drivers import PinState, SignatureScheme, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError

T = TypeVar("T")
TOKEN_S: Final = 10.0
"""How long a driver may take for one call: a signature in a card takes a second, reading all of it a few."""

_STATE: Final = TypeAdapter(TokenState)
_STATES: Final = TypeAdapter(tuple[TokenState, ...])
_CERTIFICATES: Final = TypeAdapter(tuple[TokenCertificate, ...])
_DATA: Final = TypeAdapter(tuple[TokenData, ...])
_PIN: Final = TypeAdapter(PinState)


class TokensInChild:
    """A ``TokenSource`` driver in a child process, started when a token is first asked for.

    Args:
        entry: ``module:Class``.
        settings: its keyword arguments.
        relay: carries its calls to the host's readers, when it works through them.
    """

    def __init__(self, entry: str, settings: Mapping[str, Any], relay: CardRelay | None) -> None:
        self._ended: Callable[[], None] = _nobody
        # That a process ended is told to whoever has it watch; what a driver of tokens says to that does not matter.
        self._process = DriverProcess(entry, settings, on_change=self._tell, relay=relay)

    def when_ended(self, told: Callable[[], None]) -> None:
        """Call ``told`` from now on, from any thread, when the child ended: no token is unlocked in it any more."""
        self._ended = told

    def tokens(self, timeout: float = TOKEN_S) -> tuple[TokenState, ...]:
        """Return every token that is there."""
        return _checked(_STATES, self._process.call("tokens", timeout=timeout))

    def at(self, slot: str, timeout: float = TOKEN_S) -> TokenState:
        """Return the token in a reader, or raise what keeps that very card from being read."""
        return _checked(_STATE, self._process.call("at", slot, timeout=timeout))

    def certificates(self, token: str, timeout: float = TOKEN_S) -> tuple[TokenCertificate, ...]:
        """Return the certificates of a token."""
        return _checked(_CERTIFICATES, self._process.call("certificates", token, timeout=timeout))

    def data(self, token: str, timeout: float = TOKEN_S) -> tuple[TokenData, ...]:
        """Return the data objects that can be read now."""
        return _checked(_DATA, self._process.call("data", token, timeout=timeout))

    def unlock(self, token: str, pin: str, timeout: float = TOKEN_S) -> PinState:
        """Verify the PIN, once."""
        return _checked(_PIN, self._process.call("unlock", token, pin, timeout=timeout))

    def lock(self, token: str, timeout: float = TOKEN_S) -> None:
        """Forget that the PIN was verified."""
        self._process.call("lock", token, timeout=timeout)

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = TOKEN_S) -> bytes:
        """Use a private key of an unlocked token."""
        answer = self._process.call("sign", token, key, scheme.value, data, timeout=timeout)
        if not isinstance(answer, bytes):
            raise CardError("card.driver_failed", reason="answer")
        return answer

    def close(self) -> None:
        """End the child: a token that it held is locked again by that."""
        self._process.close()

    def _tell(self) -> None:
        self._ended()


def _nobody() -> None:
    """Nobody wants to know yet."""


def _checked(kind: TypeAdapter[T], found: Any) -> T:
    try:
        # As JSON: that is how bytes travelled.
        return kind.validate_json(json.dumps(found))
    except ValidationError:
        raise CardError("card.driver_failed", reason="answer") from None
