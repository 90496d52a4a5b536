"""The certificates of professionals' cards, looked at with openssl: chain, names, usages, the ANS's extensions."""

import re
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from segur_sandbox.cards.catalogue import find
from segur_sandbox.cards.cpx.catalogue import CPX_CARDS
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.pki.issuing import Issued
from segur_sandbox.pki.store import PkiFiles, open_pki

Openssl = Callable[..., str]
USAGES = ("aut", "sig")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PkiFiles:
    files = open_pki(tmp_path_factory.mktemp("cpx") / "pki")
    assert not files.cards.exists()
    vault = CardVault(files.folder.parent / "cards", files)
    for card in CPX_CARDS:
        vault.keys(card)
    return files


def _certificate(pki: PkiFiles, name: str, usage: str) -> Path:
    record = find(name)
    assert record is not None
    return pki.cards / record.serial / f"{usage}.cert.pem"


def test_the_card_authority_is_shaped_like_the_test_tree(pki: PkiFiles, openssl: Openssl) -> None:
    listed = openssl("crl2pkcs7", "-nocrl", "-certfile", pki.ca_fort)
    shown = openssl("pkcs7", "-print_certs", "-noout", given=listed.encode())
    prefix = "C = FR, O = ASIP-SANTE, OU = 0002 187512751, OU = IGC-SANTE TEST, CN = TEST AC "
    subjects = [line.removeprefix("subject=") for line in shown.splitlines() if line.startswith("subject=")]
    assert subjects == [f"{prefix}RACINE IGC-SANTE FORT", f"{prefix}IGC-SANTE FORT PERSONNES"]
    assert "OK" in openssl("verify", "-CAfile", pki.ca_fort, pki.ca_fort)


@pytest.mark.parametrize("usage", USAGES)
@pytest.mark.parametrize("name", [card.name for card in CPX_CARDS])
def test_a_card_chains_to_its_own_root_and_to_no_other(pki: PkiFiles, openssl: Openssl, name: str, usage: str) -> None:
    certificate = _certificate(pki, name, usage)
    verdict = openssl("verify", "-CAfile", pki.ca_fort, certificate)
    assert ("certificate has expired" if name == "cps:expired" else f"{certificate}: OK") in verdict
    assert "unable to get local issuer certificate" in openssl("verify", "-CAfile", pki.ca, certificate)


PURPOSES = [
    ("aut", "sslclient", "OK"),
    ("aut", "smimesign", "unsuitable certificate purpose"),
    ("sig", "smimesign", "OK"),
    ("sig", "sslclient", "unsuitable certificate purpose"),
    ("aut", "sslserver", "unsuitable certificate purpose"),
]


@pytest.mark.parametrize(("usage", "purpose", "verdict"), PURPOSES, ids=[f"{row[0]}-{row[1]}" for row in PURPOSES])
def test_each_certificate_serves_its_own_purpose_only(
    pki: PkiFiles, openssl: Openssl, usage: str, purpose: str, verdict: str
) -> None:
    certificate = _certificate(pki, "cps:pharmacist", usage)
    assert verdict in openssl("verify", "-CAfile", pki.ca_fort, "-purpose", purpose, certificate)


EXTENSIONS = {
    "aut": (
        "X509v3 Basic Constraints: | CA:FALSE",
        "X509v3 Key Usage: critical | Digital Signature",
        "X509v3 Extended Key Usage: | TLS Web Client Authentication, Microsoft Smartcard Login",
    ),
    "sig": (
        "X509v3 Basic Constraints: | CA:FALSE",
        "X509v3 Key Usage: critical | Non Repudiation",
        "X509v3 Certificate Policies: | Policy: 1.2.250.1.213.1.7.2.1.1.1.1",
        "CPS: http://igc-sante.esante.gouv.fr/PC%20TEST",
        "X509v3 Extended Key Usage: | E-mail Protection",
    ),
}


