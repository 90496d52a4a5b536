"""Revocation lists: what is believed, how long, and what follows when nothing is known."""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.certificates.tests.made_pki import DAY, LISTS, NOW, Made, Pki, make_authority, make_leaf, published
from plugins.certificates.tests.openssl_authority import CONFIGURATION, write_authority
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.crl import CLOCK_LEEWAY, RevocationList, keep, read_list
from segur_plugin_certificates.revocation import (
    NOTHING_KNOWN,
    Answer,
    Mode,
    Standing,
    refuse_revoked,
    strongest,
)

HOUR = timedelta(hours=1)


SECOND = timedelta(seconds=1)


KEY_LOST = frozenset({x509.ReasonFlags.key_compromise})
OpenSsl = Callable[..., subprocess.CompletedProcess[str]]


def make_list(
    issuer: Made,
    revoked: tuple[int, ...] = (),
    *,
    signer: Made | None = None,
    begin: datetime = NOW - HOUR,
    end: datetime = NOW + DAY,
    number: int | None = 1,
    extras: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(begin).next_update(end)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, critical in extras:
        builder = builder.add_extension(extension, critical=critical)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def leaf(pki: Pki) -> Made:
    return make_leaf(pki.organisations)


@pytest.mark.req("CERT-08")
def test_list_tells_revoked_and_good(pki: Pki, leaf: Made) -> None:
    other = make_leaf(pki.organisations, "SIGN")
    found = read_list(make_list(pki.organisations, (leaf.certificate.serial_number,)), pki.organisations.certificate)
    revoked = found.ask(leaf.certificate, NOW)
    assert (revoked.standing, revoked.reason, revoked.revoked_at) == (Standing.REVOKED, "keyCompromise", NOW - DAY)
    assert found.ask(other.certificate, NOW) == Answer(Standing.GOOD, "crl", NOW - HOUR, NOW + DAY)


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("at", "known"),
    [(NOW + DAY, True), (NOW + DAY + SECOND, False), (NOW - HOUR - CLOCK_LEEWAY, True),
     (NOW - HOUR - CLOCK_LEEWAY - SECOND, False)],
    ids=["at its end", "after its end", "within the leeway", "before it"],
)  # fmt: skip
def test_list_is_believed_until_its_end_and_never_after(pki: Pki, leaf: Made, at: datetime, known: bool) -> None:
    found = read_list(make_list(pki.organisations), pki.organisations.certificate)
    assert (found.ask(leaf.certificate, at) is not NOTHING_KNOWN) is known
    assert found.fresh(at) is known


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": 6}, None),
        ({"number": 5}, None),
        ({"number": 4}, "crl_older"),
        ({"number": None, "begin": NOW - 2 * HOUR}, "crl_older"),
        ({"number": None}, None),
        ({"number": 9, "begin": NOW - 3 * DAY, "end": NOW - SECOND}, "crl_ended"),
        ({"number": 9, "begin": NOW + CLOCK_LEEWAY}, None),
        ({"number": 9, "begin": NOW + CLOCK_LEEWAY + SECOND}, "crl_not_yet"),
    ],
    ids=["newer", "same", "older", "earlier, no number", "no number", "ended", "within the leeway", "future"],
)
def test_last_valid_list_is_kept(pki: Pki, changes: dict[str, Any], code: str | None) -> None:
    issuer = pki.organisations.certificate
    kept = read_list(make_list(pki.organisations, number=5), issuer)
    arrived = read_list(make_list(pki.organisations, **changes), issuer)
    if code is None:
        assert keep(kept, arrived, NOW) is arrived
    else:
        assert code_of(lambda: keep(kept, arrived, NOW)) == code
    assert kept.fresh(NOW)


def test_first_list_is_kept(pki: Pki) -> None:
    arrived = read_list(make_list(pki.organisations), pki.organisations.certificate)
    assert keep(None, arrived, NOW) is arrived


def test_list_of_another_authority_says_nothing_of_a_certificate(pki: Pki, leaf: Made) -> None:
    found = read_list(make_list(pki.root, (leaf.certificate.serial_number,)), pki.root.certificate)
    assert found.ask(leaf.certificate, NOW) is NOTHING_KNOWN


