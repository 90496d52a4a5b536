"""What the doctor says of the clock, of permissions, and of each certificate, with and without a plugin that judges."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from reference_host.tests.keys.issuing import PASSWORD, START, Issued, authority, issue, name, p12_table, usages
from segur_host import Host
from segur_host.audit.log import AuditEntry
from segur_host.cli.check import Check
from segur_host.cli.doctor import examine
from segur_host.config.model import HostConfig
from segur_sdk.context import Clock
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment
from segur_sdk.models.notice import Notice
from segur_sdk.services.structure_certificates import (
    CertificateFinding,
    CertificateInventory,
    CertificateRow,
    CertificateStatus,
)

Examine = Callable[..., dict[str, Check]]
SetClock = Callable[[datetime], None]
END = START + timedelta(days=3650)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ca() -> Issued:
    key = rsa.generate_private_key(65537, 2048)
    extensions = (x509.BasicConstraints(ca=True, path_length=None), usages("key_cert_sign", "crl_sign"))
    return issue(name("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "IGC-SANTE TEST"), None, extensions, key)


@pytest.fixture(scope="module")
def client(ca: Issued) -> Issued:
    extensions = (usages("digital_signature"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH]))
    key = rsa.generate_private_key(65537, 2048)
    return issue(name("INSI-AUTO", "10B0152872"), ca, extensions, key)


@pytest.fixture
def files(tmp_path: Path, ca: Issued, client: Issued, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Key and anchors of an installation, as its configuration names them."""
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)
    (tmp_path / "igc.pem").write_bytes(ca.pem())
    table = p12_table(tmp_path, client.p12())
    table["p12"].chmod(0o600)
    return {"keys": {"insi-auto": table}, "trust": {"igc": tmp_path / "igc.pem"}}


@pytest.fixture
def examined(make_config: Callable[..., HostConfig], files: dict[str, Any], clock: Clock) -> Examine:
    """Examine an installation; plugins and changes of its configuration as ``make_config``."""

    def examined(plugins: dict[str, Any] | None = None, **changes: Any) -> dict[str, Check]:
        found = list(examine(lambda: make_config(plugins, **(files | changes)), clock))
        named = {one.check: one for one in found}
        assert len(named) == len(found)
        assert all(one.action for one in found if one.status != "ok")
        return named

    return examined


def revocation_list(ca: Issued, at: datetime, *revoked: Issued) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    builder = builder.last_update(at).next_update(at + timedelta(days=7))
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(at)
        builder = builder.add_revoked_certificate(entry.build())
    assert isinstance(ca.key, rsa.RSAPrivateKey)
    return builder.sign(ca.key, SHA256()).public_bytes(Encoding.DER)


def keep(folder: Path, content: bytes) -> None:
    lists = folder / "data" / "certificates" / "crl"
    # The data folder, made private by the host, closes what an administrator makes in it.
    lists.mkdir(parents=True, exist_ok=True)
    (folder / "data").chmod(0o700)
    (lists / "igc.crl").write_bytes(content)


def statuses(found: dict[str, Check], *checks: str) -> list[str]:
    return [found[one].status for one in checks]


MINE = ("certificat insi-auto", "chaîne insi-auto", "révocation insi-auto", "horloge")


def test_without_the_plugin_the_host_says_what_it_knows_itself(examined: Examine, tmp_path: Path, ca: Issued) -> None:
    found = examined()
    assert statuses(found, *MINE) == ["ok", "ok", "warning", "ok"]
    assert f"{END:%d/%m/%Y}" in found["certificat insi-auto"].finding
    assert not [one for one in found if one.startswith("droits")]
    keep(tmp_path, revocation_list(ca, NOW - timedelta(days=1)))
    assert statuses(examined(), *MINE) == ["ok", "ok", "ok", "ok"]


DAYS: dict[str, tuple[datetime, list[str]]] = {
    "a_month_and_a_day_before": (END - timedelta(days=31), ["ok", "ok", "ok"]),
    "a_month_before": (END - timedelta(days=30), ["warning", "ok", "ok"]),
    "the_last_second": (END, ["warning", "ok", "ok"]),
    # The anchors end with it here.
    "ended": (END + timedelta(seconds=1), ["problem", "ok", "problem"]),
    "not_begun_but_clocks_differ": (START - timedelta(minutes=4), ["problem", "ok", "ok"]),
    "not_begun": (START - timedelta(minutes=6), ["problem", "ok", "problem"]),
    "years_before": (START - timedelta(days=4000), ["problem", "ok", "problem"]),
}


