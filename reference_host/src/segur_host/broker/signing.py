"""Signatures for plugins: by the card of the session in which a call is made, else by the file of a use.

What is signed is whatever the plugin gives: enabling it grants that. Each signature is noted in the audit before it is
made, with its use and its certificate.
"""

import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding as paddings
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.key_usage import signs
from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import Borrower
from segur_host.broker.tokens import TokenBroker, TokenKeyFound
from segur_host.broker.trust import refuse_other_world
from segur_host.keyring.pairs import facts_of
from segur_sdk.context import NamedAlgorithm
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError, ErrorSource, PluginError, ServiceError
from segur_sdk.models.actor import Environment, Session, SessionMeans
from segur_sdk.models.certificate import CertificateInfo

PADDING: Final = "EMSA-PKCS1-v1_5"
HASH: Final = "sha256"


class SigningBroker:
    """Finds who signs. Every method may be called from any thread.

    Args:
        keys: files by use.
        tokens: cards, unlocked by the sessions they opened.
        environment: of the installation, to which certificates have to belong.
    """

    def __init__(self, keys: KeyRing, tokens: TokenBroker, environment: Environment) -> None:
        self._keys = keys
        self._tokens = tokens
        self._environment = environment
        self._lock = threading.Lock()
        self._found: dict[str, TokenKeyFound] = {}
        """Signature key by serial number of the card, as long as it stays unlocked: reading one takes a while."""
        tokens.when_locked(self._forget)

    def signer(self, use: str, session: Session | None, borrower: Borrower) -> "BoundSigner":
        """Return who signs for a use in one call; see ``segur_sdk.context.Keys``."""
        borrower.require_running()
        if session is not None and session.means is SessionMeans.CPS:
            serial = self._card_of(session)
            found = self._signature_key(serial, borrower)
            refuse_other_world(found.certificate, self._environment, use)
            self._keys.refuse_out_of_date(found.certificate, use)
            self._keys.refuse_twice_on_token(found.certificate, serial, use)
            return self._bound(use, "card", (found.certificate,), self._by_card(serial, found, borrower), borrower)
        key, chain = self._keys.signing_key(use)
        return self._bound(
            use, "file", chain, lambda data: key.sign(data, paddings.PKCS1v15(), hashes.SHA256()), borrower
        )

    def _bound(
        self,
        use: str,
        by: str,
        chain: tuple[x509.Certificate, ...],
        make: Callable[[bytes], bytes],
        borrower: Borrower,
    ) -> "BoundSigner":
        public = chain[0].public_key()
        try:
            facts = facts_of(chain[0])
        except ValueError:
            raise CardError("token.failed", reason="certificate") from None
        if not isinstance(public, rsa.RSAPublicKey):
            raise CardError("token.key_missing", reason="key_kind")
        return BoundSigner(
            certificate=facts,
            chain=tuple(one.public_bytes(Encoding.DER) for one in chain),
            use=use,
            by=by,
            public=public,
            make=make,
            borrower=borrower,
        )

    def _by_card(self, serial: str, found: TokenKeyFound, borrower: Borrower) -> Callable[[bytes], bytes]:
        pads = SignatureScheme.PKCS1_SHA256 in found.schemes
        if not (pads or SignatureScheme.RAW in found.schemes):
            raise CardError("token.scheme_unsupported", scheme=SignatureScheme.PKCS1_SHA256)

        def sign(data: bytes) -> bytes:
            # A card that was locked belongs to nobody's session, whoever's it was when the call began.
            if not self._tokens.is_unlocked(serial):
                raise _over()
            digest = sha256(data).digest()
            if pads:
                return self._tokens.sign(serial, found.key, SignatureScheme.PKCS1_SHA256, digest, borrower)
            return self._tokens.sign(serial, found.key, SignatureScheme.RAW, _padded(found, digest), borrower)

        return sign

    def _signature_key(self, serial: str, borrower: Borrower) -> TokenKeyFound:
        found = self._found.get(serial)
        if found is None:
            found = self._tokens.key_of(serial, None, _readable_and_signs, borrower)
            with self._lock:
                # What was locked meanwhile is not kept: nobody would forget it any more.
                if self._tokens.is_unlocked(serial):
                    self._found[serial] = found
        return found

    def _card_of(self, session: Session) -> str:
        """Return which card is unlocked for a session by card; no file signs in its place."""
        if session.token_serial is None or not self._tokens.is_unlocked(session.token_serial):
            raise _over()
        return session.token_serial

    def _forget(self, serial: str) -> None:
        with self._lock:
            self._found.pop(serial, None)


@attrs.frozen(kw_only=True, repr=False)
class BoundSigner:
    """Implements ``Signer`` for one use and one call."""

    certificate: CertificateInfo
    chain: tuple[bytes, ...]
    _use: str
    _by: str
    """``card`` or ``file``."""
    _public: rsa.RSAPublicKey
    _make: Callable[[bytes], bytes]
    _borrower: Borrower

    def sign(self, data: bytes, padding: NamedAlgorithm, algorithm: NamedAlgorithm) -> bytes:
        """Sign within the deadline of the call; see ``segur_sdk.context.Signer``."""
        self._borrower.require_running()
        if (padding.name, algorithm.name) != (PADDING, HASH):
            raise PluginError("plugin.request_refused", plugin=self._borrower.plugin, use=self._use, field="algorithm")
        self._borrower.record("broker.sign", use=self._use, by=self._by, certificate=self.certificate.serial)
        signature = self._make(data)
        try:
            # Another key's signature would be refused by the service, which cannot tell why.
            self._public.verify(signature, data, paddings.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise CardError("token.failed", reason="wrong_signature") from None
        return signature


def _over() -> ServiceError:
    return ServiceError("service.session_needed", source=ErrorSource.USER)


def _padded(found: TokenKeyFound, digest: bytes) -> bytes:
    """Return what RSASP1 signs of a digest (RFC 8017, 9.2)."""
    # Imported when a card wants it: what comes with it takes a while to load.
    from segur_host.broker.token_key import SHA256_DIGEST_INFO  # noqa: PLC0415

    public = found.certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise CardError("token.key_missing", reason="key_kind")
    information = SHA256_DIGEST_INFO + digest
    filling = b"\xff" * ((public.key_size + 7) // 8 - len(information) - 3)
    return b"\x00\x01" + filling + b"\x00" + information


def _readable_and_signs(certificate: x509.Certificate) -> bool:
    try:
        return signs(certificate)
    except ValueError:
        return False
