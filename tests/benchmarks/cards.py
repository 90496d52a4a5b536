"""A carte Vitale through a real pcscd: the host's reading beside the same commands through pyscard alone."""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from segur_host import Host
from segur_host.broker.card_watch import CardChange, CardEvent
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox, running
from segur_sdk.models.card import CardReading
from tests.benchmarks.measuring import Result, alone, compared
from tests.benchmarks.pyscard_alone import Pyscard

SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
CARD: Final = "vitale:family"
READINGS: Final = 200
INSERTIONS: Final = 15
EVENT_S: Final = 10.0


def card_readings() -> Iterator[Result]:
    """Readings of a card that is there, and of one from its insertion on."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-bench-cards-")))
        sandbox = opened.enter_context(running(folder, pcsc=True))
        os.environ[SOCKET_VARIABLE] = str(sandbox.pcscd_socket)
        slot = sandbox.pcsc_readers[1]
        sandbox.insert(slot, CARD)
        host = opened.enter_context(Host(_with_pcsc_readers_alone(load_config(sandbox.config))))
        before = len(sandbox.exchanges("cards"))
        host.read_card(slot)
        seen = sandbox.exchanges("cards")[before:]
        commands, answers = (_bodies(seen, part) for part in ("request", "answer"))
        pyscard = Pyscard()
        replay = pyscard.replay(slot, commands)
        bare = opened.enter_context(pyscard.replay_low(slot, commands))
        if (replay(), bare()) != (answers, answers):
            raise SystemExit("pyscard alone does not read what the host reads")
        yield compared(
            "cards.vitale_read",
            lambda: host.read_card(slot),
            replay,
            rounds=READINGS,
            unit="ms",
            target=1.2,
            note=f"peer: the same {len(commands)} APDUs through pyscard's connections, exclusive and with reset",
        )
        yield alone(
            "cards.apdus_alone", bare, rounds=READINGS, unit="ms", note="the same through pyscard's bare functions"
        )
        yield _from_insertion(host, sandbox, slot, pyscard, replay)


def _from_insertion(
    host: Host, sandbox: RunningSandbox, slot: str, pyscard: Pyscard, replay: Callable[[], list[bytes]]
) -> Result:
    """Both watch all the time; who reads is whose turn it is."""
    told: dict[str, SimpleQueue[Any]] = {"host": SimpleQueue(), "pyscard": SimpleQueue()}

    def changed(event: CardEvent) -> None:
        if event.change is CardChange.INSERTED:
            told["host"].put(event.presence)

    inserting = ThreadPoolExecutor(1)

    def removed() -> None:
        # Behind the insertion, which the sandbox answers later than everybody else sees it.
        inserting.submit(sandbox.insert, slot, None).result()
        for queue in told.values():
            while not queue.empty():
                queue.get()

    def by_host() -> CardReading:
        inserting.submit(sandbox.insert, slot, CARD)
        return host.read_card(told["host"].get(timeout=EVENT_S))

    def by_pyscard() -> list[bytes]:
        inserting.submit(sandbox.insert, slot, CARD)
        told["pyscard"].get(timeout=EVENT_S)
        return replay()

    end_watch = host.watch_cards(changed)
    try:
        with pyscard.monitored(told["pyscard"].put, removed):
            return compared(
                "cards.insertion_to_reading",
                by_host,
                by_pyscard,
                before=removed,
                rounds=INSERTIONS,
                unit="ms",
                target=1.05,
                note="peer: CardMonitor and the same APDUs; both begin with pcscd's own look, every 400 ms",
            )
    finally:
        end_watch()
        inserting.shutdown()


def _with_pcsc_readers_alone(config: HostConfig) -> HostConfig:
    """Leave out the readers that the sandbox has besides: nobody else's computer has them."""
    memory = config.readers.memory.model_copy(update={"slots": ()})
    return config.model_copy(update={"readers": config.readers.model_copy(update={"memory": memory})})


def _bodies(exchanges: list[dict[str, Any]], part: str) -> list[bytes]:
    return [bytes.fromhex(one[part]["body"]) for one in exchanges]
