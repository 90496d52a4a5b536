"""A keyring as the contract describes it, in memory: keys that wait, serve, came before; what is sealed and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from plugins.certificates.tests.made_pki import NOW, Made, key, key_fingerprint, name
from segur_sdk.errors import ConfigError, SegurError
from segur_sdk.keyring import KeyPlace, KeyReference, KeyRequest
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Question


@attrs.frozen
class Place:
    """A key with its certificate."""

    public_key: str
    chain: tuple[bytes, ...]
    """Empty for one that never had a certificate."""
    of_file: bool = False


@attrs.define
class Use:
    """One use of a key."""

    serving: Place | None = None
    waiting: tuple[Place, ...] = ()
    """Without certificate, or taken back."""
    former: Place | None = None
    where: str = ""
    signs: bool = False
    purposes: tuple[str, ...] = ()
    place: KeyPlace = KeyPlace.P12
    problem: str | None = None
    mismatched: str | None = None
    offered: Place | None = None
    """The key of the PKCS#12 that is being installed."""

    def awaiting(self) -> Place | None:
        """The offered one, else one that was made, else one that was taken back."""
        made = tuple(place for place in reversed(self.waiting) if not place.chain)
        return next(iter((*((self.offered,) if self.offered else ()), *made, *self.waiting)), None)


