"""The three tokens of these tests, with the same holder: SoftHSM's, a virtual CPS3 and a virtual CPS4.

The virtual cards are the sandbox's, driven in process: code that shares nothing with the drivers. SoftHSM's token is
filled with the very keys, certificates and data objects of the virtual CPS3.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import attrs
import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pkcs11.util.rsa import decode_rsa_private_key

from plugins.pkcs11.tests.fake_module import FakeModule, FakeSlot, FakeToken
from segur_plugin_pkcs11 import module as driver
from segur_plugin_pkcs11.card import ApduTokenSource
from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_sandbox.cards.cpx.catalogue import CPX_CARDS
from segur_sandbox.cards.cpx.contents import data_objects
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.powered import PoweredCard, open_session
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.pki.store import PkiFiles, open_pki
from segur_sdk.drivers import SignatureScheme, SlotState, TokenSource, TokenState
from segur_sdk.errors import CardError

SOFTHSM: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
_INIT_TOKEN: Final = ("softhsm2-util", "--init-token", "--free")
PIN: Final = "1234"
READER: Final = "Lecteur bifente PS 00 00"
CARDS: Final = {card.name: card for card in CPX_CARDS}
ALL: Final = frozenset(SignatureScheme)
PKCS1: Final = frozenset({SignatureScheme.PKCS1_SHA256})

Fault = Callable[[int, bytes], bytes | None]
"""Given the rank of a command and the command: an answer instead of the card's, or nothing. It may raise."""


def no_fault(_rank: int, _command: bytes) -> bytes | None:
    return None


@attrs.define
class VirtualReaders:
    """Implements ``CardSource``: slots with cards of the sandbox, one caller at a time on each."""

    vault: CardVault
    inside: dict[str, PoweredCard | None] = attrs.field(factory=lambda: {READER: None})
    insertions: dict[str, int] = attrs.field(factory=dict)
    fault: Fault = no_fault
    commands: list[bytes] = attrs.field(factory=list)
    answers: list[bytes] = attrs.field(factory=list)
    connected: set[str] = attrs.field(factory=set)
    others: set[str] = attrs.field(factory=set)
    """Slots whose card another program holds."""
    connections: int = 0

    def insert(self, name: str | None, slot: str = READER) -> None:
        """Insert, swap or remove a card."""
        self.inside[slot] = None if name is None else open_session(CARDS[name], self.vault)
        self.insertions[slot] = self.insertions.get(slot, 0) + 1
        self.connected.discard(slot)

    def slots(self) -> tuple[SlotState, ...]:
        return tuple(
            SlotState(
                slot=slot,
                present=card is not None,
                atr=None if card is None else card.atr.hex().upper(),
                insertion=self.insertions.get(slot, 0),
                in_use=slot in self.others,
            )
            for slot, card in self.inside.items()
        )

    def watch(self, changed: Callable[[], None]) -> None:
        raise NotImplementedError("the host watches")

    def connect(self, slot: str) -> bytes:
        card = self.inside.get(slot)
        if card is None:
            raise CardError("card.absent", slot=slot)
        if slot in self.others or slot in self.connected:
            raise CardError("card.reader_in_use", slot=slot, retryable=True)
        card.power()
        self.connected.add(slot)
        self.connections += 1
        return card.atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        card = self.inside.get(slot)
        if card is None or slot not in self.connected:
            raise CardError("card.removed", slot=slot)
        self.commands.append(command)
        answer = self.fault(len(self.commands) - 1, command)
        if answer is None:
            answer = card.transmit(command)
        assert answer is not None
        self.answers.append(answer)
        return answer

    def disconnect(self, slot: str) -> None:
        card = self.inside.get(slot)
        if slot not in self.connected:
            raise CardError("card.closed", slot=slot)
        self.connected.discard(slot)
        if card is not None:
            card.power()

    def forget_traffic(self) -> None:
        self.commands.clear()
        self.answers.clear()

    @property
    def pins_sent(self) -> list[bytes]:
        """VERIFY commands that carried something."""
        return [command for command in self.commands if command[1] == 0x20 and len(command) > 4]


@attrs.frozen
class Expected:
    """What a token shows; where SoftHSM honestly differs from a card, this says so."""

    record: CpxRecord
    slot: str | None
    tries: int | None
    """Left of a PIN that was not mistyped."""
    locks: bool
    authentication: frozenset[SignatureScheme]
    signature: frozenset[SignatureScheme]


@attrs.frozen
class Bench:
    """One driver and the one token that it sees."""

    source: TokenSource
    expected: Expected
    keys: dict[str, RSAPrivateKey]
    """By identifier: the last byte of CKA_ID, in hexadecimal, is 20 for AUT and 10 for SIG."""
    certificates: dict[str, bytes]
    readers: VirtualReaders | None

    @property
    def state(self) -> TokenState:
        (state,) = self.source.tokens()
        return state

    @property
    def token(self) -> str:
        return self.state.token

    def key(self, usage: str) -> str:
        return next(key for key in self.keys if key.endswith({"AUT": "20", "SIG": "10"}[usage]))

    @property
    def schemes(self) -> dict[str, frozenset[SignatureScheme]]:
        return {self.key("AUT"): self.expected.authentication, self.key("SIG"): self.expected.signature}

    @property
    def data(self) -> dict[str, bytes]:
        return {one.label: one.value for one in data_objects(self.expected.record)}

    @property
    def public_data(self) -> dict[str, bytes]:
        return {one.label: one.value for one in data_objects(self.expected.record) if not one.private}


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PkiFiles:
    return open_pki(tmp_path_factory.mktemp("pki") / "pki")


