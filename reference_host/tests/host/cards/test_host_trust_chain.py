"""A certificate is trusted when it leads to a root of the configuration through authorities that hold at that time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import Issued, issue, name
from segur_host.broker.trust import TrustStore
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment

CA = (x509.BasicConstraints(ca=True, path_length=None),)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=3650)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def anew(issued: Issued, issuer: Issued, begin: datetime = BEGIN, end: datetime = END) -> Issued:
    """Return another certificate of the same name and key."""
    old = issued.certificate
    builder = x509.CertificateBuilder(
        old.issuer, old.subject, old.public_key(), old.serial_number + 1, begin, end, list(old.extensions)
    )
    return Issued(issued.key, builder.sign(issuer.key, SHA256()))


ROOT = issue(name("AC RACINE"), None, CA)
MIDDLE = issue(name("AC INTERMEDIAIRE"), ROOT, CA)
LEAF = issue(name("PORTEUR"), MIDDLE)
NAMESAKE = issue(name("AC INTERMEDIAIRE"), None, CA)
"""An authority that nobody trusts, under the name of one that is trusted."""
NO_CA = issue(name("AC INTERMEDIAIRE"), ROOT, (x509.BasicConstraints(ca=False, path_length=None),), MIDDLE.key)
SILENT = issue(name("AC INTERMEDIAIRE"), ROOT, (), MIDDLE.key)
SHORT = anew(MIDDLE, ROOT, end=NOW - timedelta(days=1))
LATER = anew(MIDDLE, ROOT, begin=NOW + timedelta(days=1))
OLD_ROOT = anew(ROOT, ROOT, end=NOW - timedelta(days=1))
ELSEWHERE = issue(name("AC RACINE"), None, CA)

CHAINS: dict[str, tuple[tuple[Issued, ...], Issued, bool]] = {
    "whole": ((ROOT, MIDDLE), LEAF, True),
    "other_order": ((MIDDLE, ROOT), LEAF, True),
    "directly": ((ROOT, MIDDLE), issue(name("PORTEUR"), ROOT), True),
    "the_root_alone": ((ROOT,), MIDDLE, True),
    "renewed_first": ((SHORT, MIDDLE, ROOT), LEAF, True),
    "renewed_last": ((MIDDLE, SHORT, ROOT), LEAF, True),
    "root_renewed": ((OLD_ROOT, MIDDLE, ROOT), LEAF, True),
    "renewed_and_to_come": ((LATER, SHORT, MIDDLE, ROOT), LEAF, True),
    "without_the_middle": ((ROOT,), LEAF, False),
    "without_the_root": ((MIDDLE,), LEAF, False),
    "another_root": ((ELSEWHERE, MIDDLE), LEAF, False),
    "namesake": ((ROOT, MIDDLE), issue(name("PORTEUR"), NAMESAKE), False),
    "namesake_beside": ((ELSEWHERE, NAMESAKE, ROOT), LEAF, False),
    "not_a_ca": ((ROOT, NO_CA), LEAF, False),
    "ca_not_said": ((ROOT, SILENT), LEAF, False),
    "expired_authority": ((ROOT, SHORT), LEAF, False),
    "authority_to_come": ((ROOT, LATER), LEAF, False),
    "expired_root": ((OLD_ROOT, MIDDLE), LEAF, False),
    "signed_by_itself": ((ROOT, MIDDLE), issue(name("PORTEUR")), False),
    "an_authority_signed_by_itself": ((ROOT, MIDDLE), NAMESAKE, False),
    "expired": ((ROOT, MIDDLE), anew(LEAF, MIDDLE, end=NOW - timedelta(seconds=1)), False),
    "to_come": ((ROOT, MIDDLE), anew(LEAF, MIDDLE, begin=NOW + timedelta(seconds=1)), False),
    "to_its_last_second": ((ROOT, MIDDLE), anew(LEAF, MIDDLE, end=NOW), True),
    "from_its_first_second": ((ROOT, MIDDLE), anew(LEAF, MIDDLE, begin=NOW), True),
}

Store = Callable[..., TrustStore]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def store(anchors: Mapping[str, tuple[Issued, ...]], environment: Environment = Environment.SANDBOX) -> TrustStore:
        for each, chain in anchors.items():
            (tmp_path / f"{each}.pem").write_bytes(b"".join(one.pem() for one in chain))
        return TrustStore({each: tmp_path / f"{each}.pem" for each in anchors}, environment)

    return store


@pytest.mark.parametrize(("anchors", "certificate", "trusted"), CHAINS.values(), ids=CHAINS)
def test_only_a_whole_chain_that_holds_today_is_trusted(
    anchors: tuple[Issued, ...], certificate: Issued, trusted: bool, store: Store
) -> None:
    assert store({"igc": anchors}).leads_to(certificate.certificate, "igc", NOW) is trusted


def test_anchors_of_another_name_do_not_count(store: Store) -> None:
    found = store({"ours": (ROOT, MIDDLE), "others": (ELSEWHERE,)})
    assert found.leads_to(LEAF.certificate, "ours", NOW)
    assert not found.leads_to(LEAF.certificate, "others", NOW)


def test_two_authorities_that_issue_each_other_end_in_no_circle(store: Store) -> None:
    one, two = issue(name("AC UN"), None, CA), issue(name("AC DEUX"), None, CA)
    circle = (issue(name("AC UN"), two, CA, one.key), issue(name("AC DEUX"), one, CA, two.key))
    leaf = issue(name("PORTEUR"), one)
    assert not store({"igc": circle}).leads_to(leaf.certificate, "igc", NOW)
    assert store({"igc": (*circle, two)}).leads_to(leaf.certificate, "igc", NOW)


def test_a_broken_signature_is_no_chain(store: Store) -> None:
    der = bytearray(LEAF.certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    broken = x509.load_der_x509_certificate(bytes(der))
    assert not store({"igc": (ROOT, MIDDLE)}).leads_to(broken, "igc", NOW)


def test_a_chain_of_another_kind_of_key_is_one(store: Store) -> None:
    leaf = issue(name("PORTEUR"), MIDDLE, (), ec.generate_private_key(ec.SECP384R1()))
    assert store({"igc": (ROOT, MIDDLE)}).leads_to(leaf.certificate, "igc", NOW)


ABSENCES: dict[str, tuple[Mapping[str, tuple[Issued, ...]], str]] = {
    "not_configured": ({}, "config.trust_missing"),
    "empty": ({"igc": ()}, "config.trust_unreadable"),
}


@pytest.mark.parametrize(("anchors", "code"), ABSENCES.values(), ids=ABSENCES)
def test_anchors_that_are_not_there_are_said(
    anchors: Mapping[str, tuple[Issued, ...]], code: str, store: Store
) -> None:
    with pytest.raises(ConfigError) as raised:
        store(anchors).leads_to(LEAF.certificate, "igc", NOW)
    assert raised.value.code == code
