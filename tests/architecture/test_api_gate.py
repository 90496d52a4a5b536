"""The API gate refuses what breaks a plugin written against the baseline, and lets the API grow."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import api

MODELS = "sdk/src/segur_sdk/models.py"

PUBLISHED = '''\
"""Models."""
from enum import StrEnum
from typing import ClassVar, Protocol
from pydantic import BaseModel, Field

class Means(StrEnum):
    CPS = "cps"
    PSC = "psc"

class Card(BaseModel):
    version: ClassVar[int] = 1
    serial: str = Field(min_length=1)
    holder: str | None = None
    label: str = Field(default="", max_length=20)
    _private: int = 0

class Context(Protocol):
    deadline: float

class OnCardRead:
    def on_card_read(self, event: Card, ctx: Context) -> Card | None:
        """Read."""
        return None

def parse(text: str, *, strict: bool = False) -> Card:
    """Parse."""
    return Card(serial=text)

def _internal(text: str) -> str:
    return text
'''

BREAKS = {
    "function-removed": ("def parse(", "def parse_card(", "parse: Public object was removed"),
    "class-removed": ("class OnCardRead", "class OnCard", "OnCardRead: Public object was removed"),
    "field-removed": ("    holder: str | None = None\n", "", "Card.holder: Public object was removed"),
    "member-removed": ('    PSC = "psc"\n', "", "Means.PSC: Public object was removed"),
    "parameter-removed": ("event: Card, ctx: Context", "event: Card", "on_card_read(ctx): Parameter was removed"),
    "parameter-required": ("ctx: Context)", "ctx: Context, more: int)", "Parameter was added as required"),
    "default-removed": ("strict: bool = False", "strict: bool", "parse(strict): Parameter is now required"),
    "parameter-type": ("event: Card,", "event: int,", "on_card_read(event): type changed: Card -> int"),
    "return-type": ("-> Card | None:", "-> int:", "on_card_read: return type changed: Card | None -> int"),
    "field-type": ("holder: str | None = None", "holder: int | None = None", "Card.holder: type changed"),
    "field-became-required": ("holder: str | None = None", "holder: str | None", "Card.holder: field became required"),
    "field-lost-default": ('Field(default="", max', "Field(max", "Card.label: field became required"),
    "required-field": ("    holder:", "    chip: str\n    holder:", "Card.chip: required field added"),
    "required-field-function": (
        "    holder:",
        "    chip: str = Field(max_length=3)\n    holder:",
        "Card.chip: required field added",
    ),
    "required-field-ellipsis": (
        "    holder:",
        "    chip: str = Field(...)\n    holder:",
        "Card.chip: required field added",
    ),
    "member-value": ('CPS = "cps"', 'CPS = "CPS"', "Means.CPS: value changed: 'cps' -> 'CPS'"),
}

GROWTH = {
    "nothing": ("", ""),
    "function": ("def _internal", 'def read() -> None:\n    """Read."""\n\ndef _internal'),
    "optional-field": ("    holder:", "    chip: str | None = None\n    holder:"),
    "optional-field-function": ("    holder:", '    chip: str = Field("", max_length=3)\n    holder:'),
    "field-factory": ("    holder:", "    chips: list[str] = Field(default_factory=list)\n    holder:"),
    "field-became-optional": ("serial: str = Field(min_length=1)", 'serial: str = Field("?", min_length=1)'),
    "class-variable": ("    holder:", "    size: ClassVar[int]\n    holder:"),
    "member": ('    PSC = "psc"\n', '    PSC = "psc"\n    LOCAL = "local"\n'),
    "optional-parameter": ("strict: bool = False", "strict: bool = False, trim: bool = False"),
    "context-offers-more": ("    deadline: float\n", "    deadline: float\n    tenant: str\n"),
    "private-function": ("def _internal(text: str) -> str", "def _internal(text: bytes) -> bytes"),
    "private-attribute": ("    _private: int = 0\n", ""),
}

MakeWorkspace = Callable[[dict[str, str]], Path]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def published(make_workspace: MakeWorkspace) -> Path:
    workspace = make_workspace({MODELS: PUBLISHED})
    git(workspace, "init", "--quiet")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "Publish")
    (workspace / "sdk/api-baseline").write_text(git(workspace, "rev-parse", "HEAD") + "\n", encoding="utf-8")
    return workspace


def rewrite(workspace: Path, old: str, new: str) -> None:
    assert old in PUBLISHED
    (workspace / MODELS).write_text(PUBLISHED.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(("old", "new", "finding"), BREAKS.values(), ids=BREAKS.keys())
def test_a_break_is_refused_by_name(
    published: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, finding: str
) -> None:
    rewrite(published, old, new)

    status = api.main(["--root", str(published)])

    assert status == 1
    assert finding in capsys.readouterr().out


@pytest.mark.parametrize(("old", "new"), GROWTH.values(), ids=GROWTH.keys())
def test_growth_passes(published: Path, capsys: pytest.CaptureFixture[str], old: str, new: str) -> None:
    rewrite(published, old, new)

    status = api.main(["--root", str(published)])

    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("baseline", "finding"),
    [
        pytest.param(None, "sdk/api-baseline is missing", id="no-file"),
        pytest.param("", "holds no full commit id", id="empty"),
        pytest.param("HEAD", "holds no full commit id", id="moving-name"),
        pytest.param("0123abc", "holds no full commit id", id="short-id"),
        pytest.param("--output=/tmp/x", "holds no full commit id", id="option"),
        pytest.param("0" * 40, "which this clone lacks", id="unknown-commit"),
    ],
)
def test_without_a_baseline_the_gate_fails_clearly(
    published: Path, capsys: pytest.CaptureFixture[str], baseline: str | None, finding: str
) -> None:
    if baseline is None:
        (published / "sdk/api-baseline").unlink()
    else:
        (published / "sdk/api-baseline").write_text(baseline, encoding="utf-8")

    status = api.main(["--root", str(published)])

    assert status == 1
    assert finding in capsys.readouterr().out
