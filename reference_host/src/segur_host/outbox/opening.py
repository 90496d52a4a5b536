"""Put the outbox of a host together."""

import secrets
from collections.abc import Callable
from typing import Final

from segur_host.carrier import Carrier
from segur_host.config.model import HostConfig
from segur_host.consents.ledger import Consents
from segur_host.gate.gate import Gate
from segur_host.identities.desk import IdentityDesk
from segur_host.outbox.intents import IntentTable
from segur_host.outbox.outbox import Outbox
from segur_host.outbox.sending import Sending
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.context import Clock

_RANDOM: Final = secrets.SystemRandom()


def open_outbox(
    config: HostConfig,
    carrier: Carrier,
    desk: IdentityDesk,
    consents: Consents,
    sessions: Callable[[], tuple[OpenSession, ...]],
    clock: Clock,
) -> Outbox:
    """Return the outbox of a host; it sends nothing by itself before it is started.

    Args:
        config: of the host.
        carrier: carries its plugins.
        desk: knows identities.
        consents: of the patients.
        sessions: says which are open.
        clock: says what time it is.
    """
    gate = Gate(
        desk,
        consents,
        carrier.dispatcher.call,
        carrier.audit,
        config.environment,
        informed_by_team=config.consents.informed_by_team,
        consents_by_software=config.consents.kept_by == "software",
    )
    carrier.dispatcher.when_sending(gate.admit)
    sending = Sending(
        database=carrier.database,
        table=IntentTable(carrier.database),
        gate=gate,
        desk=desk,
        consents=consents,
        senders=carrier.registry.senders,
        dispatcher=carrier.dispatcher,
        sessions=sessions,
        audit=carrier.audit,
        traces=carrier.traces,
        messages=carrier.registry.messages,
        clock=clock,
        draw=_RANDOM.random,
    )
    return Outbox(sending, config.outbox.per_minute)
