import copy
import os
import pickle
import sys
import types
from pathlib import Path

import pytest

from segur_host.config.secrets import Secret, SecretReference
from segur_sdk.errors import ConfigError


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> SecretReference:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return SecretReference(file=path)


def refusal(reference: SecretReference) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        reference.resolve()
    return raised.value


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize(
    ("content", "expected"), [(b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"), ("é à ".encode(), "é à ")]
)
def test_a_private_file_gives_its_secret(tmp_path: Path, content: bytes, expected: str, mode: int) -> None:
    assert secret_file(tmp_path, content, mode).resolve().reveal() == expected


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o700, 0o602])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    error = refusal(secret_file(tmp_path, b"s3cret", mode))
    assert error.code == "config.secret_permissions"
    assert "s3cret" not in str(error)


def test_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = secret_file(tmp_path, b"s3cret")
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert refusal(reference).code == "config.secret_permissions"


UNUSABLE = {"empty": b"\n", "too_large": b"s" * 5000, "not_utf8": b"\xff\xfe"}


@pytest.mark.parametrize(("reason", "content"), UNUSABLE.items(), ids=UNUSABLE.keys())
def test_a_file_without_a_usable_secret_is_refused(tmp_path: Path, reason: str, content: bytes) -> None:
    error = refusal(secret_file(tmp_path, content))
    assert (error.code, error.facts["reason"]) == ("config.secret_unreadable", reason)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert refusal(SecretReference(file=tmp_path / "none")).code == "config.secret_missing"


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    tmp_path.chmod(0o600)
    assert refusal(SecretReference(file=tmp_path)).code == "config.secret_unreadable"


def test_the_environment_gives_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P12_PASSWORD", "s3cret")
    assert SecretReference(env="P12_PASSWORD").resolve().reveal() == "s3cret"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_told(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("P12_PASSWORD", raising=False)
    if value is not None:
        monkeypatch.setenv("P12_PASSWORD", value)
    assert refusal(SecretReference(env="P12_PASSWORD")).code == "config.secret_missing"


def test_a_keyring_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    error = refusal(SecretReference(keyring="segur/insi"))
    assert (error.code, error.facts["reason"]) == ("config.keyring_unavailable", "not_installed")


class _KeyringError(Exception):
    pass


def fake_keyring(monkeypatch: pytest.MonkeyPatch, known: dict[tuple[str, str], str] | None) -> None:
    def get_password(service: str, user: str) -> str | None:
        if known is None:
            raise _KeyringError("locked")
        return known.get((service, user))

    module = types.ModuleType("keyring")
    monkeypatch.setattr(module, "get_password", get_password, raising=False)
    monkeypatch.setattr(module, "errors", types.SimpleNamespace(KeyringError=_KeyringError), raising=False)
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_a_keyring_gives_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_keyring(monkeypatch, {("segur", "insi"): "s3cret"})
    assert SecretReference(keyring="segur/insi").resolve().reveal() == "s3cret"


@pytest.mark.parametrize(
    ("known", "code"), [({}, "config.secret_missing"), (None, "config.keyring_unavailable")], ids=["unknown", "locked"]
)
def test_a_keyring_without_the_secret_is_told(
    monkeypatch: pytest.MonkeyPatch, known: dict[tuple[str, str], str] | None, code: str
) -> None:
    fake_keyring(monkeypatch, known)
    assert refusal(SecretReference(keyring="segur/insi")).code == code


def test_no_rendering_shows_a_secret() -> None:
    secret = Secret("s3cret")
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr({"password": secret}),
    ):
        assert "s3cret" not in shown


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_a_secret_is_not_carried_away(carry: object) -> None:
    assert callable(carry)
    with pytest.raises(TypeError):
        carry(Secret("s3cret"))
