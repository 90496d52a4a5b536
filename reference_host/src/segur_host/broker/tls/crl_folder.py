"""Revocation lists in a folder: the latest of each authority that still holds, and never an expired one.

OpenSSL's own check is not used. It reads lists once, into a context that is kept; it has no way to go on when a list is
missing; and of several lists of one authority it does not take the latest by itself.
"""

import os
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from segur_host.broker.tls.list_scope import Points, is_within, scope_of
from segur_host.broker.tls.revocation import UNKNOWN, RevocationAnswer, Verdict
from segur_sdk.context import Clock

CRL_FOLDER: Final = Path("certificates", "crl")
"""In the data folder."""
MAX_LIST_BYTES: Final = 33_554_432
_Stamp = tuple[int, int, int]
"""Inode, size, time of change: a file that has the same ones is not read again."""


class CrlFolder:
    """Implements ``RevocationStatus`` with files ``*.crl``, DER or PEM. Every method may be called from any thread.

    A file that is no list, is too large, or covers a part of certificates or reasons is passed over (``scope_of``); one
    that says where it is published is of the certificates that name that place. A file that changes is read again.

    Args:
        folder: of the files; it need not exist.
        clock: by which lists expire.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[_Stamp, _List | None]] = {}

    def status(self, certificate: bytes, issuer: bytes) -> RevocationAnswer:
        """Tell whether a certificate was revoked; see ``RevocationStatus``."""
        now = self._clock.now()
        try:
            asked = x509.load_der_x509_certificate(certificate)
            authority = x509.load_der_x509_certificate(issuer)
        except ValueError:
            return UNKNOWN
        with self._lock:
            self._look()
            lists = [one for _, one in self._kept.values() if one is not None and one.holds(now)]
            usable = [one for one in lists if one.covers(asked) and one.is_of(authority)]
            if not usable:
                return UNKNOWN
            latest = max(usable, key=lambda one: one.issued_at)
            revoked_at = latest.revoked.get(asked.serial_number)
        if revoked_at is not None:
            return RevocationAnswer(Verdict.REVOKED, revoked_at)
        return RevocationAnswer(Verdict.GOOD, latest.issued_at)

    def _look(self) -> None:
        """Read what is new, forget what is gone."""
        found: dict[str, _Stamp] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".crl") and entry.is_file():
                        told = entry.stat()
                        found[entry.path] = (told.st_ino, told.st_size, told.st_mtime_ns)
        except OSError:
            # Without the folder no list is known, whatever was known before.
            found.clear()
        for gone in self._kept.keys() - found.keys():
            del self._kept[gone]
        for path, stamp in found.items():
            if path not in self._kept or self._kept[path][0] != stamp:
                self._kept[path] = (stamp, _read(Path(path)))


class _List:
    """One list, looked into when asked."""

    def __init__(
        self, parsed: x509.CertificateRevocationList, points: Points, issued_at: datetime, ends_at: datetime
    ) -> None:
        self._parsed = parsed
        self._points = points
        self.issued_at: Final = issued_at
        self._ends_at = ends_at
        self._signers: dict[x509.Certificate, bool] = {}

    def holds(self, now: datetime) -> bool:
        return self.issued_at <= now < self._ends_at

    def covers(self, certificate: x509.Certificate) -> bool:
        try:
            return is_within(certificate, self._points)
        except (ValueError, UnsupportedAlgorithm):
            return False

    def is_of(self, authority: x509.Certificate) -> bool:
        if authority not in self._signers:
            self._signers[authority] = self._was_signed_by(authority)
        return self._signers[authority]

    @cached_property
    def revoked(self) -> Mapping[int, datetime]:
        """Date by serial number."""
        return {one.serial_number: one.revocation_date_utc for one in self._parsed}

    def _was_signed_by(self, authority: x509.Certificate) -> bool:
        key = authority.public_key()
        try:
            return (
                self._parsed.issuer == authority.subject
                and _signs_lists(authority)
                and self._parsed.is_signature_valid(key)  # type: ignore[arg-type] # other kinds are a TypeError
            )
        except (TypeError, ValueError, UnsupportedAlgorithm):
            return False


def _read(path: Path) -> _List | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_LIST_BYTES + 1)
        if len(content) > MAX_LIST_BYTES:
            return None
        pem = content.lstrip().startswith(b"-----BEGIN")
        parsed = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
        ends_at = parsed.next_update_utc
        points = scope_of(parsed)
        if ends_at is None or points is None:
            return None
        return _List(parsed, points, parsed.last_update_utc, ends_at)
    except (OSError, ValueError, UnsupportedAlgorithm):
        return None


def _signs_lists(authority: x509.Certificate) -> bool:
    """Tell whether its usages allow it; one that is not stated forbids nothing (RFC 5280, 4.2.1.3)."""
    try:
        return authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True