@pytest.mark.parametrize("usage", USAGES)
def test_extensions_follow_the_published_test_card(pki: PkiFiles, openssl: Openssl, usage: str) -> None:
    names = "basicConstraints,keyUsage,certificatePolicies,extendedKeyUsage"
    shown = openssl("x509", "-in", _certificate(pki, "cps:pharmacist", usage), "-noout", "-ext", names)
    text = re.sub(r"\s*\n\s*", " | ", shown.replace(": \n", ":\n"))
    for extension in EXTENSIONS[usage]:
        assert re.sub(r"\s+", "", extension) in re.sub(r"\s+", "", text)
    whole = openssl("x509", "-in", _certificate(pki, "cps:pharmacist", usage), "-noout", "-text")
    assert "Public-Key: (2048 bit)" in whole
    assert "Signature Algorithm: sha256WithRSAEncryption" in whole
    assert "X509v3 Private Key Usage Period" in whole
    addresses = re.findall(r"URI:(\S+)", whole)
    base = pki.publication.base
    assert f"{base}/CRL/ACI-FO-PP-TEST.crl" in addresses
    assert f"{base}/AC%20TEST/ACI-FO-PP-TEST.cer" in addresses
    assert f"{base}/ocsp" in addresses
    assert "X509v3 Freshest CRL" in whole
    assert not [address for address in addresses if "127.0.0.1" not in address]


def _number(name: str) -> str:
    record = find(name)
    assert record is not None
    return f"1315{f'8025000001/{record.serial}'.encode('ascii').hex()}".upper()


ANS_VALUES = [
    ("cps:pharmacist", {"5": "040180", "2": "020100", "7": "020115"}),
    ("cps:pharmacist-cps3", {"5": "040180", "2": "020100", "7": "020115"}),
    ("cps:physician", {"5": "040180", "2": "020100", "7": "02010A"}),
    ("cpf", {"5": "040180", "2": "020101", "8": "020115"}),
    ("cpe", {"5": "040180", "2": "020102"}),
    ("cpa", {"5": "040180", "2": "020103"}),
]


@pytest.mark.parametrize("usage", USAGES)
@pytest.mark.parametrize(("name", "values"), ANS_VALUES, ids=[row[0] for row in ANS_VALUES])
def test_the_ans_extensions_have_the_published_bytes(
    pki: PkiFiles, openssl: Openssl, name: str, values: dict[str, str], usage: str
) -> None:
    shown = openssl("asn1parse", "-in", _certificate(pki, name, usage))
    found = re.findall(r"OBJECT\s+:1\.2\.250\.1\.71\.1\.2\.(\d+)\n.*?HEX DUMP\]:([0-9A-F]+)", shown)
    assert dict(found) == values | {"3": _number(name)}


SUBJECTS = [
    ("cps:pharmacist", ("C=FR", "title=Pharmacien", {"CN=899700075122", "SN=PHARMACH0007512", "GN=CAROLE"})),
    ("cps:physician", ("C=FR", "title=Médecin", {"CN=899700366240", "SN=DOC0036624", "GN=KIT"})),
    ("cpf", ("C=FR", "title=Etudiant Pharmacien", {"CN=899700000013", "SN=ETUDIANT FICTIF", "GN=CAMILLE"})),
    (
        "cpe",
        (
            "C=FR",
            "ST=Haute-Corse (2B)",
            "O=PHARMACIE DU BAC A SABLE",
            "OU=10B0152872",
            "title=Carte de service santé ou social",
            "pseudonym=EMPLOYE000000001",
            {"CN=30B0152872/000000001"},
        ),
    ),
    (
        "cpa",
        (
            "C=FR",
            "O=EDITEUR DU BAC A SABLE",
            "L=Paris (75)",
            "OU=300000000029751",
            {"CN=500000000029751/CPAT0001", "SN=ADMINISTRATEUR FICTIF", "GN=PATRICE"},
        ),
    ),
]


