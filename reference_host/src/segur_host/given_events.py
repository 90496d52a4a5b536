"""Events as outsiders give them: JSON in which a card is a slot or a recording, and an identity a reference."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ValidationError

from segur_host.broker.cards import CardBroker
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.drivers.readers import RecordedCard
from segur_host.inputs import CardInput, CardReadInput, SlotInput
from segur_sdk.context import Clock
from segur_sdk.errors import invalid_input
from segur_sdk.hooks import HOOKS
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.base import Event
from segur_sdk.models.card import CardPresence, HostSuppliedReading


class GivenEvents:
    """Makes of what was given what plugins understand.

    Args:
        cards: readers of this workstation.
        sealed: resolves the reference of an identity.
        clock: dates events.
    """

    def __init__(self, cards: CardBroker, sealed: Callable[[str], SealedIdentity], clock: Clock) -> None:
        self._cards = cards
        self._sealed = sealed
        self._clock = clock

    @contextmanager
    def card(self, given: CardInput) -> Iterator[CardPresence | HostSuppliedReading]:
        """Present a card for as long as the block lasts; see ``Host.presented``."""
        if isinstance(given, HostSuppliedReading):
            yield given
        elif isinstance(given, SlotInput):
            yield self._cards.presence(given.slot)
        else:
            slot = f"recorded:{new_call_id()}"
            exchanges = [(bytes.fromhex(command), bytes.fromhex(response)) for command, response in given.apdus]
            with self._cards.mounted(RecordedCard(slot, bytes.fromhex(given.atr), exchanges)):
                yield self._cards.presence(slot)

    def _read(self, model: type[BaseModel], text: str) -> BaseModel:
        # The exception of a failed validation holds its input: it must not become the context of an error.
        try:
            return model.model_validate_json(text, context={"resolve_identity": self._sealed})
        except ValidationError as failure:
            refused = invalid_input("input.event", failure, model)
        raise refused

    @contextmanager
    def event(self, hook: str, text: str) -> Iterator[Event]:
        """Give the event of a hook that JSON describes, for as long as the block lasts.

        Raises:
            InputError: ``input.event``, with the fields, never their values.
            CardError: ``card.absent``, ``card.reader_unavailable``.
        """
        model: type[BaseModel] = CardReadInput if hook == "on_card_read" else HOOKS[hook].event
        given = self._read(model, text)
        if isinstance(given, CardReadInput):
            with self.card(given.card) as source:
                yield CardReadEvent(card=source, occurred_at=self._clock.now())
        else:
            assert isinstance(given, Event)
            yield given
