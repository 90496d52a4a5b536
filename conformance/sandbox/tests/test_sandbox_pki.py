"""The hierarchy, looked at with openssl: names, usages, chain, revocation list, and that it is kept."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from segur_sandbox.pki.roles import CLIENT_ROLES
from segur_sandbox.pki.store import open_pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki") / "pki"
    open_pki(folder)
    return folder


def _openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout + done.stderr


PREFIX = "C = FR, O = ASIP-SANTE, OU = 0002 187512751, OU = IGC-SANTE TEST, CN = TEST AC "


def test_the_authorities_are_shaped_like_the_test_tree(pki: Path) -> None:
    root, intermediate = x509.load_pem_x509_certificates((pki / "ca.pem").read_bytes())
    constraints = [
        certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        for certificate in (root, intermediate)
    ]
    assert [(item.ca, item.path_length) for item in constraints] == [(True, None), (True, 0)]
    text = _openssl("crl2pkcs7", "-nocrl", "-certfile", pki / "ca.pem", "-out", "/dev/stdout")
    done = subprocess.run(
        ["openssl", "pkcs7", "-print_certs", "-noout"], input=text, capture_output=True, text=True, check=True
    )
    subjects = [line for line in done.stdout.splitlines() if line.startswith("subject=")]
    assert subjects == [
        f"subject={PREFIX}RACINE IGC-SANTE ELEMENTAIRE",
        f"subject={PREFIX}IGC-SANTE ELEMENTAIRE ORGANISATIONS",
    ]


@pytest.mark.parametrize("role", CLIENT_ROLES)
def test_a_client_subject_has_the_official_order_and_structure_number(pki: Path, role: str) -> None:
    subject = _openssl("x509", "-in", pki / f"{role}.cert.pem", "-noout", "-subject").strip()
    assert subject.startswith(
        "subject=C = FR, ST = Haute-Corse (2B), O = PHARMACIE DU BAC A SABLE, OU = 10B0152872, CN = "
    )
    digits = [int({"A": "1", "B": "2"}.get(char, char)) for char in "0B0152872"]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    assert (sum(digits[::-2]) + sum(doubled)) % 10 == 0


VERDICTS = {
    "insi-auto": "OK",
    "insi-manu": "OK",
    "wrong-cn": "OK",
    "expired": "certificate has expired",
    "revoked": "certificate revoked",
    "wrong-usage": "unsuitable certificate purpose",
    "foreign-ca": "unable to get local issuer certificate",
    "org-auth": "OK",
    "org-sign": "unsuitable certificate purpose",
    "org-conf": "unsuitable certificate purpose",
}


@pytest.mark.parametrize(("role", "verdict"), VERDICTS.items(), ids=list(VERDICTS))
def test_openssl_agrees_on_what_is_wrong_with_each_role(pki: Path, role: str, verdict: str) -> None:
    assert set(VERDICTS) == set(CLIENT_ROLES)
    arguments = ("-CAfile", pki / "ca.pem", "-CRLfile", pki / "crl.pem", "-crl_check", "-purpose", "sslclient")
    assert verdict in _openssl("verify", *arguments, pki / f"{role}.cert.pem")


@pytest.mark.parametrize(
    ("role", "usages"),
    [
        ("insi-auto", ("Digital Signature", "TLS Web Client Authentication")),
        ("wrong-usage", ("Non Repudiation",)),
        ("org-sign", ("Non Repudiation",)),
        ("org-conf", ("Key Encipherment, Data Encipherment",)),
    ],
)
def test_usages_follow_the_offer(pki: Path, role: str, usages: tuple[str, ...]) -> None:
    text = _openssl("x509", "-in", pki / f"{role}.cert.pem", "-noout", "-ext", "keyUsage,extendedKeyUsage")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert tuple(lines) == usages


def test_a_hierarchy_of_an_older_sandbox_gets_the_missing_role_and_keeps_the_rest(pki: Path, tmp_path: Path) -> None:
    older = tmp_path / "pki"
    shutil.copytree(pki, older)
    for path in older.glob("org-auth.*"):
        path.unlink()
    before = _state(older)
    open_pki(older)
    assert set(_state(older)) - set(before) == {
        f"org-auth.{end}" for end in ("cert.pem", "key.pem", "p12", "p12.password")
    }
    assert {name: _state(older)[name] for name in before} == before
    arguments = ("-CAfile", older / "ca.pem", "-purpose", "sslclient")
    assert "OK" in _openssl("verify", *arguments, older / "org-auth.cert.pem")


def test_a_foreign_certificate_names_the_same_authority(pki: Path) -> None:
    issuers = {
        role: _openssl("x509", "-in", pki / f"{role}.cert.pem", "-noout", "-issuer")
        for role in ("insi-auto", "foreign-ca")
    }
    assert issuers["insi-auto"] == issuers["foreign-ca"]


@pytest.mark.parametrize("role", CLIENT_ROLES)
def test_the_pkcs12_opens_with_its_password_only_and_holds_the_same_key(pki: Path, role: str) -> None:
    password = (pki / f"{role}.p12.password").read_text()
    arguments = ("pkcs12", "-in", pki / f"{role}.p12", "-nodes", "-nocerts", "-passin")
    key = _openssl(*arguments, f"pass:{password}")
    assert (pki / f"{role}.key.pem").read_text().strip() in key
    assert "invalid password" in _openssl(*arguments, "pass:wrong")


def test_secrets_are_private_to_their_owner(pki: Path) -> None:
    secrets = [*pki.glob("*.key.pem"), *pki.glob("*.p12"), *pki.glob("*.password")]
    assert len(secrets) >= 3 * len(CLIENT_ROLES)
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    assert pki.stat().st_mode & 0o777 == 0o700


def _state(pki: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in pki.iterdir() if path.is_file() and path.name != "crl.pem"}


def test_opening_again_keeps_everything_and_signs_the_crl_anew(pki: Path) -> None:
    before = _state(pki)
    (pki / "crl.pem").write_text("an old list")
    open_pki(pki)
    assert _state(pki) == before
    assert "verify OK" in _openssl("crl", "-in", pki / "crl.pem", "-CAfile", pki / "ca.pem", "-noout")


@pytest.mark.parametrize("damage", ["cut-short", "other-format"])
def test_an_unfinished_or_older_hierarchy_is_made_again(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "pki"
    open_pki(folder)
    before = _state(folder)
    marker = folder / "complete.json"
    if damage == "cut-short":
        marker.unlink()
    else:
        marker.write_text(json.dumps({"format": 0}))
    open_pki(folder)
    assert _state(folder)["ca.pem"] != before["ca.pem"]
    assert (folder / "complete.json").exists()


def test_authorities_may_be_4096_bits(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    open_pki(folder, authority_bits=4096)
    shown = _openssl("x509", "-in", folder / "ca.pem", "-noout", "-text")
    assert "Public-Key: (4096 bit)" in shown


def test_the_descriptor_names_every_role_with_absolute_paths(descriptor: dict[str, Any]) -> None:
    assert set(descriptor["certificates"]) == set(VERDICTS)
    for files in descriptor["certificates"].values():
        assert set(files) == {"cert", "key", "p12", "p12_password"}
        assert all(Path(files[name]).is_absolute() and Path(files[name]).is_file() for name in ("cert", "key", "p12"))
