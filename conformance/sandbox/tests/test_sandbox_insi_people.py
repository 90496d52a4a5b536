"""Every published identity gets its published answer; anybody else is not found."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

Curl = Callable[..., tuple[int, int, bytes]]
RESULTAT = "{http://www.cnamts.fr/INSiResultat}"


def _read(answer: bytes) -> dict[str, Any]:
    result = etree.fromstring(answer).find(f".//{RESULTAT}RESULTAT")
    assert result is not None

    def ins(element: etree._Element) -> tuple[str | None, ...]:
        names = ("IdIndividu/NumIdentifiant", "IdIndividu/Cle", "OID", "DateDeb", "DateFin")
        return tuple(element.findtext("/".join(RESULTAT + part for part in name.split("/"))) for name in names)

    individual = result.find(f"{RESULTAT}INDIVIDU")
    read: dict[str, Any] = {
        "code": result.findtext(f"{RESULTAT}CR/{RESULTAT}CodeCR"),
        "label": result.findtext(f"{RESULTAT}CR/{RESULTAT}LibelleCR"),
    }
    if individual is not None:
        active, traits = individual.find(f"{RESULTAT}INSACTIF"), individual.find(f"{RESULTAT}TIQ")
        assert active is not None
        assert traits is not None
        read["active"] = ins(active)
        read["history"] = [ins(item) for item in individual.findall(f"{RESULTAT}INSHISTO")]
        read["traits"] = {etree.QName(item).localname: item.text for item in traits}
    return read


NIR, NIA = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"
FOUND = [
    ("ADRUN", "ZOE", "F", "1975-12-31", "275126322074974", NIR, "ZOE", "63220"),
    ("ADRTROIS", "TOUSSAINT", "M", "1960-01-01", "160012B02077713", NIR, "TOUSSAINT", "2B020"),
    ("ADRTROIS", "DOMINIQUE", "F", "1997-02-26", "297022A02077878", NIR, "DOMINIQUE", "2A020"),
    ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14", "109076322083489", NIR, "PIERRE-ALAIN MURIEL FLORIANT", "63220"),
    ("TCHITCHI", "CATARINA", "F", "1936-06-21", "236066322083656", NIR, "CATARINA BELLA", "63220"),
    ("PROVISOIRE", "MATRICULE", "M", "2009-07-01", "109076322088835", NIA, "MATRICULE", "63220"),
    ("CORSE", "ANTHONY", "M", "1980-03-02", "180032B02040123", NIR, "ANTHONY", "2B020"),
    ("HERMANN", "GATIEN", "M", "1981-03-24", "181036322045660", NIR, "GATIEN", "63220"),
    ("NESSI", "MICHELANGELO", "M", "2010-08-07", "110086322083060", NIR, "MICHELANGELO ANTHONY", "63220"),
    (
        "D'ARTAGNAN DE L'HERAULT",
        "PIERRE-ALAIN",
        "M",
        "2001-06-17",
        "101066322075460",
        NIR,
        "PIERRE-ALAIN MURIEL FLORIANT",
        "63220",
    ),
    ("NESSI", "RUTH", "F", "1977-07-14", "277076322082910", NIR, "RUTH ISABELLE", "63220"),
]


@pytest.mark.parametrize("person", FOUND, ids=[f"{row[0]} {row[1]}" for row in FOUND])
def test_a_published_identity_gets_its_published_answer(
    curl: Curl, by_traits: Callable[..., bytes], person: tuple[str, ...]
) -> None:
    nom, prenom, sexe, date, matricule, oid, prenoms, lieu = person
    _, status, answer = curl(by_traits(nom, prenom, sexe, date))
    read = _read(answer)
    assert (status, read["code"], read["label"]) == (200, "00", "OK")
    assert read["active"] == (matricule[:13], matricule[13:], oid, None, None)
    traits = {name: value for name, value in read["traits"].items() if name != "Prenom"}
    assert traits == {
        "NomNaissance": nom,
        "ListePrenom": prenoms,
        "Sexe": sexe,
        "DateNaissance": date,
        "LieuNaissance": lieu,
    }


HISTORIES = [
    ("ADRUN", "ZOE", "F", "1975-12-31", []),
    (
        "ECETINSI",
        "PIERRE-ALAIN",
        "M",
        "2009-07-14",
        [("2090763220834", "39", NIR, "2019-03-01", "2019-02-28")],
    ),
    ("CORSE", "ANTHONY", "M", "1980-03-02", [("180032B020401", "23", NIR, None, None)]),
    (
        "HERMANN",
        "GATIEN",
        "M",
        "1981-03-24",
        [("1810363220456", "60", NIR, None, None), ("2810363220456", "10", NIR, None, None)],
    ),
]


@pytest.mark.parametrize("person", HISTORIES, ids=[row[0] for row in HISTORIES])
def test_the_history_is_returned_as_published_odd_dates_and_keys_included(
    curl: Curl, by_traits: Callable[..., bytes], person: tuple[str, str, str, str, list[Any]]
) -> None:
    assert _read(curl(by_traits(*person[:4]))[2])["history"] == person[4]


def test_prenom_is_absent_from_live_answers_and_present_in_the_supplied_ones(
    curl: Curl, by_traits: Callable[..., bytes]
) -> None:
    assert "Prenom" not in _read(curl(by_traits())[2])["traits"]
    supplied = _read(curl(by_traits("CORSE", "ANTHONY", "M", "1980-03-02"))[2])
    assert supplied["traits"]["Prenom"] == "ANTHONY"


NOT_FOUND = [
    ("TCHITCHI", "OLA", "F", "1936-06-21"),
    *(("HOUILLES", prenom, "M", "1993-01-27") for prenom in ("PIERRE", "PAUL", "JACQUES", "PIERRE PAUL JACQUES")),
    ("ADRUN", "ZOE", "M", "1975-12-31"),
    ("ADRUN", "ZOE", "F", "1975-12-30"),
    ("ADRUN", "MURIEL", "F", "1975-12-31"),
    ("ECETINSI", "PIERRE", "M", "2009-07-14"),
    ("ECETINSI", "MURIEL FLORIANT", "M", "2009-07-14"),
]


@pytest.mark.parametrize("traits", NOT_FOUND, ids=[" ".join(row) for row in NOT_FOUND])
def test_anybody_else_is_answered_01(
    curl: Curl, by_traits: Callable[..., bytes], traits: tuple[str, str, str, str]
) -> None:
    _, status, answer = curl(by_traits(*traits))
    assert (status, _read(answer)) == (200, {"code": "01", "label": "Aucune identite trouvee"})


@pytest.mark.parametrize("prenom", ["PIERRE-ALAIN", "MURIEL", "FLORIANT", "PIERRE-ALAIN MURIEL FLORIANT"])
def test_first_any_or_all_given_names_find_the_person(curl: Curl, by_traits: Callable[..., bytes], prenom: str) -> None:
    assert _read(curl(by_traits("ECETINSI", prenom, "M", "2009-07-14"))[2])["code"] == "00"


def test_leonardo_de_vinci_is_answered_02_without_any_individual(curl: Curl, by_traits: Callable[..., bytes]) -> None:
    _, status, answer = curl(by_traits("DE VINCI", "LEONARDO", "M", "2014-02-01"))
    assert (status, _read(answer)) == (200, {"code": "02", "label": "Plusieurs identites trouvees"})


@pytest.mark.parametrize(
    ("prenom", "lieu", "code", "found"),
    [
        ("DOMINIQUE", None, "02", None),
        ("DOMINIQUE", "51215", "00", "DOMINIQUE MARIE-LOUISE"),
        ("DOMINIQUE", "63220", "00", "DOMINIQUE ANDREE"),
        ("DOMINIQUE", "75056", "01", None),
        ("DOMINIQUE MARIE-LOUISE", None, "00", "DOMINIQUE MARIE-LOUISE"),
        ("DOMINIQUE ANDREE", None, "00", "DOMINIQUE ANDREE"),
    ],
    ids=["ambiguous", "cog-first", "cog-second", "cog-neither", "names-first", "names-second"],
)
def test_the_birthplace_or_all_given_names_settle_an_ambiguous_identity(
    curl: Curl, by_traits: Callable[..., bytes], prenom: str, lieu: str | None, code: str, found: str | None
) -> None:
    read = _read(curl(by_traits("PAT-TROIS", prenom, "F", "1979-03-28", lieu))[2])
    assert (read["code"], read.get("traits", {}).get("ListePrenom")) == (code, found)


@pytest.mark.parametrize(
    "traits",
    [
        ("D'AEION", "COEUR", "M", "1987-01-25"),
        ("DE VINCI", "RUTH", "F", "1976-07-14"),
        ("VANDERMONDE", "ARIANA", "F", "1995-06-17"),
    ],
    ids=lambda traits: traits[0],
)
def test_the_fault_identities_get_the_back_ends_fault(
    curl: Curl,
    by_traits: Callable[..., bytes],
    fault_of: Callable[[bytes], dict[str, str | None]],
    traits: tuple[str, str, str, str],
) -> None:
    _, status, answer = curl(by_traits(*traits))
    assert status == 500
    assert fault_of(answer) == {
        "value": "S:Receiver",
        "subcode": "siram_40",
        "code": "insi_102",
        "severite": "fatal",
        "messageID": None,
        "lang": "en",
    }
