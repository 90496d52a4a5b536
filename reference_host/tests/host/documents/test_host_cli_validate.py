"""``segur validate``: what programs rely on, and what a person reads; the same verbs in an event loop."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_host import AsyncHost, Host
from segur_host.documents.desk import Validated
from segur_host.documents.document import ValidatedDocument
from segur_sdk.identity.seal import SealedIdentity

Segur = Callable[..., tuple[int, str, str]]
ANSWER = {"document", "type", "shown", "destinations", "ruled_out", "notices", "kept_back", "receipt", "outcomes"}
DESTINATION = {"channel", "automatic", "held", "proposed_by", "rules"}
RULE = {"id", "document", "since", "source", "verified"}


@pytest.fixture
def counter(
    documents_host: Callable[..., Host],
    documents_plugins: dict[str, str],
    patient: Callable[[Host], SealedIdentity],
    document_of: Callable[..., ValidatedDocument],
    config_file: Callable[..., Path],
    segur: Segur,
) -> tuple[Callable[..., tuple[int, Any]], Callable[..., dict[str, Any]]]:
    """A command, and documents as a program writes them."""
    host = documents_host()
    identity = patient(host)
    host.close()
    config = config_file(documents_plugins, "[consents]\ninformed_by_team = true\n[documents.past]\nat_most = 1\n")

    def command(*arguments: str, given: Any = None, person: bool = False) -> tuple[int, Any]:
        stdin = given if isinstance(given, bytes) else json.dumps(given).encode()
        mode = () if person else ("--json",)
        status, out, _ = segur(*arguments, "--config", config, *mode, stdin=stdin)
        return status, out if person else json.loads(out)

    def document(ref: str = "d-1", **changes: Any) -> dict[str, Any]:
        made = document_of(identity, ref, deceased=False, **changes)
        found: dict[str, Any] = json.loads(made.model_dump_json())
        return found

    return command, document


def test_cli_validate_says_where_a_document_goes_and_gives_its_receipt(counter: Any, dmp: Any) -> None:
    command, document = counter
    status, answer = command("validate", "--input", "-", given={"kind": "dmp", **document()})
    assert (status, set(answer), answer["kept_back"]) == (0, ANSWER, None)
    assert (answer["document"], answer["type"], answer["receipt"]["state"]) == ("d-1", "78601-2", "queued")
    [dmp_way] = [one for one in answer["destinations"] if one["channel"] == "dmp"]
    assert (set(dmp_way), dmp_way["automatic"], dmp_way["proposed_by"]) == (DESTINATION, True, ["sender"])
    assert [(set(one), one["id"], one["source"]) for one in dmp_way["rules"]] == [
        (RULE, "automatic-feeding", "SC.DMP.03.LGO, SC.DMP.04.LGO")
    ]
    assert command("validate", "--input", "-", given=document())[1]["receipt"] == answer["receipt"]
    command("outbox", "run")
    assert len(dmp.fed) == 1


def test_cli_validate_holds_one_and_answers_no_when_it_is_refused(counter: Any) -> None:
    command, document = counter
    status, held = command("validate", "--input", "-", "--hold", given=document())
    assert (status, held["receipt"]["state"], held["receipt"]["reasons"][0]["code"]) == (
        0,
        "held",
        "outbox.held_by_user",
    )
    command("consent", "oppose", document()["identity"]["identity_ref"])
    status, refused = command("validate", "--input", "-", given=document("d-2"))
    assert (status, refused["receipt"]["id"], refused["receipt"]["verdict"]) == (1, None, "block")


def test_cli_validate_takes_a_lot_with_one_answer_each(counter: Any, dmp: Any) -> None:
    command, document = counter
    letter = document("d-2", document_type="96349-6")
    status, answers = command("validate", "--input", "-", given=[document(), letter, {"document_ref": "?"}])
    assert status == 1
    assert answers[0]["receipt"]["state"] == "queued"
    assert (answers[1]["receipt"], answers[1]["kept_back"]["code"]) == (None, "documents.on_demand")
    assert answers[2]["error"]["code"] == "input.document"
    status, sent = command("validate", "--input", "-", "--feed", given=letter)
    assert (status, sent["receipt"]["state"]) == (0, "queued")


def test_cli_validate_takes_documents_of_the_past_run_by_run(counter: Any, dmp: Any) -> None:
    command, document = counter
    past = [document("d-1"), document("d-2"), document("d-3", document_type="96349-6")]
    status, answers = command("validate", "--past", "--input", "-", given=past)
    assert (status, answers[0]["receipt"]["state"]) == (0, "queued")
    assert [one["left_out"]["code"] for one in answers[1:]] == [
        "documents.past_next_time",
        "documents.past_other_type",
    ]
    command("validate", "--past", "--input", "-", given=past)
    command("outbox", "run")
    assert len(dmp.fed) == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(b"{", "input.json", id="no_json"),
        pytest.param(b'"d-1"', "input.json", id="no_object"),
        pytest.param(b"[" * 100_000, "input.json", id="nested"),
        pytest.param({"document_ref": "d-1"}, "input.document", id="fields_missing"),
        pytest.param({"kind": "message"}, "input.document", id="another_kind"),
    ],
)
def test_cli_validate_refuses_what_is_no_document(given: Any, code: str, counter: Any) -> None:
    command, _ = counter
    status, found = command("validate", "--input", "-", given=given)
    assert (status, found["error"]["code"]) == (2, code)


def test_cli_validate_past_documents_are_neither_held_nor_sent_one_by_one(counter: Any) -> None:
    command, document = counter
    for option in ("--hold", "--feed"):
        status, found = command("validate", "--past", option, "--input", "-", given=[document()])
        assert (status, found["error"]["code"]) == (2, "input.usage")


def test_cli_validate_speaks_french_to_a_person(counter: Any) -> None:
    command, document = counter

    def told(given: Any, *options: str) -> str:
        return " ".join(command("validate", *options, "--input", "-", given=given, person=True)[1].split())

    first = told(document())
    assert "DMP : part de soi-même (CR d'entretien pharmaceutique, non vérifié)" in first
    assert "Envoi au DMP accepté" in first
    listed = told([document("d-2", document_type="89601-9"), {}])
    assert "retenu par défaut" in listed
    assert "il ne part jamais de lui-même" in listed
    assert re.search(r"Document n° 2 : Le document validé n’est pas utilisable\..*document_ref:missing", listed)
    assert "ne sont pas repris" in told([document("d-3", document_type="96349-6")], "--past")


def test_validated_documents_have_an_asynchronous_twin_of_each_verb(
    documents_host: Callable[..., Host],
    patient: Callable[[Host], SealedIdentity],
    document_of: Callable[..., ValidatedDocument],
) -> None:
    host = documents_host()
    identity = patient(host)
    documents = [document_of(identity, f"d-{number}", deceased=False) for number in range(3)]

    async def answers() -> list[Any]:
        twin = AsyncHost(host)
        first = await twin.validate(documents[0], hold=True)
        lot = await twin.validate_all(documents[:2])
        return [first, *lot, *await twin.feed_past(documents)]

    found = asyncio.run(answers())
    assert [one.is_new for one in found if isinstance(one, Validated)] == [True, False, True, False, False, True]
