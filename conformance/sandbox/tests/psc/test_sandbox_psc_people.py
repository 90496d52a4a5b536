"""The professionals, what userinfo says of them, and the orders that concern them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from segur_sandbox.cli import app
from segur_sandbox.errors import DataFileError
from segur_sandbox.psc.catalogue import CATALOGUE
from segur_sandbox.psc.numbers import fictitious_rpps, luhn_key
from segur_sandbox.psc.professionals import added_professionals
from segur_sandbox.settings import load_settings

Control = Callable[..., tuple[int, Any]]
PEOPLE = {one.name: one for one in CATALOGUE}
PUBLISHED = {
    "DOC0042788": "99700427885",
    "DOC0042786": "99700427869",
    "SPECIALISTE0021889": "99700218896",
    "ADJOINTPHARM RPPS0026179": "99700261797",
    "DOC0036624": "99700366240",
}


@pytest.mark.parametrize(("name", "number"), PUBLISHED.items(), ids=PUBLISHED)
def test_published_test_numbers_come_from_their_names(name: str, number: str) -> None:
    assert fictitious_rpps(name[-7:]) == number


@pytest.mark.parametrize("who", [one for one in PEOPLE if PEOPLE[one].national_id.startswith("8")])
def test_an_rpps_begins_with_997_and_ends_with_its_key(who: str) -> None:
    kind, number = PEOPLE[who].national_id[0], PEOPLE[who].national_id[1:]
    assert (kind, len(number), number[:3]) == ("8", 11, "997")
    assert luhn_key(number[:10]) == number[10]


ROLES: dict[str, tuple[str | None, int, int]] = {
    "pharmacien-titulaire": ("21", 1, 1),
    "pharmacien-adjoint": ("21", 1, 1),
    "preparateur": ("39", 1, 2),
    "medecin": ("10", 1, 2),
    "infirmier": ("60", 1, 1),
    "etudiant": ("21", 0, 0),
    "secretaire": (None, 0, 0),
    "administrateur": (None, 0, 0),
    "editeur": (None, 0, 0),
}


@pytest.mark.parametrize(("who", "expected"), ROLES.items(), ids=ROLES)
def test_userinfo_says_profession_exercices_and_activities(
    signed_in: Callable[..., dict[str, Any]],
    userinfo: Callable[..., httpx.Response],
    who: str,
    expected: tuple[str | None, int, int],
) -> None:
    said = userinfo(signed_in(who)["access_token"]).json()
    profession, exercices, activities = expected
    assert said["SubjectNameID"] == said["preferred_username"] == PEOPLE[who].national_id
    assert said["SubjectRole"] == ([f"{profession}^1.2.250.1.213.1.1.5.5"] if profession else [])
    found = said["SubjectRefPro"]["exercices"]
    assert len(found) == exercices
    assert sum(len(one["activities"]) for one in found) == activities
    assert {one["codeProfession"] for one in found} <= {profession}
    for one in found:
        for activity in one["activities"]:
            assert len(activity) == 30
            assert all(isinstance(value, str) for value in activity.values())
    assert (said["Acces_Regulation_Medicale"], said["PSI_Locale"]) == ("FAUX", "1.2.250.1.213.1.3.1.1")


@pytest.mark.parametrize(
    ("who", "section"), [("pharmacien-titulaire", "A"), ("pharmacien-adjoint", "D")], ids=["titulaire", "adjoint"]
)
def test_a_pharmacist_is_in_the_section_of_his_work(who: str, section: str) -> None:
    (exercice,) = PEOPLE[who].claims["SubjectRefPro"]["exercices"]
    assert [activity["codeSectionPharmacien"] for activity in exercice["activities"]] == [section]


def test_the_shortest_userinfo_has_two_claims(
    signed_in: Callable[..., dict[str, Any]], userinfo: Callable[..., httpx.Response]
) -> None:
    assert set(userinfo(signed_in("minimal")["access_token"]).json()) == {"sub", "SubjectNameID"}


@pytest.mark.parametrize(("means", "mode"), [("CARD", "CARD"), ("MOBILE", "MOBILE"), (None, "CARD")])
def test_userinfo_says_what_one_logged_in_with(
    authorize: Callable[..., httpx.Response],
    answer_next: Callable[..., None],
    callback: Callable[[httpx.Response], dict[str, str]],
    redeem: Callable[..., httpx.Response],
    userinfo: Callable[..., httpx.Response],
    means: str | None,
    mode: str,
) -> None:
    answer_next("medecin", **({"means": means} if means else {}))
    tokens = redeem(callback(authorize())["code"]).json()
    assert userinfo(tokens["access_token"]).json()["authMode"] == mode


ORDERS: dict[str, tuple[str, object]] = {
    "unknown-professional": ("/psc/next", {"as": "personne", "answer": "accept"}),
    "unknown-answer": ("/psc/next", {"as": "medecin", "answer": "maybe"}),
    "unknown-means": ("/psc/next", {"as": "medecin", "answer": "accept", "means": "FAX"}),
    "means-he-has-not": ("/psc/next", {"as": "preparateur", "answer": "accept", "means": "CARD"}),
    "nobody": ("/psc/next", {"answer": "accept"}),
    "too-much": ("/psc/next", {"as": "medecin", "answer": "accept", "x": 1}),
    "logout-of-nobody": ("/psc/logout", {"as": "personne"}),
    "unknown-setting": ("/psc/settings", {"strict": True}),
    "wrong-setting": ("/psc/settings", {"dialect": "autre"}),
    "settings-no-object": ("/psc/settings", [1]),
    "client-without-secret": ("/psc/clients", {"client_id": "nouveau"}),
    "client-elsewhere": (
        "/psc/clients",
        {"client_id": "x", "client_secret": "12345678", "redirect_uris": ["https://exemple.invalid/"]},
    ),
    "client-with-fragment": (
        "/psc/clients",
        {"client_id": "x", "client_secret": "12345678", "redirect_uris": ["http://127.0.0.1:1/#a"]},
    ),
    "client-with-secret-and-subject": (
        "/psc/clients",
        {"client_id": "x", "method": "tls_client_auth", "subject_dn": "CN=x", "client_secret": "12345678"},
    ),
    "keys": ("/psc/keys", {"retire": "peut-être"}),
}


@pytest.mark.parametrize(("path", "body"), ORDERS.values(), ids=ORDERS)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(
    control: Control, descriptor: dict[str, Any], path: str, body: object
) -> None:
    before = control("GET", "/psc")
    status, answer = control("POST", path, body)
    assert (status, set(answer)) == (400, {"error"})
    assert control("GET", "/psc") == before


def test_a_new_client_logs_in_like_the_first(
    control: Control,
    psc: dict[str, Any],
    get_code: Callable[..., str],
    redeem: Callable[..., httpx.Response],
    authorize: Callable[..., httpx.Response],
) -> None:
    uri = "http://localhost:65001/retour"
    client = {"client_id": "nouveau", "client_secret": "un-secret-assez-long", "redirect_uris": [uri]}
    assert control("POST", "/psc/clients", client)[0] == 200
    code = get_code(client_id="nouveau", redirect_uri=uri)
    auth = ("nouveau", "un-secret-assez-long")
    assert redeem(code, role=None, auth=auth, client_id=None, redirect_uri=uri).status_code == 200
    control("POST", "/reset")
    assert authorize(client_id="nouveau", redirect_uri=uri).status_code == 400


def test_reset_forgets_answers_sessions_and_settings(
    control: Control,
    answer_next: Callable[..., None],
    signed_in: Callable[..., dict[str, Any]],
    userinfo: Callable[..., httpx.Response],
    settings: Callable[..., None],
) -> None:
    first = control("GET", "/psc")
    tokens = signed_in()
    answer_next()
    settings(dialect="keycloak")
    now = control("GET", "/psc")[1]
    assert (len(now["next"]), len(now["sessions"]), now["settings"]["dialect"]) == (1, 1, "keycloak")
    control("POST", "/reset")
    assert control("GET", "/psc") == first
    assert userinfo(tokens["access_token"]).status_code == 401


@pytest.fixture
def segur(descriptor: dict[str, Any]) -> Callable[..., tuple[int, str]]:
    """Run `segur sandbox psc …` against the shared sandbox: exit code, standard output."""

    def call(*arguments: str) -> tuple[int, str]:
        where = str(Path(descriptor["config"]).parent)
        done = CliRunner().invoke(app, ["psc", *arguments, "--sandbox", where])
        return done.exit_code, done.stdout

    return call


def test_the_command_answers_the_next_login_and_shows_it(segur: Callable[..., tuple[int, str]]) -> None:
    code, out = segur("next", "--as", "preparateur", "--answer", "refuse", "--json")
    assert code == 0
    assert json.loads(out) == {"done": True, "given": False, "as": "preparateur", "means": "MOBILE"}
    code, out = segur("list", "--json")
    shown = json.loads(out)
    assert (code, shown["next"]) == (0, [{"as": "preparateur", "answer": "refuse", "means": "MOBILE"}])
    assert [one["name"] for one in shown["professionals"]] == list(PEOPLE)


def test_the_commands_speak_french_without_json(segur: Callable[..., tuple[int, str]]) -> None:
    assert segur("next", "--as", "medecin") == (0, "La prochaine connexion aura sa réponse : medecin, accept.\n")
    code, out = segur("list")
    assert code == 0
    assert "Prochaine connexion : medecin, accept, CARD" in out


def test_the_command_says_when_it_cannot(segur: Callable[..., tuple[int, str]]) -> None:
    code, out = segur("next", "--as", "personne", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "sandbox.control_failed")
    assert segur("next", "--as", "medecin", "--answer", "maybe", "--json")[0] == 2


def test_settings_may_stand_in_the_data_folder(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert load_settings(path).psc.dialect == "standard"
    path.write_text(json.dumps({"psc": {"dialect": "keycloak", "ciba_interval_s": 1}}), encoding="utf-8")
    assert (load_settings(path).psc.dialect, load_settings(path).psc.ciba_interval_s) == ("keycloak", 1)
    path.write_text(json.dumps({"psc": {"access_s": 0}}), encoding="utf-8")
    with pytest.raises(DataFileError, match=r"settings\.json: psc\.access_s"):
        load_settings(path)


def test_a_tester_may_add_professionals(tmp_path: Path) -> None:
    path = tmp_path / "professionals.json"
    assert added_professionals(path) == ()
    one = {
        "name": "sage-femme",
        "description": "sage-femme fictive",
        "national_id": f"8{fictitious_rpps('0001240')}",
        "given_name": "DOMINIQUE",
        "family_name": "SAGEFEMME0001240",
    }
    path.write_text(json.dumps({"version": 1, "professionals": [one]}), encoding="utf-8")
    (added,) = added_professionals(path)
    assert added.userinfo("MOBILE")["SubjectNameID"] == one["national_id"]
    path.write_text(json.dumps({"version": 1, "professionals": [one | {"means": ["FAX"]}]}), encoding="utf-8")
    with pytest.raises(DataFileError, match=r"professionals\.json: professionals\.0\.means"):
        added_professionals(path)
