"""The devices of one workstation: readers, the cards in them, and tokens, from configuration and plugins' drivers."""

from contextlib import ExitStack
from typing import Final

from segur_host.broker.card_watch import CardWatch
from segur_host.broker.cards import CardBroker
from segur_host.broker.tokens import TokenBroker
from segur_host.broker.trust import TrustStore
from segur_host.config.model import HostConfig
from segur_host.drivers.readers import ReadersInChild
from segur_host.drivers.readings import ReadingsInChild
from segur_host.drivers.tokens import TokensInChild
from segur_host.registry.registry import RegisteredDriver
from segur_sdk.context import Clock
from segur_sdk.drivers import DriverKind

MEMORY_DRIVER: Final = "segur_host.drivers.memory:MemoryCardSource"


class Devices:
    """Readers and tokens; nothing is started before it is asked for.

    Args:
        config: its ``readers`` and ``trust``.
        drivers: of the plugins that are active.
        clock: dates insertions and judges certificates.
    """

    def __init__(self, config: HostConfig, drivers: tuple[RegisteredDriver, ...], clock: Clock) -> None:
        slots = [slot.model_dump(mode="json") for slot in config.readers.memory.slots]
        readers = [ReadersInChild(MEMORY_DRIVER, {"slots": slots})] if slots else []
        readers += [ReadersInChild(one.use.entry, one.settings) for one in drivers if one.use.kind is DriverKind.CARDS]
        officially = next(
            (ReadingsInChild(one.use.entry, one.settings) for one in drivers if one.use.kind is DriverKind.READINGS),
            None,
        )
        self.cards: Final = CardBroker(readers, clock, officially)
        self.watch: Final = CardWatch(self.cards)
        tokens = [
            TokensInChild(one.use.entry, one.settings, self.cards.relay() if one.use.through_cards else None)
            for one in drivers
            if one.use.kind is DriverKind.TOKENS
        ]
        self.tokens: Final = TokenBroker(tokens, TrustStore(config.trust, config.environment), clock)

    def close(self) -> None:
        """Let go of everything, tokens before the readers that they may sit in."""
        with ExitStack() as closing:
            closing.callback(self.cards.close)
            closing.callback(self.tokens.close)
            closing.callback(self.watch.close)
