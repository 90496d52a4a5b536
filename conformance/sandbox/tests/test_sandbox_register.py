"""The register of people and the settings file: what they accept, and what they refuse without quoting it."""

import json
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox.errors import DataFileError
from segur_sandbox.people import load_register, without_diacritics
from segur_sandbox.settings import load_settings

PERSON: dict[str, Any] = {
    "nom_naissance": "ADRDEUX",
    "prenoms": ["LAURENT"],
    "sexe": "M",
    "date_naissance": "1981-01-01",
    "matricule": {"numero": "1810163220751", "cle": "40"},
}


def test_a_people_file_adds_to_the_published_identities(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    published = load_register(file)
    assert not published.search("ADRDEUX", "LAURENT", "1981-01-01")
    file.write_text(json.dumps({"version": 1, "people": [PERSON]}))
    register = load_register(file)
    assert len(register) == len(published) + 1
    (found,) = register.search("ADRDEUX", "LAURENT", "1981-01-01", sexe="M")
    assert found.matricule is not None
    assert found.matricule.oid == "1.2.250.1.213.1.4.8"


WRONG: list[tuple[str, object]] = [
    ("version", {"version": 2, "people": []}),
    ("extra", {"version": 1, "people": [], "more": 1}),
    ("not-a-list", {"version": 1, "people": PERSON}),
    ("unknown-member", {"version": 1, "people": [{**PERSON, "taille": 1}]}),
    ("sexe", {"version": 1, "people": [{**PERSON, "sexe": "I"}]}),
    ("date", {"version": 1, "people": [{**PERSON, "date_naissance": "01/01/1981"}]}),
    ("no-given-name", {"version": 1, "people": [{**PERSON, "prenoms": []}]}),
    ("matricule", {"version": 1, "people": [{**PERSON, "matricule": {"numero": "18", "cle": "40"}}]}),
    ("reponse", {"version": 1, "people": [{**PERSON, "reponse": "03"}]}),
]


@pytest.mark.parametrize("content", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_people_file_is_refused_without_quoting_it(tmp_path: Path, content: object) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps(content))
    with pytest.raises(DataFileError, match=r"^people\.json: ") as raised:
        load_register(file)
    assert "ADRDEUX" not in str(raised.value)
    assert "1981" not in str(raised.value)


def test_a_people_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_bytes(b"\xff{")
    with pytest.raises(DataFileError):
        load_register(file)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"insi": {"idam": 3}}',
        b'{"inconnu": {}}',
        b'{"insi": {"unknown": 1}}',
        b'{"insi": {"body_prefix": "a b"}}',
    ],
)
def test_a_wrong_settings_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    with pytest.raises(DataFileError, match=r"^settings\.json: "):
        load_settings(file)


def test_settings_have_documented_defaults_and_can_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    defaults = load_settings(file).insi
    assert (defaults.idam, defaults.vitale_assertion_seconds, defaults.fault_codes) == ("TESTSGIE0000", 1200, {})
    file.write_text(json.dumps({"insi": {"fault_codes": {"name": "insi_999"}}}))
    assert load_settings(file).insi.fault_codes == {"name": "insi_999"}


@pytest.mark.parametrize(
    ("text", "plain"), [("Hérault", "HERAULT"), ("Çœur", "COEUR"), ("ZOÉ", "ZOE"), ("D'A-B", "D'A-B")]
)
def test_diacritics_are_taken_off(text: str, plain: str) -> None:
    assert without_diacritics(text) == plain
