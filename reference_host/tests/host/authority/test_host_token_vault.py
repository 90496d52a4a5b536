"""Tokens of sessions: kept in memory, renewed before use, by one call at a time, and never beyond their session."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from pydantic import SecretStr

from segur_host.sessions.vault import TokenVault
from segur_sdk.errors import CardError, PluginError, SegurError, ServiceError
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.session_tokens import SessionTokens

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
DOWN = ServiceError("service.unreachable", retryable=True)


class StandingClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@attrs.define(repr=False)
class Authority:
    """Renews what the test lets it renew, and notes what it was asked."""

    clock: StandingClock
    vault: TokenVault
    renewals: list[str] = attrs.field(factory=list)
    ended: list[tuple[str, SessionEnd]] = attrs.field(factory=list)
    failure: SegurError | None = None
    meanwhile: Callable[[], object] = lambda: None

    def renew(self, session_id: str, tokens: SessionTokens, _seconds: float) -> SessionTokens:
        self.renewals.append(tokens.access_token.get_secret_value())
        self.meanwhile()
        if self.failure is not None:
            raise self.failure
        return issued(self.clock, f"access-{len(self.renewals)}", refresh=None)

    def close(self, session_id: str, reason: SessionEnd) -> None:
        self.ended.append((session_id, reason))
        self.vault.take(session_id)


def issued(
    clock: StandingClock, access: str, refresh: str | None = "refresh-0", lasts: float = 120, renewable: float = 1800
) -> SessionTokens:
    return SessionTokens(
        access_token=SecretStr(access),
        access_expires_at=clock.now() + timedelta(seconds=lasts),
        refresh_token=SecretStr(refresh) if refresh else None,
        refresh_expires_at=clock.now() + timedelta(seconds=renewable) if refresh else None,
        id_token=SecretStr("id-0") if refresh else None,
    )


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def vault(clock: StandingClock) -> TokenVault:
    return TokenVault(clock)


@pytest.fixture
def authority(clock: StandingClock, vault: TokenVault) -> Authority:
    made = Authority(clock, vault)
    vault.renewed_by(made)
    vault.put("s", issued(clock, "access-0"))
    return made


def code_of(vault: TokenVault, session_id: str | None = "s", seconds: float = 5) -> str:
    with pytest.raises(SegurError) as raised:
        vault.access_token(session_id, seconds)
    return raised.value.code


LASTS: dict[str, tuple[float, str]] = {
    "fresh": (0, "access-0"),
    "enough_left": (89, "access-0"),
    "too_little_left": (90, "access-1"),
    "over": (200, "access-1"),
}


@pytest.mark.parametrize(("seconds", "token"), LASTS.values(), ids=LASTS)
def test_a_token_is_renewed_when_too_little_of_it_is_left(
    seconds: float, token: str, vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    clock.passes(seconds)
    assert [vault.access_token("s", 5) for _ in range(2)] == [token, token]
    assert authority.renewals == (["access-0"] if token == "access-1" else [])


def test_a_token_that_lasts_less_than_the_margin_is_used_for_half_its_time(
    vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    vault.put("s", issued(clock, "short", lasts=20))
    clock.passes(9)
    assert vault.access_token("s", 5) == "short"
    clock.passes(1)
    assert vault.access_token("s", 5) == "access-1"
    assert authority.renewals == ["short"]


def test_what_is_not_issued_again_stays(vault: TokenVault, clock: StandingClock, authority: Authority) -> None:
    clock.passes(100)
    vault.access_token("s", 5)
    tokens = vault.take("s")
    assert tokens is not None
    assert tokens.refresh_token is not None
    assert tokens.id_token is not None
    assert (tokens.refresh_token.get_secret_value(), tokens.id_token.get_secret_value()) == ("refresh-0", "id-0")
    assert tokens.refresh_expires_at == START + timedelta(seconds=1800)


def test_calls_at_once_have_it_renewed_once(vault: TokenVault, clock: StandingClock, authority: Authority) -> None:
    clock.passes(100)
    both_wait = threading.Barrier(3)
    authority.meanwhile = lambda: both_wait.wait(30)

    def call(first: bool) -> str:
        if not first:
            both_wait.wait(30)
        return vault.access_token("s", 30)

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(call, [True, False, False]))
    assert found == ["access-1"] * 3
    assert authority.renewals == ["access-0"]


FAILURES: dict[str, SegurError] = {
    "down": DOWN,
    "slow": ServiceError("service.timed_out", retryable=True, maybe_processed=True),
    "lost": ServiceError("service.answer_lost", retryable=True, maybe_processed=True),
    "somebody_elses_certificate": ServiceError("service.server_certificate"),
    "our_certificate": ServiceError("service.client_certificate_refused"),
    "busy": ServiceError("psc.unavailable", retryable=True),
    "unclear": ServiceError("psc.answer", maybe_processed=True),
    "refused_otherwise": ServiceError("psc.fault"),
    "over_perhaps": ServiceError("psc.session_over", retryable=True),
    "hung": PluginError("plugin.timed_out", retryable=True),
    "broken": PluginError("plugin.failed"),
    "no_card": CardError("token.absent"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_token_that_holds_serves_although_it_cannot_be_renewed_now(
    failure: SegurError, vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    authority.failure = failure
    clock.passes(100)
    assert [vault.access_token("s", 5) for _ in range(3)] == ["access-0"] * 3
    assert authority.renewals == ["access-0"]  # left alone for a while
    clock.passes(20)
    assert code_of(vault) == failure.code
    assert authority.ended == []
    authority.failure = None
    assert vault.access_token("s", 5) == "access-3"


@pytest.mark.parametrize("seconds", [100, 200], ids=["holds", "over"])
def test_a_renewal_refused_for_good_ends_the_session(
    seconds: float, vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    authority.failure = ServiceError("psc.session_over")
    clock.passes(seconds)
    assert code_of(vault) == "psc.session_over"
    assert authority.ended == [("s", SessionEnd.REFUSED)]
    assert code_of(vault) == "service.session_needed"


def test_what_can_be_renewed_no_more_ends_with_its_token(
    vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    vault.put("s", issued(clock, "last", renewable=60))
    clock.passes(100)
    assert vault.access_token("s", 5) == "last"
    clock.passes(20)
    assert code_of(vault) == "service.session_needed"
    assert (authority.renewals, authority.ended) == ([], [("s", SessionEnd.EXPIRED)])


@pytest.mark.parametrize("session_id", [None, "other"])
def test_a_session_without_tokens_is_told(session_id: str | None, vault: TokenVault, authority: Authority) -> None:
    assert code_of(vault, session_id) == "service.session_needed"
    assert (vault.has("s"), vault.has("other")) == (True, False)


def test_a_session_that_ends_during_its_renewal_stays_over(
    vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    clock.passes(200)
    authority.meanwhile = lambda: vault.take("s")
    assert code_of(vault) == "service.session_needed"
    assert not vault.has("s")


def test_no_renewal_is_begun_without_time_for_it(vault: TokenVault, clock: StandingClock, authority: Authority) -> None:
    clock.passes(100)
    assert vault.access_token("s", 0.5) == "access-0"
    clock.passes(100)
    assert code_of(vault, seconds=0.5) == "service.timed_out"
    assert authority.renewals == []


def test_who_waits_in_vain_for_anothers_renewal_is_told(
    vault: TokenVault, clock: StandingClock, authority: Authority
) -> None:
    begun, released = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        released.wait(30)

    authority.meanwhile = hang
    clock.passes(200)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(vault.access_token, "s", 30)
        assert begun.wait(30)
        assert code_of(vault, seconds=0.01) == "service.timed_out"
        released.set()
        assert first.result() == "access-1"


def test_a_vault_shows_nothing(vault: TokenVault, clock: StandingClock, authority: Authority) -> None:
    clock.passes(100)
    vault.access_token("s", 5)
    shown = repr(vault) + repr(vars(vault)) + repr(vault.take("s"))
    assert "access-" not in shown
    assert "refresh-" not in shown
    assert vault.renewable_until("s") is None
