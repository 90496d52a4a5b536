"""``ctx.keyring``: the keys of the installation as one plugin sees them in one call."""

from typing import Protocol

from segur_host.keyring.host_keyring import HostKeyring
from segur_host.keyring.kept_keys import Record
from segur_sdk.keyring import KeyReference, KeyRequest
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Question


class KeyringBorrower(Protocol):
    """The call in which keys are administered."""

    def require_running(self) -> None:
        """Refuse what is asked after the call was given up."""
        ...

    @property
    def record(self) -> Record:
        """Adds a record to the audit in the name of the plugin."""
        ...

    def ask(self, question: Question, /) -> str:
        """Ask whoever sits there."""
        ...


class LentKeyring:
    """Implements ``segur_sdk.keyring.Keyring`` for one call; see there.

    Args:
        keyring: of the host.
        borrower: the call.
    """

    def __init__(self, keyring: HostKeyring, borrower: KeyringBorrower) -> None:
        self._keyring = keyring
        self._borrower = borrower

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key, by use."""
        return self._own.references()

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return the authorities of that name."""
        return self._own.anchors(trust)

    def new_key(self, use: str, name: str) -> KeyRequest:
        """Make a key that waits for its certificate."""
        return self._own.new_key(use, name, self._borrower.record)

    def drop_new_key(self, use: str, public_key: str) -> None:
        """Destroy one key that waits for its first certificate."""
        self._own.drop_new_key(use, public_key, self._borrower.record)

    def install(self, use: str, chain: tuple[bytes, ...]) -> KeyReference:
        """Put a certificate beside the key that waits for it."""
        return self._own.install(use, chain, self._borrower.record)

    def take_back(self, use: str) -> KeyReference:
        """Have the former key and certificate serve again."""
        return self._own.take_back(use, self._borrower.record)

    def retire(self, use: str) -> None:
        """Destroy the former key."""
        self._own.retire(use, self._borrower.record)

    def seal(self, name: str, question: Question) -> str:
        """Have a secret typed and keep it encrypted."""
        return self._own.seal(name, question, self._borrower.ask, self._borrower.record)

    def forget_sealed(self, name: str) -> None:
        """Destroy a secret."""
        self._own.forget_sealed(name, self._borrower.record)

    def keep_list(self, crl: bytes) -> None:
        """Keep a revocation list."""
        self._own.keep_list(crl, self._borrower.record)

    def lists(self) -> tuple[bytes, ...]:
        """Return the revocation lists that are kept."""
        return self._own.lists()

    def announce(self, use: str, fingerprint: str, level: ExpiryLevel, days_left: int) -> None:
        """Have every plugin told that a certificate nears its end."""
        self._own.announce(use, fingerprint, level, days_left)

    @property
    def _own(self) -> HostKeyring:
        self._borrower.require_running()
        return self._keyring