@attrs.define
class Stop:
    """Ends the process right after one of the changes; before a change is after the one that precedes it."""

    at: int | None = None
    passed: int = 0

    def instant(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise KeyboardInterrupt


@attrs.define
class FakeKeyring:
    """Implements ``Keyring``."""

    stop: Stop = attrs.field(factory=Stop)
    uses: dict[str, Use] = attrs.field(factory=dict)
    trusted: dict[str, tuple[bytes, ...]] = attrs.field(factory=dict)
    kept: dict[bytes, bytes] = attrs.field(factory=dict)
    sealed: dict[str, str] = attrs.field(factory=dict)
    asked: list[Question] = attrs.field(factory=list)
    announced: list[tuple[str, ExpiryLevel, int]] = attrs.field(factory=list)
    done: list[str] = attrs.field(factory=list)
    made: int = 0
    refuses: dict[str, SegurError] = attrs.field(factory=dict)

    def hold(self, use: str, made: Made, *others: Made, **changes: object) -> None:
        """Configure a file for a use."""
        place = Place(key_fingerprint(made.key.public_key()), (made.der, *(one.der for one in others)), of_file=True)
        given: dict[str, object] = {"where": f"/etc/segur/{use}.p12"}
        self.uses[use] = Use(serving=place, **(given | changes))  # type: ignore[arg-type]

    def references(self) -> tuple[KeyReference, ...]:
        return tuple(self._reference(use, one) for use, one in sorted(self.uses.items()))

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        if trust in self.refuses:
            raise self.refuses[trust]
        if trust not in self.trusted:
            raise ConfigError("config.trust_missing", trust=trust)
        return self.trusted[trust]

    def new_key(self, use: str, name: str) -> KeyRequest:
        one = self.uses.setdefault(use, Use(place=KeyPlace.STORE, where=f"keys/{use}"))
        if all(place.chain for place in one.waiting):
            self.made += 1
            own = key(f"{use}-{self.made}")
            one.waiting = (*one.waiting, Place(key_fingerprint(own.public_key()), ()))
            self._did("new_key")
        place = next(place for place in one.waiting if not place.chain)
        found = next(key(f"{use}-{rank}") for rank in range(1, self.made + 1) if self._is(place, use, rank))
        return KeyRequest(use=use, csr=_request(found, name), public_key=place.public_key, made_at=NOW)

    @contextmanager
    def offering(self, use: str, own: rsa.RSAPrivateKey | None) -> Iterator[None]:
        """As the host does with the key of a PKCS#12, for one call: nothing is stored."""
        if own is None:
            yield
            return
        unknown = use not in self.uses
        one = self.uses.setdefault(use, Use(place=KeyPlace.STORE, where=f"keys/{use}"))
        one.offered = Place(key_fingerprint(own.public_key()), ())
        try:
            yield
        finally:
            one.offered = None
            if unknown and one.serving is None:
                del self.uses[use]

    def drop_new_key(self, use: str, public_key: str) -> None:
        if use in self.uses:
            one = self.uses[use]
            left = tuple(place for place in one.waiting if place.chain or place.public_key != public_key)
            if left != one.waiting:
                one.waiting = left
                self._did("drop_new_key")

    def install(self, use: str, chain: tuple[bytes, ...]) -> KeyReference:
        one = self.uses[use]
        wanted = key_fingerprint(x509.load_der_x509_certificate(chain[0]).public_key())
        if one.serving is None or one.serving.chain[:1] != chain[:1]:
            waiting = (*one.waiting, *((one.offered,) if one.offered else ()))
            if not waiting:
                raise ConfigError("config.key_missing", use=use, reason="none_awaiting")
            if wanted not in {place.public_key for place in waiting}:
                raise ConfigError("config.key_mismatch", use=use)
            one.former, one.serving = one.serving, Place(wanted, chain)
            one.waiting = tuple(place for place in one.waiting if place.public_key != wanted)
            self._did("install")
        return self._reference(use, one)

    def take_back(self, use: str) -> KeyReference:
        one = self.uses[use]
        if one.former is None or one.serving is None:
            raise ConfigError("config.key_missing", use=use, reason="no_former")
        one.waiting, one.serving, one.former = (*one.waiting, one.serving), one.former, None
        self._did("take_back")
        return self._reference(use, one)

    def retire(self, use: str) -> None:
        if self.uses[use].former is not None:
            self.uses[use].former = None
            self._did("retire")

    def seal(self, name: str, question: Question) -> str:
        if "seal" in self.refuses:
            raise self.refuses["seal"]
        if name not in self.sealed:
            self.asked.append(question)
            self.sealed[name] = f"secret {len(self.sealed)}"
            self._did("seal")
        return f"sealed:{name}"

    def forget_sealed(self, name: str) -> None:
        if self.sealed.pop(name, None) is not None:
            self._did("forget_sealed")

    def keep_list(self, crl: bytes) -> None:
        if "keep_list" in self.refuses:
            raise self.refuses["keep_list"]
        self.kept[x509.load_der_x509_crl(crl).issuer.public_bytes()] = crl

    def lists(self) -> tuple[bytes, ...]:
        return tuple(self.kept.values())

    def announce(self, use: str, fingerprint: str, level: ExpiryLevel, days_left: int) -> None:
        if use in self.refuses:
            raise self.refuses[use]
        serving = self.uses[use].serving
        if serving is not None and sha256(serving.chain[0]).hexdigest().upper() == fingerprint:
            self.announced.append((use, level, days_left))

    def _did(self, what: str) -> None:
        self.done.append(what)
        self.stop.instant()

    @staticmethod
    def _is(place: Place, use: str, rank: int) -> bool:
        return place.public_key == key_fingerprint(key(f"{use}-{rank}").public_key())

    @staticmethod
    def _reference(use: str, one: Use) -> KeyReference:
        serving, awaiting = one.serving, one.awaiting()
        return KeyReference(
            use=use,
            place=one.place if serving is None or serving.of_file else KeyPlace.STORE,
            where=one.where,
            signs=one.signs,
            purposes=one.purposes,
            certificate=serving.chain[0] if serving is not None and serving.chain else None,
            chain=serving.chain[1:] if serving is not None else (),
            public_key=one.mismatched or (serving.public_key if serving is not None else None),
            problem=one.problem,
            awaiting=awaiting.public_key if awaiting is not None else None,
            can_take_back=one.former is not None,
        )


@cache
def _request(own: rsa.RSAPrivateKey, common_name: str) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(name((NameOID.COMMON_NAME, common_name)))
    return builder.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM)
