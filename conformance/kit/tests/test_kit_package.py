"""The profile ``package``: what it asks, what it compares, and what it can tell apart."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from pydantic import BaseModel, TypeAdapter

from segur_conformance.boundary.patches import Snapshot
from segur_conformance.checks import checks_of
from segur_conformance.checks.check import PLUGIN_KINDS, TargetKind
from segur_conformance.checks.package import distribution, manifest, wording
from segur_conformance.checks.package.samples import lasting, ordinary, rare, two_people
from segur_conformance.mutants.mutant import MOST_FAILED
from segur_conformance.mutants.package import MUTANTS, VARIANTS
from segur_conformance.outcomes import CheckBlocked, CheckFailed, NotApplicable
from segur_conformance.requirements.registry import Registry
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.plan import Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.wheel import installed_from
from segur_conformance.targets import building
from segur_conformance.targets.installed import InstalledPlugin
from segur_host.inputs import CardReadInput
from segur_sandbox.running import RunningSandbox
from segur_sdk.hooks import HOOKS

CHECKS = checks_of("package")
EVERY_HOOK = "".join(f'[[hooks]]\nname = "{name}"\nversion = "1.0"\n' for name in HOOKS)


def bench_of(plugin: InstalledPlugin, services: Any = None, product: Product | None = None) -> Bench:
    """Return a bench for checks that start nothing."""
    product = product or Product(kind=TargetKind.PLUGIN, target=(plugin.id,))
    return Bench(product, plugin, services, cast("Any", None), RunRecord(), {}, None)


@pytest.fixture
def whole_day(services: RunningSandbox, tmp_path: Path) -> Bench:
    """A bench for a plugin that declares every hook."""
    plugin = InstalledPlugin("essai", "essai", "1.0", tmp_path, EVERY_HOOK.encode(), editable=False)
    return bench_of(plugin, services)


ADDRESSES: dict[str, tuple[str, str, str, bool]] = {
    "two services": ("https", "https://test.example.org", "https://real.example.org", True),
    "one service for both": ("https", "https://real.example.org", "https://real.example.org", False),
    "a service without TLS": ("https", "http://test.example.org", "https://real.example.org", False),
    "this machine": ("https", "https://localhost", "https://real.example.org", False),
    "lists for both": ("http", "http://igc.example.org/CRL", "http://igc.example.org/CRL", True),
    "lists behind TLS": ("http", "https://igc.example.org/CRL", "http://igc.example.org/CRL", False),
    "lists of this machine": ("http", "http://127.0.0.1/CRL", "http://igc.example.org/CRL", False),
}


@pytest.mark.parametrize(("protocol", "test", "production", "held"), ADDRESSES.values(), ids=ADDRESSES)
def test_tests_never_reach_production_except_for_what_is_published(
    tmp_path: Path, protocol: str, test: str, production: str, held: bool
) -> None:
    declared = (
        f'[[network]]\npurpose = "p"\nprotocol = "{protocol}"\n'
        f'[network.addresses]\ntest = "{test}"\nproduction = "{production}"\n'
    )
    plugin = InstalledPlugin("essai", "essai", "1.0", tmp_path, declared.encode(), editable=False)
    with nullcontext() if held else pytest.raises(CheckFailed, match=r"^p(,| :)"):
        manifest.addresses(bench_of(plugin))


@pytest.mark.parametrize("check", CHECKS, ids=[one.id for one in CHECKS])
def test_a_check_concerns_plugins_and_names_what_it_proves(check: Any) -> None:
    known = Registry.load()

    assert check.kinds == PLUGIN_KINDS
    assert [one for one in check.requirements if one not in known and not re.fullmatch(r"KIT-PKG-\d\d", one)] == []


def test_every_check_is_noticed_by_a_mutant_that_fails_few() -> None:
    ids = [one.id for one in CHECKS]
    expected = {name for one in MUTANTS for name in one.expected}

    assert expected == set(ids)
    named = [*(one.id for one in MUTANTS), *(one.id for one in VARIANTS)]
    assert len(set(named)) == len(named)
    assert max(len(one.expected) for one in MUTANTS) <= MOST_FAILED


def model_of(hook: str) -> type[BaseModel]:
    return CardReadInput if hook == "on_card_read" else HOOKS[hook].event


def test_every_sample_is_an_event_that_its_hook_takes(whole_day: Bench) -> None:
    samples = (*ordinary(whole_day), *rare(whole_day), *(one for pair in two_people(whole_day) for one in pair))

    assert {one.hook for one in samples} == set(HOOKS)
    for sample in samples:
        if sample.hook != "before_dmp_send":  # its identity is the host's to give
            model_of(sample.hook).model_validate_json(json.dumps(sample.event))


def test_ids_and_instants_are_no_part_of_an_answer() -> None:
    first = {"a": ["uuid:0b2c6d9e-1111-4222-8333-444455556666", "2026-01-05T08:00:00.5Z"], "b": "1975-12-31", "c": 2}
    second = {"a": ["uuid:99999999-aaaa-4bbb-8ccc-dddddddddddd", "2027-02-06T09:10:11Z"], "b": "1975-12-31", "c": 2}

    assert lasting(first) == lasting(second)
    assert lasting(first) != lasting({**second, "b": "1975-12-30"})


def own_module(name: str, code: str) -> ModuleType:
    """Make a module that others share."""
    module = ModuleType(name)
    exec(code, module.__dict__)
    sys.modules[name] = module
    return module


SHARED = """
from os import getpid as native
LIMIT = 3
def action(): pass
class Base:
    def told(self): return 1
