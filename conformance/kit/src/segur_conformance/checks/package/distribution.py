"""What users install: complete, unaltered, rebuilt the same, and working with what it declares alone."""

import base64
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from re import compile as pattern
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet, TargetKind
from segur_conformance.outcomes import CheckBlocked, CheckFailed, NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.enclosure import enclosed_target

checks = CheckSet()

_REQUIREMENT: Final = pattern(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?")
_EXTRA: Final = pattern(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
SDK: Final = "segur-sdk"


@checks(
    "package.wheel.as-built",
    "PKG-12",
    purpose="Ce qui est installé est ce qui a été construit, et chacun peut le reconstruire.",
    steps=(
        "comparer chaque fichier installé avec RECORD",
        "quand les sources sont là : construire deux fois la roue, ailleurs et à une autre date",
    ),
    expected="rien ne manque, rien n’est en trop, rien n’a changé ; les deux roues sont les mêmes, octet pour octet",
    mend="réinstaller ; retirer de la construction ce qui dépend du lieu, de la date ou du hasard",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def as_built(bench: Bench) -> None:
    """RECORD is true and complete, and two builds are alike."""
    _installed_from_a_wheel(bench)
    if not bench.plugin.editable:
        _compare_with_record(bench)
    sources = _sources(bench)
    if sources is None:
        return
    one, two = _in_a_room("segur_conformance.targets.building", str(sources.resolve()))["built"]
    for built in (one, two):
        if built.get("missing"):
            raise CheckBlocked(f"backend:{built['backend']}")
        expect("sha256" in built, f"la roue ne se construit pas : {built.get('failure')}")
    expect(one == two, "deux constructions des mêmes sources diffèrent")
    if bench.product.kind is TargetKind.WHEEL:
        given = hashlib.sha256(Path(bench.product.target[0]).read_bytes()).hexdigest()
        expect(one["sha256"] == given, "la roue n’est pas celle que ses sources donnent")


@checks(
    "package.wheel.metadata",
    "PKG-12",
    "PKG-01",
    purpose="L’installation doit refuser d’elle-même un SDK qui ne convient pas, et ne rien épingler.",
    steps=("lire les métadonnées du paquet", "regarder ce qui est installé"),
    expected="segur-sdk avec une borne basse et une borne haute, jamais ==, une licence et son texte, py.typed, rien "
    "hors du paquet",
    mend='dependencies = ["segur-sdk>=1.N,<2"] ; license et license-files ; un fichier py.typed',
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def metadata(bench: Bench) -> None:
    """Metadata say what is needed, and pin nothing."""
    read = _installed_from_a_wheel(bench)
    required = dict(_required(read))
    sdk = required.get(SDK, "")
    expect(">=" in sdk and "<" in sdk.replace("<=", ""), f"segur-sdk sans borne basse et haute : {sdk!r}")
    pinned = sorted(name for name, versions in required.items() if "==" in versions)
    expect(not pinned, f"versions épinglées : {', '.join(pinned)}")
    expect(read.get("License-Expression") or read.get("License"), "aucune licence")
    expect(read.get("Requires-Python"), "aucune version de Python annoncée")
    package = bench.plugin.package
    expect((package / "py.typed").is_file(), "py.typed manque : les types ne sont pas vérifiés")
    if bench.plugin.editable:
        return
    recorded = {PurePosixPath(row[0]) for row in _record(bench)}
    strangers = sorted({one.parts[0] for one in recorded if not _belongs(one, package.name)})
    expect(not strangers, f"installe hors de son paquet : {', '.join(strangers)}")
    licences = [one for one in recorded if one.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))]
    expect(licences, "le texte de la licence n’est pas installé")


@checks(
    "package.wheel.alone",
    "PKG-12",
    purpose="Un module qui marche ici par hasard ne marche pas chez les autres.",
    steps=("importer tous ses modules là où seul ce qu’il déclare peut être trouvé",),
    expected="tout s’importe",
    mend="déclarer la dépendance qui manque",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def alone(bench: Bench) -> None:
    """Every module can be imported with what is declared alone."""
    read = _installed_from_a_wheel(bench)
    package = bench.plugin.package
    job = {"folder": str(package.parent), "package": package.name, "allowed": sorted(_modules(read))}
    failed = _in_a_room("segur_conformance.targets.alone", json.dumps(job))["failures"]
    told = ", ".join(f"{module} ({reason})" for module, reason in list(failed.items())[:3])
    expect(not failed, f"ne s’importe pas avec les seules dépendances déclarées : {told}")


def _installed_from_a_wheel(bench: Bench) -> Message:
    """Return the metadata of the distribution.

    Raises:
        NotApplicable: nothing says that a wheel was installed.
    """
    if "WHEEL" not in bench.plugin.metadata:
        raise NotApplicable("le module n’est pas installé depuis une roue")
    return message_from_string(bench.plugin.metadata.get("METADATA", ""))


def _sources(bench: Bench) -> Path | None:
    if bench.product.kind is not TargetKind.WHEEL:
        return bench.plugin.sources
    wheel = Path(bench.product.target[0])
    name, version = wheel.name.split("-")[:2]
    archive = wheel.with_name(f"{name}-{version}.tar.gz")
    return archive if archive.is_file() else None


def _record(bench: Bench) -> list[list[str]]:
    return [row for row in csv.reader(bench.plugin.metadata.get("RECORD", "").splitlines()) if len(row) == 3]


def _compare_with_record(bench: Bench) -> None:
    base = bench.plugin.package.parent
    rows = {base / row[0]: row[1] for row in _record(bench)}
    expect(rows, "RECORD manque ou n’est pas lisible")
    for file, given in rows.items():
        if given and not file.name.endswith(".pyc"):
            algorithm, _, digest = given.partition("=")
            expect(file.is_file(), f"{file.relative_to(base)} manque")
            expect(_digest(file, algorithm) == digest, f"{file.relative_to(base)} n’est plus ce qui a été installé")
    there = {one for one in bench.plugin.package.rglob("*") if one.is_file() and one.suffix != ".pyc"}
    added = sorted(str(one.relative_to(base)) for one in there - set(rows))
    expect(not added, f"absents de RECORD : {', '.join(added[:3])}")


def _digest(file: Path, algorithm: str) -> str:
    found = hashlib.new(algorithm, file.read_bytes()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode("ascii")


def _belongs(file: PurePosixPath, package: str) -> bool:
    return file.parts[0] == package or file.parts[0].endswith(".dist-info")


def _required(read: Message) -> Iterator[tuple[str, str]]:
    """Yield what is required without any extra: normalised name, and versions."""
    for line in read.get_all("Requires-Dist") or ():
        found = _REQUIREMENT.fullmatch(str(line))
        if found is not None and not _EXTRA.search(found[4] or ""):
            yield _normalised(found[1]), found[3].strip()


def _modules(read: Message) -> frozenset[str]:
    """Return the top-level modules of everything that is declared, and of what that declares in turn."""
    waiting = list(_declared(read, frozenset()))
    seen: set[tuple[str, frozenset[str]]] = set()
    modules: set[str] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system, or missing: then importing fails, and says what
        modules |= set(_top_level(found))
        waiting += _declared(message_from_string(found.read_text("METADATA") or ""), extras)
    return frozenset(modules)


def _declared(read: Message, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in read.get_all("Requires-Dist") or ():
        found = _REQUIREMENT.fullmatch(str(line))
        if found is None:
            continue
        wanted = _EXTRA.search(found[4] or "")
        if wanted is None or wanted[1] in extras:
            own = frozenset(one.strip() for one in (found[2] or "").split(",") if one.strip())
            yield _normalised(found[1]), own


def _top_level(found: Distribution) -> Iterator[str]:
    for file in found.files or ():
        if file.suffix == ".pth":
            for folder in Path(str(file.locate())).read_text("utf-8").splitlines():
                if Path(folder).is_dir():
                    yield from (one.name for one in Path(folder).iterdir() if (one / "__init__.py").is_file())
        elif not file.parts[0].endswith((".dist-info", ".data")) and file.parts[0] != "..":
            yield file.parts[0].partition(".")[0]


def _normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _in_a_room(program: str, argument: str) -> dict[str, Any]:
    """Run a program of the kit in an enclosure of its own, and return the object that it answers."""
    with tempfile.TemporaryDirectory(prefix="segur-wheel-") as scratch:
        command = [sys.executable, "-m", program, argument]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        with enclosed_target(command, environment, Path(scratch)) as enclosure:
            process = enclosure.process
            assert isinstance(process, subprocess.Popen)
            told, _ = process.communicate()
            if not told.strip():
                why = enclosure.why() or f"statut {process.returncode}"
                raise CheckFailed(f"l’essai n’a rien répondu : {why}")
            answer: dict[str, Any] = json.loads(told)
            return answer
