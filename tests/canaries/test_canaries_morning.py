"""A whole morning at the counter leaves no patient anywhere but in the encrypted store."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from segur_conformance.canaries import Canaries
from segur_sandbox.running import RunningSandbox

PLACES: Final = (
    "stdout",
    "stderr",
    "logs",
    "audit",
    "files",
    "file_names",
    "command_lines",
    "environments",
)
PLANTED: Final = {
    "stdout": "TCHITCHI",
    "stderr": "CATARINA",
    "logs": "ECETINSI",
    "audit": "HERMANN",
    "files": "VANDERMONDE",
    "file_names": "MICHELANGELO",
    "command_lines": "275126322074974",
    "environments": "101066322075460",
    "crash_report": "D'ARTAGNAN DE L'HERAULT",
}


@pytest.fixture(scope="module")
def crashed(play: Callable[..., Any]) -> Any:
    return play("--crash")


@pytest.fixture(scope="module")
def careless(play: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    words = tmp_path_factory.mktemp("words") / "words.json"
    words.write_text(json.dumps(PLANTED), "utf-8")
    return play("--crash", "--leak", str(words))


def test_the_whole_walk_was_played(morning: Any) -> None:
    steps = [json.loads(line) for line in morning.left["stdout"][0].splitlines()]

    assert (morning.status, len(steps), steps[-1]) == (0, 22, {"result": "ok"})


@pytest.mark.parametrize("place", PLACES)
def test_no_patient_is_left_in(morning: Any, canaries: Canaries, place: str) -> None:
    left = morning.left[place]

    assert any(left) or place == "stderr"
    assert [canaries.found_in(one) for one in left if canaries.found_in(one)] == []


def test_every_logger_was_heard(morning: Any) -> None:
    heard = {line.partition(b" ")[0] for line in morning.left["logs"][0].splitlines()}

    assert {b"httpx", b"httpcore.connection", b"httpcore.http11"} <= heard


def test_the_store_is_encrypted_and_its_journal_too(morning: Any) -> None:
    names = {Path(name.decode()).name for name in morning.left["file_names"]}

    assert {"host.db", "host.db-wal", "host.daybook", "host.key", "audit.head", "audit.checkpoints"} <= names
    assert not [one for one in morning.left["files"] if one.startswith(b"SQLite format 3")]


def test_the_audit_names_exchanges_without_the_people_in_them(morning: Any) -> None:
    records = [record for export in morning.left["audit"] for record in json.loads(export)]
    exchanges = [json.loads(one["facts"]) for one in records if one["event"] == "insi.exchange"]

    assert len(exchanges) >= 10
    assert {"certificate", "cr", "fault", "message_id", "operation"} == set(exchanges[0])


@pytest.mark.parametrize("place", sorted(set(PLACES) - {"files"}))
def test_no_secret_is_left_in(morning: Any, segur_sandbox_process: RunningSandbox, place: str) -> None:
    passwords = [one["p12_password"] for one in segur_sandbox_process.descriptor["certificates"].values()]
    token = Path(segur_sandbox_process.descriptor["control"]["token_file"]).read_text("ascii").strip()
    keys = [path.read_bytes() for path in morning.folder.rglob("host.key")]
    assert len(keys) == 2
    secrets = Canaries([*passwords, token, *(key.hex() for key in keys), *(b64encode(key).decode() for key in keys)])

    assert [secrets.found_in(one) for one in morning.left[place] if secrets.found_in(one)] == []


def test_a_crash_report_tells_where_and_not_whom(crashed: Any, canaries: Canaries) -> None:
    (report,) = [json.loads(one) for one in crashed.left["crash_report"]]

    assert crashed.status == 4
    assert [one["type"] for one in report["chain"]] == ["RuntimeError", "KeyError"]
    assert any("identify" in frame for frame in report["chain"][0]["frames"])
    last = json.loads(crashed.left["stdout"][0].splitlines()[-1])
    assert last["error"]["code"] == "host.unexpected"
    found = {place: found for place, left in crashed.left.items() for one in left if (found := canaries.found_in(one))}
    assert found == {}


@pytest.mark.parametrize("place", PLANTED)
def test_a_patient_left_there_would_be_found(careless: Any, canaries: Canaries, place: str) -> None:
    found = {word for one in careless.left[place] for word in canaries.found_in(one)}

    assert any(PLANTED[place].startswith(word) for word in found)
