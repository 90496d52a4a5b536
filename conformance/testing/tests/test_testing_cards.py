"""Cards are presented to a host as insertions: virtual ones of the sandbox, and scripted ones."""

import pytest

from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import CardError
from segur_sdk.hooks.card_read import CardReadEvent
from segur_testing.cards import Cards
from segur_testing.hosts import HostFactory

EXAMPLE_ATR = "3B06464943544946"
SELECT_VITALE = "00A404000BD250000002564954414C45"


def test_virtual_card_is_read(segur_host_with: HostFactory, segur_sandbox: RunningSandbox, segur_cards: Cards) -> None:
    host = segur_host_with("vitale", sandbox=segur_sandbox)
    reading = host.read_card(segur_cards.insert(host, "family"))

    assert [one.prenom for one in reading.beneficiaries] == ["DOMINIQUE", "TOUSSAINT", "MICHELANGELO"]


def test_insertion_ends_when_the_card_is_taken_out(
    segur_host_with: HostFactory, segur_sandbox: RunningSandbox, segur_cards: Cards
) -> None:
    host = segur_host_with("vitale", sandbox=segur_sandbox)
    presence = segur_cards.insert(host, "single", reader="Vitale 2")
    segur_cards.remove("Vitale 2")

    with pytest.raises(CardError) as refused:
        host.read_card(presence)
    assert refused.value.code == "card.removed"


def test_scripted_card_answers_what_is_written(segur_host_with: HostFactory, segur_cards: Cards) -> None:
    host = segur_host_with("vitale")
    presence = segur_cards.scripted(host, EXAMPLE_ATR, [(SELECT_VITALE, "6A82")])
    result = host.call("on_card_read", CardReadEvent(card=presence))

    assert presence.atr == EXAMPLE_ATR
    assert [(one.plugin, str(one.status)) for one in result.outcomes] == [("vitale", "declined")]


def test_scripted_card_says_which_exchange_is_another(segur_host_with: HostFactory, segur_cards: Cards) -> None:
    host = segur_host_with("vitale")
    presence = segur_cards.scripted(host, EXAMPLE_ATR, [("00A40400", "6A82")])
    result = host.call("on_card_read", CardReadEvent(card=presence))

    assert result.failure is not None
    assert (result.failure.code, result.failure.facts["exchange"]) == ("card.not_recorded", 1)


def test_two_scripted_cards_are_told_apart(segur_host_with: HostFactory, segur_cards: Cards) -> None:
    host = segur_host_with("vitale")
    first = segur_cards.scripted(host, EXAMPLE_ATR, [(SELECT_VITALE, "6A82")])
    second = segur_cards.scripted(host, EXAMPLE_ATR, [(SELECT_VITALE, "6A82")])

    assert first.slot != second.slot
    assert {first.slot, second.slot} <= {state.slot for state in host.slots()}
