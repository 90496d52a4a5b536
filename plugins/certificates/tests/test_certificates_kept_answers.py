"""What a responder said serves until its end when it does not answer, and is checked each time as when it came."""

from typing import Any, Final

import pytest
from cryptography.x509 import ocsp

from plugins.certificates.tests.fake_host import Context, crl_of
from plugins.certificates.tests.made_answers import HOUR, responder
from plugins.certificates.tests.made_pki import DAY, NOW, Made, Pki, make_leaf, published
from segur_sdk.errors import HostError

REVOKED: Final = ocsp.OCSPCertStatus.REVOKED
RESPONDER: Final = ("ocsp", "")
PLACE: Final = "ocsp/insi-auto"


@pytest.fixture
def leaf(host: Context, pki: Pki) -> Made:
    """A certificate whose authority has a responder and no list; of the authority itself a list is kept."""
    made = make_leaf(pki.organisations, extras=published("ACI-EL-ORG-TEST"), key_name="insi-auto")
    host.keyring.hold("insi-auto", made, pki.organisations, purposes=("insi-auto",))
    host.keyring.keep_list(crl_of(pki.root, end=NOW + 30 * DAY))
    return made


def says(host: Context, pki: Pki, made: Made, status: ocsp.OCSPCertStatus, **changes: Any) -> list[str]:
    """Have the responder asked; returns what is said of the certificate."""
    host.publisher.answers[RESPONDER] = responder(pki.organisations, made, status, **changes)
    return host.codes("insi-auto", online=True)


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("status", "expected"), [(ocsp.OCSPCertStatus.GOOD, []), (REVOKED, ["revoked"])], ids=["good", "revoked"]
)
def test_an_answer_serves_until_its_end(
    host: Context, leaf: Made, pki: Pki, status: ocsp.OCSPCertStatus, expected: list[str]
) -> None:
    says(host, pki, leaf, status)
    host.publisher.answers[RESPONDER] = 500
    assert host.codes("insi-auto") == expected
    assert [one for one in host.codes("insi-auto", online=True) if not one.endswith("unreachable")] == expected
    host.clock.moment = NOW + 2 * HOUR
    assert host.codes("insi-auto") == ["revocation_unknown"]


@pytest.mark.req("CERT-08")
def test_an_older_answer_takes_the_place_of_no_newer_one(host: Context, leaf: Made, pki: Pki) -> None:
    says(host, pki, leaf, REVOKED)
    # From before the revocation, given again by somebody on the way: it holds still, and bears no nonce.
    old = {"begin": NOW - 2 * HOUR, "with_nonce": False}
    assert says(host, pki, leaf, ocsp.OCSPCertStatus.GOOD, **old)[0] == "revoked"
    assert host.codes("insi-auto") == ["revoked"]
    # A later one does: it may have been suspended only.
    assert "revoked" not in says(host, pki, leaf, ocsp.OCSPCertStatus.GOOD, begin=NOW)
    assert host.codes("insi-auto") == []


@pytest.mark.req("CERT-08")
def test_what_is_kept_is_checked_as_when_it_came(host: Context, leaf: Made, pki: Pki) -> None:
    says(host, pki, leaf, ocsp.OCSPCertStatus.GOOD)
    kept = host.store.kept[PLACE]
    other = make_leaf(pki.organisations, extras=published("ACI-EL-ORG-TEST"), key_name="insi-auto", serial=77)
    forged = kept[:-1] + bytes([kept[-1] ^ 1])
    for content in (forged, b"", b"garbage", responder(pki.organisations, other, with_nonce=False)(b"")):
        host.store.kept[PLACE] = content
        assert host.codes("insi-auto") == ["revocation_unknown"]
    host.store.kept[PLACE] = kept
    # The next certificate of that use is not judged by what was said of the former one.
    host.keyring.hold("insi-auto", other, pki.organisations, purposes=("insi-auto",))
    assert host.codes("insi-auto") == ["revocation_unknown"]


@pytest.mark.req("CERT-08")
def test_an_answer_of_a_clock_that_went_wrong_keeps_no_other_out(host: Context, leaf: Made, pki: Pki) -> None:
    host.clock.moment = NOW + 300 * DAY
    ahead = {"begin": host.clock.moment - HOUR, "end": host.clock.moment + HOUR}
    says(host, pki, leaf, ocsp.OCSPCertStatus.GOOD, **ahead)
    host.clock.moment = NOW
    assert says(host, pki, leaf, REVOKED)[0] == "revoked"


def test_an_answer_that_cannot_be_kept_is_believed_now(
    host: Context, leaf: Made, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise HostError("storage.full")

    monkeypatch.setattr(type(host.store), "put", full)
    assert says(host, pki, leaf, REVOKED)[0] == "revoked"
    assert "storage.full" in host.codes("insi-auto", online=True)
