"""A PKCS#11 module that does as a test says, where SoftHSM cannot be made to."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pkcs11
import pytest
from pkcs11 import Attribute, Mechanism, SlotFlag, TokenFlag

from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_sdk.drivers import TokenState
from segur_sdk.errors import CardError

PIN = "1234"
NONE = TokenFlag(0)
READY = TokenFlag.TOKEN_INITIALIZED | TokenFlag.USER_PIN_INITIALIZED | TokenFlag.LOGIN_REQUIRED


@attrs.define
class FakeSession:
    objects: list[Any]
    dies_of: Exception | None = None
    closed: bool = False

    def get_objects(self, template: dict[Attribute, Any]) -> Iterator[Any]:
        if self.dies_of is not None:
            raise self.dies_of
        wanted = template[Attribute.CLASS]
        return iter([one for one in self.objects if one[Attribute.CLASS] == wanted])

    def close(self) -> None:
        self.closed = True
        if self.dies_of is not None:
            raise self.dies_of


class Key(pkcs11.SignMixin):
    """A private key of the fake module; all that it signs is the same."""

    def __init__(self, attributes: dict[Attribute, Any]) -> None:
        self.attributes = attributes

    def __getitem__(self, attribute: Attribute) -> Any:
        return self.attributes[attribute]

    def sign(self, data: object, **_: Any) -> bytes:
        return b"signature"


@attrs.define
class FakeToken:
    slot: "FakeSlot"
    flags: TokenFlag = READY
    label: str = "CPS4v1-2800900100"
    serial: bytes = b"28009001"
    refuses: Exception | None = None
    objects: list[Any] = attrs.field(factory=list)
    opened: list[str | None] = attrs.field(factory=list)
    sessions: list[FakeSession] = attrs.field(factory=list)

    def open(self, user_pin: str | None = None) -> FakeSession:
        self.opened.append(user_pin)
        if user_pin is not None and self.refuses is not None:
            raise self.refuses
        self.sessions.append(FakeSession(self.objects))
        return self.sessions[-1]


@attrs.define
class FakeSlot:
    slot_id: int = 7
    slot_description: str = "Lecteur bifente PS 00 00"
    flags: SlotFlag = SlotFlag.HW_SLOT | SlotFlag.TOKEN_PRESENT
    token: FakeToken | Exception | None = None

    def get_token(self) -> FakeToken:
        if isinstance(self.token, Exception):
            raise self.token
        assert self.token is not None
        return self.token

    def get_mechanisms(self) -> set[Mechanism]:
        return {Mechanism.RSA_PKCS}


@attrs.define
class FakeModule:
    """A PKCS#11 module as python-pkcs11 shows it, for what SoftHSM never does."""

    slots: list[FakeSlot]
    finalized: int = 0

    def get_slots(self, token_present: bool) -> list[FakeSlot]:
        assert token_present
        return self.slots

    def finalize(self) -> None:
        self.finalized += 1


def only(source: Pkcs11TokenSource) -> TokenState:
    (state,) = source.tokens()
    return state


def caught(call: Callable[[], object]) -> CardError:
    with pytest.raises(CardError) as failure:
        call()
    return failure.value