@pytest.mark.parametrize(("at", "expected"), DAYS.values(), ids=DAYS)
def test_the_doctor_tells_an_end_that_comes_near_and_a_clock_that_is_wrong(
    at: datetime, expected: list[str], examined: Examine, set_clock: SetClock
) -> None:
    set_clock(at)
    found = examined()
    assert statuses(found, "certificat insi-auto", "chaîne insi-auto", "horloge") == expected
    if expected[2] == "problem":
        assert f"{at:%d/%m/%Y}" in found["horloge"].finding


def test_a_clock_behind_the_audit_or_a_signed_list_is_told(
    examined: Examine,
    make_config: Callable[..., HostConfig],
    clock: Clock,
    set_clock: SetClock,
    tmp_path: Path,
    ca: Issued,
) -> None:
    set_clock(NOW + timedelta(days=2))
    with Host(make_config(), clock=clock) as host:
        host.audit.append(AuditEntry(event="test.step"))
    assert examined()["horloge"].status == "ok"
    set_clock(NOW)
    found = examined()["horloge"]
    assert (found.status, "audit" in found.finding, "04/03/2026" in found.finding) == ("problem", True, True)
    keep(tmp_path, revocation_list(ca, NOW + timedelta(days=3)))
    found = examined()["horloge"]
    assert (found.status, "liste de révocation" in found.finding, "05/03/2026" in found.finding) == (
        "problem",
        True,
        True,
    )


ANSWERS: dict[str, tuple[list[tuple[str, str, int | None]], str, str]] = {
    "the_same": ([("broker.http", "a", None)], "ok", ""),
    "ahead": ([("broker.http", "a", None), ("broker.clock", "a", 3600)], "warning", "60 min de retard sur a"),
    "behind": ([("broker.http", "a", None), ("broker.clock", "a", -900)], "warning", "15 min d’avance sur a"),
    "mended": ([("broker.clock", "a", 3600), ("broker.http", "a", None)], "ok", ""),
    "another_one": (
        [("broker.clock", "a", 600), ("broker.clock", "b", 1200), ("broker.http", "c", None)],
        "warning",
        "20 min de retard sur b",
    ),
}


@pytest.mark.parametrize(("exchanged", "status", "told"), ANSWERS.values(), ids=ANSWERS)
def test_a_clock_that_differs_from_the_last_answer_of_a_service_is_told(
    exchanged: list[tuple[str, str, int | None]],
    status: str,
    told: str,
    examined: Examine,
    make_config: Callable[..., HostConfig],
    clock: Clock,
) -> None:
    with Host(make_config(), clock=clock) as host:
        for event, server, seconds in exchanged:
            facts: dict[str, Any] = {"purpose": "p", "host": server}
            host.audit.append(AuditEntry(event=event, facts=facts | ({"seconds_ahead": seconds} if seconds else {})))
    found = examined()["horloge"]
    assert (found.status, told in found.finding) == (status, True)


def test_lists_that_cannot_be_read_say_nothing_of_the_clock(examined: Examine, tmp_path: Path) -> None:
    keep(tmp_path, b"no list")
    assert statuses(examined(), "horloge", "révocation insi-auto") == ["ok", "warning"]


def test_a_certificate_on_a_list_is_told_as_revoked(
    examined: Examine, tmp_path: Path, ca: Issued, client: Issued
) -> None:
    keep(tmp_path, revocation_list(ca, NOW - timedelta(days=1), client))
    assert statuses(examined(), "certificat insi-auto", "révocation insi-auto") == ["ok", "problem"]


