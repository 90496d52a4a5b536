"""Keys by use: files that the host alone opens and keys of tokens; facts for plugins, TLS contexts for its brokers.

A key of the host's own store serves before the one that the configuration names for the same use. When another one is
installed, here or by another process, it serves from the next call on.
"""

import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_host.broker.key_usage import authenticates_clients, signs
from segur_host.broker.tokens import TokenBroker, TokenKeyFound
from segur_host.broker.trust import TrustStore, refuse_other_world
from segur_host.clock import SystemClock
from segur_host.config.model import HostConfig, KeyTable, TokenKeyTable
from segur_host.keyring.handing_over import hand_over
from segur_host.keyring.pairs import KeyPair, facts_of, fingerprint_of, read_pair
from segur_host.keyring.places import KeyPlaces
from segur_host.keyring.standing import Standing
from segur_host.keyring.store import KEYS_FOLDER, KeyStore, Stamp
from segur_sdk.context import Clock
from segur_sdk.errors import ConfigError, SegurError
from segur_sdk.models.actor import Environment
from segur_sdk.models.certificate import CertificateInfo

TOKENS_AGAIN_S: Final = 60.0
"""How long tokens that were not there are not looked for again for the sake of other keys."""


@attrs.frozen
class _Context:
    made: ssl.SSLContext
    certificate: x509.Certificate | None
    public_key: str | None


