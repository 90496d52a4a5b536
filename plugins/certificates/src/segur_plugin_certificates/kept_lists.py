"""The revocation lists that the host keeps, each believed only of the authority that signed it."""

from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509

from segur_plugin_certificates.crl import RevocationList, keep, read_list
from segur_plugin_certificates.publications import UNREACHABLE, fetch_list
from segur_plugin_certificates.revocation import Answer, strongest
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError, SegurError

MAX_READ: Final = 64
"""Lists that stay read from one call to the next."""


class ReadLists:
    """Lists that were read and whose signature was right, by their bytes and their authority.

    What is kept changes once a day, and a list may hold tens of thousands of entries. A value that two threads make
    is made twice, and nothing worse.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[bytes, x509.Certificate], RevocationList] = {}

    def read(self, der: bytes, issuer: x509.Certificate) -> RevocationList:
        """Return a list; see :func:`segur_plugin_certificates.crl.read_list`."""
        place = (sha256(der).digest(), issuer)
        found = self._read.get(place)
        if found is None:
            found = read_list(der, issuer)
            if len(self._read) >= MAX_READ:
                self._read.clear()
            self._read[place] = found
        return found


class KeptLists:
    """The lists of one call.

    Args:
        ctx: context of the call.
        read: what was read in calls before.
    """

    def __init__(self, ctx: HookContext, read: ReadLists) -> None:
        self._ctx = ctx
        self._read = read
        self._by_name: dict[x509.Name, list[bytes]] = {}
        self._latest: dict[x509.Certificate, dict[frozenset[x509.GeneralName], RevocationList]] = {}
        """By authority, and by where a list says that it is published."""
        for der in ctx.keyring.lists():
            with suppress(ValueError, TypeError):
                self._by_name.setdefault(x509.load_der_x509_crl(der).issuer, []).append(der)

    def of(self, issuer: x509.Certificate) -> tuple[RevocationList, ...]:
        """Return the lists of an authority, of each place the latest, whether they still serve or not."""
        return tuple(self._of(issuer).values())

    def ask(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Answer:
        """Tell what the kept lists say of a certificate; nothing when none is about it, or they ended."""
        return strongest(tuple(one.ask(certificate, at) for one in self.of(issuer)))

    def fetch(self, path: str, issuer: x509.Certificate) -> str | None:
        """Fetch a list and have the host keep it, if it is sound, of that authority, and not older.

        Args:
            path: under the address of the purpose ``crl``.
            issuer: its authority.

        Returns:
            Code of what kept it from coming, or the host from keeping it; ``None`` when it came. One that came and is
            not kept serves this call; one that did not come leaves the one of before, which goes on serving.
        """
        try:
            der = fetch_list(path, self._ctx)
            arrived = self._read.read(der, issuer)
            keep(self._of(issuer).get(arrived.points), arrived, self._ctx.clock.now())
        except InputError as failure:
            return failure.code
        except SegurError:
            return UNREACHABLE
        self._of(issuer)[arrived.points] = arrived
        try:
            self._ctx.keyring.keep_list(der)
        except SegurError as failure:
            # One list that cannot be kept stops no other.
            return failure.code
        return None

    def _of(self, issuer: x509.Certificate) -> dict[frozenset[x509.GeneralName], RevocationList]:
        if issuer in self._latest:
            return self._latest[issuer]
        found = self._latest[issuer] = {}
        for der in self._by_name.get(issuer.subject, ()):
            with suppress(InputError):
                one = self._read.read(der, issuer)
                former = found.get(one.points)
                found[one.points] = one if former is None or one.this_update > former.this_update else former
        return found
