"""The shape of answers: the official schemas, with the known exceptions written down, and the unusual variants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

Curl = Callable[..., tuple[int, int, bytes]]
Control = Callable[..., tuple[int, Any]]
RESULTAT = "{http://www.cnamts.fr/INSiResultat}"
PERSON = ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14")
PEOPLE = [
    ("ADRUN", "ZOE", "F", "1975-12-31"),
    PERSON,
    ("PROVISOIRE", "MATRICULE", "M", "2009-07-01"),
    ("CORSE", "ANTHONY", "M", "1980-03-02"),
    ("HERMANN", "GATIEN", "M", "1981-03-24"),
    ("HOUILLES", "PIERRE", "M", "1993-01-27"),
    ("DE VINCI", "LEONARDO", "M", "2014-02-01"),
]


@pytest.fixture(scope="session")
def resultat_schema(assets: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(assets / "xsd/ServiceIdentiteCertifiee/INSi_RESULTAT_INS.xsd")))


@pytest.fixture(scope="session")
def erreur_schema(assets: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(assets / "xsd/schema_faultSOAP_V01_01.xsd")))


def _resultat(answer: bytes) -> etree._Element:
    result = etree.fromstring(answer).find(f".//{RESULTAT}RESULTAT")
    assert result is not None
    return result


def _ask(curl: Curl, control: Control, body: bytes, variant: str) -> tuple[int, bytes]:
    order = {"service": "insi", "fault": "wrong_answer", "variant": variant, "count": 1}
    assert control("POST", "/faults", order)[0] == 200
    return curl(body)[1:]


@pytest.mark.parametrize("traits", PEOPLE, ids=[row[0] for row in PEOPLE])
def test_a_reply_validates_against_the_official_schema(
    curl: Curl, by_traits: Callable[..., bytes], resultat_schema: etree.XMLSchema, traits: tuple[str, ...]
) -> None:
    resultat_schema.assertValid(_resultat(curl(by_traits(*traits))[2]))


@pytest.mark.parametrize(
    "variant",
    ["with_prenom", "without_birthplace", "history_none", "history_one", "history_many", "nia", "wrong_key"],
)
def test_an_unusual_reply_still_validates(
    curl: Curl,
    control: Control,
    by_traits: Callable[..., bytes],
    resultat_schema: etree.XMLSchema,
    variant: str,
) -> None:
    resultat_schema.assertValid(_resultat(_ask(curl, control, by_traits(*PERSON), variant)[1]))


def test_known_exception_the_order_of_test_2_04_breaks_the_schema(
    curl: Curl, control: Control, by_traits: Callable[..., bytes], resultat_schema: etree.XMLSchema
) -> None:
    result = _resultat(_ask(curl, control, by_traits(*PERSON), "history_cnda_order")[1])
    history = result.find(f".//{RESULTAT}INSHISTO")
    assert history is not None
    assert [etree.QName(item).localname for item in history] == ["DateDeb", "DateFin", "IdIndividu", "OID"]
    assert not resultat_schema.validate(result)


def test_known_exception_the_back_ends_severity_breaks_the_schema_and_the_gateways_does_not(
    curl: Curl, control: Control, by_traits: Callable[..., bytes], erreur_schema: etree.XMLSchema
) -> None:
    verdicts = {}
    for variant in ("insi_102", "desir_1020"):
        error = etree.fromstring(_ask(curl, control, by_traits(), variant)[1]).find(".//{urn:siram}Erreur")
        assert error is not None
        verdicts[variant] = erreur_schema.validate(error)
    assert verdicts == {"insi_102": False, "desir_1020": True}
    refusal = etree.fromstring(curl(by_traits(idam="X"))[2]).find(".//{urn:siram}Erreur")
    assert refusal is not None
    erreur_schema.assertValid(refusal)


def _texts(answer: bytes, name: str) -> list[str | None]:
    return [item.text for item in etree.fromstring(answer).iter(RESULTAT + name)]


VARIANTS: list[tuple[str, str, list[str]]] = [
    ("with_prenom", "Prenom", ["PIERRE-ALAIN"]),
    ("without_birthplace", "LieuNaissance", []),
    ("history_none", "NumIdentifiant", ["1090763220834"]),
    ("history_one", "NumIdentifiant", ["1090763220834", "2090763220834"]),
    ("history_many", "NumIdentifiant", ["1090763220834", *["2090763220834"] * 3]),
    ("wrong_key", "Cle", ["90", "39"]),
    ("nia", "OID", ["1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.8"]),
    ("divergent_traits", "DateNaissance", ["2010-07-14"]),
    ("other_person", "NomNaissance", ["ADRUN"]),
    ("none", "CodeCR", ["01"]),
    ("several", "CodeCR", ["02"]),
    ("empty_body", "CodeCR", []),
]


@pytest.mark.parametrize(("variant", "element", "texts"), VARIANTS, ids=[row[0] for row in VARIANTS])
def test_each_wrong_answer_says_what_it_should_and_the_next_one_is_right(
    curl: Curl,
    control: Control,
    by_traits: Callable[..., bytes],
    variant: str,
    element: str,
    texts: list[str],
) -> None:
    plain = curl(by_traits(*PERSON))[2]
    status, answer = _ask(curl, control, by_traits(*PERSON), variant)
    assert (status, _texts(answer, element)) == (200, texts)
    assert curl(by_traits(*PERSON))[2] == plain


@pytest.mark.parametrize(("variant", "prefix"), [("none", "env"), ("body_prefix_s", "S"), ("body_prefix_soap", "soap")])
def test_the_body_prefix_varies(
    curl: Curl, control: Control, by_traits: Callable[..., bytes], variant: str, prefix: str
) -> None:
    root = etree.fromstring(_ask(curl, control, by_traits(), variant)[1])
    assert (root.prefix, root[0].prefix) == ("soap", prefix)


def test_desir_1020_is_the_gateways_fatal_fault(
    curl: Curl,
    control: Control,
    by_traits: Callable[..., bytes],
    fault_of: Callable[[bytes], dict[str, str | None]],
) -> None:
    message_id = "uuid:1c1b9a0e-98c4-44e7-a6b7-0a4f4d3e2b10"
    status, answer = _ask(curl, control, by_traits(message_id=message_id), "desir_1020")
    assert status == 500
    assert fault_of(answer) == {
        "value": "soap:Sender",
        "subcode": "siram_40",
        "code": "desir_1020",
        "severite": "fatale",
        "messageID": message_id,
        "lang": "fr",
    }


@pytest.mark.parametrize(
    ("name", "traits"),
    [
        ("TEST_2.05.xml", PEOPLE[2]),
        ("TEST_2.08_cas1.xml", PEOPLE[3]),
        ("TEST_2.08_cas2.xml", PEOPLE[4]),
        ("REP_CR01.xml", PEOPLE[5]),
    ],
)
def test_the_supplied_reply_files_say_the_same_as_our_register(
    curl: Curl, by_traits: Callable[..., bytes], assets: Path, name: str, traits: tuple[str, ...]
) -> None:
    def said(answer: bytes) -> list[tuple[str, str]]:
        return [
            (etree.QName(item).localname, (item.text or "").strip()) for item in _resultat(answer).iter(etree.Element)
        ]

    supplied = (assets / "replies" / name).read_bytes()
    assert said(curl(by_traits(*traits))[2]) == said(supplied)
