"""What the services saw, held against what the host's audit says it lent: nothing more, nothing less."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

HTTP_TICKET: Final = "broker.http"
CARD_TICKETS: Final = frozenset({"broker.card.open", "broker.card.relay"})
"""For a plugin, and for a token driver that works through the host's readers."""


@attrs.frozen
class Reckoning:
    """One count, seen from both sides."""

    what: str
    seen: int
    """By the service."""
    granted: int
    """By the host."""

    @property
    def even(self) -> bool:
        """Whether both sides agree."""
        return self.seen == self.granted


def reckon_http(
    exchanges: Iterable[Mapping[str, Any]], audited: Iterable[Mapping[str, Any]], connects: int
) -> tuple[Reckoning, Reckoning]:
    """Compare exchanges with tickets, and connections with those that the broker began.

    Args:
        exchanges: of one HTTP service, from the sandbox's ``GET /exchanges``.
        audited: records of the host's audit with ``event``.
        connects: connections to that service that a ``Monitor`` saw the broker begin.
    """
    listed = list(exchanges)
    tickets = sum(record["event"] == HTTP_TICKET for record in audited)
    return (
        Reckoning("exchanges", len(listed), tickets),
        Reckoning("connections", len({one["connection"] for one in listed}), connects),
    )


def reckon_cards(
    openings: Iterable[Mapping[str, Any]],
    exchanges: Iterable[Mapping[str, Any]],
    audited: Iterable[Mapping[str, Any]],
) -> tuple[Reckoning, ...]:
    """Compare the openings of each reader with tickets.

    Args:
        openings: of ``cards``, from the sandbox's ``GET /ledger``; a look at a card is none.
        exchanges: of ``cards``, from the sandbox's ``GET /exchanges``.
        audited: records of the host's audit with ``event`` and ``facts``, as JSON.
    """
    listed = list(openings)
    known = {one["id"] for one in listed}
    granted = Counter(json.loads(one["facts"])["slot"] for one in audited if one["event"] in CARD_TICKETS)
    seen = Counter(one["reader"] for one in listed)
    unknown = {one["connection"] for one in exchanges} - known
    return (
        *(Reckoning(reader, seen[reader], granted[reader]) for reader in sorted({*seen, *granted})),
        Reckoning("connections unknown to the ledger", len(unknown), 0),
    )
