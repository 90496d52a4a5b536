"""The import contracts hold here, and each of them refuses what it is there for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HOST = "reference_host/src/segur_host"
KIT = "conformance/kit/src/segur_conformance"
SDK = "sdk/src/segur_sdk"
CAT = "plugins/cat/src/segur_plugin_cat"
PACKAGE = {f"{SDK}/formats/__init__.py": "", f"{KIT}/targets/__init__.py": ""}

ALLOWED = PACKAGE | {
    f"{SDK}/formats/cda.py": "import lxml.etree\n",
    f"{SDK}/models.py": "import pydantic\nfrom segur_sdk.formats import gs1\n",
    f"{SDK}/formats/gs1.py": "import attrs\n",
    f"{HOST}/broker.py": "import httpx, ssl, sqlalchemy\nimport segur_sdk.models\n",
    f"{CAT}/plugin.py": "import segur_sdk.models\nimport lxml.etree\nimport segur_sdk.formats.cda\n",
    f"{CAT}/driver.py": "import smartcard\n",
    f"{KIT}/targets/reference_host.py": "import segur_host.broker\n",
    f"{KIT}/runner.py": "import segur_sdk\nimport segur_sandbox\nimport segur_conformance.targets.reference_host\n",
    "conformance/testing/src/segur_testing/plugin.py": "import segur_sdk, segur_host, segur_conformance\n",
}

SANDBOX = "conformance/sandbox/src/segur_sandbox/a.py"
TESTING = "conformance/testing/src/segur_testing/a.py"
LIBRARIES = ["httpx", "rich", "smartcard", "sqlalchemy", "typer"]
STANDARD = ["ctypes", "http", "imaplib", "multiprocessing", "smtplib", "socket", "sqlite3", "ssl", "subprocess"]

FORBIDDEN = {
    "plugin-host": (f"{CAT}/plugin.py", "import segur_host", "segur_plugin_cat: workspace"),
    "plugin-other-plugin": (f"{CAT}/plugin.py", "import segur_plugin_dog", "segur_plugin_cat: workspace"),
    "plugin-sandbox": (f"{CAT}/plugin.py", "import segur_sandbox", "segur_plugin_cat: workspace"),
    "plugin-testing": (f"{CAT}/plugin.py", "import segur_testing", "segur_plugin_cat: workspace"),
    "plugin-kit": (f"{CAT}/plugin.py", "import segur_conformance", "segur_plugin_cat: workspace"),
    "plugin-late-import": (f"{CAT}/plugin.py", "def f():\n    import segur_host", "segur_plugin_cat: workspace"),
    "plugin-init-socket": (f"{CAT}/__init__.py", "import socket", "segur_plugin_cat: libraries (__init__)"),
    "sdk-host": (f"{SDK}/models.py", "import segur_host", "segur_sdk: workspace"),
    "sdk-sandbox": (f"{SDK}/models.py", "import segur_sandbox", "segur_sdk: workspace"),
    "sdk-testing": (f"{SDK}/models.py", "import segur_testing", "segur_sdk: workspace"),
    "sdk-kit": (f"{SDK}/models.py", "import segur_conformance", "segur_sdk: workspace"),
    "sdk-plugin": (f"{SDK}/models.py", "import segur_plugin_cat", "segur_sdk: workspace"),
    "sdk-core-lxml-by-formats": (f"{SDK}/models.py", "import segur_sdk.formats.cda", "segur_sdk: core libraries"),
    "sdk-init-lxml": (f"{SDK}/__init__.py", "import lxml", "segur_sdk: core libraries (__init__)"),
    "host-plugin": (f"{HOST}/broker.py", "import segur_plugin_cat", "segur_host: workspace"),
    "host-sandbox": (f"{HOST}/broker.py", "import segur_sandbox", "segur_host: workspace"),
    "host-testing": (f"{HOST}/broker.py", "import segur_testing", "segur_host: workspace"),
    "host-kit": (f"{HOST}/broker.py", "import segur_conformance", "segur_host: workspace"),
    "sandbox-sdk": (SANDBOX, "import segur_sdk", "segur_sandbox: workspace"),
    "sandbox-testing": (SANDBOX, "import segur_testing", "segur_sandbox: workspace"),
    "sandbox-kit": (SANDBOX, "import segur_conformance", "segur_sandbox: workspace"),
    "sandbox-plugin": (SANDBOX, "import segur_plugin_cat", "segur_sandbox: workspace"),
    "sandbox-host": (SANDBOX, "import segur_host", "segur_sandbox: workspace"),
    "testing-plugin": (TESTING, "import segur_plugin_cat", "segur_testing: workspace"),
    "kit-host": (f"{KIT}/runner.py", "import segur_host", "segur_conformance: workspace"),
    "kit-other-target-host": (f"{KIT}/targets/other.py", "import segur_host", "segur_conformance: workspace"),
    "kit-plugin": (f"{KIT}/runner.py", "import segur_plugin_cat", "segur_conformance: workspace"),
    "kit-testing": (f"{KIT}/runner.py", "import segur_testing", "segur_conformance: workspace"),
}
FORBIDDEN |= {
    f"{where}-{library}": (path, f"import {library}", f"{package}: libraries")
    for where, path, package in (
        ("plugin", f"{CAT}/plugin.py", "segur_plugin_cat"),
        ("sdk", f"{SDK}/models.py", "segur_sdk"),
        ("sdk-formats", f"{SDK}/formats/cda.py", "segur_sdk"),
    )
    for library in (*LIBRARIES, *STANDARD)
}
FORBIDDEN |= {
    f"sdk-core-{library}": (f"{SDK}/models.py", f"import {library}", "segur_sdk: core libraries")
    for library in (*LIBRARIES, "cryptography", "lxml")
}

ALL = {"allowed": ALLOWED} | {
    name: ALLOWED | {path: f"{ALLOWED.get(path, '')}{statement}\n"} for name, (path, statement, _) in FORBIDDEN.items()
}

CHECK_EACH = """
import contextlib, io, json, sys
from tools import contracts

for root in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = contracts.main(["--root", root])
    print(json.dumps([status, output.getvalue()]))
"""
"""One interpreter for all workspaces: starting import-linter takes longer than its work."""


def check(roots: list[Path]) -> list[tuple[int, str]]:
    command = [sys.executable, "-c", CHECK_EACH, *(str(root) for root in roots)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return [(status, output) for status, output in map(json.loads, result.stdout.splitlines())]


@pytest.fixture(scope="module")
def verdicts(make_workspaces: Callable[[dict[str, dict[str, str]]], dict[str, Path]]) -> dict[str, tuple[int, str]]:
    roots = make_workspaces(ALL)
    return dict(zip(roots, check(list(roots.values())), strict=True))


def test_contracts_hold_in_this_workspace() -> None:
    [(status, output)] = check([ROOT])

    assert status == 0, output
    assert " 0 broken" in output


def test_allowed_imports_pass(verdicts: dict[str, tuple[int, str]]) -> None:
    status, output = verdicts["allowed"]

    assert status == 0, output


@pytest.mark.parametrize(
    ("name", "contract"), [(name, contract) for name, (_, _, contract) in FORBIDDEN.items()], ids=list(FORBIDDEN)
)
def test_forbidden_import_is_refused_by_name(verdicts: dict[str, tuple[int, str]], name: str, contract: str) -> None:
    status, output = verdicts[name]

    assert status == 1, output
    assert f"{contract} BROKEN" in output
