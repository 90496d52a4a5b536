"""``segur certificates``: what a plugin says of certificates, as programs and people are told it."""

import base64
import json
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.carrying_out import AtThisTerminal
from segur_host.verbs import VERBS
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.structure_certificates import (
    CalendarEntry,
    CertificateCalendar,
    CertificateFinding,
    CertificateInventory,
    CertificateRow,
    CertificateStatus,
    FormField,
    OrderProgress,
)

Segur = Callable[..., tuple[int, str, str]]
ErrorOf = Callable[[str], dict[str, Any]]
Judge = dict[str, Any]
MEMBERS = {"id", "offer", "usage", "environment", "structure", "not_after", "days_left", "status", "findings"}
END = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)
CSR = b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"


def row(use: str = "insi-auto", status: CertificateStatus = CertificateStatus.OK, **changes: Any) -> CertificateRow:
    given: dict[str, Any] = {
        "id": use,
        "offer": "ORG",
        "usage": ("AUTH_CLI",),
        "certain": True,
        "environment": Environment.TEST,
        "structure": "10B0152872",
        "common_name": "INSI-AUTO",
        "issuer": "TEST AC",
        "serial": "0A",
        "not_after": END,
        "days_left": 44,
        "status": status,
        "place": "p12",
    }
    return CertificateRow(**(given | changes))


def unreadable(use: str) -> CertificateRow:
    empty = dict.fromkeys(("offer", "environment", "structure", "common_name", "issuer", "serial"))
    notice = Notice(code="judge.unreadable", text="Illisible.", action="Demandez-le de nouveau.")
    finding = CertificateFinding(severity=CertificateStatus.BLOCKED, notice=notice)
    blocked = CertificateStatus.BLOCKED
    return row(use, blocked, **empty, usage=(), not_after=None, days_left=None, findings=(finding,))


def progress(**changes: Any) -> OrderProgress:
    given: dict[str, Any] = {
        "use": "insi-auto",
        "step": 7,
        "title": "Envoi du formulaire",
        "to_do": ("Signez [le formulaire].",),
        "missing": (Notice(code="judge.case_number", text="Le numéro de dossier.", action="Attendez-le."),),
        "possible": ("acknowledged", "form_refused"),
        "form": (FormField(part="3.1", label="Raison sociale", value="PHARMACIE"),),
        "case_number": "2026-1",
        "expected_on": date(2026, 3, 5),
        "late": True,
    }
    return OrderProgress(**(given | changes))


def wanted(judge: Judge) -> Any:
    """Return the last request."""
    return judge["requests"][-1]


def test_rows_are_those_that_outsiders_rely_on(judge: Judge, config: Path, segur: Segur) -> None:
    rows = (row(usage=("AUTH_CLI", "SIGN")), unreadable("psc"))
    judge["inventory"] = lambda *_: CertificateInventory(rows=rows)
    status, out, err = segur("certificates", "list", "--json", "--config", config)
    first, second = json.loads(out)
    assert (status, err) == (0, "")
    assert first == {
        "id": "insi-auto",
        "offer": "ORG",
        "usage": "AUTH_CLI+SIGN",
        "environment": "test",
        "structure": "10B0152872",
        "not_after": "2027-01-05T12:00:00+00:00",
        "days_left": 44,
        "status": "ok",
        "findings": [],
    }
    assert set(second) == MEMBERS
    assert {name: second[name] for name in MEMBERS - {"findings"}} == {
        **dict.fromkeys(MEMBERS - {"findings"}),
        "id": "psc",
        "status": "blocked",
    }
    assert second["findings"] == [
        {
            "code": "judge.unreadable",
            "severity": "blocked",
            "message": "Illisible.",
            "action": "Demandez-le de nouveau.",
        }
    ]
    assert (wanted(judge).uses, wanted(judge).online) == ((), False)


CHECKS: dict[str, tuple[tuple[str, ...], CertificateStatus, bool, tuple[str, ...], int]] = {
    "all_well": ((), CertificateStatus.OK, True, (), 0),
    "offline": (("--offline",), CertificateStatus.CALENDAR, False, (), 0),
    "warned": ((), CertificateStatus.WARNING, True, (), 0),
    "urgent": (("insi-auto",), CertificateStatus.URGENT, True, ("insi-auto",), 0),
    "blocked": (("insi-auto", "psc"), CertificateStatus.BLOCKED, True, ("insi-auto", "psc"), 1),
}


