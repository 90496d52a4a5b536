"""``segur certificates``: what a plugin says of certificates, as programs and people are told it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.keys.issuing import PASSWORD, issue, name, p12_table
from segur_sdk.models.actor import Environment
from segur_sdk.models.notice import Notice
from segur_sdk.services.structure_certificates import (
    CalendarEntry,
    CertificateCalendar,
    CertificateFinding,
    CertificateInventory,
    CertificateRow,
    CertificateStatus,
)

Segur = Callable[..., tuple[int, str, str]]
ErrorOf = Callable[[str], dict[str, Any]]
Judge = dict[str, Any]
MEMBERS = {"id", "offer", "usage", "environment", "structure", "not_after", "days_left", "status", "findings"}
END = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)


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


@pytest.mark.req("R26", "S003-25", "CERT-12")
@pytest.mark.parametrize("apart", [True, False], ids=["two installations", "one installation"])
def test_key_that_two_installations_hold_is_told_for_each(
    apart: bool,
    judge: Judge,
    judging: Judge,
    config_file: Callable[..., Path],
    segur: Segur,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)
    path = p12_table(tmp_path, issue(name("INSI-AUTO", "10B0152872")).p12())["p12"]
    path.chmod(0o600)
    keys = f'[keys.insi-auto]\np12 = "{path}"\npassword = {{ env = "P12_PASSWORD" }}\n'
    first = config_file(judging, more=keys)
    second = first.parent / "autre" / "segur.toml"
    second.parent.mkdir()
    text = first.read_text()
    second.write_text(text if apart else text.replace('data = "', f'data = "{first.parent}/'))
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row(), row("psc")))
    status, out, _ = segur("certificates", "check", "--json", "--config", first, "--config", second)
    told = json.loads(out)
    assert status == int(apart)
    for one, other in ((told[0], second), (told[1], first)):
        copied, well = one["certificates"]
        assert (set(copied), set(well), well["findings"]) == (MEMBERS, MEMBERS, [])
        assert [found["code"] for found in copied["findings"]] == (["config.key_twice"] if apart else [])
        assert all(f"insi-auto ({other})" in found["message"] for found in copied["findings"])
    assert set(json.loads(segur("certificates", "list", "--json", "--config", first)[1])[0]) == MEMBERS


@pytest.mark.req("S003-07")
def test_no_structure_is_left_out_silently(judge: Judge, config: Path, segur: Segur, error_of: ErrorOf) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row(),))
    missing = config.parent / "absent.toml"
    status, out, _ = segur("certificates", "list", "--json", "--config", config, "--config", missing)
    assert (status, error_of(out)["code"]) == (3, "config.file_missing")


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
    for days, left in ((44, "44 jours"), (1, "1 jour"), (0, "terminé")):
        entry = entry.model_copy(update={"days_left": days})
        assert f"05/01/2027  Fin de a ({left})" in segur("certificates", "calendar", "--config", config)[1]


def test_a_file_that_cannot_be_written_is_said(
    judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    judge["calendar"] = lambda *_: CertificateCalendar(entries=(), ics=b"x")
    nowhere = tmp_path / "no" / "fins.ics"
    status, out, _ = segur("certificates", "calendar", "--ics", nowhere, "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (1, "host.file_not_written")


@pytest.mark.parametrize("words", [("list",), ("check",), ("calendar",), ("order", "a"), ("renew", "a")])
def test_without_the_plugin_each_command_says_what_is_missing(
    words: tuple[str, ...], config_file: Callable[..., Path], segur: Segur, error_of: ErrorOf
) -> None:
    status, out, _ = segur("certificates", *words, "--json", "--config", config_file())
    found = error_of(out)
    assert (status, found["code"]) == (1, "plugin.service_missing")
    assert "StructureCertificates" in found["cause"]
