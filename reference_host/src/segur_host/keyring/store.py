"""The host's store of keys: one folder by use, in it one by key, and a small file that says where each stands.

``key.pem`` is encrypted (PKCS#8) with the passphrase of ``[keyring]``; ``key.json`` says what the public half is and
when the key was made, ``request.pem`` asks for its certificate, ``chain.pem`` is that certificate with its authorities.
A key's folder is made whole before any file names it, and no file names it any more before it is destroyed.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from segur_host.config.secrets import SecretReference
from segur_host.keyring.durable import make_folder, remove_folder, remove_unfinished, replace_private
from segur_host.keyring.mark import Mark
from segur_host.keyring.pairs import MAX_KEY_FILE_BYTES, KeyPair, PrivateKey, fingerprint_of, paired
from segur_host.keyring.passphrase import is_sealed, passphrase_of, passphrases_of
from segur_host.keyring.standing import Standing, is_key_name
from segur_host.storage.failures import disk_error
from segur_host.storage.file_lock import FileLock
from segur_host.storage.private_files import NotPrivateError, make_private_folder, read_private
from segur_sdk.errors import ConfigError

KEYS_FOLDER: Final = Path("certificates", "keys")
"""In the data folder."""
LOCK_NAME: Final = "keys.lock"
MARK_NAME: Final = "installation.json"
STANDING_NAME: Final = "standing.json"
KEY_NAME: Final = "key.pem"
FACTS_NAME: Final = "key.json"
REQUEST_NAME: Final = "request.pem"
CHAIN_NAME: Final = "chain.pem"
_USE: Final = re.compile(r"[a-z][a-z0-9_\-]{0,39}")
"""As ``segur_sdk.manifest.Token``."""
Stamp = tuple[int, int, int]
"""Inode, size, time of change: a file that has the same ones says the same."""
Told = Callable[[str, str], None]
"""Hears of what was found or finished on the way: an event, and the name of a key."""


@attrs.frozen
class KeyFacts:
    """What is known of a key without its passphrase."""

    public_key: str
    made_at: datetime


class KeyStore:
    """Keys in a folder. Every method may be called from any thread, and by several processes.

    Args:
        folder: of the store; it need not exist.
        passphrase: where that is by which keys are encrypted.
        instance: UUID of the installation; without it, whose keys these are is judged by machine and folder only.
        former: where the passphrase of before is, while it is being changed.
    """

    def __init__(
        self,
        folder: Path,
        passphrase: SecretReference | None,
        instance: str | None = None,
        former: SecretReference | None = None,
    ) -> None:
        self.folder: Final = folder
        self._passphrase = passphrase
        self._former = former
        self._instance = instance

    def require_passphrase(self) -> None:
        """See to it that a key could be kept.

        Raises:
            ConfigError: ``config.keyring_passphrase``, and those of its reference.
        """
        passphrase_of(self._passphrase)

    def uses(self) -> tuple[str, ...]:
        """Return the uses that have keys here, or had."""
        try:
            found = (one.parent.name for one in self.folder.glob(f"*/{STANDING_NAME}"))
            return tuple(sorted(one for one in found if is_use(one)))
        except OSError:
            return ()

    def has(self, use: str) -> bool:
        """Tell whether there is anything of a use, whole or not."""
        return (self.folder / use).is_dir()

    def stamp(self, use: str) -> Stamp | None:
        """Return what changes whenever a key of that use is replaced; ``None``: there is none."""
        try:
            told = os.stat(self.folder / use / STANDING_NAME)  # noqa: PTH116 - asked before each call: no object is made
        except OSError:
            return None
        return told.st_ino, told.st_size, told.st_mtime_ns

    def standing(self, use: str) -> Standing:
        """Return where the keys of a use stand.

        Raises:
            ConfigError: ``config.keyring_unreadable``.
        """
        try:
            return Standing.read(read_private(self.folder / use / STANDING_NAME, MAX_KEY_FILE_BYTES))
        except FileNotFoundError:
            return Standing()
        except NotPrivateError:
            raise ConfigError("config.key_permissions", use=use) from None
        except (OSError, ValueError) as failure:
            raise _unreadable(use, failure) from None

    def pair(self, use: str, key: str) -> KeyPair:
        """Return a key with its certificate.

        Raises:
            ConfigError: those of ``key`` and ``chain``, ``config.key_mismatch``, ``config.keyring_copied``.
        """
        self.refuse_copy()
        try:
            return paired(self.key(use, key), self.chain(use, key), use)
        except (ValueError, TypeError) as failure:
            raise ConfigError("config.key_unreadable", use=use, reason=type(failure).__name__) from None

    def key(self, use: str, key: str) -> PrivateKey:
        """Return a key.

        Raises:
            ConfigError: ``config.keyring_passphrase``, ``config.key_permissions``, ``config.key_missing``,
                ``config.key_unreadable``, ``config.key_mismatch`` (it is another key); ``config.keyring_passphrase``
                with ``reason`` ``other``: it is whole, and this passphrase does not open it.
        """
        return self._opened(use, key)[0]

    def reencrypt(self, told: Callable[[str, str], None]) -> int:
        """Encrypt anew every key that only the former passphrase opens; each file is replaced as a whole.

        Every key is opened before any is written: one that opens with neither leaves everything as it was.

        Args:
            told: hears of each before it is written: its use, and the key's public half.

        Returns:
            How many there were.

        Raises:
            ConfigError: those of ``key``, and of ``changing``.
            HostError: those of ``changing``.
        """
        with self.changing():
            opened = [(use, key, *self._opened(use, key)) for use, key in self._whole_keys()]
            left = [(use, key, found) for use, key, found, is_former in opened if is_former]
            for use, key, found in left:
                told(use, fingerprint_of(found.public_key()))
                replace_private(self.folder / use / key / KEY_NAME, self._encrypted(found))
        return len(left)

    def facts(self, use: str, key: str) -> KeyFacts:
        """Return what is known of a key without opening it. Errors as ``standing``, and ``config.key_missing``."""
        try:
            found = json.loads(self._content(use, key, FACTS_NAME))
            facts = KeyFacts(str(found["public_key"]), datetime.fromisoformat(found["made_at"]))
        except (ValueError, TypeError, KeyError, RecursionError) as failure:
            raise _unreadable(use, failure) from None
        if facts.made_at.tzinfo is None or not facts.public_key.startswith(key.upper()):
            raise ConfigError("config.keyring_unreadable", use=use, reason="facts")
        return facts

    def request(self, use: str, key: str) -> bytes:
        """Return the request for its certificate, PEM. Errors as ``facts``."""
        return self._content(use, key, REQUEST_NAME)

    def chain(self, use: str, key: str) -> tuple[x509.Certificate, ...]:
        """Return the certificate of a key, then those that came with it. Errors as ``facts``."""
        try:
            return tuple(x509.load_pem_x509_certificates(self._content(use, key, CHAIN_NAME)))
        except ValueError as failure:
            raise ConfigError("config.key_unreadable", use=use, reason=type(failure).__name__) from None

    def had_certificate(self, use: str, key: str) -> bool:
        """Tell whether a certificate was ever put beside a key."""
        return (self.folder / use / key / CHAIN_NAME).exists()

    def refuse_copy(self) -> None:
        """Use no keys that were made for another installation.

        Raises:
            ConfigError: ``config.keyring_copied``, ``config.keyring_unreadable``.
        """
        try:
            mark = Mark.read((self.folder / MARK_NAME).read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as failure:
            raise ConfigError("config.keyring_unreadable", use=None, reason=type(failure).__name__) from None
        other = mark.differs(Mark.of_here(self.folder, self._instance))
        if other is not None:
            raise ConfigError("config.keyring_copied", reason=other)

    @property
    def is_unmarked(self) -> bool:
        """Whether there are keys of which nothing says whose they are: somebody took the mark away."""
        return bool(self.uses()) and not (self.folder / MARK_NAME).exists()

    @contextmanager
    def changing(self, use: str | None = None, told: Told | None = None) -> Iterator[None]:
        """Let nobody else change the store while the block runs; what a kill left of ``use`` is finished first.

        Raises:
            ConfigError: ``config.keyring_copied``, ``config.keyring_unreadable``.
            HostError: ``storage.busy``, ``storage.not_writable``, ``storage.full``.
        """
        try:
            make_private_folder(self.folder.parent)
            make_private_folder(self.folder)
            lock = FileLock(self.folder / LOCK_NAME)
            try:
                with lock:
                    self.refuse_copy()
                    remove_unfinished(self.folder)
                    if not (self.folder / MARK_NAME).exists():
                        replace_private(self.folder / MARK_NAME, Mark.of_here(self.folder, self._instance).written())
                    if use is not None:
                        self._finish(use, told)
                    yield
            finally:
                lock.close()
        except OSError as failure:
            raise disk_error(failure, "storage.not_writable", self.folder.name) from None

    def add(
        self,
        use: str,
        key: PrivateKey,
        made_at: datetime,
        request: bytes | None = None,
        chain: tuple[x509.Certificate, ...] = (),
    ) -> str:
        """Keep a key, encrypted; returns its name. What it is for is said by ``put`` afterwards.

        Args:
            use: for which it will serve.
            key: the key.
            made_at: when it was made, or came.
            request: for its certificate, PEM.
            chain: its certificate, when that came with it, then those of its authorities.

        Raises:
            ConfigError: ``config.keyring_passphrase``.
            OSError: the disk is full or refuses.
        """
        public_key = fingerprint_of(key.public_key())
        files = {
            KEY_NAME: self._encrypted(key),
            FACTS_NAME: json.dumps({"public_key": public_key, "made_at": made_at.isoformat()}).encode(),
        }
        if request is not None:
            files[REQUEST_NAME] = request
        if chain:
            files[CHAIN_NAME] = _pem(chain)
        name = public_key[:16].lower()
        make_private_folder(self.folder / use)
        make_folder(self.folder / use / name, files)
        return name

    def put_request(self, use: str, key: str, request: bytes) -> None:
        """Keep the request for the certificate of a key. Raises ``OSError``."""
        replace_private(self.folder / use / key / REQUEST_NAME, request)

    def put_chain(self, use: str, key: str, chain: tuple[x509.Certificate, ...]) -> None:
        """Keep the certificate of a key, with those that came with it. Raises ``OSError``."""
        replace_private(self.folder / use / key / CHAIN_NAME, _pem(chain))

    def put(self, use: str, standing: Standing) -> None:
        """Say where keys stand from now on, and destroy those that are condemned. Raises ``OSError``."""
        make_private_folder(self.folder / use)
        replace_private(self.folder / use / STANDING_NAME, standing.written())
        self._destroy(use, standing)

    def keys_of(self, use: str) -> tuple[str, ...]:
        """Return the names of the folders of keys, whether or not anything names them."""
        try:
            return tuple(sorted(one.name for one in (self.folder / use).iterdir() if is_key_name(one.name)))
        except OSError:
            return ()

    def _opened(self, use: str, key: str) -> tuple[PrivateKey, bool]:
        """Return a key, and whether it took the former passphrase. Errors as ``key``."""
        content = self._content(use, key, KEY_NAME)
        refused: Exception = ValueError()
        for is_former, passphrase in enumerate(passphrases_of(self._passphrase, self._former)):
            try:
                found = load_pem_private_key(content, passphrase)
            except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
                refused = failure
                continue
            if not isinstance(found, PrivateKey):
                raise ConfigError("config.key_unreadable", use=use, reason="kind")
            if fingerprint_of(found.public_key()) != self.facts(use, key).public_key:
                raise ConfigError("config.key_mismatch", use=use)
            return found, bool(is_former)
        if is_sealed(content):
            raise ConfigError("config.keyring_passphrase", reason="other")
        raise ConfigError("config.key_unreadable", use=use, reason=type(refused).__name__)

    def _encrypted(self, key: PrivateKey) -> bytes:
        encryption = BestAvailableEncryption(passphrase_of(self._passphrase))
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def _whole_keys(self) -> Iterator[tuple[str, str]]:
        """Yield every key that is not to be destroyed, by use and name, whether or not anything names it."""
        for use in sorted(one.name for one in self.folder.iterdir() if is_use(one.name) and one.is_dir()):
            condemned = self.standing(use).condemned
            for key in self.keys_of(use):
                if key not in condemned and (self.folder / use / key / KEY_NAME).exists():
                    remove_unfinished(self.folder / use / key)
                    yield use, key

    def _finish(self, use: str, told: Told | None) -> None:
        """Destroy what was to be, drop what was half written, and take in whole keys that nothing names."""
        folder = self.folder / use
        if not folder.exists():
            return
        standing = self.standing(use)
        self._destroy(use, standing)
        remove_unfinished(folder)
        found = [one for one in self.keys_of(use) if one not in standing.kept and one not in standing.condemned]
        for key in (one for one in found if (folder / one / KEY_NAME).exists()):
            # Perhaps the only copy: a key is destroyed when somebody says so, and never because a file was lost.
            if told is not None:
                told("keyring.found", key)
            standing = standing.with_found(key)
            self.put(use, standing)
        for key in standing.kept:
            remove_unfinished(folder / key)

    def _destroy(self, use: str, standing: Standing) -> None:
        if not standing.condemned:
            return
        for key in standing.condemned:
            remove_folder(self.folder / use / key)
        replace_private(self.folder / use / STANDING_NAME, attrs.evolve(standing, condemned=()).written())

    def _content(self, use: str, key: str, name: str) -> bytes:
        try:
            self._refuse_open_folder(use)
            return read_private(self.folder / use / key / name, MAX_KEY_FILE_BYTES)
        except FileNotFoundError:
            raise ConfigError("config.key_missing", use=use, reason="no_file") from None
        except NotPrivateError:
            raise ConfigError("config.key_permissions", use=use) from None
        except OSError as failure:
            raise _unreadable(use, failure) from None

    def _refuse_open_folder(self, use: str) -> None:
        """Refuse a folder in which others may put files of theirs in place of ours."""
        told = (self.folder / use).stat()
        if os.name == "posix" and (told.st_uid != os.geteuid() or stat.S_IMODE(told.st_mode) & 0o077):
            raise NotPrivateError(use)


def is_use(name: object) -> bool:
    """Tell whether it may be the name of a use, and of its folder."""
    return isinstance(name, str) and _USE.fullmatch(name) is not None


def _pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in chain)


def _unreadable(use: str, failure: Exception) -> ConfigError:
    return ConfigError("config.keyring_unreadable", use=use, reason=type(failure).__name__)
