"""Material on demand: what openssl says of each kind, good or bad."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.pki.broken_files import BROKEN_KINDS
from segur_sandbox.pki.material import LEAF_KINDS, Material
from segur_sandbox.pki.store import PkiFiles, open_pki

Openssl = Callable[..., str]
Made = Callable[[str], Path]
_STRANGER = "unable to get local issuer certificate"
UNIT, NAME = "OU = 10B0152872", "CN = LGO DU BAC A SABLE"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PkiFiles:
    return open_pki(tmp_path_factory.mktemp("material") / "pki")


@pytest.fixture(scope="module")
def made(pki: PkiFiles, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a kind once and return the folder of its files; `password` holds that of its bundle."""
    folder = tmp_path_factory.mktemp("kinds")

    def make(kind: str) -> Path:
        where = folder / kind
        if not where.exists():
            where.mkdir()
            material: Material = {**LEAF_KINDS, **BROKEN_KINDS}[kind].make(pki)
            for name, content in material.files.items():
                (where / name).write_bytes(content)
            (where / "password").write_text(material.password or "")
        return where

    return make


LEAVES = {
    "good": (": OK", UNIT),
    "org-sign": ("unsuitable certificate purpose", UNIT),
    "org-conf": ("unsuitable certificate purpose", UNIT),
    "serv-ssl": ("unsuitable certificate purpose", "CN = localhost"),
    "serv-smime": ("unsuitable certificate purpose", "CN = mssante.invalid"),
    "expired": ("certificate has expired", UNIT),
    "not-yet-valid": ("certificate is not yet valid", UNIT),
    "wrong-issuer": (_STRANGER, UNIT),
    "no-ou": (": OK", "title = Pharmacien, CN = 899700075122"),
    "ou-siret": (": OK", "OU = 341930067800069"),
    "ou-rpps-rang": (": OK", "OU = 499700367909006"),
    "ou-unknown-type": (": OK", "OU = 90B0152872"),
    "finess-bad-key": (": OK", "OU = 10B0152873"),
    "finess-juridique": (": OK", "OU = 1750712184"),
    "key-twice": (": OK", NAME),
    "sha1": ("CA signature digest algorithm too weak", NAME),
    "rsa-1024": ("EE certificate key too weak", NAME),
    "cn-insi-auto": (": OK", "CN = INSI-AUTO"),
    "cn-insi-manu": (": OK", "CN = INSI-MANU"),
    "cn-lower": (": OK", "CN = insi-auto"),
    "cn-space": (": OK", "CN = INSI AUTO"),
    "cn-hyphen": (": OK", "CN = INSI\u2011AUTO"),
    "other-tree": (_STRANGER, NAME),
    "name-part-order": (
        "unable to get local issuer certificate",
        "GN = ANA + CN = 899700075122 + SN = PHARMACH0007512",
    ),
    "name-part-unsorted": (
        "unable to get local issuer certificate",
        "SN = PHARMACH0007512 + CN = 899700075122 + GN = CAROLE",
    ),
    "l-instead-of-st": (": OK", "C = FR, L = Haute-Corse (2B), O = "),
}


@pytest.mark.parametrize(("kind", "expected"), LEAVES.items(), ids=list(LEAVES))
def test_openssl_agrees_on_what_is_wrong_with_each_kind(
    pki: PkiFiles, made: Made, openssl: Openssl, kind: str, expected: tuple[str, str]
) -> None:
    verdict, subject = expected
    certificate = made(kind) / "cert.pem"
    arguments = ("-CAfile", pki.ca, "-auth_level", "2", "-purpose", "sslclient")
    assert verdict in openssl("verify", *arguments, certificate)
    shown = openssl("x509", "-in", certificate, "-noout", "-subject", "-nameopt", "oneline,utf8,-esc_msb,-esc_ctrl")
    assert subject in shown


SERVERS = {
    "serv-ssl": ": OK",
    "serv-expired": "certificate has expired",
    "serv-not-yet-valid": "certificate is not yet valid",
    "serv-revoked": ": OK",
    "serv-wrong-name": "hostname mismatch",
    "serv-wrong-issuer": "unable to get local issuer certificate",
}


@pytest.mark.parametrize(("kind", "verdict"), SERVERS.items(), ids=list(SERVERS))
def test_openssl_agrees_on_what_is_wrong_with_each_server(
    pki: PkiFiles, made: Made, openssl: Openssl, kind: str, verdict: str
) -> None:
    arguments = ("-CAfile", pki.ca, "-purpose", "sslserver", "-verify_hostname", "localhost")
    assert verdict in openssl("verify", *arguments, made(kind) / "cert.pem")


