"""``segur send``, ``segur outbox`` and ``segur consent``: what programs rely on."""

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_host.outbox.dry_run import write_parts
from segur_sdk.errors import InputError, ServiceError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.senders import SendPart

Segur = Callable[..., tuple[int, str, str]]
INFORMED = "[consents]\ninformed_by_team = true\n"
ROW = {"id", "kind", "state", "attempts", "next_attempt", "reason"}


@pytest.fixture
def counter(
    sending_host: Callable[..., Host],
    sending_plugins: dict[str, str],
    source: tuple[dict[str, Any], dict[str, str]],
    qualified: Callable[[Host], SealedIdentity],
    draft_of: Callable[..., DmpDraft],
    config_file: Callable[..., Path],
    segur: Segur,
) -> Callable[..., tuple[Callable[..., tuple[int, Any]], dict[str, Any]]]:
    """Record a patient, write the configuration, and return a command and a draft as a program writes it."""

    def counter(more: str = INFORMED, **changes: Any) -> tuple[Callable[..., tuple[int, Any]], dict[str, Any]]:
        host = sending_host()
        draft = {"kind": "dmp", **json.loads(draft_of(qualified(host), **changes).model_dump_json())}
        host.close()
        config = config_file({**source[1], **sending_plugins}, more)

        def command(*arguments: str, stdin: bytes = b"") -> tuple[int, Any]:
            status, out, _ = segur(*arguments, "--config", config, "--json", stdin=stdin)
            return status, json.loads(out)

        return command, draft

    return counter


def test_cli_send_gives_a_receipt_and_the_list_says_where_it_stands(
    counter: Callable[..., Any], service: Any, tmp_path: Path
) -> None:
    command, draft = counter()
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(draft))
    status, receipt = command("send", "--input", str(file), "--key", "vente-1")
    assert (status, receipt["state"], receipt["verdict"]) == (0, "queued", "allow")
    assert (receipt["reasons"], receipt["question"]) == ([], None)
    assert command("send", "--input", "-", "--key", "vente-1", stdin=json.dumps(draft).encode())[1] == receipt
    row = {"id": receipt["id"], "kind": "dmp-feed", "state": "queued", "attempts": 0}
    assert command("outbox", "list") == (0, [{**row, "next_attempt": None, "reason": None}])
    assert command("outbox", "run") == (0, {"steps": 1})
    assert command("outbox", "list") == (0, [])
    status, sent = command("outbox", "list", "--all")
    assert [(one["state"], set(one)) for one in sent] == [("sent", ROW)]
    assert command("outbox", "show", receipt["id"])[1]["sent"]["references"] == {"document": "1.2.1"}
    assert service.receptions == ["1.2.1"]


def test_cli_send_answers_no_when_it_is_blocked_and_yes_when_it_is_held(
    counter: Callable[..., Any], service: Any
) -> None:
    command, draft = counter(more="")
    status, blocked = command("send", "--input", "-", stdin=json.dumps({**draft, "validation": None}).encode())
    assert (status, blocked["id"], blocked["state"], blocked["verdict"]) == (1, None, None, "block")
    assert "gate.not_validated" in [one["code"] for one in blocked["reasons"]]
    status, held = command("send", "--input", "-", stdin=json.dumps(draft).encode())
    assert (status, held["state"], held["verdict"]) == (0, "held", "hold")
    assert held["question"]["code"] == "consent.information"
    ref = draft["identity"]["identity_ref"]
    status, told = command("consent", "inform", ref, "--channel", "oral")
    assert (status, told["informed"], told["channel"]) == (0, True, "oral")
    command("outbox", "run")
    assert command("outbox", "list") == (0, [])
    assert service.receptions == ["1.2.1"]


def test_cli_send_holds_one_that_is_retried_and_one_that_is_taken_back(
    counter: Callable[..., Any], service: Any
) -> None:
    command, draft = counter()
    text = json.dumps(draft).encode()
    first, second = (command("send", "--input", "-", "--hold", stdin=text)[1] for _ in range(2))
    command("outbox", "run")
    assert not service.receptions
    assert [one["reason"] for one in command("outbox", "list")[1]] == ["outbox.held_by_user"] * 2
    assert command("outbox", "retry", first["id"])[1]["state"] == "queued"
    assert command("outbox", "cancel", second["id"])[1]["state"] == "cancelled"
    command("outbox", "run")
    assert len(service.receptions) == 1
    status, refused = command("outbox", "retry", second["id"])
    assert (status, refused["error"]["code"]) == (2, "outbox.settled")


