"""A token that is unlocked is known where it was unlocked, until it is locked or lost; that it is lost is noticed."""

import pytest

from reference_host.tests.host.cards.bench import Call, code_of, eventually
from reference_host.tests.host.cards.software_token import PIN, Make, Person, Token
from segur_host.broker import unlocked
from segur_host.broker.tokens import TokenBroker
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError

SERIAL = "2800385266"
DIGEST = bytes(32)


class Locking(Token):
    """Signs only under the name that it has now, and only when it is unlocked."""

    def sign(self, token: str, key: str, scheme: SignatureScheme, data: bytes, timeout: float = 10) -> bytes:
        if token != self.name or self.gone:
            raise CardError("token.absent")
        if not self.unlocked:
            raise CardError("token.pin_needed")
        return super().sign(token, key, scheme, data, timeout)


def opened(broker: TokenBroker) -> TokenBroker:
    broker.unlock(broker.of_serial(SERIAL), Person(PIN), Call())
    return broker


def sign(broker: TokenBroker) -> bytes:
    return broker.sign(SERIAL, "20", SignatureScheme.PKCS1_SHA256, DIGEST)


def told_by(broker: TokenBroker) -> tuple[list[str], list[str]]:
    """Return what the broker tells from now on: of tokens that are locked, and of those that were lost."""
    locked: list[str] = []
    lost: list[str] = []
    broker.when_locked(locked.append)
    broker.when_lost(lost.append)
    return locked, lost


def test_an_unlocked_token_is_not_looked_for_again_to_sign(make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    looks = len(token.seconds)
    assert sign(broker) == sign(broker)
    assert len(token.seconds) == looks


def test_a_locked_token_is_looked_for_to_say_what_it_needs(make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    broker.lock(SERIAL)
    assert code_of(lambda: sign(broker)) == "token.pin_needed"
    token.gone = True
    assert code_of(lambda: sign(broker)) == "token.absent"


def test_a_token_that_moved_is_found_where_it_is_and_its_code_is_needed_again(make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    token.name, token.unlocked = "in the other reader", False
    assert code_of(lambda: sign(broker)) == "token.pin_needed"
    assert eventually(lambda: not broker.is_unlocked(SERIAL))
    opened(broker)
    assert sign(broker)


@pytest.mark.parametrize("change", [{"unlocked": False}, {"gone": True}, {"failing": "card.driver_stopped"}], ids=str)
def test_a_token_whose_driver_ended_is_lost_once(change: dict[str, object], make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    locked, lost = told_by(broker)
    for field, value in change.items():
        setattr(token, field, value)
    token.end()
    assert eventually(lambda: lost == [SERIAL])
    assert locked == [SERIAL]
    assert not broker.is_unlocked(SERIAL)
    token.end()
    assert lost == [SERIAL]


@pytest.mark.parametrize("failing", [None, "card.reader_in_use"], ids=["unlocked_by_the_next_process", "busy"])
def test_a_token_that_may_still_be_used_is_not_lost(failing: str | None, make: Make) -> None:
    token, other = Locking(), Locking(serial="1")
    broker = opened(make(token, other))
    broker.unlock(broker.of_serial("1"), Person(PIN), Call())
    _, lost = told_by(broker)
    token.failing = failing
    token.end()
    other.unlocked = False
    other.end()
    # The end of the other one was told later: this one was judged by then.
    assert eventually(lambda: lost == ["1"])
    assert broker.is_unlocked(SERIAL)


def test_a_token_is_lost_when_its_use_shows_that_it_was_locked_elsewhere(make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    _, lost = told_by(broker)
    token.unlocked = False
    assert code_of(lambda: sign(broker)) == "token.pin_needed"
    assert eventually(lambda: lost == [SERIAL])


def test_only_a_token_that_is_followed_is_looked_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlocked, "LOOK_S", 0.01)
    token, other = Locking(), Locking(serial="1")
    broker = opened(make(token, other))
    broker.unlock(broker.of_serial("1"), Person(PIN), Call())
    _, lost = told_by(broker)
    broker.follow("1")
    token.gone = other.gone = True
    assert eventually(lambda: lost == ["1"])
    assert broker.is_unlocked(SERIAL)


def test_a_token_that_nobody_unlocked_is_not_followed(make: Make) -> None:
    token = Locking()
    broker = make(token)
    broker.follow(SERIAL)
    token.end()
    assert token.seconds == []


def test_nothing_is_lost_once_the_host_closes(make: Make) -> None:
    token = Locking()
    broker = opened(make(token))
    _, lost = told_by(broker)
    broker.close()
    token.unlocked = False
    looks = len(token.seconds)
    token.end()
    assert (lost, len(token.seconds)) == ([], looks)
