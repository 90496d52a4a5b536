"""A token in this process, its certificates, and the person who knows its PIN."""

from collections.abc import Callable

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import Issued, issue, name
from segur_host.broker.tokens import TokenBroker
from segur_sdk.drivers import PinState, SignatureScheme, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError
from segur_sdk.models.notice import Question

PIN = "73914682"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CA = (x509.BasicConstraints(ca=True, path_length=None),)
ROOT = issue(name("AC RACINE"), None, CA)
ELSEWHERE = issue(name("AC AILLEURS"), None, CA)


@attrs.define
class Token:
    """A driver of one token, in this process."""

    serial: str = "2800385266"
    name: str = "first"
    slot: str | None = "one"
    tries: int | None = 3
    unlocked: bool = False
    failing: str | None = None
    gone: bool = False
    key: rsa.RSAPrivateKey = KEY
    certificate: Issued = attrs.field(factory=lambda: issue(name("PORTEUR"), ROOT, (), KEY))
    asked: list[tuple[str, ...]] = attrs.field(factory=list)
    seconds: list[float] = attrs.field(factory=list)
    signed: list[tuple[SignatureScheme, bytes]] = attrs.field(factory=list)
    closed: bool = False
    sick: dict[str, str] = attrs.field(factory=dict)
    """What keeps a card from being read, by slot."""
    end: Callable[[], None] = lambda: None

    def tokens(self, timeout: float = 10) -> tuple[TokenState, ...]:
        self.seconds.append(timeout)
        if self.failing is not None:
            raise CardError(self.failing)
        if self.gone:
            return ()
        label, pin = f"CPS3v3-{self.serial}", PinState(unlocked=self.unlocked, tries_left=self.tries)
        return (TokenState(token=self.name, label=label, serial=self.serial, slot=self.slot, pin=pin),)

    def at(self, slot: str, timeout: float = 10) -> TokenState:
        for state in self.tokens(timeout):
            if state.slot == slot:
                return state
        if slot in self.sick:
            raise CardError(self.sick[slot], slot=slot)
        raise CardError("token.absent")

    def when_ended(self, told: Callable[[], None]) -> None:
        self.end = told

    def certificates(self, token: str, timeout: float = 10) -> tuple[TokenCertificate, ...]:
        der = self.certificate.certificate.public_bytes(Encoding.DER)
        return (TokenCertificate(key="20", der=der, schemes=frozenset({SignatureScheme.PKCS1_SHA256})),)

    def data(self, token: str, timeout: float = 10) -> tuple[TokenData, ...]:
        return (TokenData(label="CPS_ACTIVITY_01_PS", private=True, value=b"\x01"),) if self.unlocked else ()

    def unlock(self, token: str, pin: str, timeout: float = 10) -> PinState:
        self.asked.append(("unlock", token, pin))
        if pin != PIN:
            self.tries = (self.tries or 1) - 1
            raise CardError("token.pin_wrong", tries_left=self.tries)
        self.unlocked = True
        return PinState(unlocked=True, tries_left=self.tries)

    def lock(self, token: str, timeout: float = 10) -> None:
        self.asked.append(("lock", token))
        self.unlocked = False

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = 10) -> bytes:
        self.signed.append((scheme, data))
        return self.key.sign(data, padding.PKCS1v15(), Prehashed(SHA256()))

    def close(self) -> None:
        self.closed = True


class Person:
    """Whoever sits there: what he was asked, and his answers in turn."""

    def __init__(self, *answers: str) -> None:
        self.questions: list[Question] = []
        self._answers = list(answers)

    def __call__(self, question: Question) -> str:
        self.questions.append(question)
        return self._answers.pop(0)


Make = Callable[..., TokenBroker]