def test_a_certificate_of_another_authority_leads_nowhere(examined: Examine, tmp_path: Path) -> None:
    (tmp_path / "igc.pem").write_bytes(authority("TEST AC D’AILLEURS", "IGC-SANTE TEST").pem())
    assert statuses(examined(), "certificat insi-auto", "chaîne insi-auto") == ["ok", "problem"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes there")
def test_what_other_accounts_may_read_is_told_with_its_mend(examined: Examine, tmp_path: Path) -> None:
    examined()
    (tmp_path / "data").chmod(0o750)
    found = examined()["droits data"]
    assert (found.status, found.action) == (
        "problem",
        f"Rendez-le au compte de l’hôte, puis fermez-le aux autres : chmod 700 {tmp_path / 'data'}",
    )
    (tmp_path / "data").chmod(0o700)
    (tmp_path / "data" / "certificates" / "keys").mkdir(parents=True)
    (tmp_path / "data" / "certificates" / "keys").chmod(0o711)
    assert examined()["droits keys"].status == "problem"
    (tmp_path / "key.p12").chmod(0o640)
    found = examined()["certificat insi-auto"]
    assert (found.status, "config.key_permissions" in found.finding) == ("problem", True)


def test_keys_are_told_even_when_the_data_cannot_be_read(examined: Examine, tmp_path: Path) -> None:
    examined()
    (tmp_path / "data" / "host.db").write_bytes(b"garbage" * 1000)
    assert statuses(examined(), "données", "certificat insi-auto") == ["problem", "ok"]


def judged(*found: tuple[CertificateStatus, str]) -> CertificateRow:
    findings = tuple(
        CertificateFinding(
            severity=severity, notice=Notice(code=f"judge.{code}", text=f"Dit {code}.", action="Faites.")
        )
        for severity, code in found
    )
    return CertificateRow(
        id="insi-auto",
        offer="ORG",
        usage=("AUTH_CLI",),
        certain=True,
        environment=Environment.TEST,
        structure="10B0152872",
        common_name="INSI-AUTO",
        issuer="TEST AC",
        serial="0A",
        not_after=END,
        days_left=44,
        status=max((severity for severity, _ in found), key=list(CertificateStatus).index),
        place="p12",
        findings=findings,
    )


JUDGED: dict[str, tuple[list[tuple[CertificateStatus, str]], dict[str, str]]] = {
    "well": ([(CertificateStatus.OK, "well")], {"certificat insi-auto": "ok"}),
    "in_the_calendar": ([(CertificateStatus.CALENDAR, "ends")], {"certificat insi-auto": "ok"}),
    "urgent": ([(CertificateStatus.URGENT, "ends")], {"certificat insi-auto": "warning"}),
    "revoked_and_mailbox": (
        [(CertificateStatus.BLOCKED, "revoked"), (CertificateStatus.OK, "fine"), (CertificateStatus.WARNING, "mail")],
        {"certificat insi-auto": "problem", "certificat insi-auto (judge.mail)": "warning"},
    ),
}


@pytest.mark.parametrize(("findings", "expected"), JUDGED.values(), ids=JUDGED)
def test_with_the_plugin_the_doctor_says_what_it_found_and_the_mend_of_each(
    findings: list[tuple[CertificateStatus, str]],
    expected: dict[str, str],
    judge: dict[str, Any],
    judging: dict[str, Any],
    examined: Examine,
) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(judged(*findings),))
    found = examined(judging)
    lines = {check: one.status for check, one in found.items() if "insi-auto" in check}
    assert lines == expected
    assert (judge["requests"][0].uses, judge["requests"][0].online) == ((), False)


def test_what_keeps_the_plugin_from_judging_is_told_with_what_the_host_knows(
    judge: dict[str, Any], judging: dict[str, Any], examined: Examine
) -> None:
    def fail(*_: object) -> None:
        raise InputError("judge.broken")

    judge["inventory"] = fail
    found = examined(judging)
    assert statuses(found, "certificats", "certificat insi-auto", "chaîne insi-auto") == ["problem", "ok", "ok"]


def test_what_the_host_cannot_read_is_told_in_its_own_words(
    judge: dict[str, Any], judging: dict[str, Any], examined: Examine, files: dict[str, Any]
) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=(judged((CertificateStatus.OK, "well")),))
    files["keys"]["insi-auto"]["p12"].write_bytes(b"garbage")
    found = examined(judging)["certificat insi-auto"]
    assert (found.status, "config.key_unreadable" in found.finding) == ("problem", True)


@pytest.mark.parametrize("with_plugin", [False, True], ids=["alone", "judged"])
def test_a_key_that_waits_for_its_first_certificate_is_no_problem(
    with_plugin: bool,
    judge: dict[str, Any],
    judging: dict[str, Any],
    make_config: Callable[..., HostConfig],
    examined: Examine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty = dict.fromkeys(("offer", "environment", "structure", "common_name", "issuer", "serial", "not_after"))
    row = judged((CertificateStatus.AWAITING, "none_yet")).model_copy(
        update={**empty, "id": "dmp", "usage": (), "days_left": None}
    )
    judge["inventory"] = lambda *_: CertificateInventory(rows=(row,))
    monkeypatch.setenv("KEYRING_PASSPHRASE", "une phrase de passe assez longue")
    keyring = {"passphrase": {"env": "KEYRING_PASSPHRASE"}}
    with Host(make_config(keyring=keyring)) as host:
        host.keyring.new_key("dmp", "LGO", lambda *_, **__: None)
    found = examined(judging if with_plugin else None, keyring=keyring)
    assert (found["certificat dmp"].status, found["certificat insi-auto"].status) == ("ok", "ok")
