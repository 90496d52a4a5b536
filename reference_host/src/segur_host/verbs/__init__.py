"""Verbs in JSON, the same for a command that works alone and for the clients of the resident host."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from segur_host.host import Host
from segur_host.json_forms import plugin_as_json
from segur_host.verbs import consents, documents
from segur_host.verbs.asked import Asked, Nothing, verb
from segur_host.verbs.calls import CallInput, call
from segur_host.verbs.cards import ReadInput, list_cards, read_card
from segur_host.verbs.certificates import (
    InstallInput,
    InventoryInput,
    OrderInput,
    RenewInput,
    SecretInput,
    calendar,
    install,
    inventory,
    order,
    renew,
    secret,
)
from segur_host.verbs.identities import Identifying, identify
from segur_host.verbs.jobs import JobInput, list_jobs, run_job
from segur_host.verbs.sending import (
    IntentInput,
    ListInput,
    RehearseInput,
    SendInput,
    cancel_intent,
    list_intents,
    rehearse,
    retry_intent,
    run_outbox,
    send,
    show_intent,
)
from segur_host.verbs.sessions import LoginInput, LogoutInput, login, logout, status, watch_sessions

__all__ = ["VERBS", "Asked", "verbs_of"]


def list_plugins(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return every plugin with its state."""
    return [plugin_as_json(one, host.messages) for one in sorted(host.plugins.values(), key=lambda one: one.id)]


VERBS: Final = {
    "cards.list": verb(Nothing, list_cards),
    "cards.read": verb(ReadInput, read_card),
    "certificates.calendar": verb(Nothing, calendar),
    "certificates.install": verb(InstallInput, install),
    "certificates.inventory": verb(InventoryInput, inventory),
    "certificates.order": verb(OrderInput, order),
    "certificates.renew": verb(RenewInput, renew),
    "certificates.secret": verb(SecretInput, secret),
    "consents.inform": verb(consents.InformInput, consents.inform),
    "consents.judge": verb(consents.JudgeInput, consents.judge),
    "consents.lift": verb(consents.AboutDocument, consents.lift),
    "consents.oppose": verb(consents.OpposeInput, consents.oppose),
    "consents.show": verb(consents.OfPatient, consents.show),
    "documents.feed_past": verb(documents.PastInput, documents.feed_past),
    "documents.validate": verb(documents.ValidateInput, documents.validate),
    "hooks.call": verb(CallInput, call),
    "identities.identify": verb(Identifying, identify),
    "jobs.list": verb(Nothing, list_jobs),
    "jobs.run": verb(JobInput, run_job),
    "outbox.cancel": verb(IntentInput, cancel_intent),
    "outbox.list": verb(ListInput, list_intents),
    "outbox.retry": verb(IntentInput, retry_intent),
    "outbox.run": verb(Nothing, run_outbox),
    "outbox.show": verb(IntentInput, show_intent),
    "plugins.list": verb(Nothing, list_plugins),
    "sending.rehearse": verb(RehearseInput, rehearse),
    "sending.send": verb(SendInput, send),
    "session.login": verb(LoginInput, login),
    "session.logout": verb(LogoutInput, logout),
    "session.status": verb(Nothing, status),
    "session.watch": verb(Nothing, watch_sessions),
}
"""Every verb by its name."""


def verbs_of(host: Host) -> dict[str, Callable[[Mapping[str, Any], Asked], Any]]:
    """Return the verbs, carried out by one host."""
    return {name: partial(one, host) for name, one in VERBS.items()}
