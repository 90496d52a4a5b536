"""Fifty kills of real processes over a thousand documents, half of them between an acceptance and its answer."""

import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from reference_host.tests.host.outbox.outliving import Kill, Ledger
from segur_host import Host
from segur_host.outbox.intents import IntentState

KILLS = 50
DOCUMENTS = 1000
MOST = 25
"""Documents that one process sends at most before it is killed."""
COMMANDS = {"outbox_run": ("outbox", "run"), "host_run": ("host", "run")}


def spawned(arguments: tuple[str, ...], environment: dict[str, str]) -> int:
    """Begin a ``segur`` command in a process group of its own; its id."""
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1)]
    command = [sys.executable, "-m", "segur_host.cli", *arguments]
    return os.posix_spawn(sys.executable, command, environment, file_actions=nowhere, setpgroup=0)


@pytest.mark.timeout(1800)
@pytest.mark.req("SC.DMP/ALI/PROG.07")
def test_soak_outbox_fifty_kills_over_a_thousand_documents(
    outliving: tuple[dict[str, str], Callable[[str], str]],
    ledger: Ledger,
    config_file: Callable[..., Path],
    environment: dict[str, str],
    say: Callable[[str], None],
) -> None:
    plugins, draft = outliving
    config = config_file(plugins, "[consents]\ninformed_by_team = true\n")
    given = {f"document-{number}" for number in range(DOCUMENTS)}
    with Host(config) as host:
        for key in sorted(given):
            host.send(draft(key), idempotency_key=key)
    draw = random.Random(20260302)
    kills: Counter[tuple[str, bool]] = Counter()
    while kills.total() < KILLS:
        number = kills.total()
        kill = Kill.drawn(draw, number, MOST, start_s=3.0)
        name = ("outbox_run", "host_run")[number // 2 % 2]
        begin = partial(spawned, (*COMMANDS[name], "--config", str(config), "--json"), environment)
        assert kill.carried_out(ledger, begin), "there was nothing left to send"
        kills[name, kill.answer_lost] += 1
    sent = ledger.times("accepted").total()
    with Host(config) as host:
        host.outbox.run()
        states = Counter(one.state for one in host.outbox.standings(settled=True))
        assert host.audit.verify().ok
    assert ledger.times("accepted") == dict.fromkeys(given, 1)
    assert states == {IntentState.SENT: DOCUMENTS}
    told = {f"{name}{' in answer lost' if lost else ''}": count for (name, lost), count in sorted(kills.items())}
    say(f"{DOCUMENTS} documents, {kills.total()} kills {told}, {sent} sent meanwhile: 0 lost, 0 twice")
