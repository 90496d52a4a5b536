"""The keys of the store, as they follow one another: made or taken in, installed, taken back, destroyed.

What changes something is noted in the audit before it is done, so that nothing is done without a trace. Every change
is one replacement of a small file: whoever is killed does it again, and finds it begun or done.
"""

from contextlib import AbstractContextManager, suppress
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from segur_host.broker.keys import KeyRing
from segur_host.broker.trust import refuse_other_world
from segur_host.keyring.making import MAX_NAME, new_private_key, request_for
from segur_host.keyring.pairs import MAX_KEY_FILE_BYTES, PrivateKey, facts_of, fingerprint_of
from segur_host.keyring.references import is_configured
from segur_host.keyring.standing import Standing
from segur_host.keyring.store import KeyStore, is_use
from segur_sdk.context import Clock
from segur_sdk.errors import ConfigError, Fact, InputError
from segur_sdk.keyring import KeyRequest
from segur_sdk.models.actor import Environment

MAX_CHAIN: Final = 16
MAX_CHAIN_BYTES: Final = MAX_KEY_FILE_BYTES // 2
"""In DER: what is written has to be read again."""


class Record(Protocol):
    """Adds a record to the audit in somebody's name."""

    def __call__(self, event: str, **facts: Fact) -> None:
        """Add it, now or with the transaction that this thread is in."""
        ...


