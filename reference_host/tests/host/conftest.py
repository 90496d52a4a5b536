"""Hosts with made-up plugins: each one a real distribution on ``sys.path``, as an installer leaves it."""

import base64
import hashlib
import importlib
import io
import itertools
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_host.config.model import HostConfig
from segur_sdk.hooks import HOOKS
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionMeans, Structure
from segur_sdk.models.identity import (
    AnsweredTraits,
    CrCode,
    EvidenceSource,
    InsEvidence,
    InsIndividual,
    InsOid,
    MatriculeIns,
    Sex,
    Traits,
)

_NUMBER = itertools.count(1)

_MANIFEST = """
manifest_version = 1
id = "{plugin}"
display_name = "Module {plugin}"
description = "A plugin made up by a test."
license = "Apache-2.0"
maintainers = ["tests"]
sdk = ">=0.1,<2"
entry = "{package}.plugin:Plugin"
{top}
{tables}
"""

_MODULE = """
from segur_sdk.hooks import SegurHooks, hookimpl

{preamble}

class Plugin(SegurHooks):
    @hookimpl
    def {hook}(self, event, ctx):
{body}
"""

ANSWER = """
from segur_sdk.hooks.session_login import SessionContribution
return SessionContribution(mailboxes=("{plugin}",))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Install a plugin and return the SHA-256 of its manifest.

    ``body``: of its hook method. ``module``: all of its module instead. ``manifest``: instead of one that declares
    that hook. ``top`` and ``tables``: lines added to the manifest. ``files``: further files of the package.
    ``tamper``: files of the package rewritten after their hashes were recorded. ``entry_point``: another value.
    """
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    packages: list[str] = []

    def install(
        plugin: str,
        *,
        body: str | None = None,
        module: str | None = None,
        preamble: str = "",
        hook: str = "on_session_login",
        manifest: str | bytes | None = None,
        top: str = "",
        tables: str | None = None,
        files: dict[str, str] | None = None,
        tamper: dict[str, str] | None = None,
        entry_point: str | None = None,
        record: str | None = None,
        distribution: str | None = None,
    ) -> str:
        package = f"made_up_{plugin}_{next(_NUMBER)}"
        packages.append(package)
        if module is None:
            told = textwrap.indent(textwrap.dedent(body or ANSWER.format(plugin=plugin)).strip(), " " * 8)
            module = _MODULE.format(preamble=preamble, hook=hook, body=told)
        if manifest is None:
            declared = f'[[hooks]]\nname = "{hook}"\nversion = "1.0"\n' if tables is None else tables
            manifest = _MANIFEST.format(plugin=plugin, package=package, top=top, tables=declared)
        elif isinstance(manifest, str):
            manifest = manifest.replace("{package}", package)
        content = {
            "__init__.py": b"",
            "plugin.py": module.replace("{package}", package).encode(),
            "segur_plugin.toml": manifest if isinstance(manifest, bytes) else manifest.encode(),
            **{name: text.encode() for name, text in (files or {}).items()},
        }
        folder = site / package
        folder.mkdir()
        lines = []
        for name, data in content.items():
            (folder / name).write_bytes(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{package}/{name},sha256={digest},{len(data)}")
        for name, text in (tamper or {}).items():
            (folder / name).write_text(text.replace("{package}", package))
        metadata = site / f"{(distribution or package)}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution or package}\nVersion: 1.2\n")
        value = entry_point if entry_point is not None else f"{package}:segur_plugin.toml"
        (metadata / "entry_points.txt").write_text(f"[segur.plugins]\n{plugin} = {value}\n")
        (metadata / "RECORD").write_text(
            "\n".join(lines) + "\n" if record is None else record.replace("{package}", package)
        )
        importlib.invalidate_caches()
        return hashlib.sha256(content["segur_plugin.toml"]).hexdigest()

    yield install
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]


def _tables(plugins: dict[str, Any]) -> dict[str, Any]:
    return {
        plugin: {"enabled": True, "manifest_sha256": found} if isinstance(found, str) else found
        for plugin, found in plugins.items()
    }


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else repr(value)


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., HostConfig]:
    """Make a configuration; plugins by the hash of their manifest, or by their whole table."""

    def make_config(plugins: dict[str, Any] | None = None, **changes: Any) -> HostConfig:
        return HostConfig.model_validate(
            {
                "version": 1,
                "environment": "sandbox",
                "data": tmp_path / "data",
                "software": {"name": "Logiciel", "version": "1.0", "authorisation": "TESTSGIE0000"},
                "structure": {"finess": "0B0152872", "name": "PHARMACIE DU CENTRE"},
                "actor": {"kind": "operator", "name": "Comptoir 1", "workstation": "poste-1"},
                "plugins": _tables(plugins or {}),
                **changes,
            }
        )

    return make_config


