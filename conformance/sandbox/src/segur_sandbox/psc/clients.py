"""Software registered with Pro Santé Connect, as its *Espace authentifié* does it: credentials and addresses."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

AuthMethod = Literal["client_secret_basic", "tls_client_auth"]


class Client(BaseModel):
    """One registered client.

    Attributes:
        client_id: Its identifier.
        method: How it proves who it is; a secret is accepted in `Authorization: Basic` and in the form alike.
        client_secret: For `client_secret_basic`.
        subject_dn: For `tls_client_auth`: subject of its certificate, RFC 4514 (RFC 8705 §2.1.2).
        key_role: Which key of the sandbox has that subject, if one has.
        redirect_uris: Compared character by character, on loopback only.
        post_logout_redirect_uris: Where a browser may be sent after a logout.
        backchannel_logout_uri: Where it is told that a session ended, on loopback only.
        ciba: Whether it may use CIBA.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str = Field(pattern=r"^[A-Za-z0-9._\-]{1,100}$")
    method: AuthMethod = "client_secret_basic"
    client_secret: str | None = Field(default=None, min_length=8, max_length=200)
    subject_dn: str | None = Field(default=None, min_length=3, max_length=500)
    key_role: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    ciba: bool = True

    @field_validator("redirect_uris", "post_logout_redirect_uris")
    @classmethod
    def _on_this_machine(cls, uris: tuple[str, ...]) -> tuple[str, ...]:
        if not all(is_loopback(uri) for uri in uris):
            raise ValueError("the sandbox sends browsers to this machine only")
        return uris

    @field_validator("backchannel_logout_uri")
    @classmethod
    def _told_on_this_machine(cls, uri: str | None) -> str | None:
        if uri is not None and not is_loopback(uri):
            raise ValueError("the sandbox calls this machine only")
        return uri

    @model_validator(mode="after")
    def _provable(self) -> Self:
        if self.method == "client_secret_basic" and self.client_secret is None:
            raise ValueError("client_secret_basic needs a client_secret")
        if self.method == "tls_client_auth" and (self.subject_dn is None or self.client_secret is not None):
            raise ValueError("tls_client_auth needs a subject_dn and no client_secret")
        return self


class ClientChange(BaseModel):
    """The body of `POST /psc/clients`: a new client, or what changes of one that is there."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str
    method: AuthMethod | None = None
    client_secret: str | None = None
    subject_dn: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    post_logout_redirect_uris: tuple[str, ...] | None = None
    backchannel_logout_uri: str | None = None
    ciba: bool | None = None


class Clients:
    """The registered clients."""

    def __init__(self) -> None:
        self._first: tuple[Client, ...] = ()
        self._clients: dict[str, Client] = {}

    def __iter__(self) -> Iterator[Client]:
        return iter(self._clients.values())

    def begin(self, clients: Iterable[Client]) -> None:
        """Register those that are there at the start."""
        self._first = tuple(clients)
        self.reset()

    def reset(self) -> None:
        """Forget what was changed since the start."""
        self._clients = {client.client_id: client for client in self._first}

    def find(self, client_id: str | None) -> Client | None:
        """Return the client of this identifier."""
        return self._clients.get(client_id or "")

    def change(self, change: ClientChange) -> Client:
        """Register a client, or change the members given of one that is there.

        Raises:
            ValidationError: what comes out is no client.
        """
        known = self._clients.get(change.client_id)
        before = known.model_dump() if known is not None else {}
        client = Client.model_validate(before | change.model_dump(exclude_unset=True))
        self._clients[client.client_id] = client
        return client


def is_loopback(uri: str) -> bool:
    """Tell whether an absolute http(s) URI without user or fragment names this machine."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.username is not None or "#" in uri:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
