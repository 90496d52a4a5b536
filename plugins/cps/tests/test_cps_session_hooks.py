"""What a session of a card is told at login, and what is kept of it when it ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError
from segur_sdk.hooks.session_ended import Noted
from segur_sdk.models.actor import SessionEnd, SessionMeans

REMOVED = "cps.last_session_card_removed"
RECALLED = {SessionEnd.CARD_REMOVED: [REMOVED], SessionEnd.TOKEN_LOST: ["cps.last_session_token_lost"]}


def unlocked(bench: Any, *objects: TokenData, **changes: Any) -> Any:
    token = bench.card(*objects, **changes)
    token.unlocked = True
    return token


def codes(bench: Any, ctx: Any, **where: Any) -> list[str]:
    return [one.code for one in bench.login(ctx, **where).warnings]


@pytest.mark.parametrize("means", [SessionMeans.PSC, SessionMeans.LOCAL])
def test_session_that_no_card_opened_is_of_no_interest(bench: Any, means: SessionMeans) -> None:
    ctx = bench.context(unlocked(bench))
    session = bench.session(means=means)
    assert bench.login(ctx, session) is None
    assert bench.ended(ctx, session=session) is None
    assert ctx.store.values == {}


def test_session_without_serial_number_is_of_no_interest(bench: Any) -> None:
    ctx = bench.context(unlocked(bench))
    assert bench.login(ctx, bench.session(serial=None)) is None
    assert bench.ended(ctx, session=bench.session(serial=None)) is None


@pytest.mark.req("CPS-04")
def test_situations_are_those_that_were_offered(bench: Any, situations_with_gaps: Sequence[TokenData]) -> None:
    ctx = bench.context(bench.card(*situations_with_gaps))
    offered = bench.sign_in(ctx).exercices
    assert bench.login(ctx).exercices == offered
    assert [one.id[-2:] for one in offered] == ["01", "04", "16"]


def test_token_that_was_locked_again_adds_no_situation(bench: Any) -> None:
    assert bench.login(bench.context(bench.card())).exercices == ()


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (31, []),
        (30, ["cps.certificate_ends_soon"]),
        (8, ["cps.certificate_ends_soon"]),
        (7, ["cps.certificate_ends_very_soon"]),
        (0, ["cps.certificate_ends_very_soon"]),
    ],
)
def test_end_of_the_certificates_is_announced(bench: Any, days: Any, left: int, expected: list[str]) -> None:
    assert codes(bench, bench.context(unlocked(bench, ends=bench.now + days(left)))) == expected


@pytest.mark.parametrize(
    ("left", "words"),
    [(0, "aujourd’hui, le 02/03/2026"), (1, "demain, le 03/03/2026"), (7, "dans 7 jours, le 09/03/2026")],
)
def test_announcement_says_which_and_when(bench: Any, days: Any, left: int, words: str) -> None:
    (notice,) = bench.login(bench.context(unlocked(bench, ends=bench.now + days(left)))).warnings
    assert notice.text == (f"Les certificats d’authentification et de signature de votre carte se terminent {words}.")


def test_certificates_that_end_apart_are_announced_apart(bench: Any, days: Any) -> None:
    token = unlocked(bench, ends=bench.now + days(20))
    token.found = (bench.certificate(bench.signature(ends=bench.now + days(3)), bench.sig_key), token.found[1])
    notices = bench.login(bench.context(token)).warnings
    assert [(one.code, one.text) for one in notices] == [
        (
            "cps.certificate_ends_very_soon",
            "Le certificat de signature de votre carte se termine dans 3 jours, le 05/03/2026.",
        ),
        (
            "cps.certificate_ends_soon",
            "Le certificat d’authentification de votre carte se termine dans 20 jours, le 22/03/2026.",
        ),
    ]


@pytest.mark.req("R17")
def test_holder_of_an_adeli_alone_is_told_what_it_does_not_open(bench: Any) -> None:
    assert codes(bench, bench.context(unlocked(bench, subject=bench.olivier))) == ["cps.adeli_only"]


def test_holder_of_neither_number_is_told_nothing(bench: Any) -> None:
    assert codes(bench, bench.context(unlocked(bench, subject=bench.patrice))) == []


@pytest.mark.parametrize("reason", SessionEnd)
def test_an_end_that_nobody_asked_for_is_recalled_at_the_next_login(bench: Any, reason: SessionEnd) -> None:
    ctx = bench.context(unlocked(bench))
    assert bench.ended(ctx, reason) == Noted()
    assert codes(bench, ctx) == RECALLED.get(reason, [])


def test_recall_names_the_day(bench: Any) -> None:
    ctx = bench.context(unlocked(bench))
    bench.ended(ctx, SessionEnd.CARD_REMOVED)
    assert "02/03/2026" in bench.login(ctx).warnings[0].text


def test_recall_is_of_the_last_session_only(bench: Any, days: Any) -> None:
    ctx = bench.context(unlocked(bench))
    bench.ended(ctx, SessionEnd.CARD_REMOVED, at=bench.now - days(2))
    bench.ended(ctx, SessionEnd.LOGOUT, session=bench.session(session_id="s-2"), at=bench.now - days(1))
    assert codes(bench, ctx) == []


def test_end_that_is_told_again_changes_nothing(bench: Any, days: Any) -> None:
    ctx = bench.context(unlocked(bench))
    for _ in range(3):
        assert bench.ended(ctx, SessionEnd.CARD_REMOVED, at=bench.now - days(2)) == Noted()
    assert ctx.store.writes == 1
    bench.ended(ctx, SessionEnd.LOGOUT, session=bench.session(session_id="s-2"), at=bench.now - days(1))
    kept = dict(ctx.store.values)
    assert bench.ended(ctx, SessionEnd.CARD_REMOVED, at=bench.now - days(2)) == Noted()
    assert ctx.store.values == kept


def test_end_is_recalled_to_that_card_only(bench: Any) -> None:
    ctx = bench.context(unlocked(bench, serial="0001"), unlocked(bench, serial="0002"))
    bench.ended(ctx, SessionEnd.CARD_REMOVED, session=bench.session("0001"))
    assert codes(bench, ctx, session=bench.session("0001")) == [REMOVED]
    assert codes(bench, ctx, session=bench.session("0002")) == []


def test_end_is_noted_though_the_card_is_gone(bench: Any) -> None:
    ctx = bench.context()
    assert bench.ended(ctx, SessionEnd.CARD_REMOVED) == Noted()
    assert len(ctx.store.values) == 1


def test_notes_are_forgotten_after_their_retention(bench: Any, days: Any) -> None:
    ctx = bench.context(unlocked(bench))
    bench.ended(ctx, SessionEnd.CARD_REMOVED)
    ctx.clock.moment = bench.now + days(365)
    assert codes(bench, ctx) == [REMOVED]
    ctx.clock.moment = bench.now + days(366)
    assert codes(bench, ctx) == []
    assert ctx.store.values == {}


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"at":"?"}', b"\xff"], ids=repr)
def test_notes_of_another_version_are_nothing(bench: Any, content: bytes) -> None:
    ctx = bench.context(unlocked(bench))
    bench.ended(ctx, SessionEnd.CARD_REMOVED)
    ctx.store.values = dict.fromkeys(ctx.store.values, content)
    assert codes(bench, ctx) == []


def test_card_that_left_before_login_is_said(bench: Any) -> None:
    with pytest.raises(CardError) as caught:
        bench.login(bench.context())
    assert caught.value.code == "token.absent"
