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
from segur_sdk.models.actor import Environment


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
    # Its last second still counts.
    host.clock.moment = NOW + 20 * DAY
    host.does("rolled_back")
    assert serving(host) == first
    host.install(came)
    host.clock.moment += DAY / 86_400
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
def test_certificate_that_was_ordered_elsewhere_is_renewed_from_the_platform_on(host: Context, pki: Pki) -> None:
    assert code_of(host.renew) == "renew_nothing"
    file = make_leaf(pki.organisations, end=NOW + 20 * DAY, key_name="a file")
    host.keyring.hold(USE, file, pki.organisations)
    begun = host.renew()
    assert (begun.step, host.renew()) == (8, begun)
    assert {one.code for one in begun.notices} == {"certificates.former_serves", "certificates.renew_elsewhere"}
    host.does("platform_entered", means="cpx")
    assert [one.code for one in host.does(**requested()).notices] == [
        "certificates.csr_transport",
        "certificates.former_serves",
    ]
    assert code_of(lambda: host.does("form_sent", on="2026-11-10")) == "order_requested"
    host.does(**withdrawn())
    former = serving(host)
    host.install(certified(host, pki))
    assert serving(host) != former
    host.does("rolled_back")
    assert serving(host) == former
    other = make_leaf(pki.organisations, "SIGN", org_name("LGO"), key_name="sign")
    host.keyring.hold("cachet", other, pki.organisations)
    assert host.renew("cachet").step == 8


@pytest.mark.req("S003-22")
def test_habilitation_that_was_supposed_wrongly_is_asked_for_by_a_form(host: Context, pki: Pki) -> None:
    host.keyring.hold(USE, make_leaf(pki.organisations, end=NOW + 20 * DAY, key_name="a file"), pki.organisations)
    assert host.renew().step == 8
    steps = {one["kind"]: one for one in preparation()}
    assert code_of(lambda: host.order(action=steps["form_sent"])) == "order_incomplete"
    for kind, action in steps.items():
        told = host.order(action=action)
        if kind == "form_sent":
            assert (told.step, {one.code for one in told.notices}) == (7, {"certificates.former_serves"})
    assert told.step == 9


@pytest.mark.parametrize(
    ("subject", "environment", "step"),
    [
        (org_name(unit=None), Environment.TEST, 1),
        (org_name(state="Paris"), Environment.TEST, 1),
        (org_name(), Environment.PRODUCTION, 1),
        (org_name(), Environment.SANDBOX, 8),
    ],
    ids=["no structure", "no department", "other environment", "sandbox"],
)
def test_nothing_is_supposed_of_what_a_certificate_does_not_say(
    host: Context, pki: Pki, subject: Any, environment: Environment, step: int
) -> None:
    host.environment = environment
    host.keyring.hold(USE, make_leaf(pki.organisations, subject=subject, end=NOW + 20 * DAY), pki.organisations)
    assert host.renew().step == step


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
