"""The operation by carte Vitale: what it refuses, and the valid twin. The assertion's form is ours."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

BY_CARD = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"
Curl = Callable[..., tuple[int, int, bytes]]
Build = Callable[..., bytes]
Fault = Callable[[bytes], dict[str, str | None]]


@pytest.fixture
def serial_of(control: Callable[..., tuple[int, Any]]) -> Callable[[str], str]:
    def find(name: str) -> str:
        cards = control("GET", "/cards")[1]["cards"]
        return str(next(card["serial"] for card in cards if card["name"] == f"vitale:{name}"))

    return find


def _ago(**duration: int) -> str:
    instant = datetime.now(UTC) - timedelta(**duration)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


BENEFICIARIES = [
    ("single", "1", "275126322074974", "ADRUN", "1975-12-31", "1", b"2751263220749"),
    ("family", "1", "297022A02077878", "ADRTROIS", "1997-02-26", "1", b"297022A020778"),
    ("family", "2", "297022A02077878", "ADRTROIS", "1960-01-01", "1", b"160012B020777"),
    ("family", "3", "297022A02077878", "NESSI", "2010-08-07", "1", b"1100863220830"),
    ("twins", "2", "277076322082910", "NESSI", "2010-08-07", "1", b"1100863220830"),
    ("twins", "3", "277076322082910", "NESSI", "2010-08-07", "2", b"<CodeCR>01</CodeCR>"),
    ("accents", "1", "101066322075460", "D'ARTAGNAN DE L'HERAULT", "2001-06-17", "1", b"1010663220754"),
    ("several", "1", "277076322082910", "DE VINCI", "2014-02-01", "1", b"<CodeCR>02</CodeCR>"),
    ("none", "1", "275126322074974", "HOUILLES", "1993-01-27", "1", b"<CodeCR>01</CodeCR>"),
    ("lunar", "1", "275126322074974", "ADRUN", "1975-20-00", "1", b"<CodeCR>01</CodeCR>"),
]


@pytest.mark.parametrize("row", BENEFICIARIES, ids=[f"{row[0]}-{row[1]}" for row in BENEFICIARIES])
def test_the_chosen_beneficiary_of_a_card_gets_their_own_answer(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str], row: tuple[Any, ...]
) -> None:
    name, position, nir, nom, date, rang, expected = row
    body = by_card(serial=serial_of(name), position=position, nir=nir, nom=nom, date=date, rang=rang)
    _, status, answer = curl(body, action=BY_CARD)
    assert status == 200, answer
    assert expected in answer


def test_the_other_certificate_is_also_accepted_when_it_is_the_issuer(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str]
) -> None:
    body = by_card(serial=serial_of("single"), issuer="INSI-MANU")
    assert curl(body, "insi-manu", action=BY_CARD)[1] == 200


REFUSED = [
    ("no-assertion", {"assertion": ""}, "vitale_missing"),
    ("two-assertions", {"assertion": 2 * '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'}, "security"),
    ("not-saml", {"assertion": "<a/>"}, "schema"),
    ("too-old", {"instant": _ago(minutes=21)}, "vitale_expired"),
    ("future", {"instant": _ago(days=-1)}, "vitale_future"),
    ("impossible-date", {"instant": "2026-13-45T10:00:00Z"}, "header"),
    ("wrong-mac", {"signature": b"12345678"}, "vitale_mac"),
    ("short-mac", {"signature": b""}, "vitale_mac"),
    ("unknown-serial", {"serial": "999999999999"}, "vitale_card"),
    ("serial-not-12-digits", {"serial": "1234"}, "security"),
    ("no-such-position", {"position": "2"}, "vitale_card"),
    ("position-zero", {"position": "0"}, "security"),
    ("other-issuer", {"issuer": "INSI-MANU"}, "security"),
    ("other-name", {"nom": "CORSE"}, "vitale_beneficiary"),
    ("other-date", {"date": "1975-12-30"}, "vitale_beneficiary"),
    ("date-format", {"date": "19751231"}, "date"),
    ("other-rank", {"rang": "2"}, "vitale_beneficiary"),
    ("other-nir", {"nir": "180032B02040123"}, "vitale_beneficiary"),
    ("lower-case-name", {"nom": "adrun"}, "name"),
    ("empty-couverture", {"couverture": ""}, "header"),
]


@pytest.mark.parametrize(("changes", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_wrong_card_request_is_refused_beside_its_valid_twin(
    curl: Curl,
    by_card: Build,
    serial_of: Callable[[str], str],
    fault_of: Fault,
    changes: dict[str, Any],
    reason: str,
) -> None:
    serial = serial_of("single")
    _, status, answer = curl(by_card(**{"serial": serial, **changes}), action=BY_CARD)
    assert (status, fault_of(answer)["code"]) == (500, f"sandbox_{reason}")
    assert curl(by_card(serial=serial), action=BY_CARD)[1] == 200


def test_twenty_minutes_are_counted_by_the_sandboxs_clock(
    curl: Curl,
    by_card: Build,
    serial_of: Callable[[str], str],
    fault_of: Fault,
    control: Callable[..., tuple[int, Any]],
) -> None:
    body = by_card(serial=serial_of("single"))
    control("POST", "/clock", {"advance_s": 19 * 60})
    assert curl(body, action=BY_CARD)[1] == 200
    control("POST", "/clock", {"advance_s": 90})
    assert fault_of(curl(body, action=BY_CARD)[2])["code"] == "sandbox_vitale_expired"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'Version="2.0"', b'Version="1.1"'),
        (b'ID="_', b'ID="'),
        (b"VITALE-SIMULATEUR", b"CPS"),
        (b'Name="rangBeneficiaire"', b'Name="rang"'),
        (b'Name="signatureVitale"', b'Name="rangBeneficiaire"'),
        (b"<saml:Subject>", b"<saml:Conditions/><saml:Subject>"),
        (b"</saml:AttributeStatement>", b"</saml:AttributeStatement><saml:AuthnStatement/>"),
    ],
    ids=["version", "id", "qualifier", "attribute-name", "attribute-twice", "conditions", "authn"],
)
def test_an_assertion_of_another_form_is_refused(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str], fault_of: Fault, old: bytes, new: bytes
) -> None:
    body = by_card(serial=serial_of("single"))
    assert old in body
    _, status, answer = curl(body.replace(old, new), action=BY_CARD)
    assert (status, fault_of(answer)["code"]) in {(500, "sandbox_security"), (500, "sandbox_schema")}


def test_a_signature_that_is_not_base64_is_refused(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str], fault_of: Fault
) -> None:
    encoded = base64.b64encode(b"12345678")
    body = by_card(serial=serial_of("single"), signature=b"12345678").replace(encoded, b"????")
    assert fault_of(curl(body, action=BY_CARD)[2])["code"] == "sandbox_security"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<v:NumIdentifiant>2751263220749", b"<v:NumIdentifiant>2751263220748"),
        (b"<v:Cle>74", b"<v:Cle>75"),
        (b"<bam:Num>2751263220749", b"<bam:Num>2751263220748"),
        (b"<bam:Cle>74", b"<bam:Cle>75"),
        (b"<bam:DateNai>1975", b"<bam:DateNai>1976"),
        (b"<bam:Rang>1", b"<bam:Rang>2"),
    ],
    ids=["od-number", "od-key", "assure-number", "assure-key", "bam-date", "bam-rank"],
)
def test_each_figure_is_compared_with_the_card_on_its_own(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str], fault_of: Fault, old: bytes, new: bytes
) -> None:
    body = by_card(serial=serial_of("single"))
    assert body.count(old) == 1
    assert fault_of(curl(body.replace(old, new), action=BY_CARD)[2])["code"] == "sandbox_vitale_beneficiary"


def test_what_may_be_left_out_may_be_left_out(curl: Curl, by_card: Build, serial_of: Callable[[str], str]) -> None:
    body = by_card(serial=serial_of("single"))
    for optional in (b"<v:RangNaissance>1</v:RangNaissance>", b"<bam:Rang>1</bam:Rang>"):
        assert optional in body
        body = body.replace(optional, b"")
    assert curl(body, action=BY_CARD)[1] == 200


def test_the_century_that_a_card_lacks_is_the_callers(
    curl: Curl, by_card: Build, serial_of: Callable[[str], str], fault_of: Fault
) -> None:
    serial = serial_of("no-century")
    assert curl(by_card(serial=serial, date="1975-12-31"), action=BY_CARD)[1] == 200
    refused = curl(by_card(serial=serial, date="1975-12-30"), action=BY_CARD)[2]
    assert fault_of(refused)["code"] == "sandbox_vitale_beneficiary"
