"""The query with which the browser comes back: the code, if it answers this very request.

Anybody can send the browser to the host's address of return: nothing of the query is believed before its state is,
whatever the host turned away already.
Sources: RFC 6749 4.1.2, RFC 9207.
"""

import hmac
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from segur_plugin_psc.discovery import Provider
from segur_plugin_psc.exchanges import Endpoint
from segur_plugin_psc.refusals import known_code, refusal_of
from segur_sdk.errors import InputError, ServiceError

MAX_QUERY: Final = 8_192
"""Characters: a code of a Keycloak and what comes with it take a few hundred."""
MAX_PARAMETERS: Final = 20

_ENCODED: Final = re.compile(r"(?:[^%\x00-\x20\x7f-\U0010ffff]|%[0-9A-Fa-f]{2})*")
_CODE: Final = re.compile(r"[ -~]{1,4096}")
_BROWSER: Final = Endpoint("authorization", "")


def read_callback(query: str, state: str, provider: Provider) -> str:
    """Return the authorization code.

    Args:
        query: as the browser brought it, without question mark.
        state: that of the request.
        provider: who must have answered.

    Raises:
        InputError: ``psc.callback`` with ``reason``: ``too_long``, ``form``, ``twice``, ``code``; ``psc.state``: it
            answers another request, or none.
        ServiceError: ``psc.issuer``: another authority answered; the authority's refusal, see
            :func:`segur_plugin_psc.refusals.refusal_of`.
        ConfigError: ``psc.client_refused``.
    """
    answer = _parameters(query)
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise InputError("psc.state")
    issuer = answer.get("iss")
    if issuer != provider.issuer and (issuer is not None or provider.names_itself):
        raise ServiceError("psc.issuer", reason="other" if issuer is not None else "missing")
    error, code = answer.get("error"), answer.get("code")
    if error is not None and code is None:
        raise refusal_of(known_code(error), _BROWSER)
    if error is not None or code is None or not _CODE.fullmatch(code):
        raise InputError("psc.callback", reason="code")
    return code


def _parameters(query: str) -> dict[str, str]:
    if len(query) > MAX_QUERY:
        raise InputError("psc.callback", reason="too_long")
    parts = query.split("&") if query else []
    if len(parts) > MAX_PARAMETERS:
        raise InputError("psc.callback", reason="too_long")
    found: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        read_name, read_value = _decoded(name), _decoded(value)
        if not equals or not read_name or read_value is None:
            raise InputError("psc.callback", reason="form")
        if read_name in found:
            raise InputError("psc.callback", reason="twice")
        found[read_name] = read_value
    return found


def _decoded(text: str) -> str | None:
    if not _ENCODED.fullmatch(text):
        return None
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