@pytest.fixture
def open_host(make_config: Callable[..., HostConfig]) -> Iterator[Callable[..., Host]]:
    """Open a host on ``plugins``; it is closed when the test ends. Options of ``Host`` by name."""
    with ExitStack() as opened:

        def open_host(plugins: dict[str, Any] | None = None, **options: Any) -> Host:
            named = {name: options.pop(name) for name in ("asker", "browser", "clock", "safe_mode") if name in options}
            return opened.enter_context(Host(make_config(plugins, **options), **named))

        yield open_host


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a ``segur.toml``; plugins as in ``make_config``."""

    def config_file(plugins: dict[str, Any] | None = None, more: str = "") -> Path:
        path = tmp_path / "segur.toml"
        lines = [
            "version = 1",
            'environment = "sandbox"',
            'data = "data"',
            'software = { name = "Logiciel", version = "1.0", authorisation = "TESTSGIE0000" }',
            'structure = { finess = "0B0152872", name = "PHARMACIE DU CENTRE" }',
            'actor = { kind = "operator", name = "Comptoir 1", workstation = "poste-1" }',
            more,
        ]
        for plugin, table in _tables(plugins or {}).items():
            lines.append(f"[plugins.{plugin}]")
            lines.extend(f"{name} = {_toml(value)}" for name, value in table.items())
        path.write_text("\n".join(lines) + "\n")
        return path

    return config_file


@pytest.fixture
def segur(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run a ``segur`` command line in this process: exit status, standard output, standard error."""

    def segur(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capfd.readouterr()
        status = run(application(), [str(one) for one in arguments])
        out, err = capfd.readouterr()
        return status, out, err

    return segur


@pytest.fixture
def error_of() -> Callable[[str], dict[str, Any]]:
    """Read a failure as every command writes it, and nothing beside it."""

    def error_of(out: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(out)
        assert set(found) == {"error"}
        error: dict[str, Any] = found["error"]
        assert set(error) == {"code", "source", "message", "cause", "action", "retryable"}
        assert all(error[name] for name in ("code", "source", "message", "cause", "action"))
        return error

    return error_of


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds the installed plugins."""
    path = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


@pytest.fixture
def segur_process(environment: dict[str, str], tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a ``segur`` command line in a process of its own, where the installed plugins are found."""

    def segur_process(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "segur_host.cli", *map(str, arguments)]
        own = {**environment, "TMPDIR": str(tmp_path)}
        return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)

    return segur_process


@pytest.fixture
def login() -> SessionLoginEvent:
    """Somebody opens a session; every plugin that declares ``on_session_login`` is asked."""
    actor = Actor(
        kind=ActorKind.OPERATOR, name="Comptoir 1", structure=Structure(name="PHARMACIE"), workstation="poste-1"
    )
    return SessionLoginEvent(actor=actor, session=Session(session_id="s-1", means=SessionMeans.LOCAL))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the deadline of every hook, in seconds."""

    def patience(seconds: float) -> None:
        shorter = {name: info.model_copy(update={"deadline_s": seconds}) for name, info in HOOKS.items()}
        monkeypatch.setattr("segur_host.dispatch.dispatcher.HOOKS", shorter)

    return patience


@pytest.fixture
def source(install: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, str]]:
    """A plugin that answers ``qualify_identity`` as the test says: what to change, and the plugin's table.

    ``answer``: what the hook returns, or a function of the event and the context; ``asked``: events so far.
    """
    script: dict[str, Any] = {"answer": None, "asked": []}
    monkeypatch.setitem(sys.modules, "made_up_source", script)
    body = (
        "import sys\nscript = sys.modules['made_up_source']\nscript['asked'].append(event)\n"
        "answer = script['answer']\nreturn answer(event, ctx) if callable(answer) else answer"
    )
    return script, {"source": install("source", hook="qualify_identity", body=body)}


@pytest.fixture
def evidence() -> Callable[..., InsEvidence]:
    """Make evidence: code 00 with the traits given, or another code without."""

    def evidence(traits: Traits | None = None, matricule: str = "180032B02040123", **changes: Any) -> InsEvidence:
        now = datetime.now(UTC)
        if traits is None:
            return InsEvidence(
                source=EvidenceSource.INSI_TRAITS, cr=changes.get("cr", CrCode.NOT_FOUND), obtained_at=now
            )
        answered = {
            "nom_naissance": traits.nom_naissance,
            "premier_prenom": traits.premier_prenom,
            "prenoms_naissance": traits.prenoms_naissance or (traits.premier_prenom,),
            "sexe": traits.sexe,
            "date_naissance": traits.date_naissance.isoformat(),
            "lieu_naissance": traits.lieu_naissance,
        }
        return InsEvidence(
            source=EvidenceSource.INSI_TRAITS,
            cr=CrCode.FOUND,
            individual=InsIndividual(
                matricule=MatriculeIns(value=matricule, oid=InsOid.NIR), traits=AnsweredTraits(**(answered | changes))
            ),
            obtained_at=now,
        )

    return evidence


@pytest.fixture
def anthony() -> Traits:
    """A published test identity."""
    return Traits(
        nom_naissance="CORSE",
        premier_prenom="ANTHONY",
        prenoms_naissance=("ANTHONY",),
        sexe=Sex.MALE,
        date_naissance=date(1980, 3, 2),
        lieu_naissance="2B020",
    )


@pytest.fixture
def zoe() -> Traits:
    """Another one."""
    return Traits(
        nom_naissance="ADRUN",
        premier_prenom="ZOE",
        prenoms_naissance=("ZOE",),
        sexe=Sex.FEMALE,
        date_naissance=date(1975, 12, 31),
        lieu_naissance="63220",
    )
