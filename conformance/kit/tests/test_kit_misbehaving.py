"""A plugin that misbehaves is reported as what it did, and the run goes on with a fresh process."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from segur_conformance.checks import checks_of
from segur_conformance.checks.check import TargetKind
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.plan import Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import CheckResult, carried_out, in_order
from segur_conformance.targets import enclosed
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.limits import MEBIBYTE, Limits
from segur_conformance.targets.room import ReferenceRoom
from segur_sandbox.running import RunningSandbox

NAME = "segur_plugin_essai"
MANIFEST = """\
manifest_version = 1
id = "essai"
display_name = "Module d’essai"
description = "Répond à l’ouverture d’une session."
license = "Apache-2.0"
maintainers = ["Quelqu’un"]
sdk = ">=0.1,<2"
entry = "segur_plugin_essai.plugin:Essai"

[[hooks]]
name = "on_session_login"
version = "1.0"
"""
CODE = '''\
"""A plugin with one hook."""

from segur_sdk import HookContext, SegurHooks, hookimpl
from segur_sdk.hooks.session_login import Exercice, SessionContribution, SessionLoginEvent

{at_import}


class Essai(SegurHooks):
    """Adds one exercice."""

    @hookimpl
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Add it."""
{while_answering}
        return SessionContribution(exercices=(Exercice(id="1", label="Officine"),))
