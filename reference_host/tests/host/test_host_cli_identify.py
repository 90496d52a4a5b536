"""``segur identify``: one person, what was shown, and the answer without a trait in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_sdk.errors import ServiceError
from segur_sdk.models.identity import Traits

Segur = Callable[..., tuple[int, str, str]]
ConfigFile = Callable[..., Path]
Install = Callable[..., str]
ErrorOf = Callable[[str], dict[str, Any]]
Source = tuple[dict[str, Any], dict[str, str]]


def traits_of(person: Traits) -> dict[str, Any]:
    return {name: value for name, value in person.model_dump(mode="json").items() if name != "date_interpretee"}


def test_identify_tells_reference_status_attributes_and_outcomes(
    source: Source, evidence: Callable[..., Any], config_file: ConfigFile, segur: Segur, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    config = config_file(plugins)
    given = {"traits": traits_of(anthony), "document": {"type": "CN"}}
    status, out, _ = segur("identify", "--input", "-", "--json", "--config", config, stdin=json.dumps(given).encode())
    found = json.loads(out)
    assert status == 0
    assert {"identity_ref", "status", "attributes", "outcomes"} <= set(found)
    assert (found["status"], found["attributes"], found["asking"]) == ("QUAL", [], "confirmed")
    assert [(one["plugin"], one["status"]) for one in found["outcomes"]] == [("source", "ok")]
    # The answer shows neither traits nor matricule.
    assert "CORSE" not in out
    assert "180032B02040123" not in out
    given = {"identity_ref": found["identity_ref"], "document": {"none_because": "refused"}}
    status, out, _ = segur("identify", "--input", "-", "--json", "--config", config, stdin=json.dumps(given).encode())
    assert (status, json.loads(out)["identity_ref"]) == (0, found["identity_ref"])


def failing(*_: object) -> Any:
    raise ServiceError("service.unreachable", retryable=True)


PEOPLE: dict[str, tuple[dict[str, Any], Any, int, str | None]] = {
    "source_down": (
        {
            "nom_naissance": "CORSE",
            "premier_prenom": "ANTHONY",
            "sexe": "M",
            "date_naissance": "1980-03-02",
            "lieu_naissance": "2B020",
        },
        failing,
        1,
        "PROV",
    ),
    "not_recorded": ({"nom_naissance": "CORSE", "prenoms_naissance": ["ANTHONY"]}, None, 1, None),
}


@pytest.mark.parametrize(("traits", "answer", "status", "identity"), PEOPLE.values(), ids=PEOPLE)
def test_identify_says_no_when_a_source_fails_or_nobody_is_recorded(
    traits: dict[str, Any],
    answer: Any,
    status: int,
    identity: str | None,
    source: Source,
    config_file: ConfigFile,
    segur: Segur,
) -> None:
    script, plugins = source
    script["answer"] = answer
    given = json.dumps({"traits": traits}).encode()
    found, out, _ = segur("identify", "--input", "-", "--json", "--config", config_file(plugins), stdin=given)
    assert (found, json.loads(out)["status"]) == (status, identity)


READS = """
from datetime import UTC, datetime
from segur_sdk.models.card import Beneficiary, CardFamily, CardNature, CardReading
people = [Beneficiary(position=n, nom=nom, prenom="ANTHONY", date_en_carte="19800302")
          for n, nom in enumerate({names}, 1)]
return CardReading(family=CardFamily.VITALE, nature=CardNature.{nature}, beneficiaries=tuple(people),
                   provenance="apdu", presence=event.card, serial="1001", read_at=datetime.now(UTC))
"""
RECORDED = {"card": {"atr": "3B6500002063CB6800", "apdus": [["00A4", "9000"]]}}

CHOICES: dict[str, tuple[list[str], dict[str, Any], int, str | None]] = {
    "the_only_one": (["CORSE"], {}, 0, None),
    "one_of_two": (["CORSE", "HERMANN"], {"beneficiary": 2}, 0, None),
    "nobody_chosen": (["CORSE", "HERMANN"], {}, 2, "input.beneficiary_to_choose"),
    "nobody_there": (["CORSE"], {"beneficiary": 3}, 2, "input.beneficiary_unknown"),
}


@pytest.mark.parametrize(("names", "choice", "status", "code"), CHOICES.values(), ids=CHOICES)
def test_identify_from_a_card_never_chooses_by_itself(
    names: list[str],
    choice: dict[str, Any],
    status: int,
    code: str | None,
    source: Source,
    evidence: Callable[..., Any],
    install: Install,
    config_file: ConfigFile,
    segur: Segur,
    anthony: Traits,
    error_of: ErrorOf,
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony.model_copy(update={"nom_naissance": names[-1]}))
    plugins["reading"] = install("reading", hook="on_card_read", body=READS.format(names=names, nature="TEST"))
    given = json.dumps(RECORDED | choice).encode()
    found, out, _ = segur("identify", "--input", "-", "--json", "--config", config_file(plugins), stdin=given)
    assert found == status
    if code is not None:
        assert error_of(out)["code"] == code
    else:
        assert json.loads(out)["status"] == "RECUP"
        assert script["asked"][0].subject.beneficiary.nom == names[-1]


def test_a_test_card_never_meets_production_whatever_its_plugin_says(
    install: Install, config_file: ConfigFile, segur: Segur, error_of: ErrorOf
) -> None:
    plugins = {"reading": install("reading", hook="on_card_read", body=READS.format(names=["CORSE"], nature="TEST"))}
    config = config_file(plugins)
    config.write_text(config.read_text().replace('"sandbox"', '"production"'))
    for command in (["call", "on_card_read", "--event"], ["identify", "--input"]):
        status, out, _ = segur(*command, "-", "--json", "--config", config, stdin=json.dumps(RECORDED).encode())
        assert status == 1
        assert error_of(out)["code"] == "card.test_in_production"


def test_answers_given_beforehand_are_put_to_the_questions(
    source: Source, config_file: ConfigFile, segur: Segur, install: Install
) -> None:
    body = (
        "from segur_sdk.errors import ServiceError\nfrom segur_sdk.models.notice import Choice, Question\n"
        "answer = ctx.ask(Question(code='a.sex', text='?', choices=(Choice(value='F', label='F'),)))\n"
        "raise ServiceError('service.unreachable', answer=answer)"
    )
    config = config_file({"asking": install("asking", hook="qualify_identity", body=body, top="prompts = true")})
    told = []
    for answers in ({}, {"a.sex": "X"}, {"a.sex": "F"}):
        given = {"traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["A"]}, "answers": answers}
        _, out, _ = segur("identify", "--input", "-", "--json", "--config", config, stdin=json.dumps(given).encode())
        told.append(json.loads(out)["outcomes"][0]["error"]["code"])
    assert told == ["input.no_answer", "input.no_answer", "service.unreachable"]


def test_people_read_the_status_of_an_identity(
    source: Source, evidence: Callable[..., Any], config_file: ConfigFile, segur: Segur, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    given = json.dumps({"traits": traits_of(anthony)}).encode()
    status, out, _ = segur("identify", "--input", "-", "--config", config_file(plugins), stdin=given)
    assert (status, "récupérée" in out) == (0, True)