@pytest.fixture
def vault(pki: PkiFiles, tmp_path: Path) -> CardVault:
    """The tries of cards begin anew in each test; their keys are the same in all."""
    return CardVault(tmp_path / "cards", pki)


@pytest.fixture
def readers(vault: CardVault) -> VirtualReaders:
    return VirtualReaders(vault)


@pytest.fixture
def apdu(readers: VirtualReaders) -> ApduTokenSource:
    """The driver of cards, over readers in which there is nothing yet."""
    return ApduTokenSource(cards=readers)


@pytest.fixture(scope="session")
def softhsm_module() -> Path:
    module = next((path for path in SOFTHSM if path.is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed: apt-get install softhsm2")
    return module


@pytest.fixture(scope="session")
def softhsm(softhsm_module: Path, pki: PkiFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SoftHSM whose one initialised token holds what the virtual CPS3 holds; the module that shows it."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        "slots.removable = true\n",
        encoding="ascii",
    )
    record = CARDS["cps:pharmacist-cps3"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(configuration))
        subprocess.run(
            [*_INIT_TOKEN, "--label", label_of(record), "--so-pin", "00000000", "--pin", PIN],
            check=True,
            capture_output=True,
            timeout=30,
        )
        fill_token(softhsm_module, record, CardVault(folder / "cards", pki))
        yield softhsm_module
        pkcs11.lib(str(softhsm_module)).finalize()


def label_of(record: CpxRecord) -> str:
    return f"{record.generation}v{'3' if record.generation == 'CPS3' else '1'}-{record.serial}"


def identifier(record: CpxRecord, usage: str) -> str:
    return record.serial + "10" + {"AUT": "20", "SIG": "10"}[usage]


def fill_token(module: Path, record: CpxRecord, vault: CardVault) -> None:
    held = vault.keys(record)
    token = pkcs11.lib(str(module)).get_token(token_label=label_of(record))
    with token.open(rw=True, user_pin=PIN) as session:
        for usage in ("AUT", "SIG"):
            key_id = bytes.fromhex(identifier(record, usage))
            der = held.key(usage).private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            session.create_object(
                decode_rsa_private_key(der)
                | {
                    pkcs11.Attribute.ID: key_id,
                    pkcs11.Attribute.LABEL: f"CPS_PRIV_{usage}",
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.PRIVATE: True,
                    pkcs11.Attribute.SENSITIVE: True,
                    pkcs11.Attribute.EXTRACTABLE: False,
                    pkcs11.Attribute.SIGN: True,
                }
            )
            session.create_object(
                {
                    pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    pkcs11.Attribute.ID: key_id,
                    pkcs11.Attribute.LABEL: f"Certificat {usage}",
                    pkcs11.Attribute.SUBJECT: b"\x30\x00",
                    pkcs11.Attribute.VALUE: held.certificate(usage),
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.PRIVATE: False,
                }
            )
        for one in data_objects(record):
            session.create_object(
                {
                    pkcs11.Attribute.CLASS: pkcs11.ObjectClass.DATA,
                    pkcs11.Attribute.APPLICATION: "CPS",
                    pkcs11.Attribute.LABEL: one.label,
                    pkcs11.Attribute.VALUE: one.value,
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.PRIVATE: one.private,
                }
            )


EXPECTED: Final = {
    "softhsm": Expected(
        CARDS["cps:pharmacist-cps3"], slot=None, tries=None, locks=False, authentication=ALL, signature=ALL
    ),
    "cps3": Expected(
        CARDS["cps:pharmacist-cps3"], slot=READER, tries=3, locks=True, authentication=PKCS1, signature=PKCS1
    ),
    "cps4": Expected(CARDS["cps:pharmacist"], slot=READER, tries=3, locks=True, authentication=ALL, signature=PKCS1),
}
"""SoftHSM tells no tries and never locks: its token is shown as it is. It offers every scheme for every key."""


@pytest.fixture(params=list(EXPECTED))
def bench(request: pytest.FixtureRequest, vault: CardVault) -> Iterator[Bench]:
    """Each driver, the one for cards with each generation."""
    expected = EXPECTED[request.param]
    held = vault.keys(expected.record)
    keys = {identifier(expected.record, usage): held.key(usage) for usage in ("AUT", "SIG")}
    certificates = {identifier(expected.record, usage): held.certificate(usage) for usage in ("AUT", "SIG")}
    if request.param == "softhsm":
        module = request.getfixturevalue("softhsm")
        source: TokenSource = Pkcs11TokenSource(module=str(module))
        bench = Bench(source, expected, keys, certificates, None)
    else:
        readers = request.getfixturevalue("readers")
        readers.insert(expected.record.name)
        bench = Bench(ApduTokenSource(cards=readers), expected, keys, certificates, readers)
    yield bench
    bench.source.lock(bench.token)


@pytest.fixture
def token() -> FakeToken:
    slot = FakeSlot()
    slot.token = FakeToken(slot)
    return slot.token


@pytest.fixture
def fake(token: FakeToken, monkeypatch: pytest.MonkeyPatch) -> FakeModule:
    module = FakeModule([token.slot])
    monkeypatch.setattr(driver, "load", lambda _looked_for: module)
    return module


@pytest.fixture
def source(fake: FakeModule) -> Pkcs11TokenSource:
    return Pkcs11TokenSource()
