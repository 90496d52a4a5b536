"""Ends that come near: announced to every plugin, and told to whoever signs in."""

from datetime import timedelta
from typing import Any

import pytest

from plugins.certificates.tests.fake_host import Context, crl_of
from plugins.certificates.tests.fake_keyring import FakeKeyring
from plugins.certificates.tests.made_pki import DAY, NOW, Made, Pki, make_leaf, org_name
from segur_sdk.errors import HostError
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.models.certificate import ExpiryLevel

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def lists(host: Context, pki: Pki) -> None:
    host.keyring.keep_list(crl_of(pki.root))
    host.keyring.keep_list(crl_of(pki.organisations))


def ending(host: Context, pki: Pki, use: str, left: timedelta) -> Made:
    made = make_leaf(pki.organisations, subject=org_name("LGO"), key_name=use, begin=NOW - 900 * DAY, end=NOW + left)
    host.keyring.hold(use, made, pki.organisations)
    return made


def login(host: Context) -> Any:
    actor = host.actor.model_dump()
    event = SessionLoginEvent.model_validate({"actor": actor, "session": {"session_id": "s-1", "means": "local"}})
    return host.plugin.on_session_login(event=event, ctx=host)


@pytest.mark.req("S003-20", "S003-21", "CERT-07")
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (91 * DAY, []),
        (90 * DAY, [("cle", ExpiryLevel.CALENDAR, 90)]),
        (31 * DAY, [("cle", ExpiryLevel.CALENDAR, 31)]),
        (30 * DAY, [("cle", ExpiryLevel.WARNING, 30)]),
        (7 * DAY, [("cle", ExpiryLevel.URGENT, 7)]),
        (0 * DAY, [("cle", ExpiryLevel.URGENT, 0)]),
        (-SECOND, [("cle", ExpiryLevel.ENDED, 0)]),
        (-3 * DAY, [("cle", ExpiryLevel.ENDED, -3)]),
    ],
    ids=lambda one: str(one) if isinstance(one, timedelta) else "",
)
def test_end_is_announced_with_its_level(host: Context, pki: Pki, left: timedelta, expected: list[Any]) -> None:
    ending(host, pki, "cle", left)
    host.job("watch")
    assert host.keyring.announced == expected


def test_one_that_cannot_be_announced_keeps_none_of_the_others_silent(host: Context, pki: Pki) -> None:
    for use in ("a", "b", "c"):
        ending(host, pki, use, 5 * DAY)
    host.keyring.refuses["b"] = HostError("storage.busy", retryable=True)
    with pytest.raises(HostError, match=r"storage\.busy"):
        host.job("watch")
    assert [use for use, *_ in host.keyring.announced] == ["a", "c"]


def test_certificate_that_was_replaced_meanwhile_is_not_announced(
    host: Context, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending(host, pki, "cle", 5 * DAY)
    real = FakeKeyring.announce

    def replaced(self: FakeKeyring, *given: Any) -> None:
        ending(host, pki, "cle", 900 * DAY)
        real(self, *given)

    monkeypatch.setattr(FakeKeyring, "announce", replaced)
    host.job("watch")
    assert host.keyring.announced == []


def test_certificate_that_has_not_begun_or_cannot_be_read_is_not_announced(host: Context, pki: Pki) -> None:
    future = make_leaf(pki.organisations, begin=NOW + DAY, end=NOW + 20 * DAY)
    host.keyring.hold("futur", future, pki.organisations)
    host.keyring.new_key("neuve", "LGO")
    host.job("watch")
    assert host.keyring.announced == []


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (200 * DAY, 110 * DAY),
        (60 * DAY, 30 * DAY),
        (30 * DAY, 23 * DAY),
        (3 * DAY, 3 * DAY + SECOND),
        (0 * DAY, SECOND),
        (-DAY, None),
    ],
    ids=["calendar", "warning", "urgent", "end", "at its last second", "never"],
)
def test_watch_runs_next_when_a_certificate_reaches_a_level(
    host: Context, pki: Pki, left: timedelta, expected: timedelta | None
) -> None:
    ending(host, pki, "cle", left)
    assert host.job("watch").next_at == (None if expected is None else NOW + expected)


@pytest.mark.req("S003-20", "S003-21", "S003-22")
def test_who_signs_in_is_told_from_thirty_days_on(host: Context, pki: Pki) -> None:
    ending(host, pki, "cle", 31 * DAY)
    assert login(host) is None
    host.clock.moment = NOW + DAY
    (notice,) = login(host).warnings
    assert notice.code == "certificates.ends_soon"
    assert notice.text.startswith("Certificat « cle » : ")
    assert "30 jours" in notice.text
    host.clock.moment = NOW + 32 * DAY
    (notice,) = login(host).warnings
    assert (notice.code, bool(notice.action)) == ("certificates.ended", True)
    host.set(warn_at_login=False)
    assert login(host) is None


def test_one_warning_for_each_certificate_and_none_for_mere_doubt(host: Context, pki: Pki) -> None:
    ending(host, pki, "a", 5 * DAY)
    revoked = ending(host, pki, "b", 20 * DAY)
    ending(host, pki, "c", 300 * DAY)
    host.keyring.kept.clear()
    assert [one.code for one in login(host).warnings] == ["certificates.ends_very_soon", "certificates.ends_soon"]
    host.keyring.keep_list(crl_of(pki.organisations, revoked))
    assert [one.code for one in host.job("watch").notices] == ["certificates.ends_very_soon", "certificates.revoked"]