@pytest.mark.parametrize(("words", "status", "online", "uses", "ends"), CHECKS.values(), ids=CHECKS)
def test_a_check_asks_the_authorities_and_fails_when_a_certificate_is_blocked(
    words: tuple[str, ...],
    status: CertificateStatus,
    online: bool,
    uses: tuple[str, ...],
    ends: int,
    judge: Judge,
    config: Path,
    segur: Segur,
) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row(), row("psc", status)))
    ended, out, _ = segur("certificates", "check", *words, "--json", "--config", config)
    assert (ended, [one["status"] for one in json.loads(out)]) == (ends, ["ok", str(status)])
    assert (wanted(judge).uses, wanted(judge).online) == (uses, online)


@pytest.fixture
def second(judging: Judge, config: Path) -> Path:
    """The configuration of another structure, in another folder."""
    path = config.parent / "autre" / "segur.toml"
    path.parent.mkdir()
    path.write_text(config.read_text().replace("0B0152872", "750712184").replace("DU CENTRE", "DE LA GARE"))
    return path


@pytest.mark.req("S003-07")
def test_several_structures_stand_apart_each_with_its_number(
    judge: Judge, config: Path, second: Path, segur: Segur
) -> None:
    judge["inventory"] = lambda _, ctx: CertificateInventory(
        rows=(row(structure=f"1{ctx.actor.structure.finess}"), row("psc", CertificateStatus.BLOCKED))
    )
    both = ("--config", config, "--config", second)
    status, out, _ = segur("certificates", "check", "--json", *both, "--config", config)
    told = json.loads(out)
    assert (status, len(told)) == (1, 2)
    for one, path, finess in zip(told, (config, second), ("0B0152872", "750712184"), strict=True):
        assert (one["configuration"], one["structure"]["finess"]) == (str(path), finess)
        assert [found["structure"] for found in one["certificates"]] == [f"1{finess}", "10B0152872"]
    status, out, _ = segur("certificates", "list", *both)
    assert status == 0
    assert out.index("PHARMACIE DU CENTRE — FINESS 0B0152872") < out.index("PHARMACIE DE LA GARE — FINESS 750712184")


@pytest.mark.req("S003-07")
def test_no_structure_is_left_out_silently(judge: Judge, config: Path, segur: Segur, error_of: ErrorOf) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row(),))
    missing = config.parent / "absent.toml"
    status, out, _ = segur("certificates", "list", "--json", "--config", config, "--config", missing)
    assert (status, error_of(out)["code"]) == (3, "config.not_found")


def test_people_read_certificates_in_a_table_with_the_mend_of_each(judge: Judge, config: Path, segur: Segur) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row(), unreadable("psc")))
    status, out, _ = segur("certificates", "check", "--config", config)
    assert (status, "insi-auto" in out, "Offre" in out) == (1, True, True)
    assert "psc : Illisible. Demandez-le de nouveau. [judge.unreadable]" in " ".join(out.split())


def test_the_calendar_comes_as_rows_and_as_a_file(judge: Judge, config: Path, segur: Segur, tmp_path: Path) -> None:
    entry = CalendarEntry(id="a", title="Fin de a", not_after=END, days_left=44, status=CertificateStatus.CALENDAR)
    ics = "BEGIN:VCALENDAR\r\nSUMMARY:échéance\r\nEND:VCALENDAR\r\n".encode()
    judge["calendar"] = lambda *_: CertificateCalendar(entries=(entry,), ics=ics)
    status, out, _ = segur("certificates", "calendar", "--ics", tmp_path / "fins.ics", "--json", "--config", config)
    assert status == 0
    assert json.loads(out) == [
        {
            "id": "a",
            "title": "Fin de a",
            "not_after": "2027-01-05T12:00:00Z",
            "days_left": 44,
            "status": "calendar",
        }
    ]
    assert (tmp_path / "fins.ics").read_bytes() == ics
    assert "2027-01-05  Fin de a (44 jours)" in segur("certificates", "calendar", "--config", config)[1]