'''
METADATA = """\
Metadata-Version: 2.4
Name: segur-plugin-essai
Version: 1.0
License-Expression: Apache-2.0
Requires-Python: >=3.11
Requires-Dist: segur-sdk>=0.1,<2

Un module d’essai.
"""


@attrs.frozen
class Tried:
    """How a run ended."""

    results: dict[str, CheckResult]
    record: RunRecord

    @property
    def failed(self) -> set[str]:
        return {name for name, one in self.results.items() if one.outcome is CheckOutcome.FAIL}


Try = Callable[..., Tried]


@pytest.fixture
def try_plugin(services: RunningSandbox, tmp_path: Path) -> Iterator[Try]:
    """Carry out checks of the profile ``package`` on a plugin with one hook, installed as a wheel is."""
    services.reset()

    def tried(
        *checks: str,
        while_answering: str = "",
        at_import: str = "",
        manifest: str = "",
        limits: Limits | None = None,
        hidden: tuple[Path, ...] = (),
    ) -> Tried:
        site = tmp_path / "site"
        install(site, while_answering, at_import, manifest)
        plugin = InstalledPlugin.find("essai", [str(site)])
        (tmp_path / "scratch").mkdir()
        record = RunRecord()
        product = Product(kind=TargetKind.PLUGIN, target=("essai",))
        with ReferenceRoom((plugin,), site, services, tmp_path / "scratch", record, hidden, limits) as room:
            bench = Bench(product, plugin, services, room, record, {}, None)
            chosen = [one for one in checks_of("package") if not checks or one.id.removeprefix("package.") in checks]
            results = list(carried_out(in_order(chosen), bench, lambda _: None))
        return Tried({one.check.id.removeprefix("package."): one for one in results}, record)

    with ExitStack() as opened:
        opened.callback(services.reset)
        yield tried


def install(site: Path, while_answering: str, at_import: str, manifest: str) -> None:
    """Write what an installer would have written."""
    inside = "".join(f"        {line}\n" for line in while_answering.splitlines())
    files = {
        f"{NAME}/__init__.py": '"""A plugin."""\n',
        f"{NAME}/py.typed": "",
        f"{NAME}/plugin.py": CODE.format(while_answering=inside, at_import=at_import),
        f"{NAME}/segur_plugin.toml": MANIFEST + manifest,
        f"{NAME}-1.0.dist-info/METADATA": METADATA,
        f"{NAME}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\n",
        f"{NAME}-1.0.dist-info/licenses/LICENSE": "Apache License\n",
        f"{NAME}-1.0.dist-info/entry_points.txt": f"[segur.plugins]\nessai = {NAME}:segur_plugin.toml\n",
    }
    record = ""
    for name, text in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{path.stat().st_size}\n"
    (site / f"{NAME}-1.0.dist-info/RECORD").write_text(f"{record}{NAME}-1.0.dist-info/RECORD,,\n", "utf-8")


def test_a_plugin_with_a_single_hook_passes_and_is_not_asked_for_what_it_does_not_declare(try_plugin: Try) -> None:
    tried = try_plugin()

    outcomes = {name: (one.outcome, one.reason) for name, one in tried.results.items()}
    assert {name: told for name, told in outcomes.items() if told[0] is CheckOutcome.PASS or told[1]} == outcomes
    unconcerned = {name for name, (outcome, _) in outcomes.items() if outcome is CheckOutcome.NOT_APPLICABLE}
    assert unconcerned == {
        "manifest.requirements",
        "manifest.addresses",
        "settings.no-secret",
        "answers.french-texts",
        "services.tls",
        "boundary.tickets",
        "jobs.run",
        "jobs.unknown",
        "jobs.alone",
        "jobs.deadline",
        "jobs.private",
    }
    assert {outcome for outcome, _ in outcomes.values()} == {CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE}


FILLING = "import itertools\nheld = [b'x' * 8_388_608 for _ in itertools.count()]"
FLOODING = """\
from contextlib import suppress
from pathlib import Path
number = 0
while True:
    number += 1
    with suppress(OSError):
        Path(f'flood-{number % 100}').write_bytes(bytes(1_048_576))
"""
MULTIPLYING = """\
import os, sys, time
for _ in range(40):
    if os.fork() == 0:
        os.setsid()
        print(os.getpid(), file=sys.stderr, flush=True)
        time.sleep(120)
time.sleep(120)
"""
DISAPPEARING = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), file=sys.stderr, flush=True)
        time.sleep(120)
    os._exit(0)
"""
SMALL = Limits(memory=400 * MEBIBYTE, scratch=16 * MEBIBYTE, processes=12)
ENDING = {
    "leaves": ("import os\nos._exit(0)", "la cible s’est arrêtée (statut 0)"),
    "kills-itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "la cible s’est arrêtée (signal SIGKILL)",
    ),
    "crashes": ("import ctypes\nctypes.string_at(0)", "la cible s’est arrêtée (signal SIGSEGV)"),
    "fills-memory": (FILLING, "la cible a dépassé la mémoire permise (400 Mio)"),
    "fills-disk": (FLOODING, "la cible a dépassé le dossier de travail permis (16 Mio)"),
    "multiplies": (MULTIPLYING, "la cible a dépassé le nombre de processus permis (12)"),
}


@pytest.mark.parametrize(("code", "reason"), ENDING.values(), ids=ENDING)
def test_a_plugin_that_ends_the_process_is_named_and_the_next_check_runs(
    try_plugin: Try, code: str, reason: str
) -> None:
    tried = try_plugin("answers.types", "settings.closed", while_answering=code, limits=SMALL)

    assert (tried.results["answers.types"].outcome, tried.results["answers.types"].reason) == (
        CheckOutcome.FAIL,
        reason,
    )
    assert tried.results["settings.closed"].outcome is CheckOutcome.PASS


@pytest.mark.parametrize("code", [MULTIPLYING, DISAPPEARING], ids=["children", "grandchild-in-its-own-session"])
def test_no_process_that_a_plugin_started_outlives_the_run(try_plugin: Try, code: str) -> None:
    tried = try_plugin("answers.types", while_answering=code, limits=SMALL)

    started = {int(one) for one in b"".join(tried.record.printed.values()).split() if one.isdigit()}
    assert started
    assert not [one for one in started if Path(f"/proc/{one}").exists()]


def test_a_plugin_that_never_answers_is_given_up(try_plugin: Try) -> None:
    # A loop in C that never lets another thread of the interpreter run: the host itself is held.
    held = "sum(iter(int, 1))"

    tried = try_plugin("answers.types", "settings.closed", while_answering=held, limits=Limits(answer_s=10))

    assert tried.results["answers.types"].reason.startswith("la cible n’a jamais répondu")
    assert tried.results["settings.closed"].outcome is CheckOutcome.PASS


def test_a_plugin_that_ends_the_process_at_import_is_named(try_plugin: Try) -> None:
    tried = try_plugin("manifest.true", "manifest.sdk-window", at_import="import os\nos._exit(7)")

    assert tried.results["manifest.true"].reason == "la cible s’est arrêtée (statut 7)"
    assert tried.results["manifest.sdk-window"].outcome is CheckOutcome.PASS


NAMED = {
    "sys-exit": ({"while_answering": "raise SystemExit(1)"}, "answers.typed-errors", "plugin.py"),
    "spins": ({"while_answering": "while True: pass"}, "services.deadline", "on_session_login"),
    "prints": ({"while_answering": "print('x' * 5_000_000)"}, "boundary.prints", "octets"),
    "prints-at-import": ({"at_import": "print('prêt')"}, "import.silent", "5 caractères"),
    "patches": (
        {"while_answering": "import ssl\nssl.create_default_context = lambda *given: None"},
        "boundary.patches",
        "ssl.create_default_context",
    ),
    "patches-the-sdk-at-import": (
        {"at_import": "HookContext.ask = lambda *given: ''"},
        "boundary.patches",
        "segur_sdk.context.HookContext.ask",
    ),
    "threads": (
        {"at_import": "import threading\nthreading.Thread(target=len, args=('',)).start()"},
        "import.no-effect",
        "_thread.start_new_thread",
    ),
    "lies": (
        {"manifest": '[[hooks]]\nname = "on_card_read"\nversion = "1.0"\n'},
        "manifest.true",
        "plugin.hooks_mismatch",
    ),
    "asks-for-what-it-does-not-declare": (
        {"while_answering": "ctx.store.put('x', b'')"},
        "manifest.enough-granted",
        "what = store",
    ),
    "raises-what-is-no-error": ({"while_answering": "raise KeyError('x')"}, "answers.typed-errors", "KeyError"),
    "answers-another-type": ({"while_answering": "return 'oui'"}, "answers.types", "autre type"),
    "changes-the-environment": (
        {"at_import": "import os\nos.environ['X'] = '1'"},
        "import.shared-state",
        "environment",
    ),
    "imports-what-it-does-not-declare": ({"at_import": "import typer"}, "wheel.alone", "typer"),
}


@pytest.mark.parametrize(("code", "check", "words"), NAMED.values(), ids=NAMED)
def test_a_misbehaviour_is_named_by_its_check(try_plugin: Try, code: dict[str, str], check: str, words: str) -> None:
    tried = try_plugin(check, **code)

    assert tried.failed == {check}
    assert words in tried.results[check].reason


def test_what_a_plugin_prints_is_kept_up_to_a_limit(try_plugin: Try) -> None:
    tried = try_plugin("answers.types", while_answering="print('x' * 5_000_000)")

    assert tried.results["answers.types"].outcome is CheckOutcome.PASS
    assert [len(text) for text in tried.record.printed.values()] == [MEBIBYTE]


LOOKING = "import os, sys\nprint(os.listdir({folder!r}), file=sys.stderr)"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "report.json").write_text("{}", "utf-8")
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mount namespaces are Linux's")
def test_the_report_folder_does_not_exist_for_the_plugin(try_plugin: Try, reports: Path) -> None:
    looking = LOOKING.format(folder=str(reports))

    tried = try_plugin("answers.types", while_answering=looking, hidden=(reports,))

    assert tried.record.isolation == enclosed.NAMESPACE
    assert set(b"".join(tried.record.printed.values()).split()) == {b"[]"}
    assert [one.name for one in reports.iterdir()] == ["report.json"]


@pytest.fixture
def without_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system on which no program may leave the file system that everybody sees."""
    script = tmp_path / "enclosed.py"
    text = Path(enclosed.__file__).read_text("utf-8")
    here = 'if not sys.platform.startswith("linux"):\n        return WATCHED'
    assert text.count(here) == 1
    script.write_text(text.replace(here, "return WATCHED"), "utf-8")
    monkeypatch.setattr(enclosed, "__file__", str(script))


@pytest.mark.usefixtures("without_namespaces")
@pytest.mark.parametrize(
    "looking",
    [LOOKING, "open({folder!r} + '/report.json').close()", "import os\nlist(os.scandir({folder!r}))"],
    ids=["lists", "reads", "scans"],
)
def test_where_it_does_exist_whoever_looks_into_it_is_named(try_plugin: Try, reports: Path, looking: str) -> None:
    tried = try_plugin("boundary.secrets", while_answering=looking.format(folder=str(reports)), hidden=(reports,))

    assert tried.record.isolation == enclosed.WATCHED
    assert tried.failed == {"boundary.secrets"}
    assert "essai" in tried.results["boundary.secrets"].reason


@pytest.mark.usefixtures("without_namespaces")
@pytest.mark.parametrize("name", ["fills-memory", "fills-disk", "multiplies"])
def test_limits_hold_without_namespaces(try_plugin: Try, name: str) -> None:
    code, reason = ENDING[name]

    tried = try_plugin("answers.types", while_answering=code, limits=SMALL)

    assert tried.results["answers.types"].reason == reason


def test_what_a_plugin_leaves_is_kept_with_its_name(try_plugin: Try) -> None:
    code = "from pathlib import Path\nPath('left.txt').write_text('here')"

    tried = try_plugin("answers.types", "boundary.files", while_answering=code)

    assert tried.record.left == {"left.txt": b"here"}
    assert tried.failed == {"boundary.files"}
