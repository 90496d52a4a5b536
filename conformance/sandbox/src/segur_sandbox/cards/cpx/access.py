"""The codes of a card as its commands present them: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO 7816-4).

What a session verified ends with the power; the tries are the card's. A wrong length costs no try: the card sees
without comparing that it holds no such code.
"""

from segur_sandbox.cards.cpx.counters import Code, SecretCodes
from segur_sandbox.cards.cpx.pkcs15 import PIN_LENGTH, PIN_REFERENCE, PUK_LENGTH, PUK_REFERENCE
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.status_words import (
    BLOCKED,
    NO_SUCH_REFERENCE,
    PROTECTED,
    WRONG_DATA,
    WRONG_LENGTH,
    tries_left,
)

_CODES: dict[int, Code] = {PIN_REFERENCE: "pin", PUK_REFERENCE: "puk"}
_LENGTHS: dict[Code, int] = {"pin": PIN_LENGTH, "puk": PUK_LENGTH}


class Access:
    """What the codes presented since power on allow."""

    def __init__(self, codes: SecretCodes) -> None:
        self._codes = codes
        self._open: set[Code] = set()

    def reset(self) -> None:
        """Forget every code presented."""
        self._open.clear()

    @property
    def verified(self) -> bool:
        """Whether the PIN was presented."""
        return "pin" in self._open

    def require_pin(self) -> None:
        """Raise RefusedError unless the PIN was presented."""
        if not self.verified:
            raise RefusedError(PROTECTED)

    def tries(self, reference: int) -> int:
        """Return the tries left for the code `reference`."""
        return self._codes.tries(_code(reference))

    def refuse_with_tries(self, reference: int) -> None:
        """Raise RefusedError with `63Cx`, or `6983` when no try is left."""
        left = self.tries(reference)
        raise RefusedError(tries_left(left) if left else BLOCKED)

    def present(self, reference: int, value: bytes) -> None:
        """Present a code; a wrong one ends what the right one had opened."""
        code = _code(reference)
        if len(value) != _LENGTHS[code]:
            raise RefusedError(WRONG_LENGTH)
        if self._codes.tries(code) == 0:
            raise RefusedError(BLOCKED)
        if not self._codes.check(code, value):
            self._open.discard(code)
            raise RefusedError(tries_left(self._codes.tries(code)))
        self._open.add(code)

    def replace_pin(self, value: bytes) -> None:
        """Set another PIN, once the caller knows that it may."""
        if len(value) != PIN_LENGTH:
            raise RefusedError(WRONG_LENGTH)
        if not value.isdigit():
            raise RefusedError(WRONG_DATA)
        self._codes.replace_pin(value)

    def unlock_pin(self) -> None:
        """Give the PIN its tries back, once the caller knows that it may."""
        self._codes.unlock_pin()

    def require_puk(self) -> None:
        """Raise RefusedError unless the PUK was presented."""
        if "puk" not in self._open:
            raise RefusedError(PROTECTED)


def _code(reference: int) -> Code:
    if reference not in _CODES:
        raise RefusedError(NO_SUCH_REFERENCE)
    return _CODES[reference]
