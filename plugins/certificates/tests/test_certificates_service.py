"""Orders, installations and renewals through the plugin: what the host is asked to do, and in what order."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.certificates.tests.fake_host import Context, short
from plugins.certificates.tests.leading_orders import (
    USE,
    certified,
    csr_key,
    given,
    preparation,
    prepared,
    requested,
    serving,
    withdrawn,
)
from plugins.certificates.tests.made_orders import SIGNATORY
from plugins.certificates.tests.made_pki import DAY, NOW, Pki, key, make_leaf, org_name
from segur_plugin_certificates.csr import read_request
from segur_plugin_certificates.orders import RETENTION
from segur_plugin_certificates.public_keys import key_fingerprint
from segur_sdk.errors import ConfigError, InputError, SegurError


def refusal(action: Any) -> str:
    with pytest.raises(SegurError) as caught:
        action()
    return short(caught.value.code)


def in_service(host: Context, pki: Pki, **changes: Any) -> bytes:
    """Lead an order to a certificate that was confirmed."""
    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    came = certified(host, pki, **changes)
    host.install(came)
    host.does("confirmed")
    return came


def renewed(host: Context) -> None:
    host.renew()
    host.does("platform_entered", means="cpx")
    host.does(**requested())
    host.does(**withdrawn())


@pytest.mark.req("S003-08", "S003-11", "S003-17", "S003-19", "CERT-13")
def test_whole_order_by_a_key_that_was_made_here(host: Context, pki: Pki) -> None:
    assert host.order().step == 1
    for action, step in zip(preparation(), (1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9), strict=True):
        found = host.order(action=action)
        assert (found.step, found.csr) == (step, None)
    assert (found.case_number, found.names) == ("F413-004217", ("INSI-AUTO",))
    assert host.keyring.done == []
    found = host.does(**requested())
    assert found.csr is not None
    assert (found.step, read_request(found.csr).name) == (10, "INSI-AUTO")
    assert [one.code for one in found.notices] == ["certificates.csr_transport"]
    found = host.does(**withdrawn())
    assert [one.code for one in host.keyring.asked] == ["certificates.revocation_code"]
    assert found.possible == ("administrator_change_sent", "started_over")
    installed = host.install(certified(host, pki))
    assert (installed.step, installed.csr, serving(host)) == (11, None, csr_key(found))
    assert host.does("confirmed").step is None
    assert host.keyring.done == ["new_key", "seal", "install"]
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1"]


@pytest.mark.req("S003-18")
def test_whole_order_by_a_key_of_the_platform(host: Context, pki: Pki) -> None:
    prepared(host)
    assert host.does(**requested("platform")).csr is None
    host.does(**withdrawn())
    assert [one.code for one in host.keyring.asked] == ["certificates.revocation_code", "certificates.key_password"]
    own = key("of the platform")
    assert refusal(lambda: host.install(given(pki, own))) == "answer_key"
    host.keyring.take_in(USE, own)
    assert refusal(lambda: host.install(given(pki, key("another")))) == "answer_key"
    assert host.install(given(pki, own)).step == 11
    assert serving(host) == key_fingerprint(own.public_key())
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1"]
    assert host.install(given(pki, own)).step == 11


@pytest.mark.req("CERT-11", "S003-26")
def test_no_secret_goes_through_the_plugin(host: Context, pki: Pki) -> None:
    prepared(host)
    host.does(**requested())
    for secret in ("revocation_code", "password"):
        assert refusal(lambda name=secret: host.does(**withdrawn(**{name: "12345678"}))) == "order_secret"
    in_store = b"".join(host.store.kept.values())
    assert b"12345678" not in in_store
    found = host.does(**withdrawn())
    assert not any("secret" in text for text in (found.model_dump_json(), *map(str, host.store.kept.values())))
    (notice,) = (one for one in found.notices if one.code == "certificates.csr_transport")
    assert "jamais par courriel" in notice.text
    assert "conteneur chiffré" in str(notice.action)


def test_secret_is_asked_only_when_the_withdrawal_may_be_noted(host: Context) -> None:
    host.order()
    assert refusal(lambda: host.does(**withdrawn())) == "order_not_requested"
    prepared(host)
    host.does(**requested())
    assert refusal(lambda: host.does(**withdrawn(terms_accepted=False))) == "order_terms"
    assert refusal(lambda: host.does(**withdrawn(on="2027-01-01"))) == "order_date"
    assert refusal(lambda: host.does(**withdrawn(on="hier"))) == "order_action"
    assert host.keyring.asked == []
    host.keyring.refuses["seal"] = InputError("input.nobody_to_ask")
    assert refusal(lambda: host.does(**withdrawn())) == "input.nobody_to_ask"
    host.keyring.refuses.clear()
    first = host.does(**withdrawn())
    assert host.does(**withdrawn()) == first
    assert len(host.keyring.asked) == 1


@pytest.mark.req("S003-13", "S003-14", "S003-16")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "insi-auto"}, "insi_name_case"),
        ({"name": "INSI-MANU"}, "insi_name_other"),
        ({"actor_mail": ""}, "order_action"),
        ({"actor_mail": None}, "order_action"),
        ({"csr": "mail"}, "order_action"),
        ({"csr": ["upload"]}, "order_action"),
        ({"name": 1}, "order_action"),
        ({"unknown": 1}, "order_action"),
    ],
    ids=["case", "other name", "no mail", "null mail", "no case", "case in a list", "number", "another field"],
)
def test_no_key_is_made_for_a_request_that_is_wrong(host: Context, changes: dict[str, Any], expected: str) -> None:
    prepared(host)
    assert refusal(lambda: host.does(**requested(**changes))) == expected
    assert host.keyring.done == []


def test_key_of_the_host_replaces_whatever_is_given(host: Context) -> None:
    prepared(host)
    found = host.does(**requested(public_key="A" * 64))
    assert csr_key(found) != "A" * 64
    assert host.does(**requested()) == found
    assert host.order() == found


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("answer_received", "order_install"),
        ("installed", "order_install"),
        ("unheard_of", "order_action"),
        (["confirmed"], "order_action"),
        ({}, "order_action"),
        (None, "order_action"),
    ],
    ids=str,
)
def test_what_is_no_action_here_is_refused(host: Context, kind: Any, expected: str) -> None:
    prepared(host)
    assert refusal(lambda: host.does(kind)) == expected


@pytest.mark.parametrize(
    ("given_now", "expected"),
    [
        ({"use": "messagerie"}, "order_product"),
        ({"use": "x", "product": {"box": "org", "usage": "SSL_SERV", "service": "other"}}, "order_usage"),
        ({"use": "x", "product": {"box": "serveur", "usage": "AUTH_CLI", "service": "other"}}, "order_product"),
        ({"use": "x", "product": {"preset": "spsti"}}, "order_preset"),
        ({"use": "insi-auto", "product": {"preset": "officine"}}, "order_preset"),
        ({"use": "insi-auto", "product": {"under": "dmp-tls"}}, "order_none"),
        ({"use": "insi-auto", "product": {"under": "../\n" * 90}}, "order_none"),
        ({"use": "insi-auto", "product": {"under": ["dmp-tls"]}}, "order_none"),
        ({"use": "insi-auto", "product": {"preset": ["spsti"]}}, "order_preset"),
        ({"use": "insi-auto", "product": {"box": ["org"]}}, "order_product"),
        ({"use": "insi-auto", "product": {"what": "x"}}, "order_product"),
        ({"use": "insi-auto", "action": {"kind": "confirmed"}}, "order_none"),
    ],
    ids=[
        "nothing said",
        "not in that box",
        "no box",
        "not of the preset",
        "no preset",
        "under none",
        "under a path",
        "under a list",
        "preset in a list",
        "box in a list",
        "another field",
        "not begun",
    ],
)
def test_order_that_cannot_begin_is_refused_and_not_kept(
    host: Context, given_now: dict[str, Any], expected: str
) -> None:
    assert refusal(lambda: host.order(**given_now)) == expected
    assert host.store.kept == {}


@pytest.mark.req("S003-10")
@pytest.mark.parametrize(
    ("product", "box"),
    [
        ({"box": "server_domain", "usage": "SSL_SERV", "service": "other"}, "nom de domaine"),
        ({"box": "server_name", "usage": "SSL_SERV", "service": "other"}, "limité à un nom de serveur"),
        ({"box": "server_mail", "usage": "S/MIME", "service": "mssante"}, "domaine de messagerie"),
        ({"box": "pro", "usage": "SIGN", "service": "other"}, "PRO"),
    ],
    ids=["domain", "named server", "mail", "person"],
)
def test_every_box_of_the_form_may_be_ordered(host: Context, product: dict[str, str], box: str) -> None:
    host.order("autre", product=product)
    for action in preparation():
        found = host.order("autre", action=action)
        if found.step == 7 and found.form:
            break
    (ticked,) = (one.value for one in found.form if one.part == "4.3")
    assert box in ticked


@pytest.mark.req("S003-09", "R25")
def test_one_form_covers_insi_and_dmp_of_an_spsti(host: Context) -> None:
    begun = host.order("insi-auto", product={"preset": "spsti"})
    advice = [one.text for one in begun.notices if one.code.startswith("certificates.preset.spsti.")]
    assert any("Un seul formulaire F413" in text for text in advice)
    assert host.order("dmp-tls", product={"preset": "spsti"}).step == 1
    host.store.kept.pop("order/dmp-tls")
    prepared(host)
    for use in ("dmp-tls", "dmp-sign"):
        found = host.order(use, product={"preset": "spsti"})
        assert (found.step, found.case_number) == (8, "F413-004217")
    found = host.order("insi-manu", product={"under": "insi-auto"})
    assert (found.step, found.notices) == (8, ())
    server = {"box": "server_name", "usage": "SSL_SERV", "service": "other", "under": "insi-auto"}
    assert refusal(lambda: host.order("site", product=server)) == "order_other_form"


@pytest.mark.req("S003-08")
def test_personal_mailbox_is_advised_against(host: Context) -> None:
    host.order()
    for action in preparation():
        if action["kind"] == "signatory_named":
            action["signatory"] = {**SIGNATORY.model_dump(mode="json"), "mail": "c.pharmach@cabinet.exemple.fr"}
        found = host.order(action=action)
        if action["kind"] == "signatory_named":
            break
    assert [one.code for one in found.notices] == ["certificates.mailbox_personal"]
    assert "générique" in str(found.notices[0].action)


@pytest.mark.req("S003-19", "CERT-04", "CERT-09", "CERT-12")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": org_name("INSI-MANU")}, "answer_name"),
        ({"subject": org_name("INSI-AUTO", "1750000018")}, "answer_structure"),
        ({"kind": "SIGN"}, "answer_usage"),
        ({"end": NOW - DAY / 24}, "answer_time"),
        ({"issuer": "production"}, "answer_tree"),
        ({"issuer": "persons"}, "answer_issuer"),
        ({"bits": 2048, "own": "another"}, "answer_key"),
    ],
    ids=["name", "structure", "usage", "time", "tree", "issuer", "key"],
)
def test_certificate_that_is_not_the_ordered_one_is_not_installed(
    host: Context, pki: Pki, changes: dict[str, Any], expected: str
) -> None:
    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    before = dict(host.store.kept)
    given_now = dict(changes)
    if "issuer" in given_now:
        given_now["issuer"] = getattr(pki, given_now["issuer"])
    if "own" in given_now:
        came = make_leaf(pki.organisations, key_name="another").pem
    else:
        came = certified(host, pki, **given_now)
    assert refusal(lambda: host.install(came)) == expected
    assert (serving(host), host.store.kept) == (None, before)
    assert host.install(certified(host, pki)).step == 11


def test_certificate_that_nobody_trusts_was_revoked_or_fits_no_purpose_is_not_installed(
    host: Context, pki: Pki
) -> None:
    from cryptography import x509

    from plugins.certificates.tests.fake_host import crl_of
    from plugins.certificates.tests.made_pki import Made

    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    came = certified(host, pki)
    leaf = came[: came.index(b"-----END CERTIFICATE-----") + 26]
    assert refusal(lambda: host.install(leaf)) == "chain_missing"
    host.keyring.trusted.clear()
    assert refusal(lambda: host.install(came)) == "anchors_missing"
    host.keyring.trusted["igc-sante"] = pki.anchors
    revoked = Made(x509.load_pem_x509_certificate(leaf), key("any"))
    host.keyring.keep_list(crl_of(pki.organisations, revoked))
    assert refusal(lambda: host.install(came)) == "revoked"
    host.keyring.kept.clear()
    host.set(purposes={"insi-auto": "signature"})
    assert refusal(lambda: host.install(came)) == "usage_misfit"
    assert serving(host) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"bonjour", "truncated"),
        (b"-----BEGIN CERTIFICATE-----\nMII", "truncated"),
        (b"\x30\x03\x02\x01\x03", "unreadable"),
    ],
    ids=["text", "cut", "other"],
)
def test_file_that_holds_no_certificate_says_why(host: Context, data: bytes, expected: str) -> None:
    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    assert refusal(lambda: host.install(data)) == expected


def test_certificate_before_its_withdrawal_is_told_where_the_order_stands(host: Context, pki: Pki) -> None:
    assert refusal(lambda: host.install(b"x")) == "order_none"
    prepared(host)
    assert refusal(lambda: host.install(b"x")) == "order_not_withdrawn"


def test_chain_in_any_order_and_in_der_is_installed_without_the_root(host: Context, pki: Pki) -> None:
    from cryptography import x509

    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    certificates = x509.load_pem_x509_certificates(certified(host, pki))
    shuffled = pki.root.pem + b"".join(one.public_bytes(Encoding.PEM) for one in reversed(certificates))
    found = host.install(shuffled)
    assert "certificates.chain_order" in {one.code for one in found.notices}
    (reference,) = host.keyring.references()
    assert (reference.certificate, *reference.chain) == tuple(one.public_bytes(Encoding.DER) for one in certificates)


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
    assert refusal(lambda: host.install(abandoned)) == "answer_key"
    host.does("started_over", reason="wrong_request")
    host.does(**requested("platform"))
    host.does(**withdrawn())
    assert "insi-auto.password-3" in host.keyring.sealed
    host.does("started_over", reason="password_lost")
    # The codes stay: what was withdrawn may have to be revoked.
    assert list(host.keyring.sealed) == ["insi-auto.revocation-2", "insi-auto.revocation-3"]


def test_key_that_vanished_is_told(host: Context) -> None:
    prepared(host)
    host.does(**requested())
    host.keyring.uses.clear()
    found = host.order()
    assert (found.csr, [one.code for one in found.notices]) == (None, ["certificates.order_key_lost"])
    assert host.keyring.uses == {}


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
    assert refusal(lambda: host.does("rolled_back")) == "order_former_ended"
    assert serving(host) == second


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
    assert refusal(host.renew) == "renew_nothing"
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
    assert refusal(lambda: host.renew("casse")) == "renew_nothing"


def test_renewal_begins_anew_when_the_order_was_never_confirmed(host: Context, pki: Pki) -> None:
    prepared(host)
    assert refusal(host.renew) == "renew_nothing"
    host.does(**requested())
    host.does(**withdrawn())
    host.install(certified(host, pki))
    assert host.renew().step == 8


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
    assert refusal(lambda: host.does(**requested())) == code
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
    assert refusal(host.order) == expected
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
    assert refusal(lambda: host.does(**requested())) == "order_changed"
    assert host.does(**requested()).step == 10


def test_audit_says_what_was_done_and_names_nobody(host: Context, pki: Pki) -> None:
    in_service(host, pki)
    told = [event for event, _ in host.audit.written]
    assert (told[0], told.count("order.led"), "order.installed" in told) == ("order.begun", 14, True)
    assert "PHARMACH" not in str(host.audit.written)
    assert "exemple.fr" not in str(host.audit.written)