class KeptKeys:
    """Changes the store; see ``segur_sdk.keyring.Keyring`` for what each change is, and its errors.

    Args:
        keys: every key, that of the configuration included.
        store: of the host.
        clock: dates requests.
        environment: of the installation, to which certificates have to belong.
    """

    def __init__(self, keys: KeyRing, store: KeyStore, clock: Clock, environment: Environment) -> None:
        self._keys = keys
        self._store = store
        self._clock = clock
        self._environment: Environment = environment

    def new_key(self, use: str, name: str, record: Record) -> KeyRequest:
        """Make a key that waits for its certificate, or return the request of the one that does."""
        self._require_here(use)
        if not (isinstance(name, str) and 0 < len(name) <= MAX_NAME and name.isprintable()):
            raise InputError("input.key_name")
        self._store.require_passphrase()
        with self._changing(use, record):
            standing = self._store.standing(use)
            if not standing.awaiting:
                # Whoever was stopped in the middle goes on with the key that was made.
                left = next((one for one in standing.found if not self._store.had_certificate(use, one)), None)
                standing = standing.claimed(left) if left else standing.with_new(self._made(use, name, record))
                self._store.put(use, standing)
            return self._request(use, standing.awaiting[0], name)

    def drop_new_key(self, use: str, public_key: str, record: Record) -> None:
        """Destroy one key that waits for its first certificate."""
        if not self._is_kept(use):
            return
        with self._changing(use, record):
            standing = self._store.standing(use)
            for key in standing.awaiting:
                known = self._store.facts(use, key).public_key
                if known == public_key and not self._store.had_certificate(use, key):
                    self._destroy(use, standing.dropped(key), "keyring.dropped", record)

    def install(self, use: str, chain: tuple[bytes, ...], record: Record, offered: PrivateKey | None = None) -> None:
        """Put a certificate beside the key that waits for it, and have it serve.

        Args:
            use: of the key.
            chain: DER: the certificate, then those of its authorities.
            record: adds to the audit.
            offered: a key that came with its certificate: kept with it, unless it is kept already.
        """
        self._require_here(use)
        certificates = _read(use, chain)
        leaf = certificates[0]
        refuse_other_world(leaf, self._environment, use)
        public_key = fingerprint_of(leaf.public_key())
        with self._changing(use, record):
            standing = self._store.standing(use)
            wanted = public_key[:16].lower()
            if wanted == standing.serving and self._store.chain(use, wanted)[0] == leaf:
                return
            certified = {"use": use, "key": public_key, "certificate": f"{leaf.serial_number:X}"}
            if offered is not None and self._is_new(standing, offered, public_key):
                self._keys.refuse_in_another_place(public_key, use)
                record("keyring.taken_in", use=use, key=public_key)
                record("keyring.installed", **certified)
                standing = standing.with_new(self._store.add(use, offered, self._clock.now(), chain=certificates))
            else:
                if not standing.waiting:
                    raise ConfigError("config.key_missing", use=use, reason="none_awaiting")
                if wanted not in standing.waiting or self._store.facts(use, wanted).public_key != public_key:
                    raise ConfigError("config.key_mismatch", use=use)
                # A key that does not open must not take the place of one that does.
                self._store.key(use, wanted)
                record("keyring.installed", **certified)
                self._store.put_chain(use, wanted, certificates)
            self._store.put(use, standing.installed(wanted, configured=is_configured(self._keys, use)))

    def take_back(self, use: str, record: Record) -> None:
        """Have the former key and certificate serve again; done twice without an installation between, it is once."""
        if not self._is_kept(use):
            raise ConfigError("config.key_missing", use=use, reason="no_former")
        configured = is_configured(self._keys, use)
        with self._changing(use, record):
            standing = self._store.standing(use)
            if not standing.returned:
                before = standing.before(configured=configured)
                if not before:
                    raise ConfigError("config.key_missing", use=use, reason="no_former")
                if before[0] is not None:
                    # A key that does not open must not take the place of one that does.
                    self._store.pair(use, before[0])
                key = self._store.facts(use, before[0]).public_key if before[0] is not None else "configuration"
                record("keyring.taken_back", use=use, key=key)
                self._store.put(use, standing.taken_back(configured=configured))

    def retire(self, use: str, record: Record) -> None:
        """Destroy the former keys of the store."""
        if self._is_kept(use):
            with self._changing(use, record):
                standing = self._store.standing(use)
                if standing.former:
                    self._destroy(use, standing.without_former(), "keyring.retired", record)

    def require_place(self, use: str, key: PrivateKey) -> None:
        """See to it that a key that was made elsewhere could be kept; nothing is.

        Raises:
            ConfigError: ``config.keyring_passphrase``, ``config.key_on_token``, ``config.key_twice``,
                ``config.key_missing`` for what is no use.
        """
        self._require_here(use)
        self._store.require_passphrase()
        self._store.refuse_copy()
        public_key = fingerprint_of(key.public_key())
        if self._is_new(self._store.standing(use), key, public_key):
            self._keys.refuse_in_another_place(public_key, use)

    def _is_new(self, standing: Standing, offered: PrivateKey, public_key: str) -> bool:
        """Tell whether it is the offered key that is meant, and it is not kept yet."""
        return fingerprint_of(offered.public_key()) == public_key and public_key[:16].lower() not in standing.kept

    def _made(self, use: str, name: str, record: Record) -> str:
        key = new_private_key()
        record("keyring.made", use=use, key=fingerprint_of(key.public_key()))
        return self._store.add(use, key, self._clock.now(), request_for(key, name))

    def _changing(self, use: str, record: Record) -> AbstractContextManager[None]:
        def told(event: str, key: str) -> None:
            public_key = key
            # What was found may be damaged: it is told all the same.
            with suppress(ConfigError):
                public_key = self._store.facts(use, key).public_key
            record(event, use=use, key=public_key)

        return self._store.changing(use, told)

    def _require_here(self, use: str) -> None:
        """Refuse what is no use, and one whose key stays on a token."""
        if not is_use(use):
            raise ConfigError("config.key_missing", use=None, reason="use")
        table = self._keys.table(use)
        if table is not None and table.token is not None:
            raise ConfigError("config.key_on_token", use=use)

    def _is_kept(self, use: str) -> bool:
        return is_use(use) and self._store.has(use)

    def _destroy(self, use: str, standing: Standing, event: str, record: Record) -> None:
        """Destroy keys, each of them noted first."""
        for key in standing.condemned:
            record(event, use=use, key=self._store.facts(use, key).public_key)
        self._store.put(use, standing)

    def _request(self, use: str, key: str, name: str) -> KeyRequest:
        """Return the request of a key; one that was taken in never had one."""
        facts = self._store.facts(use, key)
        try:
            csr = self._store.request(use, key)
        except ConfigError as missing:
            if missing.code != "config.key_missing":
                raise
            csr = request_for(self._store.key(use, key), name)
            self._store.put_request(use, key, csr)
        return KeyRequest(use=use, csr=csr, public_key=facts.public_key, made_at=facts.made_at)


def _read(use: str, chain: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    """Return certificates of which the first bears names and a key."""
    if len(chain) > MAX_CHAIN or sum(map(len, chain)) > MAX_CHAIN_BYTES:
        raise ConfigError("config.key_unreadable", use=use, reason="too_large")
    try:
        found = tuple(x509.load_der_x509_certificate(one) for one in chain)
        facts_of(found[0])
        found[0].public_key()
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as failure:
        raise ConfigError("config.key_unreadable", use=use, reason=type(failure).__name__) from None
    return found