class Kind(Base):
    def method(self): pass
    @classmethod
    def made(cls): pass
    @property
    def name(self): pass
"""
PATCHES: dict[str, tuple[str, set[str]]] = {
    "function": ("m.action = lambda: 1", {"shared.action"}),
    "builtin": ("m.native = lambda: 1", {"shared.native"}),
    "removed": ("del m.action", {"shared.action"}),
    "class": ("m.Kind = type('Kind', (), {})", {"shared.Kind"}),
    "method": ("m.Kind.method = lambda self: 1", {"shared.Kind.method"}),
    "class-method": ("m.Kind.made = classmethod(lambda cls: 1)", {"shared.Kind.made"}),
    "property": ("m.Kind.name = property(lambda self: 1)", {"shared.Kind.name"}),
    "method-that-was-inherited": ("m.Kind.told = lambda self: 2", {"shared.Kind.told"}),
    "two": ("m.action = m.Kind.method = len", {"shared.action", "shared.Kind.method"}),
    "data": ("m.LIMIT = 4", set()),
    "new-function": ("m.another = lambda: 1", set()),
    "back-again": ("before = m.action; m.action = len; m.action = before", set()),
}


@pytest.mark.parametrize(("code", "names"), PATCHES.values(), ids=PATCHES)
def test_what_is_replaced_is_named_once(code: str, names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    module = own_module("shared", SHARED)
    for one in (module.Base, module.Kind):
        one.__module__ = "shared"
    monkeypatch.setitem(sys.modules, "shared", module)
    snapshot = Snapshot({"shared"})
    exec(code, {"m": module})

    assert {one.name.partition(" ")[0] for one in snapshot.patches()} >= names
    assert {one.name for one in Snapshot({"shared"}).patches()} == set()
    assert snapshot.patches() == ()


def test_ordinary_work_replaces_nothing() -> None:
    snapshot = Snapshot()
    logging.getLogger("shared").setLevel("ERROR")
    TypeAdapter(dict[str, list[int]]).validate_python({"a": [1]})
    for info in HOOKS.values():
        info.event.model_json_schema()
        info.result.model_rebuild(force=True)

    assert snapshot.patches() == ()


CLAIMS = {
    "approved": ("Module agréé par quelqu’un.", True),
    "feminine-plural": ("Deux fonctions homologuées.", True),
    "denied": ("Ce module n’est ni référencé, ni agréé.", False),
    "about-the-software": ("Un référencement appartient au logiciel.", False),
    "claimed-beside-a-denial": ("Rien n’est homologué ni garanti. Module référencé.", True),
    "nothing": ("Lit la carte.", False),
}


@pytest.mark.parametrize(("text", "claims"), CLAIMS.values(), ids=CLAIMS)
def test_an_approval_that_is_claimed_is_told_from_one_that_is_denied(tmp_path: Path, text: str, claims: bool) -> None:
    manifest = f"description = {json.dumps(text, ensure_ascii=False)}\n".encode()
    bench = bench_of(InstalledPlugin("essai", "essai", "1.0", tmp_path, manifest, editable=False))

    if claims:
        with pytest.raises(CheckFailed):
            wording.no_approval(bench)
    else:
        wording.no_approval(bench)


PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "{backend}"
[project]
name = "segur-plugin-essai"
version = "1.0"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dependencies = ["segur-sdk>=0.1,<2"]
[project.entry-points."segur.plugins"]
essai = "segur_plugin_essai:segur_plugin.toml"
[tool.hatch.build.targets.wheel]
packages = ["src/segur_plugin_essai"]
{more}
"""
BY_CHANCE = """\
[tool.hatch.build.hooks.custom]
path = "by_chance.py"
"""
HOOK = """\
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class ByChance(BuildHookInterface):
    def initialize(self, version, build_data):
        with open("src/segur_plugin_essai/place.txt", "w") as file:
            file.write(os.getcwd())
"""

