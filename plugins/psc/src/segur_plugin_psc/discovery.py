"""The discovery document: where the authority's endpoints are, if they are where this plugin may go.

Source: OpenID Connect Discovery 1.0, under the name that Pro Santé Connect gives it.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from segur_plugin_psc.exchanges import Endpoint, get, object_of, unreadable
from segur_plugin_psc.json_objects import JsonObject
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ServiceError

_HTTPS_PORT: Final = 443
_URL: Final = re.compile(r"https://[!-~]{1,500}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~\-]{1,100}){0,16}/?")
_DOTS: Final = frozenset({".", ".."})
HOSTILE: Final = "psc.discovery_hostile"
_LOGIN: Final = "authorization_endpoint"
_NEEDED: Final = ("token_endpoint", "userinfo_endpoint", "jwks_uri")
_OPTIONAL: Final = ("end_session_endpoint", "revocation_endpoint", "backchannel_authentication_endpoint")


@attrs.frozen
class Provider:
    """What the document says, as far as this plugin needs it."""

    issuer: str
    login: str
    """The authorization endpoint, whole: it lies at an address of its own."""
    names_itself: bool
    """Every answer to an authorization request bears the issuer (RFC 9207)."""
    endpoints: tuple[Endpoint, ...]

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint.

        Raises:
            ServiceError: ``psc.discovery`` with ``field``: the document has none.
        """
        found = self.optional(name)
        if found is None:
            raise ServiceError("psc.discovery", field=name, reason="missing")
        return found

    def login_path(self, address: str) -> str:
        """Return the path of the authorization endpoint below the address to which the browser may go.

        Raises:
            ServiceError: ``psc.discovery_hostile``: it lies elsewhere.
        """
        return _below(urlsplit(self.login), urlsplit(address), _LOGIN)

    def optional(self, name: str) -> Endpoint | None:
        """Return an endpoint; ``None`` when the document has none."""
        return next((one for one in self.endpoints if one.name == name), None)


def issuer_of(address: str, settings: PscSettings) -> str:
    """Return the only issuer that is believed.

    Args:
        address: of the purpose.
        settings: of this plugin.
    """
    return address.rstrip("/") + settings.realm_path


def discover(address: str, settings: PscSettings, ctx: HookContext) -> Provider:
    """Ask for the discovery document, and judge it.

    Raises:
        ServiceError: ``psc.unavailable``, ``psc.answer_unreadable``, and those of :func:`read_document`.
    """
    place = Endpoint("discovery", f"{settings.realm_path}/.well-known/{settings.discovery_name}")
    return read_document(object_of(get(place, ctx), place), address, issuer_of(address, settings))


def read_document(document: JsonObject, address: str, issuer: str) -> Provider:
    """Read a discovery document.

    Args:
        document: its content.
        address: of the purpose, at or under which every endpoint but that of the browser must lie.
        issuer: which it must name, character for character.

    Raises:
        ServiceError: ``psc.discovery`` with ``field`` and ``reason`` ``missing``; ``psc.discovery_hostile`` with
            ``field``: it names another issuer, or leads elsewhere.
    """
    if document.get("issuer") != issuer:
        raise ServiceError(HOSTILE, field="issuer")
    own = urlsplit(address)
    endpoints = tuple(_inside(document, name, own) for name in (*_NEEDED, *_OPTIONAL) if _is_there(document, name))
    names_itself = document.get("authorization_response_iss_parameter_supported", False)
    if not isinstance(names_itself, bool):
        raise unreadable(Endpoint("discovery", ""), "authorization_response_iss_parameter_supported")
    if not _is_there(document, _LOGIN):
        raise ServiceError("psc.discovery", field=_LOGIN, reason="missing")
    return Provider(issuer, _parts(document, _LOGIN).geturl(), names_itself, endpoints)


def _is_there(document: JsonObject, name: str) -> bool:
    there = document.get(name) is not None
    if not there and name in _NEEDED:
        raise ServiceError("psc.discovery", field=name, reason="missing")
    return there


def _inside(document: JsonObject, name: str, own: SplitResult) -> Endpoint:
    return Endpoint(name.removesuffix("_endpoint"), _below(_parts(document, name), own, name))


def _below(parts: SplitResult, own: SplitResult, name: str) -> str:
    """Return a path below an address."""
    same = (parts.hostname, parts.port or _HTTPS_PORT) == (own.hostname, own.port or _HTTPS_PORT)
    base = own.path.rstrip("/")
    if not same or not parts.path.startswith(f"{base}/"):
        raise ServiceError(HOSTILE, field=name)
    return parts.path.removeprefix(base)


def _parts(document: JsonObject, name: str) -> SplitResult:
    """Return the parts of an address without anything that two readers could take for different things."""
    url = document[name]
    parts: SplitResult | None = None
    if isinstance(url, str) and _URL.fullmatch(url):
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            parts = None
    if (
        parts is None
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or not _PATH.fullmatch(parts.path)
        or not _DOTS.isdisjoint(parts.path.split("/"))
    ):
        raise ServiceError(HOSTILE, field=name)
    return parts
