"""The certificates of the structure: a plugin judges them and leads through orders; the host alone touches keys."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import Asker
from segur_host.config.secrets import Secret
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.keyring.containers import Container, read_container, refuse_damaged
from segur_host.keyring.kept_keys import Record
from segur_host.keyring.pairs import PrivateKey
from segur_host.keyring.sealed import SEALED_PREFIX
from segur_host.registry.registry import PluginEntry, Registry
from segur_host.storage.file_lock import FileLock
from segur_sdk.errors import Fact, InputError, PluginError, invalid_input
from segur_sdk.keyring import KeyReference
from segur_sdk.models.base import Value
from segur_sdk.models.notice import Choice, Question
from segur_sdk.services.structure_certificates import (
    MAX_CERTIFICATE_FILE,
    CalendarRequest,
    CertificateCalendar,
    CertificateInventory,
    InstallRequest,
    InventoryRequest,
    OrderProgress,
    OrderRequest,
    RenewRequest,
    StructureCertificates,
)

LOOKING_S: Final = 30.0
"""How long the plugin may judge what is on this machine."""
ONLINE_S: Final = 120.0
"""How long, when it asks every authority besides."""
CHANGING_S: Final = 60.0
"""How long a step of an order may take, questions aside; a key is made in some."""
P12_PASSWORD: Final = Question(
    code="keyring.p12_password",
    text="Mot de passe du fichier PKCS#12, choisi au retrait du certificat",
    pattern=r"(?s).+",
    secret=True,
)
LOCK_NAME: Final = "certificates.order.lock"
_SECRETS: Final = frozenset({"revocation_code", "password", "secret"})
_OF_PASSWORDS: Final = frozenset({"input.p12_password", "input.p12_unreadable"})
"""What a file is refused for that another password may open: without a MAC the library does not tell."""
_YES: Final = "oui"
ValueT = TypeVar("ValueT", bound=Value)


class HostKeys(Protocol):
    """What the host's own keyring does that no plugin may ask for."""

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key, by use; see ``segur_sdk.keyring.Keyring``."""
        ...

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return authorities that the configuration trusts; see there."""
        ...

    def offering(self, use: str, key: PrivateKey) -> AbstractContextManager[None]:
        """Have a key be one to install while the block runs."""
        ...

    def unseal(self, name: str, record: Record) -> Secret:
        """Return a sealed secret."""
        ...

    def container_password(self, use: str, record: Record) -> Secret | None:
        """Return the password that was sealed for the PKCS#12 of a use, if any was."""
        ...

    def reencrypt(self, record: Record) -> tuple[int, int]:
        """Encrypt with the passphrase of now whatever only the former one opens: how many keys and secrets."""
        ...


