"""Driver ``pkcs11``: tokens by a PKCS#11 module (Cryptolib CPS, SoftHSM, OpenSC…), through python-pkcs11.

The module runs in this process: a host gives this driver a child process of its own, which it kills when the module
hangs. Nothing here ever presents a PIN twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import attrs
from pkcs11 import Session, Slot, SlotFlag, Token, TokenFlag
from pkcs11.exceptions import PKCS11Error

from segur_plugin_pkcs11.failing_slot import failure_at
from segur_plugin_pkcs11.module_failures import WRONG_PIN, told_as_card_errors
from segur_plugin_pkcs11.module_loading import candidates, load
from segur_plugin_pkcs11.module_objects import SigningKey, offered, private_keys, read_certificates, read_data, signed
from segur_plugin_pkcs11.pin import check_pin
from segur_plugin_pkcs11.rsa_blocks import check_length, known_scheme
from segur_sdk.drivers import PinState, SignatureScheme, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError

_LABEL: Final = 64
_SLOT: Final = 120
_SERIAL: Final = 64


@attrs.frozen
class _Unlocked:
    """A token whose PIN was verified: the session that is logged in, and the keys that it shows."""

    session: Session
    keys: Mapping[bytes, SigningKey]
    schemes: frozenset[SignatureScheme]


class Pkcs11TokenSource:
    """Implements ``TokenSource`` over a PKCS#11 module.

    The tries of a PIN are what the token says: nothing, as long as it does not say that one is left or none. A token
    that never locks itself, like SoftHSM's, is shown as it is.

    Args:
        module: absolute path of the module; empty: the Cryptolib CPS where its installer puts it.
    """

    def __init__(self, *, module: str = "") -> None:
        self._candidates = candidates(module)
        self._unlocked: dict[str, _Unlocked] = {}

    def tokens(self) -> tuple[TokenState, ...]:
        """Return every initialised token; one that cannot be read hides no other."""
        failures: list[CardError] = []
        states = tuple(map(self._state, self._present(failures)))
        if failures and not states:
            raise failures[0]
        return states

    def at(self, slot: str) -> TokenState:
        """Return the initialised token in a reader; one that cannot be read says why, whatever sits in others."""
        for one in self._slots():
            if _reader(one) == slot:
                try:
                    with told_as_card_errors():
                        token = one.get_token()
                        if TokenFlag.TOKEN_INITIALIZED in token.flags:
                            return self._state(token)
                except CardError as failure:
                    if failure.code != "token.absent":
                        raise failure_at(slot, failure) from None
        raise CardError("token.absent")

    def certificates(self, token: str) -> tuple[TokenCertificate, ...]:
        """Return the certificates; no PIN is needed."""
        unlocked = self._unlocked.get(token)
        if unlocked is not None:
            with self._using(token):
                return read_certificates(unlocked.session, unlocked.schemes, unlocked.keys)
        with self._visit(token) as (found, session):
            return read_certificates(session, offered(found.slot), None)

    def data(self, token: str) -> tuple[TokenData, ...]:
        """Return the data objects: private ones only once the token is unlocked."""
        unlocked = self._unlocked.get(token)
        if unlocked is not None:
            with self._using(token):
                return read_data(unlocked.session)
        with self._visit(token) as (_, session):
            return read_data(session)

    def unlock(self, token: str, pin: str) -> PinState:
        """Verify the PIN, once: nothing is sent when the token is locked already."""
        check_pin(pin)
        found = self._find(token)
        if _tries_left(found) == 0:
            raise CardError("token.pin_locked")
        self.lock(token)
        with told_as_card_errors():
            try:
                session = found.open(user_pin=pin)
            except PKCS11Error as refusal:
                self._end_refused_session()
                if not isinstance(refusal, WRONG_PIN):
                    raise
                left = _tries_left(self._find(token))
                code = "token.pin_locked" if left == 0 else "token.pin_wrong"
                raise CardError(code, tries_left=left) from None
            self._unlocked[token] = _Unlocked(session, private_keys(session), offered(found.slot))
        return self._state(self._find(token)).pin

    def lock(self, token: str) -> None:
        """Log out; nothing happens when the token was not unlocked."""
        unlocked = self._unlocked.pop(token, None)
        if unlocked is not None:
            _close(unlocked.session)

    def sign(self, token: str, key: str, scheme: str, data: bytes) -> bytes:
        """Use a private key of an unlocked token."""
        unlocked = self._unlocked.get(token)
        if unlocked is None:
            self._find(token)
            raise CardError("token.pin_needed")
        private = unlocked.keys.get(_key_bytes(key))
        if private is None:
            raise CardError("token.key_missing")
        chosen = known_scheme(scheme)
        if chosen not in unlocked.schemes:
            raise CardError("token.scheme_unsupported", scheme=chosen.value)
        with self._using(token):
            check_length(chosen, data, private.modulus_length)
            return signed(private, chosen, data)

    def _slots(self) -> Sequence[Slot]:
        with told_as_card_errors():
            return load(self._candidates).get_slots(token_present=True)

    def _present(self, failures: list[CardError]) -> Iterator[Token]:
        """Give every initialised token; what cannot be read is added to ``failures``."""
        for slot in self._slots():
            try:
                with told_as_card_errors():
                    token = slot.get_token()
            except CardError as failure:
                if failure.code != "token.absent":
                    failures.append(failure)
                continue
            if TokenFlag.TOKEN_INITIALIZED in token.flags:
                yield token

    def _find(self, name: str) -> Token:
        failures: list[CardError] = []
        for token in self._present(failures):
            if _name(token) == name:
                return token
        raise failures[0] if failures else CardError("token.absent")

    @contextmanager
    def _visit(self, name: str) -> Iterator[tuple[Token, Session]]:
        """Give a session for one reading."""
        token = self._find(name)
        with told_as_card_errors():
            session = token.open()
            try:
                yield token, session
            finally:
                _close(session)

    @contextmanager
    def _using(self, name: str) -> Iterator[None]:
        """Forget that the token is unlocked when it turns out that it is not any more, or that it is gone."""
        try:
            with told_as_card_errors():
                yield
        except CardError as failure:
            if failure.code in ("token.absent", "token.pin_needed"):
                self.lock(name)
            raise

    def _state(self, token: Token) -> TokenState:
        name = _name(token)
        return TokenState(
            token=name,
            label=token.label.strip("\0 ")[:_LABEL],
            serial=_serial(token),
            slot=_reader(token.slot),
            pin=PinState(unlocked=self._still_unlocked(name), tries_left=_tries_left(token)),
        )

    def _still_unlocked(self, name: str) -> bool:
        unlocked = self._unlocked.get(name)
        if unlocked is None:
            return False
        # A card taken out and put back has the same name, and its session is dead.
        with suppress(CardError), self._using(name):
            private_keys(unlocked.session)
        return name in self._unlocked

    def _end_refused_session(self) -> None:
        """Close what python-pkcs11 leaves open after a refused PIN: it gives no hold on that session."""
        if not self._unlocked:
            with suppress(PKCS11Error):
                load(self._candidates).finalize()


def _reader(slot: Slot) -> str | None:
    """Return the name of a reader; a slot that is none has a description of the module's own making."""
    described = slot.slot_description if SlotFlag.HW_SLOT in slot.flags else ""
    return described.strip("\0 ")[:_SLOT] or None


def _serial(token: Token) -> str:
    """Return the serial number, whole: the Cryptolib CPS cuts the last two digits of it, and has them in the label."""
    text = token.serial.decode("ascii", "replace").strip("\0 ")
    number = token.label.rpartition("-")[2].strip("\0 ")
    if text.isdecimal() and number.isdecimal() and number.startswith(text):
        return number[:_SERIAL]
    return text or f"slot {token.slot.slot_id}"


def _name(token: Token) -> str:
    return f"{_serial(token)}@{token.slot.slot_id}"


def _tries_left(token: Token) -> int | None:
    if TokenFlag.USER_PIN_LOCKED in token.flags:
        return 0
    # COUNT_LOW says only that some PIN was wrong: how many are left is the token's secret.
    return 1 if TokenFlag.USER_PIN_FINAL_TRY in token.flags else None


def _key_bytes(key: str) -> bytes:
    try:
        return bytes.fromhex(key)
    except ValueError:
        raise CardError("token.key_missing") from None


def _close(session: Session) -> None:
    with suppress(PKCS11Error):
        session.close()
