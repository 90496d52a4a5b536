"""Driver ``pkcs11``: which module is loaded, and what is told when none can be."""

from pathlib import Path, PurePath

import pkcs11
import pytest
from pkcs11 import exceptions

from plugins.pkcs11.tests.fake_module import (
    caught,
)
from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_plugin_pkcs11.module_loading import candidates, cryptolib_paths, load


@pytest.mark.req("CPS-07")
@pytest.mark.parametrize(
    ("platform", "bits", "expected"),
    [
        ("linux", 64, "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"),
        ("darwin", 64, "/usr/local/lib/libcps3_pkcs11_osx.dylib"),
        ("win32", 64, r"D:\Windows\System32\cps3_pkcs11_w64.dll"),
        ("win32", 32, r"D:\Windows\System32\cps3_pkcs11_w32.dll"),
    ],
)
def test_the_cryptolib_is_looked_for_where_its_installer_puts_it(platform: str, bits: int, expected: str) -> None:
    assert str(cryptolib_paths(platform, {"SystemRoot": r"D:\Windows"}, pointer_bits=bits)[0]) == expected


def test_windows_without_its_own_variable_is_on_drive_c() -> None:
    (path,) = cryptolib_paths("win32", {}, pointer_bits=64)
    assert str(path) == r"C:\Windows\System32\cps3_pkcs11_w64.dll"


def test_a_setting_is_the_only_module_looked_for(tmp_path: Path) -> None:
    assert candidates(str(tmp_path / "module.so")) == (PurePath(tmp_path / "module.so"),)
    assert len(candidates("")) >= 1


@pytest.mark.req("CPS-07")
@pytest.mark.parametrize("what", ["absent", "folder"])
def test_a_missing_module_is_told_with_what_was_looked_for(tmp_path: Path, what: str) -> None:
    module = tmp_path / "module.so"
    if what == "folder":
        module.mkdir()
    failure = caught(Pkcs11TokenSource(module=str(module)).tokens)
    assert (failure.code, failure.facts) == ("token.module_missing", {"looked_for": str(module)})


@pytest.mark.req("CPS-07")
def test_every_place_of_the_cryptolib_is_told_when_it_is_nowhere(tmp_path: Path) -> None:
    failure = caught(lambda: load([tmp_path / "a.so", tmp_path / "b.so"]))
    assert failure.facts["looked_for"] == f"{tmp_path / 'a.so'}, {tmp_path / 'b.so'}"


def test_the_first_module_that_is_there_is_loaded(softhsm: Path, tmp_path: Path) -> None:
    assert load([tmp_path / "a.so", softhsm]).so == str(softhsm)


@pytest.mark.req("CPS-07")
@pytest.mark.parametrize(
    ("place", "other"), [(4, 1), (18, 0xB7), (5, 2)], ids=["32-bits", "another-processor", "another-byte-order"]
)
def test_a_module_of_another_architecture_is_told_so(
    softhsm_module: Path, tmp_path: Path, place: int, other: int
) -> None:
    content = bytearray(softhsm_module.read_bytes())
    content[place] = other
    module = tmp_path / "module.so"
    module.write_bytes(content)
    failure = caught(Pkcs11TokenSource(module=str(module)).tokens)
    assert failure.code == "token.module_unusable"
    assert failure.facts == {"module": str(module), "reason": "architecture"}


@pytest.mark.req("CPS-07")
@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"#!/bin/sh\n", b"MZ" + bytes(100)], ids=["empty", "cut", "text", "dll"]
)
def test_what_is_no_library_is_told_so(tmp_path: Path, content: bytes) -> None:
    module = tmp_path / "module.so"
    module.write_bytes(content)
    failure = caught(Pkcs11TokenSource(module=str(module)).tokens)
    assert failure.code == "token.module_unusable"
    assert failure.facts["reason"] in ("not_loadable", "architecture")


@pytest.mark.req("CPS-07")
def test_a_library_that_is_no_module_is_told_so(tmp_path: Path) -> None:
    library = next(path for path in Path("/").glob("lib*/*/libz.so.1") if path.is_file())
    failure = caught(Pkcs11TokenSource(module=str(library)).tokens)
    assert (failure.code, failure.facts["reason"]) == ("token.module_unusable", "no_pkcs11")


def test_a_file_that_cannot_be_read_is_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module.so"
    module.touch()

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refused)
    failure = caught(lambda: load([module]))
    assert (failure.code, failure.facts["reason"]) == ("token.module_unusable", "not_loadable")


def test_a_module_that_does_not_start_is_told_so(softhsm_module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: str) -> None:
        raise exceptions.GeneralError

    monkeypatch.setattr(pkcs11, "lib", refused)
    failure = caught(lambda: load([softhsm_module]))
    assert (failure.code, failure.facts["reason"]) == ("token.module_unusable", "start")


# What a module says