def test_cli_send_keeps_what_the_service_refused_in_the_list_until_it_is_taken_back(
    counter: Callable[..., Any], service: Any
) -> None:
    command, draft = counter()

    def refuse(_attempt: Any) -> None:
        raise ServiceError("sender.patient_unknown")

    service.before = refuse
    receipt = command("send", "--input", "-", stdin=json.dumps(draft).encode())[1]
    command("outbox", "run")
    [row] = command("outbox", "list")[1]
    assert (row["state"], row["attempts"], row["reason"]) == ("rejected", 1, "sender.patient_unknown")
    command("outbox", "cancel", receipt["id"])
    assert command("outbox", "list")[1] == []


def test_cli_send_a_dry_run_writes_private_files_and_queues_nothing(
    counter: Callable[..., Any], service: Any, tmp_path: Path
) -> None:
    command, draft = counter()
    out = tmp_path / "out"
    for _ in range(2):
        status, said = command("send", "--input", "-", "--dry-run", "--out", str(out), stdin=json.dumps(draft).encode())
        assert (status, said["verdict"], said["files"]) == (0, "allow", ["document.xml", "message.mime"])
    assert sorted(one.name for one in out.iterdir()) == ["document.xml", "message.mime"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in out.iterdir()} == {0o600}
    assert command("outbox", "list", "--all") == (0, [])
    assert not service.receptions


def test_cli_send_a_dry_run_follows_no_link_and_writes_where_others_write_nothing(tmp_path: Path) -> None:
    target, out = tmp_path / "target", tmp_path / "out"
    target.write_bytes(b"mine")
    out.mkdir(mode=0o700)
    (out / "document.xml").symlink_to(target)
    part = SendPart(name="document.xml", data=b"theirs")
    write_parts(out, (part,))
    assert (target.read_bytes(), (out / "document.xml").read_bytes()) == (b"mine", b"theirs")
    if os.name == "posix":
        out.chmod(0o777)
        with pytest.raises(InputError, match=r"input\.folder_not_private"):
            write_parts(out, (part,))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param(lambda draft: {**draft, "kind": "message"}, 1, "plugin.sender_missing", id="no_sender_yet"),
        pytest.param(lambda draft: {**draft, "kind": "pigeon"}, 2, "input.send", id="unknown_kind"),
        pytest.param(lambda draft: {**draft, "surprise": 1}, 2, "input.send", id="unknown_field"),
        pytest.param(lambda draft: {**draft, "title": ""}, 2, "input.send", id="bad_field"),
        pytest.param(lambda draft: [draft], 2, "input.json", id="no_object"),
        pytest.param(
            lambda draft: {**draft, "identity": {"identity_ref": "nobody"}}, 1, "identity.unknown", id="nobody"
        ),
        pytest.param(
            lambda draft: {**draft, "identity": {**draft["identity"], "status": "QUAL"}}, 2, "input.send", id="claimed"
        ),
    ],
)
def test_cli_send_refuses_what_is_no_draft(
    change: Callable[[Any], Any], status: int, code: str, counter: Callable[..., Any], service: Any
) -> None:
    command, draft = counter()
    assert command("send", "--input", "-", stdin=json.dumps(change(draft)).encode())[0] == status
    found = command("send", "--input", "-", stdin=json.dumps(change(draft)).encode())[1]
    assert found["error"]["code"] == code
    assert "entretien" not in json.dumps(found)
    assert command("outbox", "list", "--all") == (0, [])


def test_cli_consent_opposes_judges_and_lifts_without_showing_a_motive(counter: Callable[..., Any]) -> None:
    command, draft = counter()
    ref, motive = draft["identity"]["identity_ref"], "Ma famille lit mon DMP"
    status, said = command("consent", "oppose", ref, "--motive", stdin=f"{motive}\n".encode())
    assert (status, said["opposed"], said["entries"][-1]["motive_kept"]) == (0, True, True)
    assert motive not in json.dumps(said)
    assert command("send", "--input", "-", stdin=json.dumps(draft).encode())[0] == 1
    judged = command("consent", "judge", ref, "--judge", "Claire Martin", "--refused")[1]
    assert (judged["opposed"], judged["entries"][-1]["judge"]) == (False, "Claire Martin")
    command("consent", "oppose", ref)
    assert command("consent", "show", ref)[1]["opposed"] is True
    assert command("consent", "lift", ref)[1]["opposed"] is False
    status, refused = command("consent", "lift", ref)
    assert (status, refused["error"]["code"]) == (2, "consent.not_opposed")
    status, refused = command("consent", "oppose", ref, "--motive", stdin=b"x" * 2001)
    assert (status, refused["error"]["code"]) == (2, "consent.motive_too_long")


