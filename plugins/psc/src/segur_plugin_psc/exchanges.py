"""One exchange with Pro Santé Connect: a form or a question, its answer, one audit note without what was said."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import attrs
from pydantic import SecretStr

from segur_plugin_psc.json_objects import JsonObject, read_object
from segur_sdk.context import HookContext, HttpReply
from segur_sdk.errors import ServiceError

PURPOSE: Final = "psc"
MAX_ANSWER: Final = 262_144
"""Bytes of an answer: a professional with many situations takes a few tens of thousands."""

_OK: Final = 200
_SERVER: Final = 500
_BUSY: Final = frozenset({408, 429})
_AWAY: Final = frozenset(
    {"service.unreachable", "service.timed_out", "service.answer_lost", "service.answer_too_large"},
)


@attrs.frozen
class Endpoint:
    """One place of the authority."""

    name: str
    """As the discovery document names it, without ``_endpoint``."""
    path: str
    """To append to the address of the purpose."""


def post_form(endpoint: Endpoint, form: Mapping[str, str], ctx: HookContext) -> HttpReply:
    """Send a form; the host adds what authenticates this software. Errors: see :func:`_ask`."""
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    return _ask("POST", endpoint, headers, urlencode(form).encode("ascii"), ctx)


def get(endpoint: Endpoint, ctx: HookContext, access_token: SecretStr | None = None) -> HttpReply:
    """Ask for a document; with ``access_token``, in the name of a professional. Errors: see :func:`_ask`."""
    headers = {"accept": "application/json"}
    if access_token is not None:
        headers["authorization"] = f"Bearer {access_token.get_secret_value()}"
    return _ask("GET", endpoint, headers, b"", ctx)


def object_of(reply: HttpReply, endpoint: Endpoint) -> JsonObject:
    """Return the JSON object of an answer.

    Raises:
        ServiceError: ``psc.answer_unreadable`` with ``endpoint`` and ``reason``: ``status``, ``media_type``, ``json``.
    """
    if reply.status != _OK:
        raise unreadable(endpoint, "status")
    if not is_json(reply):
        raise unreadable(endpoint, "media_type")
    content = read_object(reply.body, MAX_ANSWER)
    if content is None:
        raise unreadable(endpoint, "json")
    return content


def is_json(reply: HttpReply) -> bool:
    """Tell whether an answer says that it is JSON; RFC 7517 has a name of its own for sets of keys."""
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in {"application/json", "application/jwk-set+json"}


def unreadable(endpoint: Endpoint, reason: str) -> ServiceError:
    """Return the error of an answer that is not what it should be; the next one may be."""
    return ServiceError("psc.answer_unreadable", retryable=True, endpoint=endpoint.name, reason=reason)


def _ask(method: str, endpoint: Endpoint, headers: dict[str, str], body: bytes, ctx: HookContext) -> HttpReply:
    """Exchange once.

    Raises:
        ServiceError: ``psc.unavailable`` with ``endpoint``, and ``status`` or ``reason``: nobody answered, or the
            authority says that it cannot; ``service.server_certificate``, ``service.client_certificate_refused``.
    """
    failed: ServiceError | None = None
    try:
        reply = ctx.http(PURPOSE).request(method, endpoint.path, headers=headers, body=body, max_answer=MAX_ANSWER)
    except ServiceError as failure:
        failed = failure
    if failed is not None:
        ctx.audit.note("exchange", endpoint=endpoint.name, failure=failed.code)
        if failed.code not in _AWAY:
            raise failed
        raise ServiceError(
            "psc.unavailable",
            retryable=True,
            maybe_processed=failed.maybe_processed,
            endpoint=endpoint.name,
            reason=failed.code,
        )
    ctx.audit.note("exchange", endpoint=endpoint.name, status=reply.status)
    if reply.status >= _SERVER or reply.status in _BUSY:
        raise ServiceError("psc.unavailable", retryable=True, endpoint=endpoint.name, status=reply.status)
    return reply
