"""What waits to be sent, as the doctor sees it: what somebody must see to, and what has waited for long."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from segur_host.cli.check import Check, problem
from segur_host.host import Host
from segur_host.outbox.intent import IntentState
from segur_sdk.errors import SegurError

LONG: Final = timedelta(days=1)
_NAMES: Final = {
    IntentState.REJECTED: "refusé(s) par le service",
    IntentState.HELD: "retenu(s)",
    IntentState.IN_DOUBT: "d’issue inconnue",
}
_OLD: Final = "en attente depuis plus d’un jour"


def outbox_checks(host: Host, now: datetime) -> Iterator[Check]:
    """Tell what is not sent and will not leave by itself soon.

    Args:
        host: an open host.
        now: what the clock says.
    """
    found: Counter[str] = Counter()
    waiting = 0
    try:
        for one in host.outbox.standings():
            waiting += 1
            if one.state in _NAMES:
                found[_NAMES[one.state]] += 1
            elif now - one.created_at > LONG:
                found[_OLD] += 1
    except SegurError as failure:
        yield problem("envois", failure)
        return
    if not found:
        yield Check("envois", "ok", f"{waiting} document(s) à envoyer")
        return
    told = ", ".join(f"{found[name]} {name}" for name in (*_NAMES.values(), _OLD) if found[name])
    yield Check("envois", "warning", told, "Voyez pourquoi avec « segur outbox list ».")
