"""The doctor names what is missing before a run, and how to mend it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segur_conformance.checks.check import TargetKind
from segur_conformance.reports.report import Finding
from segur_conformance.runner import doctor
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.doctor import diagnosis, examined
from segur_conformance.runner.plan import Product
from segur_conformance.runner.product import FoundProduct, found
from segur_conformance.runner.selection import chosen
from segur_sandbox.pcsc.errors import PcscMissingError
from segur_sandbox.running import RunningSandbox

Run = Callable[[Bench], None]
AddCheck = Callable[..., Callable[[Run], Run]]
Usage = namedtuple("Usage", "total used free")


def passing(_: Bench) -> None:
    return None


@pytest.fixture
def vitale(tmp_path: Path) -> FoundProduct:
    return found(Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("insi",)), tmp_path / "site")


@pytest.fixture
def started(services: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running(_: Path, *, pcsc: bool) -> Iterator[RunningSandbox]:
        assert not pcsc
        yield services

    monkeypatch.setattr(doctor, "running", running)


def of(findings: Iterator[Finding], check: str, status: str) -> Finding:
    [one] = [one for one in findings if (one.check, one.status) == (check, status)]
    return one


def test_machine_that_is_well_has_no_problem(vitale: FoundProduct, tmp_path: Path) -> None:
    findings = list(examined(vitale, chosen(["vitale"]), None, tmp_path / "out"))

    assert {one.check for one in findings} == {
        "produit", "compagnons", "installation", "fichiers officiels", "disque", "horloge", "boucle locale"
    }  # fmt: skip
    assert [one for one in findings if one.status == "problem"] == []
    assert all(one.action for one in findings if one.status != "ok")


@pytest.mark.parametrize(
    ("missing", "status", "finding", "action"),
    [
        pytest.param(None, "ok", "sont là", "", id="all-there"),
        pytest.param(
            PcscMissingError(["pcscd"], "sudo apt-get install pcscd"),
            "warning",
            "manquent : pcscd",
            "sudo apt-get install pcscd",
            id="no-pcscd",
        ),
        pytest.param(PcscMissingError(["Linux"], None), "warning", "manquent : Linux", "sous Linux", id="elsewhere"),
    ],
)
def test_what_pcsc_readers_need_is_looked_at_where_a_plan_wants_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: PcscMissingError | None,
    status: str,
    finding: str,
    action: str,
) -> None:
    monkeypatch.setattr(doctor, "lacking", lambda: missing)
    wanted = Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("pcsc",), readers="pcsc")

    found_out = of(examined(found(wanted, tmp_path / "site"), (), None, None), "lecteurs PC/SC", status)

    assert finding in found_out.finding
    assert action in (found_out.action or "")


def test_full_disk_is_a_problem(vitale: FoundProduct, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(9, 9, 10 * 2**20 if folder == tmp_path else 2**40))

    finding = of(examined(vitale, (), None, tmp_path / "not/yet"), "disque", "problem")

    assert finding.finding == "dossier du rapport : 10 Mio libres"
    assert finding.action


def test_folder_that_cannot_be_written_is_a_problem(
    vitale: FoundProduct, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _: folder != tmp_path)

    assert of(examined(vitale, (), None, tmp_path), "disque", "problem").finding.startswith("dossier du rapport")


def test_clock_before_the_kit_is_a_problem(vitale: FoundProduct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)

    assert of(examined(vitale, (), None, None), "horloge", "problem").action


def test_loopback_that_stays_down_is_a_problem(vitale: FoundProduct, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(99, "no such address")

    monkeypatch.setattr(socket, "create_server", refused)

    assert "ip link" in str(of(examined(vitale, (), None, None), "boucle locale", "problem").action)


def test_loopback_of_a_network_that_was_cut_is_brought_up() -> None:
    script = (
        "from segur_conformance.runner import loopback\n"
        "print(loopback.answers(), loopback.bring_up(), loopback.answers())\n"
    )

    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False", "True", "True"]


@pytest.mark.parametrize("given", [True, False])
def test_official_files_that_are_missing_are_named(
    vitale: FoundProduct, tmp_path: Path, add_check: AddCheck, given: bool
) -> None:
    add_check("un", asset="insi/x.xsd")(passing)
    add_check("deux", asset="insi/y.xsd")(passing)
    (tmp_path / "insi").mkdir()
    (tmp_path / "insi/x.xsd").touch()

    finding = of(
        examined(vitale, chosen(["fictif"]), tmp_path if given else None, None), "fichiers officiels", "warning"
    )

    assert finding.finding == ("manquent : insi/y.xsd" if given else "manquent : insi/x.xsd, insi/y.xsd")
    assert "--assets" in str(finding.action)


def test_service_that_no_companion_provides_is_named(tmp_path: Path) -> None:
    plugin = found(Product(kind=TargetKind.PLUGIN, target=("vitale",)), tmp_path / "site").plugin
    assert plugin is not None
    folder = tmp_path / "package"
    folder.mkdir()
    alone = FoundProduct(
        product=Product(kind=TargetKind.PLUGIN, target=("vitale",)),
        plugin=type(plugin)(
            id="essai",
            distribution="essai",
            version="1",
            package=folder,
            manifest=b'uses = ["InsLookup"]',
            editable=False,
        ),
        companions=(),
        site=None,
        sha256="0" * 64,
    )

    assert "InsLookup" in of(examined(alone, (), None, None), "compagnons", "warning").finding


@pytest.mark.usefixtures("started")
def test_diagnosis_starts_the_services(plan: Path, add_check: AddCheck) -> None:
    add_check("essai")(passing)

    findings = list(diagnosis(plan, None))

    assert findings[0].finding == "profils fictif, 1 contrôles"
    assert of(iter(findings), "bac à sable", "ok")


@pytest.mark.usefixtures("started")
def test_diagnosis_goes_on_after_a_product_that_is_missing(plan: Path, add_check: AddCheck) -> None:
    add_check("essai")(passing)
    plan.write_text('plan = 1\nprofiles = ["fictif"]\n[product]\nkind = "plugin"\ntarget = "personne"\n')

    findings = list(diagnosis(plan, None))

    assert [(one.check, one.status) for one in findings] == [
        ("plan", "ok"), ("produit", "problem"), ("bac à sable", "ok")
    ]  # fmt: skip
    assert "config.plan_target" in findings[1].finding


def test_diagnosis_of_no_plan_says_so(tmp_path: Path) -> None:
    [finding] = diagnosis(tmp_path / "none.toml", None)

    assert (finding.check, finding.status) == ("plan", "problem")
    assert "config.plan_unreadable" in finding.finding


def test_services_that_do_not_start_are_a_problem() -> None:
    def failing() -> RunningSandbox:
        raise RuntimeError("secret detail")

    finding = doctor.services(failing)

    assert (finding.check, finding.status) == ("bac à sable", "problem")
    assert finding.finding == "ne démarre pas (RuntimeError)"
