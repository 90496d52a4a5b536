"""A plan says what is put to the test; what it cannot mean is refused with a code."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import get_args

import attrs
import pytest

from segur_conformance.checks.check import TargetKind
from segur_conformance.runner.plan import MAX_PLAN_BYTES, LimitName, load_plan
from segur_conformance.targets.limits import Limits
from segur_sdk.errors import ConfigError

PRODUCT = '[product]\nkind = "plugin"\ntarget = "vitale"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "plan.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        pytest.param("plan = ", "config.plan_unreadable", "reason=TOMLDecodeError", id="not-toml"),
        pytest.param(b"\xff", "config.plan_unreadable", "reason=UnicodeDecodeError", id="not-utf8"),
        pytest.param(b"#" * (MAX_PLAN_BYTES + 1), "config.plan_unreadable", "reason=too_large", id="too-large"),
        pytest.param("", "config.plan_invalid", "plan:missing", id="empty"),
        pytest.param(
            f'plan = 2\nprofiles = ["vitale"]\n{PRODUCT}', "config.plan_invalid", "plan:literal", id="version"
        ),
        pytest.param(
            f"plan = 1\nprofiles = []\n{PRODUCT}", "config.plan_invalid", "profiles:too_short", id="no-profile"
        ),
        pytest.param(f'plan = 1\nprofiles = ["x"]\n{PRODUCT}', "config.plan_profile", "known=vitale", id="profile"),
        pytest.param('plan = 1\nprofiles = ["vitale"]\n', "config.plan_invalid", "product:missing", id="no-product"),
        pytest.param(
            'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "robot"\ntarget = "x"\n',
            "config.plan_invalid",
            "product.kind:enum",
            id="kind",
        ),
        pytest.param(
            'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "plugin"\n',
            "config.plan_invalid",
            "product.target:missing",
            id="no-target",
        ),
        pytest.param(
            'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "plugin"\ntarget = ["vitale", "insi"]\n',
            "config.plan_invalid",
            "product:value_error",
            id="two-plugins",
        ),
        pytest.param(
            'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "host"\ntarget = " "\n',
            "config.plan_invalid",
            "product:value_error",
            id="empty-word",
        ),
        pytest.param(
            'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "host"\ntarget = "node \'x"\n',
            "config.plan_invalid",
            "product:value_error",
            id="open-quotation",
        ),
        pytest.param(
            f'plan = 1\nprofiles = ["vitale"]\ncolour = "red"\n{PRODUCT}',
            "config.plan_invalid",
            "extra",
            id="unknown-key",
        ),
        pytest.param(
            f'plan = 1\nprofiles = ["vitale"]\n{PRODUCT}readers = "pcsc"\n',
            "config.plan_invalid",
            "product:value_error",
            id="pcsc-without-its-driver",
        ),
        pytest.param(
            f'plan = 1\nprofiles = ["vitale"]\n{PRODUCT}readers = "usb"\n',
            "config.plan_invalid",
            "product.readers:literal_error",
            id="unknown-readers",
        ),
        pytest.param(
            f'plan = 1\nprofiles = ["vitale"]\n{PRODUCT}[limits]\nmemory = 0\n',
            "config.plan_invalid",
            "limits.?:greater_than",
            id="no-memory",
        ),
        pytest.param(
            f'plan = 1\nprofiles = ["vitale"]\n{PRODUCT}[limits]\ncolour = 1\n',
            "config.plan_invalid",
            "literal_error",
            id="unknown-limit",
        ),
    ],
)
def test_plan_that_means_nothing_is_refused(tmp_path: Path, text: str | bytes, code: str, fact: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_plan(written(tmp_path, text))

    assert refused.value.code == code
    assert fact in str(refused.value)


def test_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.plan_unreadable .*FileNotFoundError"):
        load_plan(tmp_path / "none.toml")


def test_plan_is_known_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    text = f'plan = 1\nprofiles = ["vitale", "insi", "vitale"]\n{PRODUCT}'

    found = load_plan(written(tmp_path, text))

    assert (found.name, found.sha256) == ("plan.toml", hashlib.sha256(text.encode()).hexdigest())
    assert found.plan.profiles == ("vitale", "insi")
    assert found.plan.product.kind is TargetKind.PLUGIN


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        pytest.param("wheel", '"dist/one.whl"', ("{here}/dist/one.whl",), id="wheel"),
        pytest.param("host", '"node host.js --fast"', ("node", "{here}/host.js", "--fast"), id="command-line"),
        pytest.param("host", '["node", "host.js", "a b"]', ("node", "{here}/host.js", "a b"), id="words"),
        pytest.param("host", '"reference"', ("reference",), id="reference"),
        pytest.param("plugin", '"vitale"', ("vitale",), id="plugin"),
    ],
)
def test_files_of_a_plan_start_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, target: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / "host.js").touch()
    written(tmp_path, f'plan = 1\nprofiles = ["vitale"]\n[product]\nkind = "{kind}"\ntarget = {target}\n')
    monkeypatch.chdir(tmp_path)

    found = load_plan(Path("plan.toml"))

    assert found.plan.product.target == tuple(one.format(here=tmp_path) for one in expected)


@pytest.mark.parametrize(
    ("product", "in_memory"),
    [
        pytest.param('kind = "plugin"\ntarget = "vitale"', True, id="in-memory-by-default"),
        pytest.param(
            'kind = "plugin"\ntarget = "vitale"\ncompanions = ["pcsc"]\nreaders = "pcsc"', False, id="pcsc-beside-it"
        ),
        pytest.param('kind = "plugin"\ntarget = "pcsc"\nreaders = "pcsc"', False, id="pcsc-itself"),
        pytest.param('kind = "host"\ntarget = "node host.js"\nreaders = "pcsc"', False, id="foreign-host"),
    ],
)
def test_plan_says_in_which_readers_cards_are_met(tmp_path: Path, product: str, in_memory: bool) -> None:
    path = written(tmp_path, f'plan = 1\nprofiles = ["vitale"]\n[product]\n{product}\n')

    assert load_plan(path).plan.product.in_memory is in_memory


def test_limits_of_a_plan_stand_for_the_kits_own(tmp_path: Path) -> None:
    path = written(tmp_path, f'plan = 1\nprofiles = ["vitale"]\n{PRODUCT}[limits]\nprocesses = 7\n')

    assert load_plan(path).plan.held_to == attrs.evolve(Limits(), processes=7)
    assert set(get_args(LimitName)) == {field.name for field in attrs.fields(Limits)}


def test_interpreter_is_left_as_it_is_named(plan: Path, target: Path, add_check: object) -> None:
    assert load_plan(plan).plan.product.target == (sys.executable, str(target))