def test_cli_outbox_speaks_french_to_a_person(
    counter: Callable[..., Any], segur: Segur, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, draft = counter(more="")
    monkeypatch.setenv("SEGUR_CONFIG", str(tmp_path / "segur.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    assert "Rien n’attend" in segur("outbox", "list")[1]
    status, told, _ = segur("send", "--input", "-", stdin=json.dumps(draft).encode())
    assert (status, "retenu" in told, "informé" in told) == (0, True, True)
    listed = segur("outbox", "list")[1]
    assert "retenu" in listed
    held = command("outbox", "list")[1][0]["id"]
    assert "retenu, 0 essai(s)" in segur("outbox", "show", held)[1]
    assert "pas encore informé" in segur("consent", "show", draft["identity"]["identity_ref"])[1]
    assert segur("send", "--input", "-", "--dry-run", stdin=b"{}")[0] == 2


def test_cli_outbox_tells_a_person_what_arrived_and_when_the_rest_is_tried_again(
    counter: Callable[..., Any], segur: Segur, service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, draft = counter()
    monkeypatch.setenv("SEGUR_CONFIG", str(tmp_path / "segur.toml"))

    def refuse(_attempt: Any) -> None:
        raise ServiceError("sender.busy", retryable=True)

    text = json.dumps(draft).encode()
    first = command("send", "--input", "-", stdin=text)[1]["id"]
    assert segur("outbox", "run")[1] == "Envois traités : 1.\n"
    assert "document : 1.2.1\n" in segur("outbox", "show", first)[1]
    service.before = refuse
    second = command("send", "--input", "-", stdin=text)[1]["id"]
    command("outbox", "run")
    listed, shown = (" ".join(segur("outbox", *words)[1].split()) for words in (("list",), ("show", second)))
    assert re.search(r"prochain essai de lui-même : \d\d/\d\d/\d{4} \d\d:\d\d:\d\d", listed)
    assert "Prochain essai, de lui-même : " in shown


def test_cli_doctor_tells_what_waits_for_somebody(counter: Callable[..., Any], segur: Segur, tmp_path: Path) -> None:
    command, draft = counter(more="")
    command("send", "--input", "-", stdin=json.dumps(draft).encode())
    _, out, _ = segur("doctor", "--config", tmp_path / "segur.toml", "--json")
    [found] = [one for one in json.loads(out) if one["check"] == "envois"]
    assert (found["status"], "1 retenu" in found["finding"]) == ("warning", True)


def test_cli_outbox_shows_no_patient(
    sending_host: Callable[..., Host],
    counter: Callable[..., Any],
    segur: Segur,
    tmp_path: Path,
    service: Any,
) -> None:
    command, draft = counter(title="Compte rendu CANARI")

    def refuse(_attempt: Any) -> None:
        raise ServiceError("sender.busy", retryable=True)

    service.before = refuse
    receipt = command("send", "--input", "-", stdin=json.dumps(draft).encode())[1]
    command("outbox", "run")
    config = tmp_path / "segur.toml"
    told = [
        *segur("outbox", "list", "--config", config),
        *segur("outbox", "show", receipt["id"], "--config", config, "--json"),
        *segur("consent", "oppose", draft["identity"]["identity_ref"], "--motive", "--config", config, stdin=b"AVEU"),
        *segur("outbox", "retry", receipt["id"], "--config", config, "--json"),
        *segur("outbox", "run", "--config", config, "--json"),
        *segur("outbox", "list", "--config", config, "--json"),
    ]
    host = sending_host()
    told += [f"{one.event} {one.facts}" for one in host.audit.records()]
    told += [repr(one) for one in host.unsent()]
    text = "\n".join(map(str, told)).upper()
    assert "GATE.PATIENT_OPPOSED" in text
    for canary in ("CORSE", "ANTHONY", "180032B02040123", "CANARI", "AVEU", "RIEN À SIGNALER"):
        assert canary not in text