Sources = Callable[..., Path]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Write the sources of a plugin."""

    def write(backend: str = "hatchling.build", more: str = "", code: str = "") -> Path:
        folder = tmp_path / "sources"
        package = folder / "src/segur_plugin_essai"
        package.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PYPROJECT.format(backend=backend, more=more), "utf-8")
        (folder / "LICENSE").write_text("Apache License\n", "utf-8")
        (folder / "by_chance.py").write_text(HOOK, "utf-8")
        (package / "segur_plugin.toml").write_text('id = "essai"\n', "utf-8")
        (package / "__init__.py").write_text(code, "utf-8")
        (package / "py.typed").touch()
        return folder

    return write


@pytest.fixture
def wheel_bench(tmp_path: Path) -> Callable[[Path], Bench]:
    """Build and unpack a wheel, and give a bench for it, its source archive beside it."""

    def make(folder: Path) -> Bench:
        out = tmp_path / "dist"
        command = [sys.executable, "-m", "build", "--no-isolation", str(folder), "--outdir", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = out.glob("*.whl")
        site = tmp_path / "site"
        site.mkdir()
        plugin = InstalledPlugin.find(installed_from(wheel, site), [str(site)])
        return bench_of(plugin, product=Product(kind=TargetKind.WHEEL, target=(str(wheel),)))

    return make


def test_a_wheel_that_its_sources_give_again_is_as_built(
    sources: Sources, wheel_bench: Callable[[Path], Bench]
) -> None:
    bench = wheel_bench(sources())

    distribution.as_built(bench)
    distribution.metadata(bench)
    distribution.alone(bench)


def test_a_wheel_that_depends_on_where_it_is_built_is_noticed(
    sources: Sources, wheel_bench: Callable[[Path], Bench]
) -> None:
    bench = wheel_bench(sources(more=BY_CHANCE))

    with pytest.raises(CheckFailed, match="deux constructions des mêmes sources diffèrent"):
        distribution.as_built(bench)


def test_a_wheel_of_other_sources_is_noticed(sources: Sources, wheel_bench: Callable[[Path], Bench]) -> None:
    folder = sources()
    bench = wheel_bench(folder)
    wheel = Path(bench.product.target[0])
    archive = wheel.with_name("segur_plugin_essai-1.0.tar.gz")
    unpacked = folder.with_name("unpacked")
    with tarfile.open(archive) as given:
        given.extractall(unpacked, filter="data")
    (unpacked / "segur_plugin_essai-1.0/src/segur_plugin_essai/more.py").touch()
    with tarfile.open(archive, "w:gz") as other:
        other.add(unpacked / "segur_plugin_essai-1.0", "segur_plugin_essai-1.0")

    with pytest.raises(CheckFailed, match="n’est pas celle que ses sources donnent"):
        distribution.as_built(bench)


def test_sources_whose_builder_is_not_here_block_and_broken_ones_fail(sources: Sources, tmp_path: Path) -> None:
    folder = sources(backend="nobody_has_this.build")
    plugin = InstalledPlugin(
        "essai", "essai", "1.0", folder, b"", editable=True, sources=folder, metadata={"WHEEL": ""}
    )
    with pytest.raises(CheckBlocked, match="backend:nobody_has_this"):
        distribution.as_built(bench_of(plugin))

    (folder / "pyproject.toml").write_text(PYPROJECT.format(backend="hatchling.build", more="[tool.hatch.build]\nx="))
    with pytest.raises(CheckFailed):
        distribution.as_built(bench_of(plugin))


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda site: (site / "segur_plugin_essai/__init__.py").write_text("1\n"), "n’est plus ce qui"),
    "removed": (lambda site: (site / "segur_plugin_essai/py.typed").unlink(), "py.typed manque"),
    "added": (lambda site: (site / "segur_plugin_essai/more.py").touch(), "absents de RECORD"),
}


@pytest.mark.parametrize(("tamper", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_an_installation_that_was_changed_is_noticed(
    sources: Sources, wheel_bench: Callable[[Path], Bench], tamper: Callable[[Path], object], reason: str
) -> None:
    bench = wheel_bench(sources())
    tamper(bench.plugin.package.parent)

    with pytest.raises(CheckFailed, match=reason):
        distribution.as_built(bench)


METADATA = {
    "License-Expression": "Apache-2.0",
    "Requires-Python": ">=3.11",
    "Requires-Dist": "segur-sdk>=0.1,<2",
}
WANTING: dict[str, tuple[dict[str, str | None], str]] = {
    "without-sdk": ({"Requires-Dist": "attrs"}, "segur-sdk sans borne"),
    "without-upper-bound": ({"Requires-Dist": "segur-sdk>=0.1"}, "segur-sdk sans borne"),
    "without-lower-bound": ({"Requires-Dist": "segur-sdk<2"}, "segur-sdk sans borne"),
    "pinned": ({"Requires-Dist": "segur-sdk>=0.1,<2\nRequires-Dist: attrs==25.1"}, "épinglées : attrs"),
    "without-license": ({"License-Expression": None}, "aucune licence"),
    "for-any-python": ({"Requires-Python": None}, "aucune version de Python"),
}


@pytest.mark.parametrize(("changes", "reason"), WANTING.values(), ids=WANTING)
def test_metadata_that_want_something_are_refused(tmp_path: Path, changes: dict[str, str | None], reason: str) -> None:
    (tmp_path / "py.typed").touch()
    rows = {key: value for key, value in (METADATA | changes).items() if value is not None}
    texts = {"WHEEL": "", "METADATA": "".join(f"{key}: {value}\n" for key, value in rows.items())}
    plugin = InstalledPlugin("essai", "essai", "1.0", tmp_path, b"", editable=True, metadata=texts)

    with pytest.raises(CheckFailed, match=reason):
        distribution.metadata(bench_of(plugin))


def test_what_only_an_extra_pins_is_nobodys_concern(tmp_path: Path) -> None:
    (tmp_path / "py.typed").touch()
    rows = METADATA | {"Requires-Dist": 'segur-sdk (<2,>=0.1)\nRequires-Dist: pytest==8.0; extra == "tests"'}
    texts = {"WHEEL": "", "METADATA": "".join(f"{key}: {value}\n" for key, value in rows.items())}
    plugin = InstalledPlugin("essai", "essai", "1.0", tmp_path, b"", editable=True, metadata=texts)

    distribution.metadata(bench_of(plugin))


def test_a_copy_that_no_wheel_brought_is_not_judged_as_one(tmp_path: Path) -> None:
    plugin = InstalledPlugin("essai", "essai", "1.0", tmp_path, b"", editable=False)

    for check in (distribution.as_built, distribution.metadata, distribution.alone):
        with pytest.raises(NotApplicable):
            check(bench_of(plugin))


def test_a_source_archive_that_leaves_its_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outside").touch()
    with tarfile.open(tmp_path / "sources.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "outside", "../../outside")

    with pytest.raises(tarfile.OutsideDestinationError):
        building.built(tmp_path / "sources.tar.gz", building.CIRCUMSTANCES[0])
