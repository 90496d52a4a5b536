"""Revocation lists that plugins bring: the latest of each authority, where every purpose of the host looks."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.tls.crl_folder import MAX_LIST_BYTES
from segur_host.broker.tls.list_scope import scope_of
from segur_host.keyring.durable import remove_unfinished, replace_private
from segur_host.storage.failures import disk_error
from segur_host.storage.file_lock import FileLock
from segur_host.storage.private_files import make_private_folder
from segur_sdk.context import Clock
from segur_sdk.errors import InputError

LOCK_NAME: Final = "lists.lock"
_PEM: Final = b"-----BEGIN"


class KeptLists:
    """Files ``*.crl``, one by authority; those that an administrator put beside them are read as well.

    Args:
        folder: of the files.
        clock: a list that is yet to be issued replaces none, and is replaced by any.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def keep(self, content: bytes, told: Callable[[], None]) -> None:
        """Keep a list, in DER, in place of the former one of its authority; an older one never replaces a newer.

        Args:
            content: the list.
            told: hears of it before it is done, and only if it is not there already and is no older one.

        Raises:
            InputError: ``input.crl_unreadable`` (``reason``: ``too_large``, ``form``, ``endless``, ``partial``).
            HostError: ``storage.not_writable``, ``storage.full``, ``storage.busy``.
        """
        new = _parsed(content)
        path = self._folder / f"{_authority(new)}.crl"
        try:
            make_private_folder(self._folder.parent)
            make_private_folder(self._folder)
            lock = FileLock(self._folder / LOCK_NAME)
            try:
                with lock:
                    remove_unfinished(self._folder)
                    if self._goes_before(new, _read(path)):
                        told()
                        replace_private(path, content)
            finally:
                lock.close()
        except OSError as failure:
            raise disk_error(failure, "storage.not_writable", path.name) from None

    def all(self) -> tuple[bytes, ...]:
        """Return every list that can be read, in DER."""
        try:
            paths = sorted(self._folder.glob("*.crl"))
        except OSError:
            return ()
        found = (_read(path) for path in paths)
        return tuple(one.public_bytes(Encoding.DER) for one in found if one is not None)

    def _goes_before(self, new: x509.CertificateRevocationList, former: x509.CertificateRevocationList | None) -> bool:
        if former is None or former.last_update_utc > self._clock.now():
            return True
        if former == new or new.last_update_utc > self._clock.now():
            return False
        return new.last_update_utc >= former.last_update_utc


def issuer_of(content: bytes) -> str:
    """Return the name of the authority of a list, in DER.

    Raises:
        InputError: ``input.crl_unreadable``.
    """
    return _parsed(content).issuer.rfc4514_string()


def _parsed(content: bytes) -> x509.CertificateRevocationList:
    if len(content) > MAX_LIST_BYTES:
        raise InputError("input.crl_unreadable", reason="too_large")
    try:
        found = x509.load_der_x509_crl(content)
        ends_at = found.next_update_utc
        partial = scope_of(found) is None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("input.crl_unreadable", reason="form") from None
    if ends_at is None:
        raise InputError("input.crl_unreadable", reason="endless")
    if partial:
        # It would stand in place of a whole one, and be passed over by whoever asks.
        raise InputError("input.crl_unreadable", reason="partial")
    return found


def _authority(found: x509.CertificateRevocationList) -> str:
    """Return a name for the authority: it is the same for all of its lists of one place, and another for each key."""
    told = found.issuer.public_bytes()
    try:
        key = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        key = None
    places = sorted(repr(one).encode() for one in scope_of(found) or ())
    return sha256(told + (key or b"") + b"".join(places)).hexdigest()[:32]


def _read(path: Path) -> x509.CertificateRevocationList | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_LIST_BYTES + 1)
        if len(content) > MAX_LIST_BYTES:
            return None
        pem = content.lstrip().startswith(_PEM)
        return x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
    except (OSError, ValueError, UnsupportedAlgorithm):
        return None
