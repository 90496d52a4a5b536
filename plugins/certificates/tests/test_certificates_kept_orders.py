"""Orders as they are kept: read again, forgotten, led on by somebody else, audited; keys that the host cannot give."""

from datetime import timedelta
from typing import Any

import pytest

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.leading_orders import (
    in_service,
    prepared,
    requested,
)
from plugins.certificates.tests.made_pki import NOW, Pki
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.orders import RETENTION
from segur_sdk.errors import ConfigError


def test_key_that_vanished_is_told(host: Context) -> None:
    prepared(host)
    host.does(**requested())
    host.keyring.uses.clear()
    found = host.order()
    assert (found.csr, [one.code for one in found.notices]) == (None, ["certificates.order_key_lost"])
    assert host.keyring.uses == {}


@pytest.mark.parametrize("code", ["config.key_on_token", "config.keyring_passphrase"])
def test_what_keeps_the_host_from_making_a_key_goes_through(
    host: Context, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    from plugins.certificates.tests.fake_keyring import FakeKeyring

    def refuses(*_: object) -> Any:
        raise ConfigError(code)

    prepared(host)
    before = dict(host.store.kept)
    monkeypatch.setattr(FakeKeyring, "new_key", refuses)
    assert code_of(lambda: host.does(**requested())) == code
    assert host.store.kept == before


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (b"{", "order_unreadable"),
        (b'{"changed_at":"2026-11-22T09:00:00Z","order":"{}"}', "order_unreadable"),
        (b'{"changed_at":"2026-11-22T09:00:00Z","order":"{\\"version\\":9}"}', "order_version"),
    ],
    ids=["no JSON", "no order", "of tomorrow"],
)
def test_order_that_cannot_be_read_is_told(host: Context, kept: bytes, expected: str) -> None:
    host.store.kept["order/insi-auto"] = kept
    assert code_of(host.order) == expected
    assert host.store.kept["order/insi-auto"] == kept


def test_order_older_than_the_retention_is_forgotten(host: Context) -> None:
    prepared(host)
    host.clock.moment = NOW + RETENTION
    assert host.order().step == 9
    host.clock.moment += timedelta(seconds=1)
    assert host.order().step == 1


def test_order_that_somebody_else_led_on_is_not_overwritten(host: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.certificates.tests.fake_keyring import FakeKeyring

    prepared(host)
    real = FakeKeyring.new_key

    def meanwhile(self: FakeKeyring, use: str, name: str) -> Any:
        monkeypatch.setattr(FakeKeyring, "new_key", real)
        host.does("platform_entered", means="e-cps")
        return real(self, use, name)

    monkeypatch.setattr(FakeKeyring, "new_key", meanwhile)
    assert code_of(lambda: host.does(**requested())) == "order_changed"
    assert host.does(**requested()).step == 10


def test_audit_says_what_was_done_and_names_nobody(host: Context, pki: Pki) -> None:
    in_service(host, pki)
    told = [event for event, _ in host.audit.written]
    assert (told[0], told.count("order.led"), "order.installed" in told) == ("order.begun", 14, True)
    assert "PHARMACH" not in str(host.audit.written)
    assert "exemple.fr" not in str(host.audit.written)


@pytest.mark.req("S003-17")
def test_key_of_a_request_that_was_never_written_down_is_not_used(host: Context) -> None:
    prepared(host)
    host.stop.at = host.stop.passed + 1
    with pytest.raises(KeyboardInterrupt):
        host.does(**requested())
    (left,) = host.keyring.uses["insi-auto"].waiting
    host.does(**requested())
    (waits,) = host.keyring.uses["insi-auto"].waiting
    assert waits.public_key != left.public_key
