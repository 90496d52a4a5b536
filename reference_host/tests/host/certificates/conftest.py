"""A plugin that judges certificates as the test says."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_METHODS = ("inventory", "calendar", "order", "install", "renew")
_MODULE = """
import sys
from segur_sdk.hooks import SegurHooks

script = sys.modules["made_up_judge"]

class Plugin(SegurHooks):
""" + "\n".join(
    f"""
    def {name}(self, request, ctx):
        script["requests"].append(request)
        return script["{name}"](request, ctx)
"""
    for name in _METHODS
)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the plugin does: functions of the request and the context, by method; ``requests`` so far."""
    script: dict[str, Any] = {"requests": []}
    monkeypatch.setitem(sys.modules, "made_up_judge", script)
    return script


@pytest.fixture
def judge_module() -> str:
    """The module of that plugin."""
    return _MODULE


@pytest.fixture
def judging(judge: dict[str, Any], install: Callable[..., str]) -> dict[str, Any]:
    """That plugin, as a configuration lists it."""
    top = 'provides = ["StructureCertificates"]\nprompts = true'
    return {"judge": install("judge", module=_MODULE, top=top, tables="")}


@pytest.fixture
def config(judging: dict[str, Any], config_file: Callable[..., Path]) -> Path:
    """A configuration with that plugin alone."""
    return config_file(judging)
