"""``segur plugins new`` makes a whole package, or nothing at all and says why."""

import errno
import json
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import segur_sdk
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_host.template.hook_part import hook_part
from segur_host.template.imports import import_block
from segur_host.template.names import PackageNames
from segur_sdk.errors import InputError
from segur_sdk.hooks import HOOKS
from segur_sdk.manifest import parse_manifest

HOOK = "on_session_login"
New = Callable[..., tuple[int, Any]]


@pytest.fixture
def new(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> New:
    """Run the command with ``--json``; return its exit code and its answer."""

    def new(name: str, *hooks: str, out: Path = tmp_path) -> tuple[int, Any]:
        options = [word for hook in hooks for word in ("--hook", hook)]
        status = run(application(), ["plugins", "new", name, *options, "--out", str(out), "--json"])
        return status, json.loads(capfd.readouterr().out)

    return new


def code(answer: Any) -> str:
    found: str = answer["error"]["code"]
    return found


@pytest.mark.parametrize(
    ("given", "plugin", "distribution", "plugin_class"),
    [
        pytest.param("rappel", "rappel", "segur-plugin-rappel", "RappelPlugin", id="word"),
        pytest.param("mon-rappel", "mon_rappel", "segur-plugin-mon-rappel", "MonRappelPlugin", id="dash"),
        pytest.param("mon_rappel", "mon_rappel", "segur-plugin-mon-rappel", "MonRappelPlugin", id="underscore"),
        pytest.param("a2-b_3", "a2_b_3", "segur-plugin-a2-b-3", "A2B3Plugin", id="digits"),
        pytest.param("mon_plugin", "mon_plugin", "segur-plugin-mon-plugin", "MonPlugin", id="plugin"),
    ],
)
def test_names_come_from_the_one_given(
    given: str, plugin: str, distribution: str, plugin_class: str, new: New, tmp_path: Path
) -> None:
    status, answer = new(given, HOOK)
    folder, package = tmp_path / f"segur-plugin-{given}", f"segur_plugin_{plugin}"
    manifest = parse_manifest((folder / "src" / package / "segur_plugin.toml").read_bytes())
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]

    assert status == 0
    assert answer == answer | {"id": plugin, "distribution": distribution, "package": package, "folder": str(folder)}
    assert (manifest.id, manifest.entry) == (plugin, f"{package}.plugin:{plugin_class}")
    assert project["name"] == distribution
    assert project["entry-points"]["segur.plugins"] == {plugin: f"{package}:segur_plugin.toml"}


def test_answer_lists_every_file(new: New, tmp_path: Path) -> None:
    _, answer = new("rappel", HOOK)
    folder = Path(answer["folder"])

    assert (
        sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == answer["files"]
    )
    assert {".github/workflows/ci.yml", "LICENSE", "conformance.toml", "tox.ini"} <= set(answer["files"])
    assert [path.name for path in tmp_path.iterdir()] == ["segur-plugin-rappel"]


@pytest.mark.parametrize("hook", HOOKS)
def test_manifest_declares_the_hook_in_its_present_version(hook: str, new: New) -> None:
    _, answer = new("essai", hook)
    manifest = parse_manifest((Path(answer["folder"]) / "src/segur_plugin_essai/segur_plugin.toml").read_bytes())

    assert answer["hooks"] == [hook]
    assert [(use.name, use.version) for use in manifest.hooks] == [(hook, HOOKS[hook].version)]
    assert manifest.cards == (hook == "on_card_read")


def test_hook_that_is_named_twice_is_answered_once(new: New) -> None:
    _, answer = new("essai", "on_card_read", HOOK, "on_card_read")

    assert answer["hooks"] == ["on_card_read", HOOK]


def test_template_has_every_hook_and_no_other() -> None:
    assert {one.name for one in (files("segur_host.template") / "hooks").iterdir()} == set(HOOKS)


def test_rules_of_two_hooks_never_share_a_module_a_setting_or_a_code() -> None:
    parts = [hook_part(hook) for hook in HOOKS]
    for names in (
        [part.module for part in parts],
        [row[0] for part in parts for row in part.settings_rows],
        [reason for part in parts for reason in part.texts],
    ):
        assert len(set(names)) == len(names)


def test_every_error_that_a_rule_raises_is_explained() -> None:
    assert [hook for hook in HOOKS if hook_part(hook).raises[1] not in hook_part(hook).texts] == []