class KeyRing:
    """The keys of the configuration and of the store, read when first used. Every method may be called from any thread.

    Args:
        config: its ``keys``, ``keyring``, ``trust``, ``environment`` and ``data``.
        tokens: where keys stay that are on no disk; without them such a key is missing.
        clock: by which certificates begin and end.
        store: the host's own; without it, that of the configuration's data folder.
    """

    def __init__(
        self,
        config: HostConfig,
        tokens: TokenBroker | None = None,
        clock: Clock | None = None,
        store: KeyStore | None = None,
    ) -> None:
        self._tables = config.keys
        self._tokens = tokens
        self._clock: Clock = clock or SystemClock()
        self._store = store or KeyStore(
            config.data / KEYS_FOLDER, config.keyring.passphrase, former=config.keyring.former_passphrase
        )
        self._environment: Environment = config.environment
        self._trust = TrustStore(config.trust, config.environment)
        self._places = KeyPlaces()
        files = ((use, _file_of(table)) for use, table in config.keys.items())
        self._paths = tuple((use, str(path)) for use, path in files if path is not None)
        self._lock = threading.Lock()
        self._stamps: dict[str, Stamp | None] = {}
        self._standings: dict[str, Standing] = {}
        self._pairs: dict[str, KeyPair] = {}
        self._contexts: dict[tuple[str | None, str], _Context] = {}
        self._everything: tuple[object, ...] | None = None
        """What there was when every key was last looked for."""
        self._files: dict[tuple[str, str], Stamp | None] = {}
        """By use and file, read or found unreadable as it was then."""
        self._tokens_again = 0.0
        """When tokens are looked for again, by the clock of the process."""

    @property
    def uses(self) -> tuple[str, ...]:
        """Every use that has a key, in the configuration or in the store."""
        return tuple(sorted({*self._tables, *self._store.uses()}))

    def table(self, use: str) -> KeyTable | None:
        """Return what the configuration says of a use."""
        return self._tables.get(use)

    def has(self, use: str) -> bool:
        """Tell whether there is a key for a use; whether it can be read is not asked."""
        if use in self._tables:
            return True
        with self._lock:
            return self._standing(use).serving is not None

    def certificate(self, use: str) -> CertificateInfo:
        """Return the facts of the certificate that serves for a use. Whether it is in date is not judged here.

        Raises:
            ConfigError: ``config.key_missing``, ``config.key_unreadable`` (wrong password, or no key),
                ``config.key_permissions``, ``config.key_mismatch`` (the certificate is not that of the key),
                ``config.certificate_environment``, and those of the password's reference; of a key of the store also
                ``config.keyring_unreadable``, ``config.keyring_copied``, ``config.keyring_passphrase``.
            CardError: ``token.absent``, ``token.key_missing``, and what its driver says, for a key on a token.
        """
        return facts_of(self.chain(use)[0])

    def chain(self, use: str) -> tuple[x509.Certificate, ...]:
        """Return the certificate that serves for a use, then those that came with it. Errors as ``certificate``."""
        found = self.held_chain(use)
        self.refuse_other_world(found[0], use)
        return found

    def held_chain(self, use: str) -> tuple[x509.Certificate, ...]:
        """Return what is held for a use, to tell of it: of whichever environment. Other errors as ``certificate``."""
        token = self._token_of(use)
        if token is not None:
            return (self._found_on_token(use, token).certificate,)
        with self._lock:
            return self._held(use).chain

    def refuse_other_world(self, certificate: x509.Certificate, use: str) -> None:
        """Refuse the certificate of a key that belongs to another environment.

        Raises:
            ConfigError: ``config.certificate_environment``.
        """
        refuse_other_world(certificate, self._environment, use)

    def anchors(self, trust: str) -> tuple[x509.Certificate, ...]:
        """Return the authorities of that name.

        Raises:
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``, ``config.certificate_environment``.
        """
        return self._trust.anchors(trust)

    def ssl_context(self, use: str | None, trust: str) -> ssl.SSLContext:
        """Return the TLS client context of a key and of named anchors, the same object as long as that key serves.

        Args:
            use: of the key the client authenticates with; ``None`` for a client without certificate.
            trust: name of the anchors.

        Raises:
            ConfigError: those of ``certificate``, ``config.trust_missing``, ``config.trust_unreadable``;
                ``config.key_usage``: its usages are others than to authenticate; ``config.certificate_ended``,
                ``config.certificate_not_yet``; ``config.key_twice``: the same key is in another place too; those of
                ``load_token_key`` for a key on a token.
            CardError: those of ``certificate``.
        """
        with self._lock:
            if use is not None:
                self._look(use)
            stamp = self._stamps.get(use) if use is not None else None
            context = self._contexts.get((use, trust))
        if context is None:
            # Not while others wait: a token may take its time.
            context = self._made(use, trust)
            with self._lock:
                if use is None or self._stamps.get(use) == stamp:
                    context = self._contexts.setdefault((use, trust), context)
        if use is not None and context.certificate is not None:
            self.refuse_out_of_date(context.certificate, use)
            self._look_at_tokens()
            with self._lock:
                self._look_everywhere()
            self._places.refuse_twice(context.public_key, use)
        return context.made

    def signing_key(self, use: str) -> tuple[rsa.RSAPrivateKey, tuple[x509.Certificate, ...]]:
        """Return the key of a file that signs, and its chain.

        Raises:
            ConfigError: those of ``certificate``; ``config.key_usage``: its usages do not say that it signs;
                ``config.key_missing`` with ``reason`` ``token``: a card signs in its holder's session only;
                ``config.certificate_ended``, ``config.certificate_not_yet``, ``config.key_twice``.
        """
        if self._token_of(use) is not None:
            raise ConfigError("config.key_missing", use=use, reason="token")
        self._look_at_tokens()
        with self._lock:
            pair = self._pair(use)
            self._look_everywhere()
        if not (signs(pair.chain[0]) and isinstance(pair.key, rsa.RSAPrivateKey)):
            raise ConfigError("config.key_usage", use=use, wanted="signature")
        self.refuse_out_of_date(pair.chain[0], use)
        self._places.refuse_twice(pair.public_key, use)
        return pair.key, pair.chain

    def refuse_twice_on_token(self, certificate: x509.Certificate, serial: str, use: str) -> None:
        """Refuse the key of a card that is in another place too.

        Raises:
            ConfigError: ``config.key_twice``.
        """
        public_key = fingerprint_of(certificate.public_key())
        with self._lock:
            self._places.add(use, f"token:{serial}", public_key)
            self._look_everywhere()
        self._places.refuse_twice(public_key, use)

    def refuse_out_of_date(self, certificate: x509.Certificate, use: str) -> None:
        """Refuse a certificate that ended or has not begun: whoever is called would refuse it too, less clearly.

        Raises:
            ConfigError: ``config.certificate_ended``, ``config.certificate_not_yet``.
        """
        now = self._clock.now()
        if now > certificate.not_valid_after_utc:
            date = certificate.not_valid_after_utc.date().isoformat()
            raise ConfigError("config.certificate_ended", use=use, date=date)
        if now < certificate.not_valid_before_utc:
            date = certificate.not_valid_before_utc.date().isoformat()
            raise ConfigError("config.certificate_not_yet", use=use, date=date)

    def refuse_in_another_place(self, public_key: str, use: str) -> None:
        """Refuse a key for the store that any use has already, in a file, on a token that is there, or in the store.

        Raises:
            ConfigError: ``config.key_twice``.
        """
        self._look_at_tokens(at_once=True)
        with self._lock:
            self._everything = None
            self._look_everywhere()
        self._places.refuse_any(public_key, use)

    def forget_token(self, serial: str) -> frozenset[str]:
        """Drop the contexts that authenticate with keys of a token, and return the uses of those keys."""
        uses = frozenset(
            use for use, table in self._tables.items() if table.token is not None and table.token.serial == serial
        )
        with self._lock:
            self._contexts = {place: context for place, context in self._contexts.items() if place[0] not in uses}
        return uses

    def _made(self, use: str | None, trust: str) -> _Context:
        """Make a context, which authenticates with a key if one is named."""
        made = self._trust.context(trust)
        if use is None:
            return _Context(made, None, None)
        token = self._token_of(use)
        if token is None:
            with self._lock:
                pair = self._pair(use)
            if signs(pair.chain[0]) or not authenticates_clients(pair.chain[0]):
                raise ConfigError("config.key_usage", use=use, wanted="authentication")
            self.refuse_out_of_date(pair.chain[0], use)
            hand_over(made, pair, use)
            return _Context(made, pair.chain[0], pair.public_key)
        # Imported when a key stays on a token: what it needs takes a while to load, and most hosts have no such key.
        from segur_host.broker.token_tls import load_token_key  # noqa: PLC0415

        found = self._on_token(use, token)
        self.refuse_out_of_date(found.certificate, use)
        assert self._tokens is not None
        tokens, serial, key = self._tokens, token.serial, found.key
        load_token_key(
            made,
            (found.certificate,),
            found.schemes,
            lambda scheme, data: tokens.sign(serial, key, scheme, data),
        )
        return _Context(made, found.certificate, fingerprint_of(found.certificate.public_key()))

    def _token_of(self, use: str) -> TokenKeyTable | None:
        """Return where the key of a use stays, if that is on a token."""
        table = self._tables.get(use)
        if table is None or table.token is None:
            return None
        with self._lock:
            return table.token if self._standing(use).serving is None else None

    def _on_token(self, use: str, table: TokenKeyTable) -> TokenKeyFound:
        found = self._found_on_token(use, table)
        self.refuse_other_world(found.certificate, use)
        return found

    def _found_on_token(self, use: str, table: TokenKeyTable) -> TokenKeyFound:
        if self._tokens is None:
            raise ConfigError("config.key_missing", use=use, reason="no_token")
        found = self._tokens.key_of(table.serial, table.key, authenticates_clients)
        with self._lock:
            self._places.add(use, f"token:{table.serial}", fingerprint_of(found.certificate.public_key()))
        return found

    def _look(self, use: str) -> None:
        """Forget what was read of a use when another key serves since."""
        stamp = self._store.stamp(use)
        if stamp == self._stamps.get(use):
            return
        self._standings.pop(use, None)
        self._pairs.pop(use, None)
        self._contexts = {place: context for place, context in self._contexts.items() if place[0] != use}
        self._stamps[use] = stamp

    def _standing(self, use: str) -> Standing:
        self._look(use)
        if self._stamps.get(use) is None:
            return Standing()
        if use not in self._standings:
            self._standings[use] = self._store.standing(use)
        return self._standings[use]

    def _pair(self, use: str) -> KeyPair:
        pair = self._held(use)
        self.refuse_other_world(pair.chain[0], use)
        return pair

    def _held(self, use: str) -> KeyPair:
        """Return the key that is held for a use, with its certificate, of whichever environment that is."""
        serving = self._standing(use).serving
        pair = self._pairs.get(use)
        if pair is None:
            table = self._tables.get(use)
            if serving is not None:
                pair = self._store.pair(use, serving)
            elif table is None or table.token is not None:
                raise ConfigError("config.key_missing", use=use, reason="not_configured")
            else:
                pair = self._read(table, use)
            self._pairs[use] = pair
        return pair

    def _look_at_tokens(self, *, at_once: bool = False) -> None:
        """Know of the keys of tokens that no use of theirs has read yet. Not while others wait: a token takes its time.

        Args:
            at_once: even if they were looked for a moment ago.
        """
        unread = [
            (use, table.token)
            for use, table in self._tables.items()
            if table.token is not None and not self._places.has(use, f"token:{table.token.serial}")
        ]
        if not unread or self._tokens is None:
            return
        with self._lock:
            if monotonic() < self._tokens_again and not at_once:
                return
            self._tokens_again = monotonic() + TOKENS_AGAIN_S
        for use, token in unread:
            # One that is not there, or cannot be read, is told when it is used.
            with suppress(SegurError):
                self._found_on_token(use, token)

    def _look_everywhere(self) -> None:
        """Know of every key where it is: those of files by reading them, those of the store by what stands beside.

        What did not change is not read again, whether it could be or not. No card is asked for this.
        """
        files = {(use, path): _stamp(path) for use, path in self._paths}
        everything = (*files.items(), *((use, self._store.stamp(use)) for use in self._store.uses()))
        if everything == self._everything:
            return
        for (use, place), stamp in files.items():
            if stamp is None or self._files.get((use, place)) != stamp:
                # What cannot be read is told when it is used.
                with suppress(SegurError):
                    self._read(self._tables[use], use)
        self._places.put_stored(self._stored())
        self._everything = everything

    def _read(self, table: KeyTable, use: str) -> KeyPair:
        """Read a key of the configuration, and note where it is."""
        path = _file_of(table)
        if path is None:
            return read_pair(table, use)
        self._files[(use, str(path))] = _stamp(str(path))
        self._places.remove(use, str(path))
        pair = read_pair(table, use)
        self._places.add(use, str(path), pair.public_key)
        return pair

    def _stored(self) -> Iterator[tuple[str, str, str]]:
        for use in self._store.uses():
            for key in self._store.keys_of(use):
                with suppress(SegurError):
                    yield use, key, self._store.facts(use, key).public_key


def _file_of(table: KeyTable) -> Path | None:
    path = table.p12 or table.key
    return path.resolve() if path is not None else None


def _stamp(path: str) -> Stamp | None:
    try:
        told = os.stat(path)  # noqa: PTH116 - asked before each call: no object is made
    except OSError:
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns
