"""The form of a PIN (code porteur), checked before anything is sent: a malformed one must not cost a try."""

from typing import Final

from segur_sdk.errors import CardError

SHORTEST: Final = 4
LONGEST: Final = 12
"""ISO 9564-1: a PIN has 4 to 12 digits."""


def check_pin(pin: str, *, shortest: int = SHORTEST, longest: int = LONGEST) -> None:
    """Refuse what cannot be a PIN.

    Args:
        pin: what was typed.
        shortest: digits that it has at least.
        longest: digits that it has at most.

    Raises:
        CardError: ``token.pin_format``; nothing of the PIN is told, not even its length.
    """
    if not (pin.isascii() and pin.isdigit() and shortest <= len(pin) <= longest):
        raise CardError("token.pin_format", shortest=shortest, longest=longest)