def test_window_of_the_sdk_begins_with_the_present_one(new: New) -> None:
    _, answer = new("rappel", HOOK)
    project = tomllib.loads((Path(answer["folder"]) / "pyproject.toml").read_text("utf-8"))["project"]
    present = ".".join(segur_sdk.__version__.split(".")[:2])

    assert f"segur-sdk>={present},<2" in project["dependencies"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("", "form", id="nothing"),
        pytest.param("Rappel", "form", id="capital"),
        pytest.param("2rappels", "form", id="digit-first"),
        pytest.param("a__b", "form", id="two-underscores"),
        pytest.param("rappel_", "form", id="underscore-last"),
        pytest.param("rappel-", "form", id="dash-last"),
        pytest.param("rappelé", "form", id="accent"),
        pytest.param("mon rappel", "form", id="space"),
        pytest.param("rappel\n", "form", id="line-end"),
        pytest.param("../rappel", "form", id="path"),
        pytest.param("rappel.b", "form", id="dot"),
        pytest.param("r", "length", id="one-letter"),
        pytest.param("r" * 41, "length", id="too-long"),
    ],
)
def test_bad_name_makes_nothing(name: str, reason: str, new: New, tmp_path: Path) -> None:
    status, answer = new(name, HOOK)

    assert (status, code(answer)) == (2, "input.plugin_name")
    assert reason in answer["error"]["cause"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ab", "r" * 40])
def test_shortest_and_longest_names_are_ids_of_manifests(name: str, new: New) -> None:
    assert new(name, HOOK)[0] == 0


@pytest.mark.parametrize("hook", ["before_lunch", "On_card_read", "../on_card_read", ""])
def test_unknown_hook_makes_nothing(hook: str, new: New, tmp_path: Path) -> None:
    status, answer = new("rappel", HOOK, hook)

    assert (status, code(answer)) == (2, "input.hook_unknown")
    assert list(tmp_path.iterdir()) == []


def test_hook_is_required(new: New) -> None:
    status, answer = new("rappel")

    assert (status, code(answer)) == (2, "input.usage")


def occupied(folder: Path) -> None:
    folder.mkdir()
    (folder / "note.txt").write_text("à moi", "utf-8")


def link(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)


@pytest.mark.parametrize(
    "occupy",
    [
        pytest.param(occupied, id="folder-with-a-file"),
        pytest.param(lambda folder: folder.write_text("à moi", "utf-8"), id="file"),
        pytest.param(link, id="link"),
        pytest.param(lambda folder: folder.symlink_to("nowhere"), id="broken-link"),
    ],
)
def test_what_is_there_already_stays_as_it_was(occupy: Callable[[Path], None], new: New, tmp_path: Path) -> None:
    folder = tmp_path / "segur-plugin-rappel"
    occupy(folder)
    before = sorted((str(path), path.is_symlink()) for path in tmp_path.rglob("*"))
    status, answer = new("rappel", HOOK)

    assert (status, code(answer)) == (2, "input.folder_taken")
    assert sorted((str(path), path.is_symlink()) for path in tmp_path.rglob("*")) == before


def test_empty_folder_is_used(new: New, tmp_path: Path) -> None:
    (tmp_path / "segur-plugin-rappel").mkdir()

    assert new("rappel", HOOK)[0] == 0
    assert (tmp_path / "segur-plugin-rappel/README.md").is_file()


def test_folders_above_are_made(new: New, tmp_path: Path) -> None:
    status, answer = new("rappel", HOOK, out=tmp_path / "a/b")

    assert (status, answer["folder"]) == (0, str(tmp_path / "a/b/segur-plugin-rappel"))


def test_folder_that_cannot_be_made_is_said_so(new: New, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    status, answer = new("rappel", HOOK, out=tmp_path / "file")

    assert (status, code(answer)) == (2, "input.folder_unwritable")


@pytest.mark.parametrize("written", [0, 5], ids=["at-once", "in-the-middle"])
def test_full_disk_leaves_nothing_behind(
    written: int, new: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text
    left = iter(range(written))

    def write_text(self: Path, data: str, **options: Any) -> int:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "full")
        return write(self, data, **options)

    monkeypatch.setattr(Path, "write_text", write_text)
    status, answer = new("rappel", HOOK)

    assert (status, code(answer)) == (2, "input.folder_unwritable")
    assert list(tmp_path.iterdir()) == []


def test_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)

    assert run(application(), ["plugins", "new", "rappel", "--hook", HOOK, "--out", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []


def test_package_is_as_open_as_any_other_folder(new: New, tmp_path: Path) -> None:
    new("rappel", HOOK)
    (tmp_path / "other").mkdir()

    assert (tmp_path / "segur-plugin-rappel").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_people_are_told_where_it_is(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status = run(application(), ["plugins", "new", "rappel", "--hook", HOOK, "--out", str(tmp_path)])
    told = capfd.readouterr().out

    assert status == 0
    assert f"Module « rappel » créé dans {tmp_path / 'segur-plugin-rappel'}." in told


def test_name_is_not_repeated_in_its_error() -> None:
    with pytest.raises(InputError) as refused:
        PackageNames.of("Rappel de Zoé")

    assert dict(refused.value.facts) == {"reason": "form"}


@pytest.mark.parametrize(
    ("wanted", "block"),
    [
        pytest.param(["b:x", "a:y"], "from a import y\nfrom b import x", id="modules-by-name"),
        pytest.param(["a:y", "a:x", "a:y"], "from a import x, y", id="each-once"),
        pytest.param(["a:x", "a:Yes", "a:Z_1"], "from a import Z_1, Yes, x", id="constants-classes-functions"),
        pytest.param(
            ["own.m:f", "datetime:date", "segur_sdk:hookimpl"],
            "from datetime import date\n\nfrom segur_sdk import hookimpl\n\nfrom own.m import f",
            id="standard-others-own",
        ),
    ],
)
def test_imports_are_in_the_order_of_linters(wanted: list[str], block: str) -> None:
    assert import_block(wanted, "own") == block
