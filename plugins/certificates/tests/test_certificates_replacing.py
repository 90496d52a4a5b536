"""Renewals, ways back and requests that begin again, through the plugin: which key is destroyed, and which never."""

from typing import Any

import attrs
import pytest

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.leading_orders import (
    USE,
    certified,
    csr_key,
    in_service,
    preparation,
    prepared,
    renewed,
    requested,
    serving,
    withdrawn,
)
from plugins.certificates.tests.made_pki import DAY, NOW, Pki, make_leaf, org_name
from plugins.certificates.tests.refusals import code_of


@pytest.mark.req("S003-18", "S003-25")
def test_request_that_is_started_over_has_another_key_and_forgets_its_password(host: Context, pki: Pki) -> None:
    prepared(host)
    first = csr_key(host.does(**requested()))
    abandoned = certified(host, pki)
    assert host.does("started_over", reason="key_lost").step == 9
    assert host.keyring.references()[0].awaiting is None
    second = host.does(**requested())
    assert csr_key(second) != first
    host.does(**withdrawn())
    assert code_of(lambda: host.install(abandoned)) == "answer_key"
    host.does("started_over", reason="wrong_request")
    host.does(**requested("platform"))
    host.does(**withdrawn())
    assert "insi-auto.password-3" in host.keyring.sealed
    host.does("started_over", reason="password_lost")
    # The codes stay: what was withdrawn may have to be revoked.
    assert list(host.keyring.sealed) == ["insi-auto.revocation-2", "insi-auto.revocation-3"]


@pytest.mark.req("S003-20", "S003-22")
def test_renewal_leaves_the_former_in_service_until_the_new_one_is_installed(host: Context, pki: Pki) -> None:
    in_service(host, pki, end=NOW + 20 * DAY)
    first = serving(host)
    found = host.renew()
    assert (found.step, found.case_number) == (8, "F413-004217")
    assert [one.code for one in found.notices] == ["certificates.former_serves"]
    assert host.renew() == found
    host.does("platform_entered", means="e-cps")
    new = csr_key(host.does(**requested()))
    host.does(**withdrawn())
    assert (serving(host), new != first) == (first, True)
    host.install(certified(host, pki, serial=4218))
    assert (serving(host), "retire" in host.keyring.done) == (new, False)
    assert host.does("confirmed").step is None
    assert (host.keyring.references()[0].can_take_back, host.keyring.done[-1]) == (False, "retire")
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1", "insi-auto.revocation-2"]


@pytest.mark.req("S003-22")
def test_certificate_that_does_not_serve_is_not_confirmed(host: Context, pki: Pki) -> None:
    in_service(host, pki, end=NOW + 20 * DAY)
    renewed(host)
    came = certified(host, pki, serial=4218)
    host.install(came)
    # A process ended after the way back, and before it was noted.
    host.keyring.take_back(USE)
    former = serving(host)
    assert code_of(lambda: host.does("confirmed")) == "order_not_serving"
    assert (serving(host), host.order().step) == (former, 11)
    assert host.install(came).step == 11
    assert host.does("confirmed").step is None
    # What is confirmed stays so.
    assert host.does("confirmed").step is None


def test_revocation_code_is_forgotten_unless_a_certificate_was_withdrawn(host: Context) -> None:
    prepared(host)
    host.does(**requested())
    # The process ends once it is sealed, and before the withdrawal is noted.
    host.stop.at = host.stop.passed + 1
    with pytest.raises(KeyboardInterrupt):
        host.does(**withdrawn())
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1"]
    host.does("started_over", reason="wrong_request")
    assert host.keyring.sealed == {}
    host.does(**requested())
    host.does(**withdrawn())
    host.does("started_over", reason="key_lost")
    assert list(host.keyring.sealed) == ["insi-auto.revocation-2"]


