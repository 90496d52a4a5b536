"""Who signs, and what: a card in its holder's session, else a file; an authentication key never."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from reference_host.tests.host.cards.bench import Call, code_of
from reference_host.tests.host.cards.software_token import KEY, OTHER_KEY, PIN, ROOT, Make, Person, Token
from reference_host.tests.keys.issuing import PASSWORD, Issued, issue, name, p12_table, usages
from segur_host.broker.keys import KeyRing
from segur_host.broker.signing import BoundSigner, SigningBroker
from segur_host.broker.tokens import TokenBroker
from segur_host.config.model import HostConfig
from segur_sdk.drivers import SignatureScheme, TokenCertificate
from segur_sdk.errors import CardError, SegurError
from segur_sdk.manifest import parse_manifest
from segur_sdk.models.actor import Environment, Session, SessionMeans

SERIAL = "2800385266"
USE = "insi_assertion"
SIGNS = usages("content_commitment")
AUTHENTICATES = (usages("digital_signature"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH]))
MAIL = x509.ExtendedKeyUsage([Eku.EMAIL_PROTECTION])
PKCS1, SHA = padding.PKCS1v15(), SHA256()
BY_CARD = Session(session_id="s-1", means=SessionMeans.CPS, token_serial=SERIAL)
WHAT = b"<SignedInfo/>"


@attrs.define
class Card(Token):
    """Two keys, as a CPS has: it authenticates with one and signs with the other."""

    signature: Issued = attrs.field(factory=lambda: issue(name("899700075122"), ROOT, (SIGNS, MAIL), KEY))
    schemes: frozenset[SignatureScheme] = frozenset({SignatureScheme.PKCS1_SHA256})
    used: list[str] = attrs.field(factory=list)
    read: int = 0

    def certificates(self, token: str, timeout: float = 10) -> tuple[TokenCertificate, ...]:
        self.read += 1
        authentication = issue(name("899700075122"), ROOT, AUTHENTICATES, OTHER_KEY)
        return tuple(
            TokenCertificate(key=key, der=one.certificate.public_bytes(Encoding.DER), schemes=self.schemes)
            for key, one in (("20", authentication), ("10", self.signature))
        )

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = 10) -> bytes:
        if self.gone:
            raise CardError("token.absent")
        if not self.unlocked:
            raise CardError("token.pin_needed")
        self.used.append(key)
        self.seconds.append(timeout)
        if scheme is SignatureScheme.RAW:
            numbers = self.key.private_numbers()
            number = pow(int.from_bytes(data), numbers.d, numbers.public_numbers.n)
            return number.to_bytes(len(data))
        return super().sign(token, key, scheme, data, timeout)


@attrs.frozen
class Desk:
    """A card that a session unlocked, and the files of a configuration."""

    tokens: TokenBroker
    keys: KeyRing
    signing: SigningBroker
    call: Call

    def signer(self, session: Session | None = BY_CARD) -> BoundSigner:
        return self.signing.signer(USE, session, self.call)

    def sign(self, session: Session | None = BY_CARD) -> bytes:
        return self.signer(session).sign(WHAT, PKCS1, SHA)


@pytest.fixture
def desk(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Desk]:
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)

    def open_desk(card: Token | None = None, file: Issued | None = None, world: str = "sandbox", **keys: Any) -> Desk:
        call, tokens = Call(), make(*(() if card is None else (card,)))
        if card is not None:
            tokens.unlock(tokens.at("one", call), Person(PIN), call)
        call.records.clear()
        if file is not None:
            keys[USE] = p12_table(tmp_path, file.p12())
        config = {
            "version": 1,
            "environment": world,
            "data": tmp_path / "data",
            "software": {"name": "LGO", "version": "1", "authorisation": "TESTSGIE0000"},
            "structure": {"name": "PHARMACIE DU CENTRE"},
            "actor": {"name": "Comptoir 1", "workstation": "poste-1"},
            "keys": keys,
        }
        ring = KeyRing(HostConfig.model_validate(config), tokens)
        return Desk(tokens, ring, SigningBroker(ring, tokens, Environment(world)), call)

    return open_desk


def checks_out(signature: bytes, key: rsa.RSAPrivateKey = KEY) -> bool:
    key.public_key().verify(signature, WHAT, PKCS1, SHA)
    return True


@pytest.mark.parametrize("scheme", [SignatureScheme.PKCS1_SHA256, SignatureScheme.RAW])
def test_card_of_the_session_signs_with_its_signature_key(desk: Callable[..., Desk], scheme: SignatureScheme) -> None:
    card = Card(schemes=frozenset({scheme}))
    opened = desk(card)
    signer = opened.signer()
    assert checks_out(signer.sign(WHAT, PKCS1, SHA))
    assert card.used == ["10"]
    assert (signer.certificate.subject_cn, signer.certificate.client_authentication) == ("899700075122", False)
    assert signer.chain == (card.signature.certificate.public_bytes(Encoding.DER),)
    facts = {"use": USE, "by": "card", "certificate": "AB12CD"}
    assert opened.call.records == [("broker.sign", facts)]


def test_card_takes_precedence_over_a_file_and_only_in_its_session(desk: Callable[..., Desk]) -> None:
    card, seal = Card(), issue(name("SCEAU"), ROOT, (SIGNS,), OTHER_KEY)
    opened = desk(card, seal)
    assert checks_out(opened.sign())
    for session in (None, Session(session_id="s-2", means=SessionMeans.PSC)):
        assert checks_out(opened.sign(session), OTHER_KEY)
    assert card.used == ["10"]
    assert [facts["by"] for _, facts in opened.call.records] == ["card", "file", "file"]


@pytest.mark.req("S003-25")
def test_key_of_a_card_that_is_in_a_file_too_signs_in_neither(desk: Callable[..., Desk]) -> None:
    copied = desk(Card(), issue(name("SCEAU"), ROOT, (SIGNS,), KEY))
    # Nobody asks a card that the configuration does not name what it holds, before it is used.
    assert checks_out(copied.sign(None))
    for session in (BY_CARD, None):
        assert code_of(partial(copied.signer, session)) == "config.key_twice"
    authenticating = desk(Card(), issue(name("SCEAU"), ROOT, (SIGNS,), OTHER_KEY), dmp={"token": {"serial": SERIAL}})
    assert code_of(lambda: authenticating.signer(None)) == "config.key_twice"
    assert authenticating.keys.certificate("dmp").client_authentication


def test_certificates_of_a_card_are_read_once_until_it_is_locked(desk: Callable[..., Desk]) -> None:
    card = Card()
    opened = desk(card)
    for _ in range(3):
        opened.sign()
    assert card.read == 1
    opened.tokens.lock(SERIAL)
    opened.tokens.unlock(opened.tokens.at("one", opened.call), Person(PIN), opened.call)
    opened.sign()
    assert card.read == 2


def locked(card: Card, opened: Desk) -> None:
    opened.tokens.lock(SERIAL)


def pulled(card: Card, opened: Desk) -> None:
    card.gone = True


def forgotten(card: Card, opened: Desk) -> None:
    card.unlocked = False


ENDS: dict[str, tuple[Callable[[Card, Desk], None], str]] = {
    "session ended": (locked, "service.session_needed"),
    "card pulled": (pulled, "token.absent"),
    "code forgotten": (forgotten, "token.pin_needed"),
}


@pytest.mark.parametrize(("ends", "code"), ENDS.values(), ids=ENDS)
def test_what_ends_between_finding_and_signing_signs_nothing(
    desk: Callable[..., Desk], ends: Callable[[Card, Desk], None], code: str
) -> None:
    card = Card()
    opened = desk(card)
    signer = opened.signer()
    ends(card, opened)
    assert code_of(lambda: signer.sign(WHAT, PKCS1, SHA)) == code
    assert card.used == []


def test_session_whose_card_is_locked_has_no_signer(desk: Callable[..., Desk]) -> None:
    opened = desk(Card(), issue(name("SCEAU"), ROOT, (SIGNS,), OTHER_KEY))
    opened.tokens.lock(SERIAL)
    assert code_of(opened.signer) == "service.session_needed"


def test_session_by_card_whose_card_is_not_known_has_no_signer(desk: Callable[..., Desk]) -> None:
    opened = desk(Card(), issue(name("SCEAU"), ROOT, (SIGNS,), OTHER_KEY))
    unknown = BY_CARD.model_copy(update={"token_serial": None})
    assert code_of(lambda: opened.signer(unknown)) == "service.session_needed"


def test_call_that_was_given_up_signs_nothing(desk: Callable[..., Desk]) -> None:
    opened = desk(card := Card())
    signer = opened.signer()
    opened.call.is_over = True
    assert code_of(lambda: signer.sign(WHAT, PKCS1, SHA)) == "plugin.call_over"
    assert (card.used, opened.call.records) == ([], [])


WRONG_CARDS: dict[str, tuple[Card, str]] = {
    "two keys authenticate": (
        Card(signature=issue(name("X"), ROOT, AUTHENTICATES, KEY)),
        "token.key_missing",
    ),
    "key for both": (
        Card(signature=issue(name("X"), ROOT, (SIGNS, x509.ExtendedKeyUsage([Eku.CLIENT_AUTH])), KEY)),
        "token.key_missing",
    ),
    "usage not stated": (Card(signature=issue(name("X"), ROOT, (MAIL,), KEY)), "token.key_missing"),
    "no scheme of ours": (Card(schemes=frozenset({SignatureScheme.PSS_SHA256})), "token.scheme_unsupported"),
    "key of another kind": (
        Card(signature=issue(name("X"), ROOT, (SIGNS,), ec.generate_private_key(ec.SECP256R1()))),
        "token.key_missing",
    ),
    "another world": (
        Card(signature=issue(name("X", "IGC-SANTE"), ROOT, (SIGNS,), KEY)),
        "config.certificate_environment",
    ),
}


@pytest.mark.parametrize(("card", "code"), WRONG_CARDS.values(), ids=WRONG_CARDS)
def test_card_that_cannot_sign_is_refused(desk: Callable[..., Desk], card: Card, code: str) -> None:
    assert code_of(desk(card).signer) == code
    assert card.used == []


def test_signature_of_another_key_is_not_given(desk: Callable[..., Desk]) -> None:
    with pytest.raises(CardError) as caught:
        desk(Card(key=OTHER_KEY)).sign()
    assert (caught.value.code, caught.value.facts["reason"]) == ("token.failed", "wrong_signature")


FILES: dict[str, tuple[Issued | None, str]] = {
    "none": (None, "config.key_missing"),
    "authentication": (issue(name("X"), ROOT, AUTHENTICATES, KEY), "config.key_usage"),
    "both": (issue(name("X"), ROOT, (SIGNS, x509.ExtendedKeyUsage([Eku.CLIENT_AUTH])), KEY), "config.key_usage"),
    "nothing stated": (issue(name("X"), ROOT, (), KEY), "config.key_usage"),
    "digital signature only": (issue(name("X"), ROOT, (usages("digital_signature"),), KEY), "config.key_usage"),
    "another kind of key": (issue(name("X"), ROOT, (SIGNS,)), "config.key_usage"),
    "production here": (issue(name("X", "IGC-SANTE"), ROOT, (SIGNS,), KEY), "config.certificate_environment"),
}


@pytest.mark.parametrize(("file", "code"), FILES.values(), ids=FILES)
def test_file_that_is_not_for_signing_is_refused(desk: Callable[..., Desk], file: Issued | None, code: str) -> None:
    assert code_of(lambda: desk(file=file).signer(None)) == code


def test_token_in_the_configuration_signs_for_nobody(desk: Callable[..., Desk]) -> None:
    opened = desk(Card(), **{USE: {"token": {"serial": SERIAL}}})
    with pytest.raises(SegurError) as caught:
        opened.signer(None)
    assert (caught.value.code, caught.value.facts["reason"]) == ("config.key_missing", "token")
    assert checks_out(opened.sign())


@pytest.mark.parametrize(
    ("pads", "algorithm"),
    [(PKCS1, SHA512()), (padding.PSS(padding.MGF1(SHA), 32), SHA)],
    ids=["another hash", "another padding"],
)
def test_other_algorithms_are_refused(desk: Callable[..., Desk], pads: Any, algorithm: Any) -> None:
    opened = desk(card := Card())
    signer = opened.signer()
    assert code_of(lambda: signer.sign(WHAT, pads, algorithm)) == "plugin.request_refused"
    assert (card.used, opened.call.records) == ([], [])


def test_key_that_signs_never_authenticates(desk: Callable[..., Desk], tmp_path: Path) -> None:
    seal = issue(name("SCEAU"), ROOT, (SIGNS,), KEY)
    trust = tmp_path / "ca.pem"
    trust.write_bytes(ROOT.pem())
    config = HostConfig.model_validate(
        {
            "version": 1,
            "environment": "sandbox",
            "data": tmp_path / "data",
            "software": {"name": "LGO", "version": "1", "authorisation": "TESTSGIE0000"},
            "structure": {"name": "PHARMACIE DU CENTRE"},
            "actor": {"name": "Comptoir 1", "workstation": "poste-1"},
            "keys": {"psc": p12_table(tmp_path, seal.p12())},
            "trust": {"ours": trust},
        }
    )
    desk()
    assert code_of(lambda: KeyRing(config).ssl_context("psc", "ours")) == "config.key_usage"


MANIFEST = """
manifest_version = 1
id = "signing"
display_name = "Signatures"
description = "A plugin made up by a test."
license = "Apache-2.0"
maintainers = ["tests"]
sdk = ">=0.1,<2"
entry = "a.b:C"
[[keys]]
use = "k"
signs = {signs}
[[network]]
purpose = "p"
trust = "t"
auth = "{auth}"
key = "k"
"""


@pytest.mark.parametrize("auth", ["mtls", "client", "bearer"])
def test_manifest_may_not_authenticate_with_a_key_that_signs(auth: str) -> None:
    parse_manifest(MANIFEST.format(signs="false", auth=auth).encode())
    refused = MANIFEST.format(signs="true", auth=auth).encode()
    assert code_of(lambda: parse_manifest(refused)) == "plugin.manifest_invalid"


def test_digest_that_a_card_pads_is_that_of_the_data(desk: Callable[..., Desk]) -> None:
    opened = desk(card := Card())
    opened.sign()
    assert card.signed == [(SignatureScheme.PKCS1_SHA256, hashlib.sha256(WHAT).digest())]
    assert datetime.now(UTC) < opened.signer().certificate.not_after
