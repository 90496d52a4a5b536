"""The keys of an installation as its administrator knows them: where each stands, and how one follows another.

Keys never leave the host. It makes them, keeps them encrypted, puts certificates beside them and takes them back; a
plugin decides when, and sees certificates and requests only.
"""

from enum import StrEnum
from typing import Final, Protocol

from pydantic import Field

from segur_sdk.manifest import Token
from segur_sdk.models.base import Moment, Value
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Question

KEY_PATTERN: Final = r"^[0-9A-F]{64}$"
"""SHA-256 of a SubjectPublicKeyInfo in DER, upper-case hexadecimal."""


class KeyPlace(StrEnum):
    """In what a key stands."""

    P12 = "p12"
    """A PKCS#12 file of the configuration."""
    PEM = "pem"
    """A pair of PEM files of the configuration."""
    TOKEN = "token"  # noqa: S105 - a place, not a secret
    """A card, or a module that PKCS#11 reaches."""
    STORE = "store"
    """The host's own store: it made or took in the key."""


class KeyReference(Value):
    """One key of the installation, by its use. It says where the key is, never what it is."""

    use: Token
    place: KeyPlace
    where: str = Field(max_length=1024)
    """The file, the token's serial number, or the folder of the host's store."""
    signs: bool = False
    """Some enabled plugin has it sign."""
    purposes: tuple[Token, ...] = ()
    """Network purposes for which a client authenticates with it."""
    certificate: bytes | None = Field(default=None, repr=False)
    """DER; ``None`` when it could not be read."""
    chain: tuple[bytes, ...] = Field(default=(), repr=False)
    """What came with it: DER, in the order of the file."""
    public_key: str | None = Field(default=None, pattern=KEY_PATTERN)
    """Of the key."""
    problem: str | None = Field(default=None, max_length=80)
    """Code of the error that keeps the host from using it, for example ``config.key_permissions``."""
    awaiting: str | None = Field(default=None, pattern=KEY_PATTERN)
    """Public key of a new key that waits for its certificate."""
    can_take_back: bool = False
    """There is a former certificate with its key that may serve again."""


class KeyRequest(Value):
    """A request for the certificate of a new key (PKCS#10): it bears the public half, and no secret."""

    use: Token
    csr: bytes
    """PEM."""
    public_key: str = Field(pattern=KEY_PATTERN)
    made_at: Moment


class Keyring(Protocol):
    """Every key of the installation; declared by ``keyring = true``.

    What is done twice is done once: after a stop in the middle, the same call again goes on. Everything that changes
    something is audited by the host.
    """

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key, by use. One that cannot be read has a ``problem``; nothing is raised for it."""
        ...

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return the authorities that the configuration trusts under that name, in DER.

        Raises:
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``.
        """
        ...

    def new_key(self, use: str, name: str) -> KeyRequest:
        """Make a key (RSA, 2048 bits) that waits for its certificate, beside the one that serves.

        Args:
            use: for which it will serve.
            name: common name of the request; an indication, the authority builds the subject itself.

        Returns:
            Its request (SHA-256). When one waits already, that one, whatever its name.

        Raises:
            ConfigError: ``config.keyring_passphrase``: nothing says with what it is to be encrypted;
                ``config.key_on_token``: the key of that use stays on a token.
            HostError: ``storage.unwritable``, ``storage.busy``.
        """
        ...

    def drop_new_key(self, use: str, public_key: str) -> None:
        """Destroy one key that waits for its first certificate; no other is ever touched.

        Nothing happens if it does not wait, if it ever had a certificate, or if the host found it again after a stop
        or a loss and nobody asked for its request since: it may be the only copy.

        Args:
            use: for which it was made.
            public_key: as ``KeyRequest.public_key``.
        """
        ...

    def install(self, use: str, chain: tuple[bytes, ...]) -> KeyReference:
        """Put a certificate beside the key that waits for it. It serves from the next call on; the former stays.

        In the call in which a PKCS#12 is installed (``StructureCertificates.install``), the key of that file waits as
        well, and is ``awaiting`` in the reference of its use. It is kept with its certificate, by this call, or not
        at all: a container that is refused leaves nothing behind, and no key that waits loses its place to it.

        Args:
            use: of that key.
            chain: DER: the certificate, then those of its authorities if any.

        Returns:
            The key as it serves now; also when that very certificate serves already.

        Raises:
            ConfigError: ``config.key_missing`` with ``reason`` ``none_awaiting``; ``config.key_mismatch``: it is not
                the certificate of that key; ``config.certificate_environment``.
            HostError: ``storage.unwritable``, ``storage.busy``.
        """
        ...

    def take_back(self, use: str) -> KeyReference:
        """Have the former key and certificate serve again; the newer ones wait, to be installed once more.

        Raises:
            ConfigError: ``config.key_missing`` with ``reason`` ``no_former``.
            HostError: ``storage.unwritable``, ``storage.busy``.
        """
        ...

    def retire(self, use: str) -> None:
        """Destroy the former key of the host's store: there is nothing to take back any more.

        Files of the configuration are left as they are. Nothing happens if there is none.
        """
        ...

    def seal(self, name: str, question: Question) -> str:
        """Have a secret typed and keep it encrypted: no plugin ever sees it. Needs ``prompts`` as well.

        Args:
            name: of the secret, for example ``insi-auto.revocation``; one that is kept under it is not asked again.
                The host tries the one that is named ``USE.password-N`` with the highest ``N`` on a PKCS#12 that comes
                for that use, before it asks for its password.
            question: with ``secret``; the person answers it twice the same.

        Returns:
            A reference to it, ``sealed:NAME``.

        Raises:
            ConfigError: ``config.keyring_passphrase``.
            InputError: ``input.nobody_to_ask``, ``input.no_answer``, ``input.secret_differs``.
        """
        ...

    def forget_sealed(self, name: str) -> None:
        """Destroy a secret; nothing happens if none is kept under that name."""
        ...

    def keep_list(self, crl: bytes) -> None:
        """Keep a revocation list in place of the former one of its authority, for every purpose of the host.

        Args:
            crl: DER, already verified.

        Raises:
            InputError: ``input.crl_unreadable``.
            HostError: ``storage.unwritable``.
        """
        ...

    def lists(self) -> tuple[bytes, ...]:
        """Return the revocation lists that are kept, in DER."""
        ...

    def announce(self, use: str, fingerprint: str, level: ExpiryLevel, days_left: int) -> None:
        """Have every plugin told that a certificate nears its end (``on_certificate_expiring``).

        Told once for each certificate and level, however often it is called. Nothing happens when another certificate
        serves meanwhile.

        Args:
            use: of its key.
            fingerprint: SHA-256 of the certificate that was judged, in DER, upper-case hexadecimal.
            level: how near its end is.
            days_left: until then.
        """
        ...
