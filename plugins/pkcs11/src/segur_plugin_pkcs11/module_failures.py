"""What the return codes of a PKCS#11 module mean for whoever uses a token (PKCS #11 v2.20, 11.1)."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pkcs11 import exceptions

from segur_sdk.errors import CardError

_GONE: Final = (
    exceptions.DeviceRemoved,
    exceptions.SessionClosed,
    exceptions.SessionHandleInvalid,
    exceptions.SlotIDInvalid,
    exceptions.TokenNotPresent,
    exceptions.TokenNotRecognised,
)
_CODES: Final[tuple[tuple[tuple[type[exceptions.PKCS11Error], ...], str], ...]] = (
    (_GONE, "token.absent"),
    ((exceptions.UserNotLoggedIn,), "token.pin_needed"),
    ((exceptions.PinLocked,), "token.pin_locked"),
    ((exceptions.PinLenRange,), "token.pin_format"),
    (
        (exceptions.KeyTypeInconsistent, exceptions.MechanismInvalid, exceptions.MechanismParamInvalid),
        "token.scheme_unsupported",
    ),
)
WRONG_PIN: Final = (exceptions.PinIncorrect, exceptions.PinInvalid)


@contextmanager
def told_as_card_errors() -> Iterator[None]:
    """Turn what python-pkcs11 raises into ``CardError``; neither text nor content of the token is passed on.

    Raises:
        CardError: ``token.absent``, ``token.pin_needed``, ``token.pin_locked``, ``token.pin_format``,
            ``token.scheme_unsupported``; anything else is ``token.failed`` with the name of the return code.
    """
    try:
        yield
    except exceptions.PKCS11Error as failure:
        raise _meaning(failure) from None
    except (ValueError, struct.error, MemoryError) as failure:
        # The module gave attributes of a wrong form, which python-pkcs11 unpacks without looking.
        raise CardError("token.failed", reason=type(failure).__name__) from None


def _meaning(failure: exceptions.PKCS11Error) -> CardError:
    for kinds, code in _CODES:
        if isinstance(failure, kinds):
            return CardError(code)
    return CardError("token.failed", reason=type(failure).__name__, retryable=True)
