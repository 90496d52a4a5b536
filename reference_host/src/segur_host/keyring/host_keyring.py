"""The keys of the installation as a whole: what plugins may ask of them, and what the host alone may do."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.keys import KeyRing
from segur_host.config.secrets import Secret
from segur_host.keyring.announcements import Announcements
from segur_host.keyring.containers import read_container
from segur_host.keyring.kept_keys import KeptKeys, Record
from segur_host.keyring.kept_lists import KeptLists, issuer_of
from segur_host.keyring.references import reference_of
from segur_host.keyring.sealed import SEALED_PREFIX, SealedSecrets
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

    def adopt(self) -> None:
        """Take keys whose mark somebody removed on purpose for those of this installation."""
        if self._store.is_unmarked:
            with self._store.changing():
                self._record("keyring.adopted")

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key, by use."""
        manifests = tuple(self._manifests())
        return tuple(reference_of(use, self._keys, self._store, manifests) for use in self._keys.uses)

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return the authorities of that name, in DER."""
        return tuple(one.public_bytes(Encoding.DER) for one in self._keys.anchors(trust))

    def new_key(self, use: str, name: str, record: Record) -> KeyRequest:
        """Make a key that waits for its certificate, or return the request of the one that does."""
        return self._kept.new_key(use, name, record)

    def drop_new_key(self, use: str, record: Record) -> None:
        """Destroy the key that waits for a certificate."""
        self._kept.drop_new_key(use, record)

    def install(self, use: str, chain: tuple[bytes, ...], record: Record) -> KeyReference:
        """Put a certificate beside the key that waits for it, and have it serve."""
        self._kept.install(use, chain, record)
        return self._reference(use)

    def take_back(self, use: str, record: Record) -> KeyReference:
        """Have the former key and certificate serve again."""
        self._kept.take_back(use, record)
        return self._reference(use)

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
            if ask(hidden) != secret:
                raise InputError("input.secret_differs", question=question.code)
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
        if self._lists.keep(crl):
            record("keyring.list_kept", issuer=issuer_of(crl)[:200])

    def lists(self) -> tuple[bytes, ...]:
        """Return the revocation lists that are kept, in DER."""
        return self._lists.all()

    def announce(self, use: str, level: ExpiryLevel, days_left: int) -> None:
        """Have every plugin told that a certificate nears its end."""
        self._announcements.announce(use, self._keys.chain(use)[0], level, days_left)

    def take_in(self, use: str, content: bytes, password: str) -> tuple[bytes, ...]:
        """Keep the key of a PKCS#12 until its certificate is installed. Of the host alone: no plugin has passwords.

        Args:
            use: for which it will serve.
            content: the file.
            password: of the file.

        Returns:
            Its certificate, then the others, in DER: to be judged, then installed.

        Raises:
            InputError: those of ``read_container``.
            ConfigError: those of ``KeptKeys.take_in``.
            HostError: those of ``KeptKeys.take_in``.
        """
        found = read_container(content, password)
        self._kept.take_in(use, found.key, self._record)
        return tuple(one.public_bytes(Encoding.DER) for one in found.chain)

    def unseal(self, name: str) -> Secret:
        """Return a sealed secret. Of the host alone: no plugin ever sees one.

        Raises:
            InputError: ``input.secret_unknown``.
            ConfigError: ``config.keyring_passphrase``.
        """
        found = self._sealed.get(name.removeprefix(SEALED_PREFIX))
        self._record("keyring.unsealed", name=name.removeprefix(SEALED_PREFIX))
        return found

    def when_announced(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called whenever there is an event to tell."""
        self._announcements.when_written(wake)

    def _reference(self, use: str) -> KeyReference:
        return reference_of(use, self._keys, self._store, tuple(self._manifests()))
