"""Signing in on the professional's own device, without a browser (OpenID CIBA Core 1.0, mode *poll*).

The parameter ``channel`` and a binding message of two digits are Pro Santé Connect's own (``ansforge/
psc-edc-proxy-esante``).
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from segur_plugin_psc.discovery import Provider
from segur_plugin_psc.exchanges import Endpoint, object_of, post_form, unreadable
from segur_plugin_psc.grants import Grant, grant_of, seconds
from segur_plugin_psc.national_id import TYPED, NationalId, typed_national_id
from segur_plugin_psc.one_time import binding_message
from segur_plugin_psc.refusals import refusal_of, service_code
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HookContext, HttpReply
from segur_sdk.errors import ConfigError, InputError, ServiceError
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.session_provider import Device

GRANT: Final = "urn:openid:params:grant-type:ciba"
LONGEST_S: Final = 600
"""Seconds after which nobody is waited for any more, whatever the authority allows."""
SLOWER_S: Final = 5
"""What ``slow_down`` adds to the interval (CIBA Core, 11)."""

_REQUEST_ID: Final = re.compile(r"[!-~]{1,4096}")
_OK: Final = 200
_MAX_INTERVAL_S: Final = 60
_WHERE: Final = {Device.MOBILE: "l’application e-CPS de votre téléphone", Device.CARD: "l’écran de votre lecteur CPS"}


@attrs.frozen
class _Pending:
    """A login that the professional has to answer."""

    request_id: str = attrs.field(repr=False)
    expires_in: int
    interval: int


class Waiting:
    """Who is asked on his device now: two requests at once would show him two numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._who: set[str] = set()

    @contextmanager
    def alone(self, who: NationalId) -> Iterator[None]:
        """Ask somebody, and nobody else asks him meanwhile.

        Raises:
            InputError: ``session.signing_in``.
        """
        with self._lock:
            if who.text in self._who:
                raise InputError("session.signing_in")
            self._who.add(who.text)
        try:
            yield
        finally:
            with self._lock:
                self._who.discard(who.text)


def sign_in_by_device(
    provider: Provider, hint: NationalId | None, device: Device | None, waiting: Waiting, ctx: HookContext
) -> tuple[Grant, NationalId]:
    """Have a professional answer on his device.

    Args:
        provider: the authority.
        hint: his national identifier; asked when it is not known.
        device: where he answers; that of the settings when not given.
        waiting: who is asked already.
        ctx: of the call.

    Returns:
        The grant, and whose it must be.

    Raises:
        InputError: ``psc.national_id``: what was typed is none; ``psc.unknown_person``: the authority knows nobody of
            that identifier; ``session.signing_in``: he is asked already;
            ``input.cancelled``, ``input.no_answer``, ``input.nobody_to_ask``.
        ServiceError: ``psc.refused``, ``psc.expired``, ``psc.grant_refused``, ``psc.unavailable``,
            ``psc.answer_unreadable``, ``psc.fault``, ``psc.discovery``.
        ConfigError: ``psc.client_refused``.
    """
    settings = ctx.settings(PscSettings)
    endpoint = provider.endpoint("backchannel_authentication")
    who = typed_national_id(ctx.ask(_question())) if hint is None else hint
    where, message = device or settings.device, binding_message()
    form = {
        "scope": settings.scope,
        "acr_values": settings.acr,
        "login_hint": who.text,
        "binding_message": message,
        "channel": where.value,
        "client_id": settings.client_id,
    }
    with waiting.alone(who):
        pending = _pending(post_form(endpoint, form, ctx), endpoint, settings)
        ctx.show(
            Notice(
                code="psc.binding_message",
                text=f"Votre code de vérification est {message}.",
                action=f"Vérifiez que {_WHERE[where]} affiche le même nombre, puis acceptez la connexion. Refusez-la "
                "s’il est différent.",
            )
        )
        return _awaited(pending, provider.endpoint("token"), settings, ctx), who


def _question() -> Question:
    return Question(
        code="psc.national_id",
        text="Quel est votre numéro RPPS (ou votre identifiant national s’il commence par un autre chiffre que 8) ?",
        pattern=TYPED,
    )


def _pending(reply: HttpReply, endpoint: Endpoint, settings: PscSettings) -> _Pending:
    if reply.status != _OK:
        code = service_code(reply)
        # A stock Keycloak says so to a software that may not use this way.
        if code == "invalid_grant":
            raise ConfigError("psc.client_refused", endpoint=endpoint.name, service_code=code, status=reply.status)
        raise refusal_of(code, endpoint, reply.status)
    answer = object_of(reply, endpoint)
    request_id = answer.get("auth_req_id")
    if not isinstance(request_id, str) or not _REQUEST_ID.fullmatch(request_id):
        raise unreadable(endpoint, "auth_req_id")
    expires_in = seconds(answer.get("expires_in"))
    if not expires_in:
        raise unreadable(endpoint, "expires_in")
    interval = seconds(answer.get("interval", settings.poll_interval_s))
    if not interval or interval > _MAX_INTERVAL_S:
        raise unreadable(endpoint, "interval")
    return _Pending(request_id, min(expires_in, LONGEST_S), interval)


def _awaited(pending: _Pending, endpoint: Endpoint, settings: PscSettings, ctx: HookContext) -> Grant:
    began, waited, interval = ctx.clock.now(), 0.0, pending.interval
    form = {"grant_type": GRANT, "auth_req_id": pending.request_id, "client_id": settings.client_id}
    while True:
        # What was waited counts as well: the clock may be set back meanwhile.
        left = pending.expires_in - max(waited, (ctx.clock.now() - began).total_seconds())
        if left <= interval:
            ctx.wait(max(left, 0.0))
            raise ServiceError("psc.expired", endpoint=endpoint.name)
        ctx.wait(interval)
        waited += interval
        asked_at = ctx.clock.now()
        reply = post_form(endpoint, form, ctx)
        if reply.status == _OK:
            return grant_of(reply, endpoint, asked_at)
        code = service_code(reply)
        if code == "slow_down":
            interval += SLOWER_S
        elif code != "authorization_pending":
            raise refusal_of(code, endpoint, reply.status)
