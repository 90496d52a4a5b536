"""What the services saw, held against what the host's audit says it lent: nothing more, nothing less."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

HTTP_TICKET: Final = "broker.http"
CARD_TICKET: Final = "broker.card.open"


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
    openings: Iterable[Mapping[str, Any]], exchanges: Iterable[Mapping[str, Any]], insertions: Mapping[str, int]
) -> tuple[Reckoning, ...]:
    """Compare the openings of each reader with the insertions that the host's driver counted.

    Args:
        openings: of ``cards``, from the sandbox's ``GET /ledger``.
        exchanges: of ``cards``, from the sandbox's ``GET /exchanges``.
        insertions: by name of the reader, as the driver told them.
    """
    listed = list(openings)
    known = {one["id"] for one in listed}
    readers = sorted({one["reader"] for one in listed} | set(insertions))
    return (
        *(
            Reckoning(reader, sum(one["reader"] == reader for one in listed), insertions.get(reader, 0))
            for reader in readers
        ),
        Reckoning("connections unknown to the ledger", len({one["connection"] for one in exchanges} - known), 0),
    )
