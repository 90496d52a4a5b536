"""A certificate that came, through the plugin: what is installed, and what is refused before anything is stored."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.leading_orders import (
    certified,
    csr_key,
    given,
    prepared,
    requested,
    serving,
    withdrawn,
)
from plugins.certificates.tests.made_pki import DAY, NOW, Pki, key, key_fingerprint, make_leaf, org_name
from plugins.certificates.tests.refusals import code_of


@pytest.mark.req("S003-18")
def test_whole_order_by_a_key_of_the_platform(host: Context, pki: Pki) -> None:
    prepared(host)
    assert host.does(**requested("platform")).csr is None
    host.does(**withdrawn())
    assert [one.code for one in host.keyring.asked] == ["certificates.revocation_code", "certificates.key_password"]
    own = key("of the platform")
    assert code_of(lambda: host.install(given(pki, own))) == "answer_key"
    another = key("another")
    assert code_of(lambda: host.install(given(pki, another), own=own)) == "answer_key"
    wrong = given(pki, another, subject=org_name("INSI-MANU"))
    assert code_of(lambda: host.install(wrong, own=another)) == "answer_name"
    assert (host.keyring.uses, host.keyring.done) == ({}, ["seal", "seal"])
    assert host.install(given(pki, own), own=own).step == 11
    assert serving(host) == key_fingerprint(own.public_key())
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1"]
    assert host.install(given(pki, own), own=own).step == 11


@pytest.mark.req("S003-18", "S003-25")
def test_key_of_another_container_leaves_the_one_that_waits(host: Context, pki: Pki) -> None:
    prepared(host)
    waiting = csr_key(host.does(**requested()))
    host.does(**withdrawn())
    own = key("of the platform")
    assert code_of(lambda: host.install(given(pki, own), own=own)) == "answer_key"
    found = host.order()
    assert (csr_key(found), host.keyring.done) == (waiting, ["new_key", "seal"])
    assert host.install(certified(host, pki)).step == 11
    assert serving(host) == waiting


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
    assert code_of(lambda: host.install(came)) == expected
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
    assert code_of(lambda: host.install(leaf)) == "chain_missing"
    host.keyring.trusted.clear()
    assert code_of(lambda: host.install(came)) == "anchors_missing"
    host.keyring.trusted["igc-sante"] = pki.anchors
    revoked = Made(x509.load_pem_x509_certificate(leaf), key("any"))
    host.keyring.keep_list(crl_of(pki.organisations, revoked))
    assert code_of(lambda: host.install(came)) == "revoked"
    host.keyring.kept.clear()
    # Nothing is known of the certificate, and its authority was revoked.
    host.keyring.keep_list(crl_of(pki.root, pki.organisations))
    assert code_of(lambda: host.install(came)) == "chain_revoked"
    host.keyring.kept.clear()
    host.set(purposes={"insi-auto": "signature"})
    assert code_of(lambda: host.install(came)) == "usage_misfit"
    assert serving(host) is None


@pytest.mark.req("S003-19")
def test_authority_is_not_installed_in_place_of_a_certificate(host: Context, pki: Pki) -> None:
    use, name = "logiciel", "LOGICIEL"
    prepared(host, use, product={"box": "org", "usage": "AUTH_CLI", "service": "other"})
    host.does(use=use, **requested(name=name))
    host.does(use=use, **withdrawn())
    subject = org_name(name, "10B0152872")
    came = certified(host, pki, use, subject=subject, ca=True, path_length=0)
    assert code_of(lambda: host.install(came, use)) == "authority"
    assert serving(host, use) is None
    assert host.install(certified(host, pki, use, subject=subject), use).step == 11


@pytest.mark.req("S003-17", "S003-18")
@pytest.mark.parametrize("instant", [1, 2, 3])
def test_key_of_the_platform_that_serves_needs_its_container_no_more(host: Context, pki: Pki, instant: int) -> None:
    prepared(host)
    host.does(**requested("platform"))
    host.does(**withdrawn())
    own = key("of the platform")
    host.stop.at = host.stop.passed + instant
    with pytest.raises(KeyboardInterrupt):
        host.install(given(pki, own), own=own)
    if serving(host) is None:
        host.install(given(pki, own), own=own)
    assert host.install(given(pki, own)).step == 11


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
    assert code_of(lambda: host.install(data)) == expected


def test_certificate_before_its_withdrawal_is_told_where_the_order_stands(host: Context, pki: Pki) -> None:
    assert code_of(lambda: host.install(b"x")) == "order_none"
    prepared(host)
    assert code_of(lambda: host.install(b"x")) == "order_not_withdrawn"


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