@pytest.mark.parametrize(("name", "expected"), SUBJECTS, ids=[row[0] for row in SUBJECTS])
def test_both_certificates_name_the_holder_in_a_last_name_part_of_several_attributes(
    pki: PkiFiles, openssl: Openssl, name: str, expected: tuple[str | set[str], ...]
) -> None:
    for usage in USAGES:
        shown = openssl(
            "x509", "-in", _certificate(pki, name, usage), "-noout", "-subject", "-nameopt", "utf8,sep_multiline"
        )
        lines = [line.strip() for line in shown.splitlines()[1:]]
        *outer, last = lines
        assert (*outer, set(re.split(r" \+ ", last))) == expected


def test_a_service_card_names_nobody(pki: PkiFiles, openssl: Openssl) -> None:
    shown = openssl("x509", "-in", _certificate(pki, "cpe", "aut"), "-noout", "-subject")
    assert not re.search(r"\b(SN|GN)\b", shown)


@pytest.mark.parametrize("usage", USAGES)
def test_a_certificate_lasts_three_years_to_the_second(pki: PkiFiles, openssl: Openssl, usage: str) -> None:
    for name in ("cps:pharmacist", "cps:expired"):
        shown = openssl("x509", "-in", _certificate(pki, name, usage), "-noout", "-startdate", "-enddate")
        begin, end = (line.partition("=")[2].split() for line in shown.splitlines())
        leap_day = begin[:2] == ["Feb", "29"]
        assert begin[:3] == end[:3] or leap_day
        assert int(end[3]) - int(begin[3]) == 3


def test_serial_numbers_have_sixteen_bytes(pki: PkiFiles, openssl: Openssl) -> None:
    shown = openssl("x509", "-in", _certificate(pki, "cps:pharmacist", "sig"), "-noout", "-serial")
    assert re.fullmatch(r"serial=[4-7][0-9A-F]{31}\n", shown)


def test_keys_are_made_at_first_use_stay_private_and_never_change(pki: PkiFiles, tmp_path: Path) -> None:
    files = open_pki(tmp_path / "pki")
    vault = CardVault(tmp_path / "cards", files)
    record = CPX_CARDS[0]
    vault.keys(record)
    folder = files.cards / record.serial
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"aut.cert.pem", "aut.key.pem", "sig.cert.pem", "sig.key.pem"}
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.key.pem")} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in files.cards.iterdir()] == [record.serial]
    CardVault(tmp_path / "cards", open_pki(tmp_path / "pki")).keys(record)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_two_cards_never_share_a_number_nor_its_first_eight_digits() -> None:
    # The ANS's library keeps what it reads by the first eight digits: two cards alike there would be taken for one.
    numbers = {card.serial for card in CPX_CARDS}
    assert len({number[:8] for number in numbers}) == len(CPX_CARDS)
    assert all(re.fullmatch(r"[0-9]{10}", number) for number in numbers)


def test_rpps_numbers_are_those_of_test_people_with_a_right_key() -> None:
    holders = {card.holder.identifier for card in CPX_CARDS if card.holder.identifier.startswith("8")}
    assert holders == {"899700075122", "899700366240", "899700000013"}
    for identifier in holders:
        digits = [int(char) for char in identifier[:0:-1]]
        doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_a_card_whose_keys_two_sessions_make_at_once_has_one_pair(
    pki: PkiFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    record: CpxRecord = attrs.evolve(CPX_CARDS[0], serial="2800999900")
    vault = CardVault(pki.folder.parent / "cards", pki)
    real = PkiFiles.fort_personnes
    inner: list[bytes] = []

    def meanwhile(files: PkiFiles) -> Issued:
        if not inner:
            inner.append(b"")
            inner.append(vault.keys(record).certificate("SIG"))
        return real(files)

    monkeypatch.setattr(PkiFiles, "fort_personnes", meanwhile)
    assert vault.keys(record).certificate("SIG") == inner[1]
    assert not [path for path in pki.cards.iterdir() if path.name.startswith(".")]
