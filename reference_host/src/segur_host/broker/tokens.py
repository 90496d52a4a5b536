"""Tokens for plugins: found by reader or serial number, unlocked by the person who sits there, never by a plugin."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from segur_host.broker.ask import CheckedAsker
from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.broker.trust import TrustStore
from segur_host.broker.unlocked import Held, UnlockedTokens
from segur_host.drivers.tokens import TOKEN_S, TokensInChild
from segur_sdk.context import Clock
from segur_sdk.drivers import (
    PIN_LONGEST,
    PIN_SHORTEST,
    PinState,
    SignatureScheme,
    TokenCertificate,
    TokenData,
    TokenState,
)
from segur_sdk.errors import CardError
from segur_sdk.models.notice import Question

PIN_QUESTION: Final = "token.pin"
PIN_PATTERN: Final = rf"[0-9]{{{PIN_SHORTEST},{PIN_LONGEST}}}"
"""A driver knows what its card wants of it besides, and refuses what does not fit before anything is sent."""
LOCK_S: Final = 2.0
"""Neither the end of a session nor that of the host waits longer for a driver."""
PROOF_BYTES: Final = 32
PROOF_PREFIX: Final = b"segur: proof of possession\0"
"""What the host has signed is not drawn by chance alone: it cannot be mistaken for the digest of a document."""


@attrs.frozen
class FoundToken:
    """A token and the driver that knows it."""

    driver: TokensInChild
    state: TokenState


@attrs.frozen
class TokenKeyFound:
    """A key of a token, and its certificate."""

    key: str
    certificate: x509.Certificate
    schemes: frozenset[SignatureScheme]


class TokenBroker:
    """Owns the token drivers of this workstation. Every method may be called from any thread.

    Args:
        drivers: in order of preference: the first that knows a token answers for it.
        trust: anchors by name.
        clock: judges certificates.
    """

    def __init__(self, drivers: Sequence[TokensInChild], trust: TrustStore, clock: Clock) -> None:
        self._drivers = tuple(drivers)
        self._trust = trust
        self._clock = clock
        self._unlocked = UnlockedTokens(self._lose)
        self._telling = threading.Lock()
        """A token may be locked by whoever leaves while it is found to be lost: nobody is told of both at once."""
        self._when_locked: list[Callable[[str], None]] = []
        self._when_lost: list[Callable[[str], None]] = []
        for driver in self._drivers:
            driver.when_ended(partial(self._unlocked.doubt_all_of, driver))

    def present(self, borrower: Borrower | None = None) -> tuple[FoundToken, ...]:
        """Return every token that is there, each once.

        Raises:
            CardError: when there is none because drivers failed: what the first of them said.
        """
        found, failures = self._look(_patience_of(borrower))
        if not found and failures:
            raise failures[0]
        return found

    def failures(self) -> tuple[CardError, ...]:
        """Return what keeps drivers from telling their tokens, whatever others tell."""
        return self._look(_patience_of(None))[1]

    def at(self, slot: str, borrower: Borrower) -> FoundToken:
        """Return the token in a reader.

        Raises:
            CardError: ``token.absent``, or what a driver said: of the card in that reader rather than of itself.
        """
        failures: list[CardError] = []
        for driver in self._drivers:
            try:
                return FoundToken(driver, driver.at(slot, _patience(borrower)))
            except CardError as failure:
                if failure.code != "token.absent":
                    failures.append(failure)
        raise min(failures, key=lambda one: "slot" not in one.facts, default=CardError("token.absent"))

    def of_serial(self, serial: str, borrower: Borrower | None = None) -> FoundToken:
        """Return the token with a serial number.

        Raises:
            CardError: ``token.absent``, or what a driver said.
        """
        return self._first(lambda state: state.serial == serial, _patience_of(borrower))

    def certificates(self, found: FoundToken, borrower: Borrower) -> tuple[TokenCertificate, ...]:
        """Return the certificates of a token."""
        return found.driver.certificates(found.state.token, _patience(borrower))

    def data(self, found: FoundToken, borrower: Borrower) -> tuple[TokenData, ...]:
        """Return the data objects that can be read now."""
        return found.driver.data(found.state.token, _patience(borrower))

    def unlock(self, found: FoundToken, ask: Callable[[Question], str], borrower: Borrower) -> None:
        """Have the PIN asked and verified, once; see ``segur_sdk.context.Token``."""
        pin = self._pin_of(found, _patience(borrower))
        if pin.locked:
            raise CardError("token.pin_locked")
        # One that cannot be a PIN costs no try.
        answer = CheckedAsker(ask).ask(_pin_question(found.state, pin))
        borrower.record("broker.token.unlock", token=found.state.serial)
        # Before, because a PIN that was sent may have been verified whatever comes back; and after, because until then
        # the token may be found to be locked still.
        self._unlocked.add(found.state.serial, Held(found.driver, found.state.token))
        found.driver.unlock(found.state.token, answer, _patience(borrower))
        self._unlocked.add(found.state.serial, Held(found.driver, found.state.token))

    def prove(self, found: FoundToken, key: str, trust: str, borrower: Borrower) -> None:
        """Have a number signed that nobody could foresee; see ``segur_sdk.context.Token``."""
        certificate = self._certificate(found, key, borrower)
        if not self._trust.leads_to(certificate, trust, self._clock.now()):
            raise CardError("token.certificate_untrusted", trust=trust)
        public = certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise CardError("token.proof_failed", reason="key_kind")
        drawn = PROOF_PREFIX + secrets.token_bytes(PROOF_BYTES)
        borrower.record("broker.token.prove", token=found.state.serial, key=key)
        digest = hashlib.sha256(drawn).digest()
        signature = found.driver.sign(found.state.token, key, SignatureScheme.PKCS1_SHA256, digest, _patience(borrower))
        try:
            public.verify(signature, drawn, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise CardError("token.proof_failed", reason="signature") from None

    def key_of(
        self,
        serial: str,
        key: str | None,
        fits: Callable[[x509.Certificate], bool],
        borrower: Borrower | None = None,
    ) -> TokenKeyFound:
        """Return the one key of a token whose certificate fits, or that is named.

        Raises:
            CardError: ``token.absent``; ``token.key_missing``: none fits, or several do and none is named.
        """
        found = self.of_serial(serial, borrower)
        candidates = [
            TokenKeyFound(one.key, certificate, one.schemes)
            for one in found.driver.certificates(found.state.token, _patience_of(borrower)())
            if one.key == key or key is None
            for certificate in (_parsed(one),)
            if fits(certificate) and one.schemes
        ]
        if len(candidates) != 1:
            raise CardError("token.key_missing", candidates=len(candidates))
        return candidates[0]

    def sign(
        self, serial: str, key: str, scheme: SignatureScheme, data: bytes, borrower: Borrower | None = None
    ) -> bytes:
        """Use a key of a token that was unlocked: where it was unlocked, as long as it is there.

        Raises:
            CardError: ``token.absent``, ``token.pin_needed``, and what the driver says.
        """
        held, patience = self._unlocked.get(serial), _patience_of(borrower)
        if held is not None:
            try:
                return held.driver.sign(held.token, key, scheme, data, patience())
            except CardError as failure:
                if failure.code in {"token.absent", "token.pin_needed"}:
                    self._unlocked.doubt(serial)
                if failure.code != "token.absent":
                    raise
        found = self.of_serial(serial, borrower)
        return found.driver.sign(found.state.token, key, scheme, data, patience())

    def lock(self, serial: str) -> None:
        """Forget that the PIN of a token was verified.

        Raises:
            CardError: ``token.absent``, and what a driver said; one that hangs is ended, which locks its tokens.
        """
        held = self._unlocked.remove(serial)
        self._tell_locked(serial)
        if held is None:
            found = self._first(lambda state: state.serial == serial, lambda: LOCK_S)
            held = Held(found.driver, found.state.token)
        held.driver.lock(held.token, LOCK_S)

    def is_unlocked(self, serial: str) -> bool:
        """Tell whether a token was unlocked here, and neither locked nor lost since."""
        return self._unlocked.get(serial) is not None

    def follow(self, serial: str) -> None:
        """Notice by looking that an unlocked token leaves: it sits in no reader that would tell."""
        self._unlocked.follow(serial)

    def when_locked(self, told: Callable[[str], None]) -> None:
        """Call ``told`` with the serial number of each token that is locked from now on."""
        self._when_locked.append(told)

    def when_lost(self, told: Callable[[str], None]) -> None:
        """Call ``told`` with the serial number of each unlocked token that left, or whose driver's process ended."""
        self._when_lost.append(told)

    def lock_all(self, *, but: Collection[str | None] = ()) -> None:
        """Lock every token that was unlocked here, some aside; what is gone has locked itself."""
        for serial in set(self._unlocked.serials).difference(but):
            with suppress(CardError):
                self.lock(serial)

    def close(self) -> None:
        """End the drivers: what they held is locked by that."""
        self._unlocked.close()
        for driver in self._drivers:
            driver.close()

    def _lose(self, serial: str) -> None:
        self._tell_locked(serial)
        for told in self._when_lost:
            told(serial)

    def _tell_locked(self, serial: str) -> None:
        with self._telling:
            for told in self._when_locked:
                told(serial)

    def _look(self, patience: Callable[[], float]) -> tuple[tuple[FoundToken, ...], tuple[CardError, ...]]:
        failures: list[CardError] = []
        found: dict[str, FoundToken] = {}
        for one in self._found(failures, patience):
            found.setdefault(one.state.serial, one)
        return tuple(found.values()), tuple(failures)

    def _found(self, failures: list[CardError], patience: Callable[[], float]) -> Iterator[FoundToken]:
        """Give the tokens of every driver; one that fails hides nobody else's."""
        for driver in self._drivers:
            try:
                states = driver.tokens(patience())
            except CardError as failure:
                failures.append(failure)
            else:
                yield from (FoundToken(driver, state) for state in states)

    def _first(self, fits: Callable[[TokenState], bool], patience: Callable[[], float]) -> FoundToken:
        failures: list[CardError] = []
        for one in self._found(failures, patience):
            if fits(one.state):
                return one
        raise failures[0] if failures else CardError("token.absent")

    def _pin_of(self, found: FoundToken, timeout: float) -> PinState:
        """Return where the PIN stands now; the token may have been tried elsewhere since it was found."""
        for state in found.driver.tokens(timeout):
            if state.token == found.state.token and state.serial == found.state.serial:
                return state.pin
        raise CardError("token.absent")

    def _certificate(self, found: FoundToken, key: str, borrower: Borrower) -> x509.Certificate:
        for one in self.certificates(found, borrower):
            if one.key == key:
                return _parsed(one)
        raise CardError("token.key_missing")


def _parsed(one: TokenCertificate) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(one.der)
    except ValueError:
        raise CardError("token.failed", reason="certificate") from None


def _patience_of(borrower: Borrower | None) -> Callable[[], float]:
    """Return what tells how long a driver may take now: on behalf of a call, or of the host itself."""
    return lambda: TOKEN_S if borrower is None else _patience(borrower)


def _patience(borrower: Borrower) -> float:
    borrower.require_running()
    return max(0.0, min(TOKEN_S, usable_seconds(borrower)))


def _pin_question(token: TokenState, pin: PinState) -> Question:
    text = f"Code porteur de la carte « {token.label or token.serial} »"
    if pin.tries_left == 1:
        text += " — dernier essai : une erreur bloque la carte"
    elif pin.tries_left is not None:
        text += f" ({pin.tries_left} essais)"
    return Question(code=PIN_QUESTION, text=text, pattern=PIN_PATTERN, secret=True)
