"""Possession of a key is really proven."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from reference_host.tests.host.cards.bench import Call, code_of
from reference_host.tests.host.cards.software_token import CA, ELSEWHERE, KEY, OTHER_KEY, ROOT, Make, Token
from reference_host.tests.keys.issuing import Issued, issue, name
from segur_sdk.drivers import SignatureScheme, TokenCertificate


def proven(make: Make, token: Token, key: str = "20", trust: str = "igc", **options: Any) -> Call:
    call = Call()
    broker = make(token, **options)
    broker.prove(broker.at("one", call), key, trust, call)
    return call


def test_a_token_that_holds_its_key_proves_it(make: Make) -> None:
    token = Token()
    call = proven(make, token)
    assert call.records == [("broker.token.prove", {"token": "2800385266", "key": "20"})]
    [(scheme, digest)] = token.signed
    assert (scheme, len(digest)) == (SignatureScheme.PKCS1_SHA256, hashlib.sha256().digest_size)


def test_what_is_signed_is_never_twice_the_same(make: Make) -> None:
    token = Token()
    for _ in range(3):
        proven(make, token)
    assert len({digest for _, digest in token.signed}) == 3


@attrs.define
class Replaying(Token):
    """Answers what it once signed."""

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = 10) -> bytes:
        return self.key.sign(b"\0" * 32, padding.PKCS1v15(), Prehashed(SHA256()))


@attrs.define
class Garbled(Token):
    """Answers something that is no signature."""

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = 10) -> bytes:
        return b"\x90\x00"


def expired(holder: Issued, issuer: Issued) -> Issued:
    old = holder.certificate
    now = datetime.now(UTC)
    begin, end = now - timedelta(days=30), now - timedelta(days=1)
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), 7, begin, end, list(old.extensions))
    return Issued(holder.key, builder.sign(issuer.key, SHA256()))


MIDDLE = issue(name("AC INTERMEDIAIRE"), ROOT, CA)
NO_CA = issue(name("PAS UNE AC"), ROOT)
UNPROVEN: dict[str, tuple[Token, tuple[Issued, ...], str]] = {
    "wrong_key": (Token(key=OTHER_KEY), (ROOT,), "token.proof_failed"),
    "earlier_signature": (Replaying(), (ROOT,), "token.proof_failed"),
    "no_signature": (Garbled(), (ROOT,), "token.proof_failed"),
    "key_of_another_kind": (
        Token(certificate=issue(name("PORTEUR"), ROOT, (), ec.generate_private_key(ec.SECP256R1()))),
        (ROOT,),
        "token.proof_failed",
    ),
    "wrong_chain": (
        Token(certificate=issue(name("PORTEUR"), ELSEWHERE, (), KEY)),
        (ROOT,),
        "token.certificate_untrusted",
    ),
    "signed_by_itself": (
        Token(certificate=issue(name("PORTEUR"), None, (), KEY)),
        (ROOT,),
        "token.certificate_untrusted",
    ),
    "expired": (
        Token(certificate=expired(issue(name("PORTEUR"), ROOT, (), KEY), ROOT)),
        (ROOT,),
        "token.certificate_untrusted",
    ),
    "expired_authority": (
        Token(certificate=issue(name("PORTEUR"), MIDDLE, (), KEY)),
        (ROOT, expired(MIDDLE, ROOT)),
        "token.certificate_untrusted",
    ),
    "not_a_ca": (
        Token(certificate=issue(name("PORTEUR"), NO_CA, (), KEY)),
        (ROOT, NO_CA),
        "token.certificate_untrusted",
    ),
}


@pytest.mark.parametrize(("token", "anchors", "code"), UNPROVEN.values(), ids=UNPROVEN)
def test_what_proves_nothing_is_refused(token: Token, anchors: tuple[Issued, ...], code: str, make: Make) -> None:
    token.signed.clear()
    assert code_of(lambda: proven(make, token, anchors=anchors)) == code
    if code == "token.certificate_untrusted":
        assert token.signed == []


def test_a_chain_through_an_authority_is_proven(make: Make) -> None:
    proven(make, Token(certificate=issue(name("PORTEUR"), MIDDLE, (), KEY)), anchors=(MIDDLE, ROOT))


@pytest.mark.parametrize(
    ("key", "trust", "code"),
    [
        pytest.param("30", "igc", "token.key_missing", id="no_such_key"),
        pytest.param("20", "elsewhere", "config.trust_missing", id="no_such_anchors"),
    ],
)
def test_what_is_not_there_cannot_be_proven(key: str, trust: str, code: str, make: Make) -> None:
    token = Token()
    assert code_of(lambda: proven(make, token, key, trust)) == code
    assert token.signed == []


def test_a_certificate_that_cannot_be_read_proves_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token()
    odd = TokenCertificate(key="20", der=b"\x30\x00", schemes=frozenset())
    monkeypatch.setattr(Token, "certificates", lambda *_: (odd,))
    assert code_of(lambda: proven(make, token)) == "token.failed"
    assert token.signed == []