def test_a_server_may_have_its_name_in_the_cn_only(made: Made, openssl: Openssl) -> None:
    shown = openssl("x509", "-in", made("serv-no-name") / "cert.pem", "-noout", "-text")
    assert "Subject Alternative Name" not in shown
    assert "CN = localhost" in shown


def test_every_kind_of_leaf_is_put_to_the_test() -> None:
    assert set(LEAVES) | set(SERVERS) | {"revoked", "org-auth", "serv-no-name"} == set(LEAF_KINDS)


EXTENSIONS = {
    "org-auth": ("Digital Signature", "TLS Web Client Authentication", None),
    "org-sign": ("Non Repudiation", None, None),
    "org-conf": ("Key Encipherment, Data Encipherment", None, None),
    "serv-ssl": (
        "Digital Signature, Key Encipherment",
        "TLS Web Server Authentication",
        "DNS:localhost, IP Address:127.0.0.1",
    ),
    "serv-smime": (
        "Digital Signature, Non Repudiation, Key Encipherment",
        "E-mail Protection",
        "email:boite@mssante.invalid",
    ),
}


@pytest.mark.parametrize(("kind", "expected"), EXTENSIONS.items(), ids=list(EXTENSIONS))
def test_usages_and_names_follow_the_offer(
    made: Made, openssl: Openssl, kind: str, expected: tuple[str | None, ...]
) -> None:
    names = "keyUsage,extendedKeyUsage,subjectAltName"
    shown = openssl("x509", "-in", made(kind) / "cert.pem", "-noout", "-ext", names)
    lines = [line.strip() for line in shown.splitlines() if line.startswith("    ")]
    assert lines == [one for one in expected if one is not None]


def test_a_certificate_lasts_three_years(made: Made) -> None:
    certificate = x509.load_pem_x509_certificate((made("good") / "cert.pem").read_bytes())
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 3 * 365


def test_the_other_tree_holds_by_its_own_root_only(made: Made, openssl: Openssl) -> None:
    folder = made("other-tree")
    assert ": OK" in openssl("verify", "-CAfile", folder / "ca.pem", folder / "cert.pem")
    shown = openssl("x509", "-in", folder / "ca.pem", "-noout", "-subject")
    assert "OU = IGC-SANTE, CN = AC RACINE IGC-SANTE ELEMENTAIRE" in shown


def test_key_twice_is_the_key_of_a_role(pki: PkiFiles, made: Made) -> None:
    mine = x509.load_pem_x509_certificate((made("key-twice") / "cert.pem").read_bytes())
    theirs = x509.load_pem_x509_certificate(pki.role("org-auth").cert.read_bytes())
    assert mine.public_key() == theirs.public_key()
    assert mine.serial_number != theirs.serial_number


@pytest.mark.parametrize("kind", [kind for kind in LEAF_KINDS if kind != "name-part-unsorted"])
def test_the_bundle_of_every_leaf_opens_with_its_password(made: Made, kind: str) -> None:
    folder = made(kind)
    password = (folder / "password").read_bytes()
    key, certificate, _ = pkcs12.load_key_and_certificates((folder / "bundle.p12").read_bytes(), password)
    assert key is not None
    assert certificate is not None
    assert key.public_key() == certificate.public_key()


BUNDLES = {
    "truncated": ("error", "BEGIN"),
    "keyless": ("-----BEGIN CERTIFICATE-----", "PRIVATE KEY"),
    "mismatched": ("PRIVATE KEY", "invalid password"),
    "wrong-password": ("invalid password", "BEGIN"),
    "empty": ("", "BEGIN"),
    "noise": ("error", "BEGIN"),
    "oversized": ("error", "BEGIN"),
    "deep": ("error", "BEGIN"),
    "indefinite": ("PRIVATE KEY", "invalid password"),
}


@pytest.mark.parametrize(("kind", "expected"), BUNDLES.items(), ids=list(BUNDLES))
def test_openssl_opens_a_broken_bundle_as_far_as_it_can(
    made: Made, openssl: Openssl, kind: str, expected: tuple[str, str]
) -> None:
    there, missing = expected
    folder = made(kind)
    password = (folder / "password").read_text()
    shown = openssl("pkcs12", "-in", folder / "bundle.p12", "-nodes", "-passin", f"pass:{password}")
    assert there.lower() in shown.lower()
    assert missing not in shown