def scope(*addresses: str, **changes: Any) -> tuple[x509.ExtensionType, bool]:
    """Return the critical extension by which a list says where it is published, and of what it is."""
    given: dict[str, Any] = {
        "full_name": [x509.UniformResourceIdentifier(one) for one in addresses] or None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(given | changes)), True


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(
    ("address", "named"),
    [(f"{LISTS}/A.crl", True), (f"{LISTS}/B.crl", False), (None, False)],
    ids=["that place", "another place", "no place"],
)
def test_list_of_one_place_is_about_certificates_that_name_it(pki: Pki, address: str | None, named: bool) -> None:
    issuer = pki.organisations.certificate
    found = read_list(make_list(pki.organisations, extras=(scope(f"{LISTS}/A.crl", f"{LISTS}/C.crl"),)), issuer)
    extras = published(address.removeprefix(LISTS + "/").removesuffix(".crl")) if address is not None else ()
    made = make_leaf(pki.organisations, extras=extras)
    assert (found.ask(made.certificate, NOW) is not NOTHING_KNOWN) is named


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(
    ("make_bytes", "code"),
    [
        (lambda pki: make_list(pki.organisations, signer=pki.persons), "crl_signature"),
        (lambda pki: make_list(pki.persons), "crl_issuer"),
        (lambda pki: make_list(pki.organisations, extras=((x509.DeltaCRLIndicator(3), True),)), "crl_unsupported"),
        (lambda pki: make_list(pki.organisations, extras=(scope(indirect_crl=True),)), "crl_unsupported"),
        (
            lambda pki: make_list(pki.organisations, extras=(scope(only_contains_user_certs=True),)),
            "crl_unsupported",
        ),
        (lambda pki: make_list(pki.organisations, extras=(scope(only_contains_ca_certs=True),)), "crl_unsupported"),
        (lambda pki: make_list(pki.organisations, extras=(scope(only_some_reasons=KEY_LOST),)), "crl_unsupported"),
        (lambda pki: make_list(pki.organisations)[:-40], "crl_truncated"),
        (lambda _: b"", "crl_truncated"),
        (lambda _: b"<html>404</html>", "crl_unreadable"),
        (lambda pki: pki.organisations.der, "crl_unreadable"),
        (lambda _: b"\x30" * 33_554_433, "too_large"),
    ],
    ids=[
        "wrong key",
        "other issuer",
        "delta",
        "indirect",
        "of users",
        "of authorities",
        "of a reason",
        "cut",
        "empty",
        "page",
        "certificate",
        "huge",
    ],
)
def test_bad_list_is_refused(pki: Pki, make_bytes: Callable[[Pki], bytes], code: str) -> None:
    assert code_of(lambda: read_list(make_bytes(pki), pki.organisations.certificate)) == code


def test_authority_that_may_not_sign_lists_is_not_believed(pki: Pki) -> None:
    silent = make_authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", pki.root, usage=("key_cert_sign",))
    assert code_of(lambda: read_list(make_list(silent), silent.certificate)) == "crl_issuer_usage"


def test_list_made_by_openssl_is_read_and_ours_is_verified_by_it(
    pki: Pki, leaf: Made, openssl: OpenSsl, tmp_path: Path
) -> None:
    write_authority(pki, tmp_path, leaf)
    (tmp_path / "ca.cnf").write_text(CONFIGURATION)
    making = ("ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "ca.key")
    made = openssl(*making, "-out", "l.crl")
    assert made.returncode == 0, made.stderr
    found = read_list((tmp_path / "l.crl").read_bytes(), pki.organisations.certificate)
    assert found.ask(leaf.certificate, found.this_update).standing is Standing.REVOKED
    weak = openssl(*making, "-md", "sha1", "-out", "weak.crl")
    assert weak.returncode == 0, weak.stderr
    weakly = (tmp_path / "weak.crl").read_bytes()
    assert code_of(lambda: read_list(weakly, pki.organisations.certificate)) == "crl_signature"
    (tmp_path / "ours.crl").write_bytes(make_list(pki.organisations))
    verified = openssl("crl", "-inform", "DER", "-in", "ours.crl", "-CAfile", "ca.pem", "-noout")
    assert "verify OK" in verified.stderr


@pytest.mark.parametrize(
    ("answer", "mode", "outcome"),
    [
        (Answer(Standing.GOOD, "crl"), Mode.HARD, False),
        (Answer(Standing.UNKNOWN, "ocsp"), Mode.SOFT, True),
        (Answer(Standing.UNKNOWN, "none"), Mode.HARD, "revocation_unknown"),
        (Answer(Standing.REVOKED, "crl"), Mode.SOFT, "revoked"),
        (Answer(Standing.REVOKED, "crl"), Mode.HARD, "revoked"),
    ],
    ids=str,
)
def test_mode_decides_only_when_nothing_is_known(answer: Answer, mode: Mode, outcome: bool | str) -> None:
    if isinstance(outcome, bool):
        assert refuse_revoked(answer, mode) is outcome
    else:
        assert code_of(lambda: refuse_revoked(answer, mode)) == outcome


def test_revocation_wins_over_what_is_said_later() -> None:
    revoked = Answer(Standing.REVOKED, "crl", NOW - DAY)
    good = Answer(Standing.GOOD, "ocsp", NOW)
    assert strongest((good, revoked)) is revoked
    assert strongest((Answer(Standing.GOOD, "crl", NOW - DAY), good, NOTHING_KNOWN)) is good
    assert strongest(()) is NOTHING_KNOWN


def test_asking_a_kept_list_does_not_walk_it(pki: Pki, leaf: Made) -> None:
    found = read_list(make_list(pki.organisations, tuple(range(1, 2000))), pki.organisations.certificate)
    assert isinstance(found, RevocationList)
    assert len(found.revoked) == 1999
    assert found.ask(leaf.certificate, NOW).standing is Standing.GOOD