def test_a_file_that_cannot_be_written_is_said(
    judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    judge["calendar"] = lambda *_: CertificateCalendar(entries=(), ics=b"x")
    nowhere = tmp_path / "no" / "fins.ics"
    status, out, _ = segur("certificates", "calendar", "--ics", nowhere, "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (1, "host.file_not_written")


def test_an_order_is_begun_led_on_and_looked_at(judge: Judge, config: Path, segur: Segur, tmp_path: Path) -> None:
    judge["order"] = lambda *_: progress(csr=CSR, names=("INSI-AUTO",))
    begun = ("--box", "org", "--usage", "AUTH_CLI", "--service", "insi-auto")
    status, out, _ = segur(
        "certificates", "order", "insi-auto", *begun, "--csr", tmp_path / "a.csr", "--json", "--config", config
    )
    told = json.loads(out)
    assert status == 0
    assert (told["step"], told["csr"], told["names"], told["late"]) == (7, CSR.decode(), ["INSI-AUTO"], True)
    assert told["missing"] == [{"code": "judge.case_number", "text": "Le numéro de dossier.", "action": "Attendez-le."}]
    assert told["form"] == [{"part": "3.1", "label": "Raison sociale", "value": "PHARMACIE"}]
    assert (tmp_path / "a.csr").read_bytes() == CSR
    assert wanted(judge).product == {"box": "org", "usage": "AUTH_CLI", "service": "insi-auto"}
    done = json.dumps({"kind": "acknowledged", "case_number": "2026-1"}).encode()
    segur("certificates", "order", "insi-auto", "--action", "-", "--json", "--config", config, stdin=done)
    assert (wanted(judge).product, wanted(judge).action) == (None, json.loads(done))
    segur("certificates", "order", "insi-auto", "--json", "--config", config)
    assert (wanted(judge).product, wanted(judge).action) == (None, None)
    together = ("--preset", "spsti", "--under", "dmp-tls")
    segur("certificates", "order", "insi-auto", *together, "--json", "--config", config)
    assert wanted(judge).product == {"preset": "spsti", "under": "dmp-tls"}


def test_people_read_what_to_do_and_what_to_write_in_the_form(judge: Judge, config: Path, segur: Segur) -> None:
    judge["order"] = lambda *_: progress(csr=CSR)
    told = " ".join(segur("certificates", "order", "insi-auto", "--config", config)[1].split())
    for text in (
        "Étape 7 sur 11 — Envoi du formulaire",
        "• Signez [le formulaire].",
        "• Le numéro de dossier. Attendez-le.",
        "Raison sociale",
        "Dossier : 2026-1",
        "Réponse attendue le 2026-03-05 : dépassé",
        "--csr",
        "• acknowledged",
    ):
        assert text in told
    judge["renew"] = lambda *_: progress(step=None, title="En service", missing=(), expected_on=None, form=())
    told = segur("certificates", "renew", "insi-auto", "--config", config)[1]
    assert ("Étape" in told, "Il manque" in told, "En service" in told) == (False, False, True)


REFUSED: dict[str, tuple[tuple[str, ...], bytes, str, int]] = {
    "action_not_json": (("order", "a", "--action", "-"), b"{", "input.json", 2),
    "action_no_object": (("order", "a", "--action", "-"), b"[]", "input.json", 2),
    "action_not_utf8": (("order", "a", "--action", "-"), b"\xff", "input.json", 2),
    "no_such_action": (("order", "a", "--action", "nowhere.json"), b"", "input.file", 2),
    "bad_use": (("order", "Not A Use"), b"", "input.verb", 2),
    "both_on_standard_input": (("order", "a", "--action", "-", "--answers", "-"), b"{}", "input.usage", 2),
    "answers_not_json": (("renew", "a", "--answers", "-"), b"nothing", "input.json", 2),
    "answers_no_texts": (("renew", "a", "--answers", "-"), b'{"x": 1}', "input.json", 2),
    "answers_endless": (("renew", "a", "--answers", "-"), b'"' + b"x" * 70_000 + b'"', "input.json", 2),
    "answers_nowhere": (("renew", "a", "--answers", "nowhere.json"), b"", "input.file", 2),
    "no_certificate": (("install", "a", "--file", "nowhere.pem"), b"", "input.file", 2),
    "no_use": (("order",), b"", "input.usage", 2),
}


@pytest.mark.parametrize(("words", "stdin", "code", "ends"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_understood_is_refused_before_the_plugin_is_asked(
    words: tuple[str, ...],
    stdin: bytes,
    code: str,
    ends: int,
    judge: Judge,
    config: Path,
    segur: Segur,
    error_of: ErrorOf,
) -> None:
    status, out, _ = segur("certificates", *words, "--json", "--config", config, stdin=stdin)
    assert (status, error_of(out)["code"]) == (ends, code)
    assert judge["requests"] == []


@pytest.mark.parametrize("size", [0, 1_048_577], ids=["empty", "too_large"])
def test_a_file_that_can_be_no_certificate_is_refused(
    size: int, judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    (tmp_path / "file").write_bytes(b"0" * size)
    status, out, _ = segur("certificates", "install", "a", "--file", tmp_path / "file", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (2, "input.certificates")
    assert judge["requests"] == []


def test_a_certificate_goes_to_the_plugin_as_it_came(judge: Judge, config: Path, segur: Segur, tmp_path: Path) -> None:
    judge["install"] = lambda *_: progress(step=11, title="Bonnes pratiques")
    content = bytes(range(256)) * 40
    (tmp_path / "came.der").write_bytes(content)
    came = ("--file", tmp_path / "came.der")
    status, out, _ = segur("certificates", "install", "insi-auto", *came, "--json", "--config", config)
    assert (status, json.loads(out)["step"]) == (0, 11)
    assert (wanted(judge).use, wanted(judge).certificates) == ("insi-auto", content)


def asks(request: Any, ctx: Any) -> OrderProgress:
    code = ctx.ask(Question(code="judge.code", text="Code", pattern=".{4,}", secret=True))
    return progress(title=f"{len(code)} caractères")


def test_answers_are_given_beforehand_by_who_has_no_terminal(
    judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    judge["order"] = asks
    words = ("certificates", "order", "insi-auto", "--json", "--config", config)
    status, out, _ = segur(*words)
    assert (status, error_of(out)["code"]) == (2, "input.nobody_to_ask")
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"judge.code": "hunter2"}))
    answers.chmod(0o600)
    status, out, err = segur(*words, "--answers", answers)
    assert (status, json.loads(out)["title"]) == (0, "7 caractères")
    assert "hunter2" not in out + err
    status, out, _ = segur(*words, "--answers", "-", stdin=b'{"judge.code": "0123"}')
    assert (status, json.loads(out)["title"]) == (0, "4 caractères")
    answers.chmod(0o600 | stat.S_IRGRP)
    status, out, _ = segur(*words, "--answers", answers)
    assert (status, error_of(out)["code"]) == (3, "config.secret_permissions")


def test_what_the_plugin_refuses_is_told_in_its_words(
    judge: Judge, config: Path, segur: Segur, error_of: ErrorOf
) -> None:
    def refuse(*_: object) -> None:
        raise InputError("judge.order_sent", lacking="contract")

    judge["order"] = refuse
    status, out, _ = segur("certificates", "order", "a", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (2, "judge.order_sent")


@pytest.mark.parametrize("words", [("list",), ("check",), ("calendar",), ("order", "a"), ("renew", "a")])
def test_without_the_plugin_each_command_says_what_is_missing(
    words: tuple[str, ...], config_file: Callable[..., Path], segur: Segur, error_of: ErrorOf
) -> None:
    status, out, _ = segur("certificates", *words, "--json", "--config", config_file())
    found = error_of(out)
    assert (status, found["code"]) == (1, "plugin.service_missing")
    assert "StructureCertificates" in found["cause"]


def test_base64_of_the_wire_is_refused_when_it_is_none(judge: Judge, config: Path) -> None:
    judge["install"] = lambda *_: progress()
    with Host(config) as host:
        with pytest.raises(InputError) as raised:
            VERBS["certificates.install"](host, {"use": "a", "content": "é"}, AtThisTerminal(NobodyToAsk()))
        assert raised.value.code == "input.verb"
        given = {"use": "a", "content": base64.b64encode(b"x").decode()}
        assert VERBS["certificates.install"](host, given, AtThisTerminal(NobodyToAsk()))["step"] == 7
