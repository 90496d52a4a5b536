"""The form of a PIN (code porteur), checked before anything is sent: a malformed one must not cost a try."""

from segur_sdk.drivers import PIN_LONGEST, PIN_SHORTEST
from segur_sdk.errors import CardError


def check_pin(pin: str, *, shortest: int = PIN_SHORTEST, longest: int = PIN_LONGEST) -> None:
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
