"""Lists and answers that authorities publish: fetched each morning or on request, believed only when signed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from plugins.certificates.tests.fake_host import Context, crl_of
from plugins.certificates.tests.made_answers import HOUR, responder
from plugins.certificates.tests.made_pki import DAY, LISTS, NOW, Made, Pki, make_leaf, published
from segur_plugin_certificates.publications import path_of
from segur_plugin_certificates.refreshing import MORNING, SPREAD_MINUTES
from segur_sdk.errors import ConfigError, HostError, InputError, SegurError, ServiceError
from segur_sdk.jobs import MAX_NOTICES
from segur_sdk.services.structure_certificates import CertificateStatus

ROOT_LIST = ("crl", "/ACR-EL-TEST.crl")
OWN_LIST = ("crl", "/ACI-EL-ORG-TEST.crl")
RESPONDER = ("ocsp", "")


@pytest.fixture
def leaf(host: Context, pki: Pki) -> Made:
    """A certificate that says where its authority publishes, and a publisher that answers."""
    made = make_leaf(pki.organisations, extras=published("ACI-EL-ORG-TEST"), key_name="insi-auto")
    host.keyring.hold("insi-auto", made, pki.organisations, purposes=("insi-auto",))
    host.publisher.answers = {
        ROOT_LIST: crl_of(pki.root),
        OWN_LIST: crl_of(pki.organisations),
        RESPONDER: responder(pki.organisations, made),
    }
    return made


@pytest.mark.parametrize(
    ("addresses", "base", "expected"),
    [
        ((f"{LISTS}/A.crl",), "http://127.0.0.1:8080/CRL", "/A.crl"),
        ((f"{LISTS}/A.crl",), "http://miroir.exemple/CRL/", "/A.crl"),
        ((f"{LISTS}/A.crl",), "http://127.0.0.1:8080", "/CRL/A.crl"),
        (("http://a.exemple/B/A.crl", f"{LISTS}/A.crl"), "http://x.exemple/CRL", "/A.crl"),
        (("http://a.exemple/B/A.crl",), "http://x.exemple/CRL", None),
        (("http://a.exemple/CRLS/A.crl",), "http://x.exemple/CRL", None),
        ((f"{LISTS}/",), "http://x.exemple/CRL", None),
        ((), "http://x.exemple/CRL", None),
    ],
    ids=["other machine", "slash", "no path", "second address", "elsewhere", "beside", "no name", "none"],
)
def test_list_is_asked_of_the_configured_address_alone(
    addresses: tuple[str, ...], base: str, expected: str | None
) -> None:
    assert path_of(addresses, base) == expected


@pytest.mark.req("SC.MSS/CONF.22", "CERT-08")
def test_job_fetches_the_list_of_every_authority_above_and_each_once(host: Context, leaf: Made, pki: Pki) -> None:
    host.keyring.hold("psc", make_leaf(pki.organisations, extras=published("ACI-EL-ORG-TEST"), key_name="psc"))
    host.keyring.trusted["igc-sante"] = (*pki.anchors, pki.organisations.der)
    done = host.job("crl")
    assert sorted(host.publisher.asked) == [("crl", "GET", OWN_LIST[1]), ("crl", "GET", ROOT_LIST[1])]
    assert set(host.keyring.lists()) == {host.publisher.answers[OWN_LIST], host.publisher.answers[ROOT_LIST]}
    assert done.notices == ()
    assert ("lists.refreshed", {"came": 2, "failed": 0}) in host.audit.written
    assert host.rows("insi-auto")["insi-auto"].status is CertificateStatus.OK


@pytest.mark.req("SC.MSS/CONF.22", "CERT-08")
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (503, "crl_unreachable"),
        (None, "crl_unreachable"),
        (b"", "crl_truncated"),
        (b"<html>", "crl_unreadable"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "crl_unreadable"),
        ("forged", "crl_signature"),
        ("other", "crl_issuer"),
        ("ended", "crl_ended"),
        ("older", "crl_older"),
    ],
    ids=str,
)
def test_list_of_before_goes_on_serving_when_no_better_one_comes(
    host: Context, leaf: Made, pki: Pki, answer: Any, code: str
) -> None:
    good = crl_of(pki.organisations, number=7)
    host.publisher.answers[OWN_LIST] = good
    host.job("crl")
    made = {
        "forged": lambda: crl_of(pki.organisations, signer=pki.impostor),
        "other": lambda: crl_of(pki.root),
        "ended": lambda: crl_of(pki.organisations, begin=NOW - 9 * DAY, end=NOW - DAY),
        "older": lambda: crl_of(pki.organisations, number=6),
    }
    bad = made[answer]() if isinstance(answer, str) else answer
    if bad is None:
        del host.publisher.answers[OWN_LIST]
    else:
        host.publisher.answers[OWN_LIST] = bad
    done = host.job("crl")
    (notice,) = done.notices
    assert (notice.code, notice.text.startswith("ACI-EL-ORG-TEST.crl : ")) == (f"certificates.{code}", True)
    assert good in host.keyring.lists()
    assert done.next_at == NOW + HOUR
    assert host.codes("insi-auto") == []


def test_list_in_pem_is_kept_in_der(host: Context, leaf: Made, pki: Pki) -> None:
    der = crl_of(pki.organisations)
    host.publisher.answers[OWN_LIST] = x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
    host.job("crl")
    assert der in host.keyring.lists()


def test_job_fails_when_no_list_comes_or_no_authority_is_known(host: Context, leaf: Made) -> None:
    host.publisher.answers.clear()
    with pytest.raises(ServiceError, match=r"certificates\.lists_unreachable") as caught:
        host.job("crl")
    assert caught.value.retryable
    host.keyring.refuses["igc-sante"] = ConfigError("config.trust_unreadable")
    with pytest.raises(Exception, match=r"certificates\.anchors_missing"):
        host.job("crl")


@pytest.mark.parametrize(
    ("now", "end", "low", "high"),
    [
        (datetime(2026, 11, 22, 4, 0, tzinfo=UTC), 7 * DAY, timedelta(0), timedelta(minutes=SPREAD_MINUTES)),
        (datetime(2026, 11, 22, 9, 0, tzinfo=UTC), 7 * DAY, DAY, DAY + timedelta(minutes=SPREAD_MINUTES)),
    ],
    ids=["before the morning", "after it"],
)
def test_lists_come_next_after_the_morning_s_publication(
    host: Context, leaf: Made, pki: Pki, now: datetime, end: timedelta, low: timedelta, high: timedelta
) -> None:
    host.clock.moment = now
    host.publisher.answers[OWN_LIST] = crl_of(pki.organisations, begin=now - HOUR, end=now + end)
    host.publisher.answers[ROOT_LIST] = crl_of(pki.root, begin=now - HOUR, end=now + end)
    next_at = host.job("crl").next_at
    morning = datetime.combine(now.date(), MORNING, UTC)
    assert next_at is not None
    assert low <= next_at - morning < high


@pytest.mark.parametrize(
    ("end", "expected"), [(5 * HOUR, 4 * HOUR), (HOUR / 2, timedelta(minutes=15))], ids=["in time", "not at once"]
)
def test_lists_come_before_one_of_them_ends(
    host: Context, leaf: Made, pki: Pki, end: timedelta, expected: timedelta
) -> None:
    host.publisher.answers[OWN_LIST] = crl_of(pki.organisations, end=NOW + end)
    assert host.job("crl").next_at == NOW + expected


def test_list_that_ended_and_is_not_replaced_makes_nobody_hurry(host: Context, leaf: Made, pki: Pki) -> None:
    host.publisher.answers[OWN_LIST] = crl_of(pki.organisations, end=NOW + HOUR)
    host.job("crl")
    host.clock.moment = NOW + 2 * HOUR
    done = host.job("crl")
    assert [one.code for one in done.notices] == ["certificates.crl_ended"]
    assert done.next_at == NOW + 3 * HOUR


@pytest.mark.req("CERT-08", "S003-27")
@pytest.mark.parametrize("refusal", [InputError("input.crl_unreadable"), HostError("storage.full")], ids=str)
def test_list_that_the_host_does_not_keep_stops_no_other_and_is_believed_now(
    host: Context, leaf: Made, pki: Pki, refusal: SegurError
) -> None:
    host.publisher.answers[OWN_LIST] = crl_of(pki.organisations, leaf)
    host.publisher.answers[RESPONDER] = 500
    host.keyring.refuses["keep_list"] = refusal
    assert host.codes("insi-auto", online=True) == ["revoked", refusal.code, "ocsp_unreachable"]
    with pytest.raises(ServiceError, match=r"certificates\.lists_unreachable") as caught:
        host.job("crl")
    assert (caught.value.facts["reason"], len(host.publisher.asked)) == (refusal.code, 4)


def test_notices_of_many_long_paths_are_cut(host: Context, pki: Pki) -> None:
    for rank in range(MAX_NOTICES + 5):
        extras = published(f"{rank}-{'x' * 600}", ocsp=False)
        made = make_leaf(pki.organisations, extras=extras, key_name="psc", serial=rank + 1)
        host.keyring.hold(f"cle-{rank}", made, pki.organisations)
    host.publisher.answers[ROOT_LIST] = crl_of(pki.root)
    notices = host.job("crl").notices
    assert len(notices) == MAX_NOTICES
    assert {one.code for one in notices} == {"certificates.crl_unreachable"}
    assert all(" : " in one.text for one in notices)


@pytest.mark.req("CERT-08")
def test_online_inventory_asks_lists_and_responder_once(host: Context, leaf: Made, pki: Pki) -> None:
    assert host.codes("insi-auto", online=True) == []
    assert sorted(host.publisher.asked) == [
        ("crl", "GET", OWN_LIST[1]),
        ("crl", "GET", ROOT_LIST[1]),
        ("ocsp", "POST", ""),
    ]
    assert len(host.keyring.lists()) == 2


@pytest.mark.req("CERT-08")
def test_responder_that_is_silent_is_not_waited_for_at_each_certificate(host: Context, leaf: Made, pki: Pki) -> None:
    extras = published("ACI-EL-ORG-TEST")
    host.keyring.hold("psc", make_leaf(pki.organisations, extras=extras, key_name="psc"), pki.organisations)
    host.publisher.answers[RESPONDER] = 500
    rows = host.rows(online=True)
    told = {use: [one.notice.code for one in row.findings] for use, row in rows.items()}
    assert all("certificates.ocsp_unreachable" in codes for codes in told.values()), told
    assert host.publisher.asked.count(("ocsp", "POST", "")) == 1


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize("newer_first", [False, True], ids=["older first", "newer first"])
def test_latest_of_several_kept_lists_of_an_authority_is_believed(
    host: Context, leaf: Made, pki: Pki, newer_first: bool
) -> None:
    older, newer = crl_of(pki.organisations, begin=NOW - DAY), crl_of(pki.organisations, leaf)
    # An administrator may put another file beside the one that the host keeps.
    lists = (newer, older) if newer_first else (older, newer)
    host.keyring.kept = {bytes([rank]): der for rank, der in enumerate((crl_of(pki.root), *lists))}
    assert host.codes("insi-auto") == ["revoked"]


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
def test_lists_of_several_places_of_an_authority_serve_beside_each_other(host: Context, leaf: Made, pki: Pki) -> None:
    own = crl_of(pki.organisations, leaf, number=3, place=f"{LISTS}{OWN_LIST[1]}")
    # The later one, of another place, says nothing of this certificate.
    another = crl_of(pki.organisations, number=9, begin=NOW, place=f"{LISTS}/B.crl")
    host.keyring.kept = {b"root": crl_of(pki.root), b"another": another}
    assert host.codes("insi-auto") == ["revocation_unknown"]
    host.publisher.answers[OWN_LIST] = own
    assert host.job("crl").notices == ()
    for lists in ((own, another), (another, own)):
        host.keyring.kept = {bytes([rank]): der for rank, der in enumerate(lists)}
        assert host.codes("insi-auto") == ["revoked"]


@pytest.mark.req("CERT-08", "S003-27")
def test_responder_knows_a_revocation_before_the_list(host: Context, leaf: Made, pki: Pki) -> None:
    host.publisher.answers[RESPONDER] = responder(pki.organisations, leaf, ocsp.OCSPCertStatus.REVOKED)
    row = host.rows(online=True)["insi-auto"]
    assert (row.status, row.findings[0].notice.code) == (CertificateStatus.BLOCKED, "certificates.revoked")


@pytest.mark.req("CERT-08")
def test_certificate_that_the_responder_does_not_know_is_told_beside_a_list_that_holds(
    host: Context, leaf: Made, pki: Pki
) -> None:
    host.publisher.answers[RESPONDER] = responder(pki.organisations, leaf, ocsp.OCSPCertStatus.UNKNOWN)
    row = host.rows(online=True)["insi-auto"]
    assert [one.notice.code for one in row.findings] == ["certificates.ocsp_unknown"]
    assert row.status is CertificateStatus.WARNING
    # What it said is kept, and told offline too; without a list, nothing is known at all.
    assert host.codes("insi-auto") == ["ocsp_unknown"]
    host.keyring.kept.clear()
    assert host.codes("insi-auto") == ["revocation_unknown"]


def test_responder_is_awaited_for_the_seconds_of_the_settings(host: Context, leaf: Made) -> None:
    host.rows(online=True)
    host.set(responder_seconds=2)
    host.rows(online=True)
    asked = zip(host.publisher.asked, host.publisher.awaited, strict=True)
    assert [seconds for (purpose, _, _), seconds in asked if purpose == "ocsp"] == [5, 2]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({OWN_LIST: 500}, ["crl_unreachable"]),
        ({RESPONDER: 500}, ["ocsp_unreachable"]),
        ({RESPONDER: b"x"}, ["ocsp_unreadable"]),
        ({OWN_LIST: 500, RESPONDER: 500}, ["revocation_unknown", "crl_unreachable", "ocsp_unreachable"]),
        ({ROOT_LIST: b"x"}, ["revocation_unknown", "crl_unreadable"]),
    ],
    ids=["no list", "no responder", "garbage of the responder", "neither", "list of the root"],
)
def test_authority_that_does_not_answer_is_told_and_blocks_nothing(
    host: Context, leaf: Made, broken: dict[tuple[str, str], Any], expected: list[str]
) -> None:
    host.publisher.answers |= broken
    assert host.codes("insi-auto", online=True) == expected
    assert host.rows(online=True)["insi-auto"].status is CertificateStatus.WARNING
