"""Judges authorization requests (OpenID Connect Core §3.1.2.1, RFC 6749 §4.1.1, RFC 7636 §4.3)."""

import re
from typing import Final

from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.discovery import SCOPES
from segur_sandbox.psc.errors import PageRefusedError, RedirectRefusedError
from segur_sandbox.psc.pending import LoginRequest
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.tokens import ACR

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})


def known_client(state: PscState, parameters: dict[str, str]) -> Client:
    """Return the client, once its redirect URI is found to be one of its own.

    Raises:
        PageRefusedError: unknown client or redirect URI; the browser must not be sent anywhere.
    """
    client = state.clients.find(parameters.get("client_id"))
    if client is None:
        raise PageRefusedError("client_id inconnu")
    if parameters.get("redirect_uri") not in client.redirect_uris:
        raise PageRefusedError("redirect_uri n'est pas enregistrée pour ce client")
    return client


def read_login_request(state: PscState, client: Client, parameters: dict[str, str]) -> LoginRequest:
    """Return the request of a known client, found good.

    Raises:
        RedirectRefusedError: anything wrong.
    """
    for name in ("request", "request_uri", "registration"):
        if name in parameters:
            raise RedirectRefusedError(f"{name}_not_supported", f"{name} is not supported")
    if "response_type" not in parameters:
        raise RedirectRefusedError("invalid_request", "Missing parameter: response_type")
    if parameters["response_type"] != "code":
        raise RedirectRefusedError("unsupported_response_type", "response_type is code")
    if parameters.get("response_mode", "query") != "query":
        raise RedirectRefusedError("invalid_request", "response_mode is query")
    scope = parameters.get("scope", "")
    problem = scope_problem(scope, lenient=state.options.now.lenient)
    if problem is not None:
        raise RedirectRefusedError("invalid_scope", problem)
    asked_level = parameters.get("acr_values")
    if asked_level != ACR and not state.options.now.lenient:
        raise RedirectRefusedError("invalid_request", f"acr_values is {ACR}")
    challenge, method = _challenge(parameters)
    return LoginRequest(
        client_id=client.client_id,
        redirect_uri=parameters["redirect_uri"],
        scope=scope,
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        challenge=challenge,
        challenge_method=method,
        prompt=_prompt(parameters),
        max_age=_max_age(parameters),
    )


def scope_problem(scope: str, *, lenient: bool) -> str | None:
    """Say what is wrong with a scope, `None` when nothing is."""
    values = scope.split(" ")
    if "openid" not in values:
        return "scope holds openid"
    if "scope_all" not in values and not lenient:
        return "scope holds scope_all"
    return "unknown scope" if set(values) - set(SCOPES) else None


def _challenge(parameters: dict[str, str]) -> tuple[str | None, str]:
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            raise RedirectRefusedError("invalid_request", "Missing parameter: code_challenge")
        return None, "plain"
    if not _CHALLENGE.fullmatch(challenge):
        raise RedirectRefusedError("invalid_request", "malformed code_challenge")
    if method not in (None, "plain", "S256"):
        raise RedirectRefusedError("invalid_request", "code_challenge_method is S256 or plain")
    return challenge, method or "plain"


def _prompt(parameters: dict[str, str]) -> frozenset[str]:
    prompt = frozenset(parameters.get("prompt", "").split())
    if prompt - _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise RedirectRefusedError("invalid_request", "malformed prompt")
    return prompt


def _max_age(parameters: dict[str, str]) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise RedirectRefusedError("invalid_request", "malformed max_age")
    return int(text)
