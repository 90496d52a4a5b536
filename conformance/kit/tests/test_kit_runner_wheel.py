"""A wheel is put to the test as an installer would lay it down, and only if it is what its RECORD says."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from segur_conformance.certified.fingerprint import sha256_of_package
from segur_conformance.checks.check import TargetKind
from segur_conformance.runner import wheel as wheels
from segur_conformance.runner.plan import Product
from segur_conformance.runner.product import found
from segur_conformance.runner.wheel import installed_from
from segur_sdk.errors import ConfigError

INFO = "segur_plugin_essai-1.0.dist-info"
ENTRY = b"[segur.plugins]\nessai = segur_plugin_essai:segur_plugin.toml\n"
MANIFEST = b'manifest_version = 1\nid = "essai"\n'
Files = dict[str, bytes]


def good() -> Files:
    return {
        "segur_plugin_essai/__init__.py": b"",
        "segur_plugin_essai/segur_plugin.toml": MANIFEST,
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: segur-plugin-essai\nVersion: 1.0\n",
        f"{INFO}/entry_points.txt": ENTRY,
    }


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def recorded(files: Files) -> str:
    return "".join(f"{name},sha256={digest(one)},{len(one)}\n" for name, one in files.items()) + f"{INFO}/RECORD,,\n"


def written(folder: Path, files: Files, record: str | None = None) -> Path:
    path = folder / "segur_plugin_essai-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(f"{INFO}/RECORD", recorded(files) if record is None else record)
    return path


def test_wheel_is_laid_down_and_names_its_plugin(tmp_path: Path) -> None:
    files = good() | {
        "segur_plugin_essai-1.0.data/purelib/segur_plugin_essai/more.py": b"X = 1\n",
        "segur_plugin_essai-1.0.data/scripts/run": b"#!python\n",
    }
    site = tmp_path / "site"

    assert installed_from(written(tmp_path, files), site) == "essai"

    laid = {one.relative_to(site).as_posix() for one in site.rglob("*") if one.is_file()}
    assert laid == {*good(), "segur_plugin_essai/more.py", f"{INFO}/RECORD", f"{INFO}/INSTALLER"}


def test_wheel_is_found_as_the_plans_product(tmp_path: Path) -> None:
    product = Product(kind=TargetKind.WHEEL, target=(str(written(tmp_path, good())),), companions=("vitale",))

    wheel = found(product, tmp_path / "site")

    assert wheel.plugin is not None
    assert (wheel.id, wheel.plugin.version, wheel.plugin.manifest) == ("essai", "1.0", MANIFEST)
    assert wheel.plugin.package == tmp_path / "site/segur_plugin_essai"
    assert not wheel.plugin.editable
    assert [one.id for one in wheel.plugins] == ["essai", "vitale"]
    other = {**good(), "segur_plugin_essai/__init__.py": b"X = 1\n"}
    (tmp_path / "other").mkdir()
    changed = product.model_copy(update={"target": (str(written(tmp_path / "other", other)),)})
    assert found(changed, tmp_path / "other/site").sha256 != wheel.sha256


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: value for key, value in files.items() if key != name}


@pytest.mark.parametrize(
    ("files", "record", "reason"),
    [
        pytest.param(without(f"{INFO}/entry_points.txt")(good()), None, "not_one_plugin", id="no-plugin"),
        pytest.param(
            good() | {f"{INFO}/entry_points.txt": ENTRY + b"autre = x:y\n"}, None, "not_one_plugin", id="two-plugins"
        ),
        pytest.param(good() | {"autre-1.0.dist-info/METADATA": b""}, None, "dist_info", id="two-distributions"),
        pytest.param(good() | {"../outside.py": b""}, None, "ValueError", id="leaves-the-folder"),
        pytest.param(good() | {"/tmp/outside.py": b""}, None, "ValueError", id="absolute"),
        pytest.param(good() | {"a\\b.py": b""}, None, "ValueError", id="backslash"),
        pytest.param(good(), recorded(without("segur_plugin_essai/__init__.py")(good())), "not_recorded", id="added"),
        pytest.param(good(), recorded(good() | {"segur_plugin_essai/x.py": b""}), "record_differs", id="missing"),
        pytest.param(
            good(), recorded(good() | {"segur_plugin_essai/__init__.py": b"#"}), "record_differs", id="changed"
        ),
        pytest.param(good(), "one,two\n", "record_invalid", id="record-broken"),
        pytest.param(good(), "../x,sha256=,1\n", "record_invalid", id="record-leaves-the-folder"),
        pytest.param(
            good(), recorded(good()).replace("sha256=", "md5=", 1), "record_differs", id="record-without-sha256"
        ),
    ],
)
def test_wheel_that_is_not_what_it_says_is_refused(
    tmp_path: Path, files: Files, record: str | None, reason: str
) -> None:
    with pytest.raises(ConfigError, match=rf"config\.plan_wheel \(.*reason={reason}\)"):
        installed_from(written(tmp_path, files, record), tmp_path / "site")

    assert not (tmp_path.parent / "outside.py").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "FileNotFoundError", id="missing"),
        pytest.param(b"PK nothing", "BadZipFile", id="no-archive"),
        pytest.param(b"", "BadZipFile", id="empty"),
    ],
)
def test_file_that_is_no_wheel_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "x.whl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=rf"config\.plan_wheel \(file=x\.whl reason={reason}\)"):
        installed_from(path, tmp_path / "site")


def test_wheel_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "MAX_WHEEL_BYTES", 10)

    with pytest.raises(ConfigError, match="too_large"):
        installed_from(written(tmp_path, good()), tmp_path / "site")


@pytest.mark.parametrize(
    ("kind", "target", "code"),
    [
        pytest.param("plugin", "personne", "config.plan_target", id="plugin"),
        pytest.param("host", "no-such-program --x", "config.plan_command", id="program"),
        pytest.param("wheel", "/nowhere/x.whl", "config.plan_wheel", id="wheel"),
    ],
)
def test_target_that_is_not_here_is_refused(tmp_path: Path, kind: str, target: str, code: str) -> None:
    product = Product(kind=TargetKind(kind), target=tuple(target.split()))

    with pytest.raises(ConfigError, match=code.replace(".", r"\.")):
        found(product, tmp_path / "site")


def test_companion_that_is_not_here_is_refused(tmp_path: Path) -> None:
    product = Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("personne",))

    with pytest.raises(ConfigError, match=r"config\.plan_target \(target=personne\)"):
        found(product, tmp_path / "site")


def test_hash_of_a_package_tells_every_change(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.toml").write_text("2")
    before = sha256_of_package(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/a.pyc").write_text("x")
    assert sha256_of_package(tmp_path) == before

    (tmp_path / "a.py").rename(tmp_path / "c.py")
    renamed = sha256_of_package(tmp_path)
    (tmp_path / "sub/b.toml").write_text("3")

    assert len({before, renamed, sha256_of_package(tmp_path)}) == 3
