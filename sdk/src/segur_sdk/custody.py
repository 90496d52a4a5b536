"""What the host has in custody for plugins: cards, tokens and keys. They use them through these proxies only."""

from contextlib import AbstractContextManager
from typing import Protocol

from segur_sdk.cards.channel import CardChannel
from segur_sdk.drivers import OfficialReading, TokenCertificate, TokenData, TokenState
from segur_sdk.models.card import CardPresence
from segur_sdk.models.certificate import CertificateInfo


class Cards(Protocol):
    """Cards in the readers of this workstation."""

    def open(self, presence: CardPresence) -> AbstractContextManager[CardChannel]:
        """Open exclusively the card that was inserted as ``presence``; it is reset when the block ends.

        Raises:
            CardError: ``card.swapped``, ``card.removed``, ``card.mute``, ``card.reader_unavailable``.
        """
        ...

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        """Have the official component read the card that was inserted as ``presence``.

        Raises:
            CardError: ``card.official_api_missing``, ``card.official_api_failed``, and those of :meth:`open`.
        """
        ...

    def confirm(self, presence: CardPresence) -> None:
        """Return if that very insertion is still in its slot.

        Raises:
            CardError: ``card.swapped``, ``card.removed``, ``card.reader_unavailable``.
        """
        ...


class Token(Protocol):
    """A token, for as long as the call lasts. Failures: see :class:`segur_sdk.drivers.TokenSource`."""

    @property
    def state(self) -> TokenState:
        """Where it is, and where its PIN stands, as it was when the token was found."""
        ...

    def certificates(self) -> tuple[TokenCertificate, ...]:
        """Return its certificates; no PIN is needed."""
        ...

    def data(self) -> tuple[TokenData, ...]:
        """Return its data objects: private ones only once it is unlocked."""
        ...

    def unlock(self) -> None:
        """Have the PIN asked and verified, once, by the host: no plugin ever sees a PIN.

        The person is told before a last try. Needs ``prompts`` in the manifest as well.

        Raises:
            CardError: ``token.pin_wrong``; ``token.pin_locked``: by this try, or before it, and then nothing was asked
                nor sent; ``token.absent``.
            InputError: ``input.nobody_to_ask``, ``input.no_answer``.
        """
        ...

    def prove(self, key: str, trust: str) -> None:
        """Return if the token holds the private key of its certificate ``key``: it signs a number the host drew.

        Args:
            key: as :meth:`certificates` gave it.
            trust: name of the anchors in the configuration to which the certificate must lead today.

        Raises:
            CardError: ``token.certificate_untrusted``, ``token.proof_failed``, ``token.pin_needed``,
                ``token.key_missing``.
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``.
        """
        ...


class Tokens(Protocol):
    """Tokens of this workstation: cards behind a PIN, and what PKCS#11 modules show."""

    def present(self) -> tuple[TokenState, ...]:
        """Return every token that is there."""
        ...

    def at(self, slot: str) -> Token:
        """Return the token that sits in the reader ``slot``.

        Raises:
            CardError: ``token.absent``: no driver of tokens knows one there.
        """
        ...

    def of_serial(self, serial: str) -> Token:
        """Return the token with that serial number, wherever it is; errors as :meth:`at`."""
        ...


class NamedAlgorithm(Protocol):
    """A padding or a hash, as the objects of the package ``cryptography`` name themselves."""

    @property
    def name(self) -> str:
        """For example ``EMSA-PKCS1-v1_5`` or ``sha256``."""
        ...


class Signer(Protocol):
    """A key that signs, in the name of whoever holds it, for as long as the call lasts.

    It has the shape that ``signxml`` expects of a private key.
    """

    @property
    def certificate(self) -> CertificateInfo:
        """Of the key; whether it is in date is not judged."""
        ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificate of the key in DER, then those of its authorities that came with it."""
        ...

    def sign(self, data: bytes, padding: NamedAlgorithm, algorithm: NamedAlgorithm) -> bytes:
        """Sign ``data`` whole; audited, each time.

        Args:
            data: what is signed, not a digest of it.
            padding: ``EMSA-PKCS1-v1_5`` (RFC 8017, 9.2).
            algorithm: ``sha256``.

        Raises:
            ServiceError: ``service.session_needed``: the session whose card signs is over.
            CardError: ``token.absent``, ``token.pin_needed``, ``token.failed`` and others of a token.
            PluginError: ``plugin.request_refused``: another padding or hash.
        """
        ...


class Keys(Protocol):
    """Keys that the host holds for declared uses: their facts, and signatures; the keys themselves stay with it."""

    def certificate(self, use: str) -> CertificateInfo:
        """Return the certificate configured for ``use``.

        Raises:
            ConfigError: ``config.key_missing``, ``config.key_unreadable``.
        """
        ...

    def signer(self, use: str) -> Signer:
        """Return the key that signs for ``use``, declared with ``signs = true``.

        In a session opened by a card, that card signs, with its signature key. Otherwise the file does that is
        configured for ``use``.

        Raises:
            ConfigError: ``config.key_missing``; ``config.key_usage``: the usages of the certificate do not say that it
                signs; ``config.key_unreadable``, ``config.certificate_environment``.
            CardError: ``token.absent``, ``token.key_missing``: the card has no signature key, and others of a token.
            ServiceError: ``service.session_needed``: the session is over.
        """
        ...