def test_mismatched_holds_a_key_of_no_certificate(made: Made, openssl: Openssl) -> None:
    folder = made("mismatched")
    certified = openssl("x509", "-in", folder / "cert.pem", "-noout", "-pubkey")
    assert openssl("pkey", "-in", folder / "key.pem", "-pubout") not in certified


ROOT, ISSUER, LEAF = "RACINE IGC-SANTE ELEMENTAIRE", "ELEMENTAIRE ORGANISATIONS", "LGO DU BAC A SABLE"
CHAINS = {
    "chain-wrong-order": [ROOT, ISSUER, LEAF],
    "chain-extra": [LEAF, "FORT PERSONNES", ISSUER, ROOT],
    "chain-missing": [LEAF],
    "chain-loop": [LEAF, ISSUER, ROOT, ISSUER],
}


@pytest.mark.parametrize(("kind", "names"), CHAINS.items(), ids=list(CHAINS))
def test_a_broken_chain_has_the_links_that_its_name_says(
    made: Made, openssl: Openssl, kind: str, names: list[str]
) -> None:
    listed = openssl("crl2pkcs7", "-nocrl", "-certfile", made(kind) / "cert.pem")
    shown = openssl("pkcs7", "-print_certs", "-noout", given=listed.encode())
    found = re.findall(r"subject=.*CN = (?:TEST AC (?:IGC-SANTE )?)?(.*)", shown)
    assert found == names


def test_the_loop_leads_to_no_root(pki: PkiFiles, made: Made, openssl: Openssl) -> None:
    folder = made("chain-loop")
    said = openssl("verify", "-CAfile", pki.ca, "-untrusted", folder / "cert.pem", folder / "cert.pem")
    assert "verification failed" in said


def test_a_list_of_another_key_is_not_the_authoritys(pki: PkiFiles, made: Made, openssl: Openssl) -> None:
    path = made("crl-wrong-signature") / "list.crl"
    assert "verify failure" in openssl("crl", "-inform", "DER", "-in", path, "-CAfile", pki.ca, "-noout")


def test_the_chain_on_demand_is_the_published_one(made: Made, openssl: Openssl) -> None:
    shown = openssl("pkcs7", "-in", made("ber-chain") / "chain.p7b", "-print_certs", "-noout")
    assert shown.count("subject=") == 8


def test_what_is_cut_or_nested_is_no_certificate_for_openssl(made: Made, openssl: Openssl) -> None:
    for kind, name in (("truncated", "cert.cer"), ("deep", "cert.cer"), ("noise", "cert.cer"), ("empty", "cert.cer")):
        assert "Could not read certificate" in openssl("x509", "-inform", "DER", "-in", made(kind) / name, "-noout")
    assert "Could not read CRL" in openssl("crl", "-inform", "DER", "-in", made("truncated") / "list.crl", "-noout")


def test_every_broken_kind_is_put_to_the_test() -> None:
    assert set(BUNDLES) | set(CHAINS) | {"ber-chain", "crl-wrong-signature"} == set(BROKEN_KINDS)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segur_sandbox", "pki", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_writes_private_files_and_revokes(
    descriptor: dict[str, Any], data: Path, tmp_path: Path, control: Callable[..., tuple[int, Any]]
) -> None:
    done = _run("make", "revoked", "--out", str(tmp_path / "out"), "--sandbox", str(data), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["kind"]) == (0, "revoked")
    for path in map(Path, told["files"].values()):
        assert path.is_absolute()
        assert path.stat().st_mode & 0o777 == 0o600
    found = {one["serial"]: one for one in control("GET", "/igc")[1]["certificates"]}
    assert found[told["serial"]]["reason"] == "key_compromise"


def test_an_unknown_kind_fails_with_a_code(descriptor: dict[str, Any], data: Path, tmp_path: Path) -> None:
    done = _run("make", "perfect", "--out", str(tmp_path / "out"), "--sandbox", str(data), "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "sandbox.control_failed")
    assert not (tmp_path / "out").exists()


def test_a_revocation_by_command_is_told(
    descriptor: dict[str, Any], data: Path, control: Callable[..., tuple[int, Any]]
) -> None:
    done = _run("revoke", "org-conf", "--sandbox", str(data), "--json")
    assert done.returncode == 0
    revoked = [one["serial"] for one in control("GET", "/igc")[1]["certificates"] if one["revoked_at"]]
    assert json.loads(done.stdout)["serial"] in revoked
    listed = _run("kinds", "--sandbox", str(data), "--json")
    assert {one["kind"] for one in json.loads(listed.stdout)} == set(LEAF_KINDS) | set(BROKEN_KINDS)
