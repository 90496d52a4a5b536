"""Cards for plugins to read: the sandbox's virtual Vitale cards, and cards that answer what a test wrote down."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack

from segur_host import Host
from segur_host.inputs import CardInput, RecordedInput, SlotInput
from segur_sandbox.running import RunningSandbox
from segur_sdk.models.card import CardPresence


class Cards:
    """Presents cards to a host.

    Args:
        sandbox: gives the sandbox when a virtual card is asked for, not before.
        presented: takes scripted cards away at the end of the test.
    """

    def __init__(self, sandbox: Callable[[], RunningSandbox], presented: ExitStack) -> None:
        self._sandbox = sandbox
        self._presented = presented

    def insert(self, host: Host, card: str, reader: str = "Vitale 1") -> CardPresence:
        """Put a virtual card into a reader of the sandbox.

        Args:
            host: one with that sandbox's readers.
            card: name of the card, as ``segur sandbox cards list`` tells: ``single``, ``family``, ``twins``…
                Its people are the published test identities.
            reader: name of the reader.

        Returns:
            This very insertion, as the host sees it.
        """
        self._sandbox().insert(reader, card)
        return self._present(host, SlotInput(slot=reader))

    def remove(self, reader: str = "Vitale 1") -> None:
        """Take out the virtual card that is in a reader."""
        self._sandbox().insert(reader, None)

    def scripted(self, host: Host, atr: str, exchanges: Iterable[tuple[str, str]]) -> CardPresence:
        """Present a card that answers what is written here, in this order, and nothing else.

        Args:
            host: any host; no sandbox is needed.
            atr: answer to reset, hexadecimal.
            exchanges: command and response APDU, hexadecimal; each opening of the card begins with the first.

        Returns:
            Its insertion. Another command than the next one written makes the card ``card.not_recorded``.
        """
        return self._present(host, RecordedInput(atr=atr, apdus=tuple(exchanges)))

    def _present(self, host: Host, card: CardInput) -> CardPresence:
        presence = self._presented.enter_context(host.presented(card))
        if not isinstance(presence, CardPresence):
            raise TypeError("a card in a slot is present as an insertion")
        return presence
