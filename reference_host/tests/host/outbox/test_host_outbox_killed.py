"""Killed at any instant, with a service that takes twice what arrives twice: nothing is lost, nothing doubled."""

import itertools
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from reference_host.tests.host.outbox.outliving import Kill, Ledger, forked
from segur_host import Host
from segur_host.config.model import HostConfig
from segur_host.outbox.intents import IntentState

KILLS = 25
NEW = 3
"""Documents that each process lets in before it sends."""


@pytest.mark.req("SC.DMP/ALI/PROG.07")
def test_outbox_kills_at_any_instant_lose_and_double_nothing(
    outliving: tuple[dict[str, str], Callable[[str], str]], ledger: Ledger, make_config: Callable[..., HostConfig]
) -> None:
    plugins, draft = outliving
    config = make_config(plugins, consents={"informed_by_team": True})
    draw, numbers = random.Random(20260302), itertools.count(1)
    given: set[str] = set()
    kills: Counter[bool] = Counter()

    def feed(keys: tuple[str, ...]) -> None:
        with Host(config) as host:
            for key in keys:
                host.send(draft(key), idempotency_key=key)
                with (ledger.folder / "receipts").open("a") as receipts:
                    receipts.write(f"{key}\n")
            host.outbox.run()

    while kills.total() < KILLS:
        given |= {f"document-{next(numbers)}" for _ in range(NEW)}
        # Without a receipt nothing is certain: whoever gave it gives it again, under the same key.
        unsure = tuple(sorted(given - ledger.times("receipts").keys()))
        kill = Kill.drawn(draw, kills.total(), most=2)
        kills[kill.answer_lost] += kill.carried_out(ledger, partial(forked, partial(feed, unsure)))
    feed(tuple(sorted(given - ledger.times("receipts").keys())))
    assert kills[True] >= KILLS // 2
    assert ledger.times("accepted") == dict.fromkeys(given, 1)
    with Host(config) as host:
        assert Counter(one.state for one in host.outbox.standings(settled=True)) == {IntentState.SENT: len(given)}
        assert host.audit.verify().ok
