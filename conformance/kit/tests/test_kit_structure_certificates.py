"""What the checks of certificates rest upon: certificates made to order, the platform, and a look at what is kept."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from segur_conformance.checks.certificates.acts import Act
from segur_conformance.checks.certificates.material import Wanted, authorities, issued, key, pem, places
from segur_conformance.checks.certificates.orders import Order
from segur_conformance.checks.certificates.platform import P12_PASSWORD, Platform
from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench
from segur_conformance.targets.reference_host.structure_certificates import StructuresCertificates
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_conformance.targets.subject import Answer, Subject
from segur_sandbox.pki.authorities import PERSONNES
from segur_sandbox.running import RunningSandbox


@pytest.fixture
def bench(services: RunningSandbox) -> Bench:
    services.reset()
    return cast("Bench", SimpleNamespace(sandbox=services))


WANTED: dict[str, dict[str, Any]] = {
    "as-it-is": {},
    "of-a-name": {"name": "INSI-AUTO"},
    "that-signs": {"usage": "SIGN"},
    "of-people": {"authority": PERSONNES},
}


@pytest.mark.parametrize("given", WANTED.values(), ids=WANTED)
def test_certificate_made_to_order_is_one_for_openssl(bench: Bench, tmp_path: Path, given: dict[str, Any]) -> None:
    wanted = Wanted.ending_in(timedelta(days=30), **given)
    pki = authorities(bench)

    made = issued(bench, wanted, key("essai").public_key())

    leaf, above = tmp_path / "leaf.pem", tmp_path / "above.pem"
    leaf.write_bytes(pem(made))
    above.write_bytes(pem(pki.authority(wanted.authority).certificate))
    command = ["openssl", "verify", "-CAfile", str(pki.ca), "-untrusted", str(above), str(leaf)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert [one.value for one in made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [wanted.name]
    assert abs(made.not_valid_after_utc - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


def test_certificate_that_a_stranger_signs_is_none_for_openssl(bench: Bench, tmp_path: Path) -> None:
    pki = authorities(bench)
    organisations = pki.organisations()
    with places(bench) as where:
        forged = issued(bench, Wanted(), where.key("essai").public_key(), _signed_by_another(organisations))
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(pem(forged))

    told = subprocess.run(["openssl", "verify", "-CAfile", str(pki.ca), str(leaf)], capture_output=True, check=False)

    assert told.returncode != 0


def test_each_use_of_a_check_has_a_key_of_its_own(bench: Bench) -> None:
    with places(bench) as first, places(bench) as second:
        assert first.key("a") is first.key("a")
        assert first.key("a") is not first.key("b")
        assert first.key("a") is second.key("c")


def test_platform_gives_what_was_ordered_and_refuses_what_was_not_granted(bench: Bench) -> None:
    platform = Platform(bench)
    product = platform.withdrawn(platform.ordered(None, "INSI-AUTO"), with_key=True)

    private, leaf, _ = pkcs12.load_key_and_certificates(product, P12_PASSWORD.encode())

    assert isinstance(private, rsa.RSAPrivateKey)
    assert leaf is not None
    assert leaf.not_valid_before_utc <= datetime.now(UTC)
    with pytest.raises(RuntimeError, match="usage_unknown"):
        platform.ordered(None, "INSI-AUTO", usage="SSL_SERV")


def test_a_secret_in_what_is_kept_is_found_and_so_is_a_file_that_others_may_read(tmp_path: Path) -> None:
    (tmp_path / "certificates").mkdir()
    for name, content, mode in (
        ("private", b"rien", 0o600),
        ("wide", b"rien", 0o644),
        ("holding", b"..Revoque-Canari-7431..", 0o600),
    ):
        path = tmp_path / "certificates" / name
        path.write_bytes(content)
        path.chmod(mode)
    host = cast("WatchedHost", SimpleNamespace(config=SimpleNamespace(data=tmp_path)))

    found = StructuresCertificates(lambda: host).ops["data"]({"words": ["Revoque-Canari-7431"]})

    assert found == {"holding": ["certificates/holding"], "open": ["certificates/wide"]}


def _signed_by_another(authority: Any) -> Any:
    return type(authority)(authority.certificate, key("inconnu"), authority.addresses)


def test_certificates_of_people_are_of_another_authority(bench: Bench) -> None:
    own = authorities(bench)
    made = issued(bench, Wanted(authority=PERSONNES), key("essai").public_key())

    assert isinstance(made, x509.Certificate)
    assert made.issuer == own.authority(PERSONNES).certificate.subject != own.organisations().certificate.subject


def test_platform_revokes_for_good_for_whoever_knows_the_code(bench: Bench) -> None:
    platform = Platform(bench)
    number = platform.ordered(None, "INSI-AUTO")
    with pytest.raises(RuntimeError, match="not_withdrawn"):
        platform.revoked(number)
    platform.withdrawn(number, with_key=True)

    platform.revoked(number)

    with pytest.raises(RuntimeError, match="already_revoked"):
        platform.revoked(number)


class Offering:
    """A target whose order offers one action at each step, in an order of its own."""

    opened = None

    def __init__(self, *offered: Act) -> None:
        self._left = list(offered)
        self._step = 1
        self.done: list[str] = []

    def ask(self, op: str, **given: Any) -> Answer:
        assert op == "order"
        if "action" in given:
            self.done.append(given["action"]["kind"])
            self._left.remove(given["action"]["kind"])
            self._step += 1
        return Answer({"step": self._step, "possible": [str(one) for one in self._left[:1]]})


def test_an_order_is_led_by_what_it_offers_and_by_nothing_else() -> None:
    target = Offering(Act.STRUCTURE_NAMED, Act.CONTRACT_SIGNED, Act.FORM_CHOSEN)
    order = Order(cast("Bench", SimpleNamespace()), cast("Subject", target))

    assert order.leads_to(3)["step"] == 3
    assert target.done == ["structure_named", "contract_signed"]


def test_an_order_that_offers_nothing_known_fails_the_check() -> None:
    order = Order(cast("Bench", SimpleNamespace()), cast("Subject", Offering(Act.ROLLED_BACK)))

    with pytest.raises(CheckFailed, match="étape 1 : la commande n’offre aucune action"):
        order.leads_to(2)
