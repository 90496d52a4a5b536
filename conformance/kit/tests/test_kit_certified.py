"""Certified mode refuses whatever makes a result less than whole, or leaves open what gave it."""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
import py_compile
import shutil
from collections.abc import Callable
from importlib.metadata import PathDistribution
from pathlib import Path

import attrs
import pytest

from segur_conformance.certified import conditions, integrity
from segur_conformance.certified.conditions import reasons
from segur_conformance.certified.integrity import alterations, altered_files
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.limits import Limits

NAME, PACKAGE = "segur-essai", "segur_essai"


def digest(path: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a distribution is installed as from its wheel, compiled files included."""
    package, info = tmp_path / PACKAGE, tmp_path / f"{PACKAGE}-1.0.dist-info"
    (package / "inner").mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text("X = 1\n")
    (package / "inner/rules.py").write_text("def rule() -> bool:\n    return True\n")
    (package / "data.toml").write_text("a = 1\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    files = sorted(one for one in tmp_path.rglob("*") if one.is_file())
    lines = [f"{one.relative_to(tmp_path)},sha256={digest(one)},{one.stat().st_size}\n" for one in files]
    compiled = Path(py_compile.compile(str(package / "inner/rules.py"), doraise=True) or "")
    lines += [f"{compiled.relative_to(tmp_path)},,\n", f"{info.name}/RECORD,,\n"]
    (info / "RECORD").write_text("".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_distribution_as_it_was_installed_is_unaltered(site: Path) -> None:
    assert list(alterations(NAME)) == []


def change(path: Path) -> None:
    path.write_text("X = 2\n")


def remove(path: Path) -> None:
    path.unlink()


def compile_other_code(path: Path) -> None:
    """Write a compiled file that fits its source by name, date and size, and says something else."""
    header = path.read_bytes()[:16]
    other = compile("def rule() -> bool:\n    return False\n", "rules.py", "exec")
    path.write_bytes(header + marshal.dumps(other))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30])


COMPILED = f"{PACKAGE}/inner/__pycache__/rules.{__import__('sys').implementation.cache_tag}.pyc"


@pytest.mark.parametrize(
    ("file", "do", "expected"),
    [
        pytest.param(f"{PACKAGE}/__init__.py", change, f"fichier modifié {PACKAGE}/__init__.py", id="changed"),
        pytest.param(f"{PACKAGE}/data.toml", change, f"fichier modifié {PACKAGE}/data.toml", id="data-changed"),
        pytest.param(f"{PACKAGE}/inner/rules.py", remove, f"fichier manquant {PACKAGE}/inner/rules.py", id="missing"),
        pytest.param(f"{PACKAGE}/more.py", change, f"fichier ajouté {PACKAGE}/more.py", id="added"),
        pytest.param(f"{PACKAGE}/inner/more.so", change, f"fichier ajouté {PACKAGE}/inner/more.so", id="library-added"),
        pytest.param(f"{PACKAGE}/rules.pyc", change, f"fichier ajouté {PACKAGE}/rules.pyc", id="compiled-added"),
        pytest.param(
            COMPILED, compile_other_code, f"fichier compilé qui n’est pas celui de sa source {COMPILED}", id="compiled"
        ),
        pytest.param(COMPILED, cut, f"fichier compilé qui n’est pas celui de sa source {COMPILED}", id="compiled-cut"),
    ],
)
def test_alteration_is_named(site: Path, file: str, do: Callable[[Path], None], expected: str) -> None:
    do(site / file)

    assert f"{NAME} : {expected}" in list(alterations(NAME))


def test_compiled_file_of_another_interpreter_is_never_loaded_and_none_of_our_business(site: Path) -> None:
    (site / COMPILED).write_bytes(b"\x01\x02\r\n" + b"\x00" * 20)

    assert list(alterations(NAME)) == []


def test_distribution_without_a_list_of_files_is_altered(site: Path) -> None:
    (site / f"{PACKAGE}-1.0.dist-info/RECORD").unlink()

    found = PathDistribution(site / f"{PACKAGE}-1.0.dist-info")

    assert "liste de fichiers absente" in list(altered_files(found, site / PACKAGE))


def test_code_that_comes_from_elsewhere_is_not_the_installed_one(
    site: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = tmp_path_factory.mktemp("shadow")
    shutil.copytree(site / PACKAGE, shadow / PACKAGE)
    monkeypatch.syspath_prepend(str(shadow))

    assert list(alterations(NAME)) == [f"{NAME} : le code exécuté n’est pas celui qui est installé"]


def test_editable_installation_has_nothing_to_compare_with(site: Path) -> None:
    origin = {"url": site.as_uri(), "dir_info": {"editable": True}}
    (site / f"{PACKAGE}-1.0.dist-info/direct_url.json").write_text(json.dumps(origin))

    [found] = alterations(NAME)

    assert "installation de développement" in found


def test_wheel_from_a_file_is_not_editable(site: Path) -> None:
    origin = {"url": "file:///x.whl", "archive_info": {"hash": "sha256=00"}}
    (site / f"{PACKAGE}-1.0.dist-info/direct_url.json").write_text(json.dumps(origin))

    assert list(alterations(NAME)) == []


def test_distribution_that_is_not_installed_is_named() -> None:
    assert list(alterations("segur-personne")) == ["segur-personne : pas installé"]


@pytest.fixture
def plugin(tmp_path: Path) -> InstalledPlugin:
    return InstalledPlugin("essai", "segur-plugin-essai", "1.0", tmp_path, b"", editable=False)


@pytest.fixture
def unaltered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "alterations", lambda _: iter(()))


@pytest.mark.usefixtures("unaltered")
def test_whole_run_of_wheels_can_be_certified(plugin: InstalledPlugin) -> None:
    assert list(reasons([plugin], only=None, limits=Limits(), resumed_uncertified=False)) == []


@pytest.mark.usefixtures("unaltered")
@pytest.mark.parametrize("limit", [field.name for field in attrs.fields(Limits)])
def test_limits_of_the_plan_cannot_be_certified(plugin: InstalledPlugin, limit: str) -> None:
    changed = attrs.evolve(Limits(), **{limit: 7})

    assert list(reasons([plugin], only=None, limits=changed, resumed_uncertified=False)) == [
        f"Le plan change les limites du kit : {limit}."
    ]


@pytest.mark.usefixtures("unaltered")
@pytest.mark.parametrize(
    ("editable", "only", "resumed", "expected"),
    [
        pytest.param(True, None, False, "Le module essai est une installation de développement", id="editable"),
        pytest.param(False, "essai.a", False, "(--only)", id="filter"),
        pytest.param(False, None, True, "(--resume)", id="resumed"),
    ],
)
def test_run_that_is_not_whole_cannot_be_certified(
    plugin: InstalledPlugin, editable: bool, only: str | None, resumed: bool, expected: str
) -> None:
    plugin = attrs.evolve(plugin, editable=editable)

    [reason] = reasons([plugin], only=only, limits=Limits(), resumed_uncertified=resumed)

    assert expected in reason


@pytest.mark.parametrize("name", conditions.JUDGES)
def test_everything_that_a_result_depends_on_is_compared(
    plugin: InstalledPlugin, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(
        conditions, "alterations", lambda one: iter([f"{one} : fichier modifié x.py"] if one == name else [])
    )

    [reason] = reasons([plugin], only=None, limits=Limits(), resumed_uncertified=False)

    assert reason == f"Intégrité du kit : {name} : fichier modifié x.py."


def test_editable_is_read_from_where_the_distribution_came(site: Path) -> None:
    found = PathDistribution(site / f"{PACKAGE}-1.0.dist-info")
    assert not integrity.is_editable(found)

    (site / f"{PACKAGE}-1.0.dist-info/direct_url.json").write_text('{"dir_info": {"editable": true}}')

    assert integrity.is_editable(found)