@pytest.mark.req("S003-22")
def test_renewal_is_rolled_back_and_installed_again(host: Context, pki: Pki) -> None:
    in_service(host, pki, end=NOW + 20 * DAY)
    first = serving(host)
    renewed(host)
    came = certified(host, pki, serial=4218)
    host.install(came)
    second = serving(host)
    assert host.does("rolled_back").step == 10
    assert serving(host) == first
    assert host.does("rolled_back").step == 10
    assert serving(host) == first
    host.install(came)
    assert serving(host) == second
    host.clock.moment = NOW + 21 * DAY
    assert code_of(lambda: host.does("rolled_back")) == "order_former_ended"
    assert serving(host) == second


def test_key_that_served_and_was_taken_back_is_never_destroyed(host: Context, pki: Pki) -> None:
    in_service(host, pki, end=NOW + 20 * DAY)
    renewed(host)
    host.install(certified(host, pki, serial=4218))
    newer = serving(host)
    host.does("rolled_back")
    host.does("started_over", reason="wrong_request")
    third = csr_key(host.does(**requested()))
    host.does("started_over", reason="key_lost")
    fourth = csr_key(host.does(**requested()))
    assert len({newer, third, fourth}) == 3
    assert [one.public_key for one in host.keyring.uses[USE].waiting] == [newer, fourth]


def test_key_that_decrypts_is_never_destroyed(host: Context, pki: Pki) -> None:
    product = {"box": "org", "usage": "CONF", "service": "other"}
    changes: dict[str, Any] = {"kind": "CONF", "subject": org_name("LGO", "10B0152872")}
    prepared(host, "conf", product=product)
    for serial in (1, 2):
        host.order("conf", action=requested(name="LGO"))
        host.order("conf", action=withdrawn())
        host.install(certified(host, pki, "conf", serial=serial, **changes), "conf")
        host.does("confirmed", use="conf")
        if serial == 1:
            host.renew("conf")
            host.does("platform_entered", use="conf", means="cpx")
    assert host.keyring.references()[0].can_take_back
    assert "retire" not in host.keyring.done


@pytest.mark.req("S003-22")
def test_certificate_that_was_ordered_elsewhere_is_renewed_from_the_first_step(host: Context, pki: Pki) -> None:
    assert code_of(host.renew) == "renew_nothing"
    file = make_leaf(pki.organisations, end=NOW + 20 * DAY, key_name="a file")
    host.keyring.hold(USE, file, pki.organisations)
    assert host.renew().step == 1
    for action in preparation():
        host.order(action=action)
    host.does(**requested())
    host.does(**withdrawn())
    former = serving(host)
    host.install(certified(host, pki))
    assert serving(host) != former
    host.does("rolled_back")
    assert serving(host) == former
    other = make_leaf(pki.organisations, "SIGN", org_name("LGO"), key_name="sign")
    host.keyring.hold("cachet", other, pki.organisations)
    assert host.renew("cachet").step == 1


@pytest.mark.req("S003-22")
def test_order_for_a_use_that_has_a_certificate_replaces_it(host: Context, pki: Pki) -> None:
    host.keyring.hold(USE, make_leaf(pki.organisations, end=NOW + 20 * DAY, key_name="a file"), pki.organisations)
    former = serving(host)
    assert [one.code for one in host.order().notices] == ["certificates.former_serves"]
    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    host.install(certified(host, pki))
    assert host.does("rolled_back").step == 10
    assert serving(host) == former
    host.keyring.hold("casse", make_leaf(pki.organisations, key_name="broken"))
    place = host.keyring.uses["casse"].serving
    assert place is not None
    host.keyring.uses["casse"].serving = attrs.evolve(place, chain=(b"0",))
    product = {"box": "org", "usage": "SIGN", "service": "other"}
    assert host.order("casse", product=product).notices == ()
    assert code_of(lambda: host.renew("casse")) == "renew_nothing"


def test_renewal_begins_anew_when_the_order_was_never_confirmed(host: Context, pki: Pki) -> None:
    prepared(host)
    assert code_of(host.renew) == "renew_nothing"
    host.does(**requested())
    host.does(**withdrawn())
    host.install(certified(host, pki))
    assert host.renew().step == 8
