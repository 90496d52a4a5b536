"""The keys of the installation as a whole: what plugins may ask of them, and what the host alone may do."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.audit.entries import MAX_TEXT
from segur_host.broker.keys import KeyRing
from segur_host.config.secrets import Secret
from segur_host.keyring.announcements import Announcements
from segur_host.keyring.kept_keys import KeptKeys, Record
from segur_host.keyring.kept_lists import KeptLists, issuer_of
from segur_host.keyring.pairs import PrivateKey, fingerprint_of
from segur_host.keyring.references import reference_of
from segur_host.keyring.sealed import SEALED_PREFIX, SealedSecrets, require_text
from segur_host.keyring.store import KeyStore
from segur_sdk.errors import InputError
from segur_sdk.keyring import KeyReference, KeyRequest
from segur_sdk.manifest import PluginManifest
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Question

_SECRET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.\-]{0,79}")


class HostKeyring:
    """Does what ``segur_sdk.keyring.Keyring`` says, for whoever ``record`` says it is done. See there for errors.

    Args:
        keys: every key.
        store: of the host.
        kept: changes the store.
        sealed: secrets.
        lists: revocation lists.
        announcements: of ends that come near.
        manifests: of the plugins that are enabled.
        record: of the host itself.
    """

    def __init__(
        self,
        keys: KeyRing,
        store: KeyStore,
        kept: KeptKeys,
        sealed: SealedSecrets,
        lists: KeptLists,
        announcements: Announcements,
        manifests: Callable[[], Iterable[PluginManifest]],
        record: Record,
    ) -> None:
        self._keys = keys
        self._store = store
        self._kept = kept
        self._sealed = sealed
        self._lists = lists
        self._announcements = announcements
        self._manifests = manifests
        self._record = record
        self._offered: dict[str, PrivateKey] = {}
        """By use, for as long as whoever offers them waits: they are in memory only."""

    def adopt(self) -> None:
        """Take keys whose mark somebody removed on purpose for those of this installation."""
        if self._store.is_unmarked:
            with self._store.changing():
                self._record("keyring.adopted")

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key, by use."""
        manifests = tuple(self._manifests())
        uses = sorted({*self._keys.uses, *self._offered})
        return tuple(self._reference(use, manifests) for use in uses)

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return the authorities of that name, in DER."""
        return tuple(one.public_bytes(Encoding.DER) for one in self._keys.anchors(trust))

    def new_key(self, use: str, name: str, record: Record) -> KeyRequest:
        """Make a key that waits for its certificate, or return the request of the one that does."""
        return self._kept.new_key(use, name, record)

    def drop_new_key(self, use: str, public_key: str, record: Record) -> None:
        """Destroy one key that waits for its first certificate."""
        self._kept.drop_new_key(use, public_key, record)

    def install(self, use: str, chain: tuple[bytes, ...], record: Record) -> KeyReference:
        """Put a certificate beside the key that waits for it, and have it serve."""
        self._kept.install(use, chain, record, self._offered.get(use))
        return self._reference(use, self._manifests())

    def take_back(self, use: str, record: Record) -> KeyReference:
        """Have the former key and certificate serve again."""
        self._kept.take_back(use, record)
        return self._reference(use, self._manifests())

    def retire(self, use: str, record: Record) -> None:
        """Destroy the former keys of the store."""
        self._kept.retire(use, record)

    def seal(self, name: str, question: Question, ask: Callable[[Question], str], record: Record) -> str:
        """Have a secret typed twice, and keep it encrypted."""
        if not (isinstance(name, str) and _SECRET_NAME.fullmatch(name)):
            raise InputError("input.secret_name")
        self._sealed.require_passphrase()
        if not self._sealed.has(name):
            hidden = question.model_copy(update={"secret": True})
            secret = ask(hidden)
            if ask(hidden.model_copy(update={"text": f"Une seconde fois — {question.text}"})) != secret:
                raise InputError("input.secret_differs", question=question.code)
            require_text(secret)
            record("keyring.sealed", name=name)
            self._sealed.put(name, secret)
        return f"{SEALED_PREFIX}{name}"

    def forget_sealed(self, name: str, record: Record) -> None:
        """Destroy a secret."""
        if self._sealed.has(name):
            record("keyring.forgotten", name=name)
            self._sealed.forget(name)

    def keep_list(self, crl: bytes, record: Record) -> None:
        """Keep a revocation list."""
        issuer = "".join(one if one.isprintable() else "?" for one in issuer_of(crl))[:MAX_TEXT]
        self._lists.keep(crl, lambda: record("keyring.list_kept", issuer=issuer))

    def lists(self) -> tuple[bytes, ...]:
        """Return the revocation lists that are kept, in DER."""
        return self._lists.all()

    def announce(self, use: str, fingerprint: str, level: ExpiryLevel, days_left: int) -> None:
        """Have every plugin told that a certificate nears its end, if it is the one that serves."""
        certificate = self._keys.held_chain(use)[0]
        if sha256(certificate.public_bytes(Encoding.DER)).hexdigest().upper() == fingerprint:
            self._announcements.announce(use, certificate, level, days_left)

    @contextmanager
    def offering(self, use: str, key: PrivateKey) -> Iterator[None]:
        """Have a key that came with its certificate be one to install while the block runs; nothing is kept before.

        Of the host alone, and one at a time for each use.

        Raises:
            ConfigError: those of ``KeptKeys.require_place``.
        """
        self._kept.require_place(use, key)
        self._offered[use] = key
        try:
            yield
        finally:
            del self._offered[use]

    def unseal(self, name: str, record: Record) -> Secret:
        """Return a sealed secret. Of the host alone: no plugin ever sees one.

        Raises:
            InputError: ``input.secret_unknown``.
            ConfigError: ``config.keyring_passphrase``.
        """
        found = self._sealed.get(name.removeprefix(SEALED_PREFIX))
        record("keyring.unsealed", name=name.removeprefix(SEALED_PREFIX))
        return found

    def reencrypt(self, record: Record) -> tuple[int, int]:
        """Encrypt with the passphrase of now whatever only the former one opens. Of the host alone.

        Whoever is stopped in the middle does it again: until then, each key and secret opens with one of the two.

        Returns:
            How many keys and how many secrets there were.

        Raises:
            ConfigError: ``config.keyring_passphrase``; ``config.key_unreadable``: one opens with neither, and nothing
                was changed; those of ``KeyStore.changing``.
            HostError: those of ``KeyStore.changing``.
        """
        self._store.require_passphrase()
        secrets = self._sealed.of_former()
        keys = self._store.reencrypt(lambda use, key: record("keyring.reencrypted", use=use, key=key))
        for name in secrets:
            record("keyring.reencrypted", name=name)
        self._sealed.put_all(secrets)
        return keys, len(secrets)

    def container_password(self, use: str, record: Record) -> Secret | None:
        """Return what was sealed as the password of a PKCS#12 that is to come for a use, if anything was.

        Raises:
            ConfigError: ``config.keyring_passphrase``.
        """
        pattern = re.compile(rf"{re.escape(use)}\.password-([0-9]{{1,9}})")
        found = [one for one in map(pattern.fullmatch, self._sealed.names()) if one is not None]
        if not found:
            return None
        return self.unseal(max(found, key=lambda one: int(one[1]))[0], record)

    def when_announced(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called whenever there is an event to tell."""
        self._announcements.when_written(wake)

    def _reference(self, use: str, manifests: Iterable[PluginManifest]) -> KeyReference:
        key = self._offered.get(use)
        offered = fingerprint_of(key.public_key()) if key is not None else None
        return reference_of(use, self._keys, self._store, manifests, offered)
