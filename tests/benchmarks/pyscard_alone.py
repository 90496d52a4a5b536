"""The peers of card readings: what a program does that knows pyscard and the commands, and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

EXCHANGE_S: Final = 10.0


class Pyscard:
    """pyscard, in this process; the library keeps the PC/SC service that the environment names at first use."""

    def __init__(self) -> None:
        self.scard: Any = import_module("smartcard.scard")
        self._system: Any = import_module("smartcard.System")

    def replay(self, slot: str, commands: Sequence[bytes]) -> Callable[[], list[bytes]]:
        """Return what sends the commands of a reading through pyscard's connections, and returns the answers.

        The card is taken for itself alone and reset at the end, which the host owes to other programs too.
        """
        (reader,) = [one for one in self._system.readers() if str(one) == slot]
        listed = [list(command) for command in commands]

        def read() -> list[bytes]:
            connection = reader.createConnection()
            connection.connect(mode=self.scard.SCARD_SHARE_EXCLUSIVE, disposition=self.scard.SCARD_RESET_CARD)
            answers = [connection.transmit(command) for command in listed]
            connection.disconnect()
            return [bytes([*data, sw1, sw2]) for data, sw1, sw2 in answers]

        return read

    @contextmanager
    def replay_low(self, slot: str, commands: Sequence[bytes]) -> Iterator[Callable[[], list[bytes]]]:
        """Give the same through pyscard's bare functions of PC/SC, in one context that is kept."""
        api = self.scard
        context = _done(*api.SCardEstablishContext(api.SCARD_SCOPE_USER))
        protocols = api.SCARD_PROTOCOL_T0 | api.SCARD_PROTOCOL_T1
        listed = [list(command) for command in commands]

        def read() -> list[bytes]:
            code, card, protocol = api.SCardConnect(context, slot, api.SCARD_SHARE_EXCLUSIVE, protocols)
            _done(code)
            answers = [bytes(_done(*api.SCardTransmit(card, protocol, command))) for command in listed]
            api.SCardDisconnect(card, api.SCARD_RESET_CARD)
            return answers

        try:
            yield read
        finally:
            api.SCardReleaseContext(context)

    @contextmanager
    def monitored(self, inserted: Callable[[str], None], change_something: Callable[[], None]) -> Iterator[None]:
        """Have pyscard's ``CardMonitor`` call ``inserted`` with the name of each slot that got a card.

        Args:
            inserted: called from the monitor's thread.
            change_something: moves any card: the monitor's thread notices that it is to end at an event only.
        """
        observing: Any = import_module("smartcard.CardMonitoring")

        class Observer(observing.CardObserver):  # type: ignore[misc]
            """Tells of cards that came."""

            def update(self, _: object, changes: Any) -> None:
                """Take the cards that came and those that went."""
                for card in changes[0]:
                    inserted(str(card.reader))

        monitor, observer = observing.CardMonitor(), Observer()
        monitor.addObserver(observer)
        try:
            yield
        finally:
            monitor.deleteObserver(observer)
            thread = monitor.rmthread
            thread.stop()
            change_something()
            thread.join(EXCHANGE_S)
            thread.cardrequest = None


def _done(code: int, answer: Any = None) -> Any:
    if code:
        raise SystemExit(f"PC/SC failed: {code & 0xFFFFFFFF:08X}")
    return answer
