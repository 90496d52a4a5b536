"""A context with a scripted service, a card and a person to ask; published test identities only."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from lxml import etree

from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply, NamedAlgorithm, PluginSettings, Software
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError, InputError, SegurError
from segur_sdk.models.actor import Actor, ActorKind, Structure
from segur_sdk.models.card import CardPresence
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.notice import Question
from tests.contexts.granting_nothing import GrantsNothing, SetClock

NOW = datetime(2026, 3, 2, 7, 5, 6, 123_456, tzinfo=UTC)
PHARMACY = Structure(finess="0B0152872", name="Pharmacie du bac à sable")
COUNTER = Actor(kind=ActorKind.OPERATOR, name="comptoir1", structure=PHARMACY, workstation="poste-1")
INSTANCE = "550e8400-e29b-41d4-a716-446655440000"
LGO = Software(name="LGO Exemple", version="4.2", authorisation="TESTSGIE0000", instance=INSTANCE)


@attrs.define
class Sent:
    """One request that reached the scripted service."""

    purpose: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    max_answer: int

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def texts(self, local_name: str) -> list[str]:
        return [element.text or "" for element in self.root.iter(f"{{*}}{local_name}")]

    def text(self, local_name: str) -> str:
        (text,) = self.texts(local_name)
        return text


@attrs.define
class Service:
    """Answers each request with the next line of its script: a reply, a failure to raise, or a function."""

    script: list[Any] = attrs.field(factory=list)
    sent: list[Sent] = attrs.field(factory=list)


@attrs.define
class Client:
    service: Service
    purpose: str
    address: str = "https://insi.example"

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
        seconds: float | None = None,
    ) -> HttpReply:
        self.service.sent.append(Sent(self.purpose, method, path, dict(headers or {}), body, max_answer))
        line = self.service.script.pop(0)
        if isinstance(line, Exception):
            raise line
        reply = line() if callable(line) else line
        assert isinstance(reply, HttpReply)
        return reply


@attrs.define
class Channel:
    """A VITALE application that signs as the sandbox's cards do."""

    commands: list[bytes]
    answers: dict[int, bytes]
    atr: bytes = bytes.fromhex("3B751300004009EA9000")

    def transmit(self, command: bytes, /) -> bytes:
        self.commands.append(command)
        if command[1] in self.answers:
            return self.answers[command[1]]
        if command[1] == 0x88:
            return hmac.digest(b"SIMULATEUR", command[5 : 5 + command[4]], hashlib.sha256)[:8] + b"\x90\x00"
        return b"\x90\x00"


@attrs.define
class Cards:
    """The reader. ``inserted`` is the number of the insertion that sits in it."""

    inserted: str = "1"
    confirmed: int = 0
    opened: int = 0
    commands: list[bytes] = attrs.field(factory=list)
    answers: dict[int, bytes] = attrs.field(factory=dict)

    def confirm(self, presence: CardPresence) -> None:
        self.confirmed += 1
        self._require(presence)

    @contextmanager
    def open(self, presence: CardPresence) -> Iterator[Channel]:
        self.opened += 1
        self._require(presence)
        yield Channel(self.commands, self.answers)

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        raise AssertionError("a search by card needs no official reading")

    def _require(self, presence: CardPresence) -> None:
        if not self.inserted:
            raise CardError("card.removed", slot=presence.slot)
        if presence.insertion != self.inserted:
            raise CardError("card.swapped", slot=presence.slot)


@attrs.define
class CardSigner:
    """A card that signs, or a card that fails when it should."""

    key: rsa.RSAPrivateKey
    certificate: CertificateInfo
    chain: tuple[bytes, ...]
    failure: SegurError | None = None
    signed: list[bytes] = attrs.field(factory=list)

    def sign(self, data: bytes, padding: NamedAlgorithm, algorithm: NamedAlgorithm) -> bytes:
        assert isinstance(padding, PKCS1v15)
        assert isinstance(algorithm, HashAlgorithm)
        if self.failure is not None:
            raise self.failure
        self.signed.append(data)
        return self.key.sign(data, padding, algorithm)


@attrs.define
class Keys:
    certificates: dict[str, CertificateInfo]
    signers: dict[str, CardSigner] = attrs.field(factory=dict)

    def certificate(self, use: str) -> CertificateInfo:
        return self.certificates[use]

    def signer(self, use: str) -> CardSigner:
        return self.signers[use]


def certificate_of(common_name: str) -> CertificateInfo:
    return CertificateInfo(
        subject_cn=common_name,
        subject_ou="10B0152872",
        issuer_cn="TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
        serial="0A",
        not_before=NOW - timedelta(days=300),
        not_after=NOW + timedelta(days=300),
        client_authentication=True,
    )


@attrs.define
class Context(GrantsNothing):
    """Grants what the manifest of insi declares."""

    clock: SetClock = attrs.field(factory=lambda: SetClock(NOW), kw_only=True)
    plugin_settings: PluginSettings = attrs.field(factory=InsiSettings, kw_only=True)
    http_service: Service = attrs.field(factory=Service)
    actor: Actor = attrs.field(factory=lambda: COUNTER)
    software: Software = attrs.field(factory=lambda: LGO)
    cards: Cards = attrs.field(factory=Cards)
    keys: Keys = attrs.field(
        factory=lambda: Keys({"insi-auto": certificate_of("INSI-AUTO"), "insi-manu": certificate_of("INSI-MANU")})
    )
    answers: dict[str, str] = attrs.field(factory=dict)
    asked: list[Question] = attrs.field(factory=list)

    def http(self, purpose: str, /) -> Client:
        return Client(self.http_service, purpose)

    def ask(self, question: Question, /) -> str:
        self.asked.append(question)
        if question.code not in self.answers:
            raise InputError("input.nobody_to_ask", question=question.code)
        return self.answers[question.code]

    @property
    def sent(self) -> list[Sent]:
        return self.http_service.sent

    @property
    def prenoms_sent(self) -> list[str]:
        return [request.text("Prenom") for request in self.sent]