class Certificates:
    """The certificates of the structure, as whoever administers the installation asks for them.

    Every method raises ``plugin.service_missing`` when no plugin judges certificates, and what that plugin said. Those
    that change something run one at a time, of every host on the same data: ``storage.busy`` for who waited too long.

    Args:
        folder: of the data.
        audit: notes what the host does itself, in the name of who asked for it.
        registry: where that plugin is.
        dispatcher: asks it.
        keys: what only the host does with keys.
        caller: on whose behalf something is changed, with whoever answers questions instead of the host's asker.
        nobody: on whose behalf something is looked at, whoever is signed in.
    """

    def __init__(
        self,
        folder: Path,
        audit: AuditLog,
        registry: Registry,
        dispatcher: Dispatcher,
        keys: HostKeys,
        caller: Callable[[Asker | None], Caller],
        nobody: Callable[[], Caller],
    ) -> None:
        self._folder = folder
        self._audit = audit
        self._registry = registry
        self._dispatcher = dispatcher
        self._keys = keys
        self._caller = caller
        self._nobody = nobody

    def references(self) -> tuple[KeyReference, ...]:
        """Return every key that the host knows, by use, unjudged: no plugin is needed for that."""
        return self._keys.references()

    def anchors(self, trust: str) -> tuple[bytes, ...]:
        """Return the authorities that the configuration trusts under that name, in DER.

        Raises:
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``.
        """
        return self._keys.anchors(trust)

    def inventory(self, *uses: str, online: bool = False) -> CertificateInventory:
        """Judge certificates.

        Args:
            uses: of their keys; every one without any.
            online: also ask the authorities whether they were revoked.
        """
        request = _request(InventoryRequest, uses=uses, online=online)
        seconds = ONLINE_S if online else LOOKING_S
        return self._asked("inventory", request, CertificateInventory, self._nobody(), seconds)

    def calendar(self) -> CertificateCalendar:
        """Return when certificates end."""
        return self._asked("calendar", CalendarRequest(), CertificateCalendar, self._nobody(), LOOKING_S)

    def order(
        self,
        use: str,
        *,
        product: Mapping[str, Any] | None = None,
        action: Mapping[str, Any] | None = None,
        asker: Asker | None = None,
    ) -> OrderProgress:
        """Begin an order, note what was done, or say where it stands.

        Args:
            use: of the key.
            product: what is ordered, to begin: ``box``, ``usage``, ``service``.
            action: what was done since, with its ``kind``.
            asker: instead of the host's; has secrets typed that the host keeps sealed.

        Raises:
            InputError: ``input.secret_given``: a secret came along that the host has typed where no plugin sees it.
        """
        for given in (product, action):
            refuse_secrets(given)
        request = _request(OrderRequest, use=use, product=product, action=action)
        return self._changed("order", request, self._caller(asker))

    def install(self, use: str, content: bytes, *, asker: Asker | None = None) -> OrderProgress:
        """Install a certificate that came.

        Args:
            use: of its key.
            content: PEM, DER, PKCS#7, or PKCS#12. Of the last the plugin is shown the certificates only; the key is
                kept if it has the certificate installed, and nowhere otherwise.
            asker: instead of the host's; asks the password of a PKCS#12 (``keyring.p12_password``), unless one that
                was sealed for that use opens it.

        Raises:
            InputError: those of ``refuse_size``, of a question without answer, and of ``read_container``.
            ConfigError: those of ``HostKeyring.offering``.
        """
        self._provider()
        refuse_size(content)
        caller = self._caller(asker)
        if not is_p12(content):
            return self._changed("install", _request(InstallRequest, use=use, certificates=content), caller)
        found = self._opened(use, content, caller)
        certificates = b"".join(one.public_bytes(Encoding.PEM) for one in found.chain)
        request = _request(InstallRequest, use=use, certificates=certificates)
        return self._changed("install", request, caller, self._keys.offering(use, found.key))

    def renew(self, use: str, *, asker: Asker | None = None) -> OrderProgress:
        """Begin to replace a certificate; the one that serves goes on until the new one has proved itself."""
        return self._changed("renew", _request(RenewRequest, use=use), self._caller(asker))

    def secret(self, name: str, *, asker: Asker | None = None) -> Secret:
        """Return a sealed secret, such as a revocation code, once somebody confirmed (``keyring.show_secret``).

        Raises:
            InputError: ``input.cancelled``; those of a question without answer, and of ``HostKeys.unseal``.
        """
        question = Question(
            code="keyring.show_secret",
            text=f"Afficher le secret « {name[:80]} » à l’écran ? Personne d’autre ne doit le voir",
            choices=(Choice(value=_YES, label="Oui, l’afficher"), Choice(value="non", label="Non")),
        )
        caller = self._caller(asker)
        if caller.asker.ask(question) != _YES:
            raise InputError("input.cancelled")
        return self._keys.unseal(name, self._record_of(caller))

    def change_passphrase(self) -> tuple[int, int]:
        """Encrypt with the passphrase of ``[keyring]`` whatever only its ``former_passphrase`` opens.

        No plugin takes part. Stopped in the middle, it is done again: each key opens with one of the two meanwhile.

        Returns:
            How many keys and how many secrets there were; none when everything is as it should be.

        Raises:
            ConfigError: ``config.keyring_passphrase``; ``config.key_unreadable``: a key opens with neither, and
                nothing was changed.
            HostError: ``storage.busy``, ``storage.not_writable``, ``storage.full``.
        """
        return self._keys.reencrypt(self._record_of(self._caller(None)))

    def _opened(self, use: str, content: bytes, caller: Caller) -> Container:
        """Open a PKCS#12 with the password that was sealed for it, else with one that is typed."""
        refuse_damaged(content)
        sealed = self._keys.container_password(use, self._record_of(caller))
        if sealed is not None:
            try:
                return read_container(content, sealed.reveal())
            except InputError as failure:
                if failure.code not in _OF_PASSWORDS:
                    raise
        return read_container(content, caller.asker.ask(P12_PASSWORD))

    def _record_of(self, caller: Caller) -> Record:
        def record(event: str, **facts: Fact) -> None:
            self._audit.append(AuditEntry(event=event, call_id=caller.call_id, actor=caller.actor, facts=facts))

        return record

    def _changed(
        self, method: str, request: Value, caller: Caller, during: AbstractContextManager[None] | None = None
    ) -> OrderProgress:
        """Ask for a change, when no other is being made: the plugin reads where an order stands, then writes it."""
        lock = FileLock(self._folder / LOCK_NAME)
        try:
            with lock, during or nullcontext():
                return self._asked(method, request, OrderProgress, caller, CHANGING_S)
        finally:
            lock.close()

    def _provider(self) -> PluginEntry:
        provider = self._registry.providers.get(StructureCertificates.__name__)
        if provider is None:
            raise PluginError("plugin.service_missing", service=StructureCertificates.__name__)
        return provider

    def _asked(self, method: str, request: Value, answer: type[ValueT], caller: Caller, seconds: float) -> ValueT:
        found = self._dispatcher.ask(self._provider(), StructureCertificates, method, request, caller, seconds)
        assert isinstance(found, answer)
        return found


def refuse_secrets(given: object) -> None:
    """Refuse what brings a secret along: secrets are typed at the host, and known to plugins by reference only.

    Raises:
        InputError: ``input.secret_given``.
    """
    left = [given]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            for name, value in one.items():
                if name in _SECRETS and value is not None and not _is_reference(value):
                    raise InputError("input.secret_given", field=name)
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and value.startswith(SEALED_PREFIX)


def refuse_size(content: bytes) -> None:
    """Refuse a file that can be no certificate, before anything looks at it.

    Raises:
        InputError: ``input.file_empty``, ``input.file_too_large``.
    """
    if not content:
        raise InputError("input.file_empty")
    if len(content) > MAX_CERTIFICATE_FILE:
        raise InputError("input.file_too_large")


def is_p12(content: bytes) -> bool:
    """Tell a PKCS#12 by how it begins (RFC 7292, 4): a sequence whose first member is the integer 3."""
    if content[:1] != b"\x30" or len(content) < _SHORTEST:
        return False
    first = content[1]
    place = 2 if first <= _INDEFINITE else 2 + (first & 0x7F)
    return content[place : place + 3] == b"\x02\x01\x03"


_SHORTEST: Final = 8
_INDEFINITE: Final = 0x80
"""A length of that form, and a short one, stand in one octet (X.690, 8.1.3)."""


def _request(model: type[ValueT], **given: object) -> ValueT:
    """Return a request.

    Raises:
        InputError: ``input.certificates``, with the fields, never their values.
    """
    try:
        return model.model_validate(given)
    except ValidationError as failure:
        refused = invalid_input("input.certificates", failure, model)
    raise refused
