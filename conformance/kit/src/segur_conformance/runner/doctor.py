"""What is looked at before a run: most failures come from the machine, and each has its mend."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from segur_conformance.certified import conditions
from segur_conformance.certified.fingerprint import files_of, package_folder
from segur_conformance.checks.check import Check
from segur_conformance.reports.report import Finding
from segur_conformance.runner import loopback
from segur_conformance.runner.pcsc import has_pcsc, lacking
from segur_conformance.runner.plan import load_plan
from segur_conformance.runner.product import FoundProduct, found
from segur_conformance.runner.selection import chosen
from segur_sandbox.running import RunningSandbox, running
from segur_sdk.errors import ConfigError, SegurError, UserMessage, sdk_catalogue

LEAST_FREE_BYTES: Final = 256 * 1024 * 1024
"""Evidence, the sandbox's state and the scratch folder of a run stay well below."""
_UNKNOWN: Final = UserMessage(message="L’examen a échoué.", cause="", action="Corrigez ce que nomme le code.")


def examined(
    product: FoundProduct, checks: Iterable[Check], assets: Path | None, out: Path | None
) -> Iterator[Finding]:
    """Look at everything that needs no service.

    Args:
        product: as it was found.
        checks: that are to run.
        assets: folder of the official files.
        out: folder of the report.
    """
    yield _product(product)
    yield from _companions(product)
    yield _kit(product)
    yield _assets(checks, assets)
    if not product.product.in_memory:
        yield _pcsc()
    for what, folder in (("dossier temporaire", Path(tempfile.gettempdir())), ("dossier du rapport", out)):
        if folder is not None:
            yield _space(what, folder)
    yield _clock()
    yield _loopback()


def diagnosis(plan: Path, assets: Path | None) -> Iterator[Finding]:
    """Look at everything, the plan and the services included; what fails does not stop what it says nothing about."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-doctor-")))
        try:
            loaded = load_plan(plan).plan
        except SegurError as failure:
            yield problem("plan", failure)
            return
        checks = chosen(loaded.profiles)
        yield Finding(
            check="plan", status="ok", finding=f"profils {', '.join(loaded.profiles)}, {len(checks)} contrôles"
        )
        try:
            product = found(loaded.product, folder / "site")
        except SegurError as failure:
            yield problem("produit", failure)
        else:
            yield from examined(product, checks, assets, None)
        pcsc = has_pcsc(loaded.product)
        yield services(lambda: opened.enter_context(running(folder / "sandbox", pcsc=pcsc)))


def services(start: Callable[[], RunningSandbox]) -> Finding:
    """Look whether the sandbox comes up and answers."""
    started = time.perf_counter()
    try:
        sandbox = start()
        sandbox.reset()
    except Exception as failure:  # noqa: BLE001 - whatever keeps the services down, the doctor names it
        return Finding(
            check="bac à sable",
            status="problem",
            finding=f"ne démarre pas ({type(failure).__name__})",
            action="Lancez « segur sandbox up » pour lire son message.",
        )
    return Finding(check="bac à sable", status="ok", finding=f"prêt en {time.perf_counter() - started:.1f} s")


def refuse(findings: Iterable[Finding]) -> None:
    """Refuse to run on a machine that cannot.

    Raises:
        ConfigError: ``config.not_ready``.
    """
    unwell = [one.check for one in findings if one.status == "problem"]
    if unwell:
        raise ConfigError("config.not_ready", checks=", ".join(unwell))


def problem(check: str, failure: SegurError) -> Finding:
    """Return a typed failure as a line of the doctor."""
    text = sdk_catalogue().get(failure.user_message_key, _UNKNOWN)
    return Finding(check=check, status="problem", finding=f"{text.message} [{failure}]", action=text.action)


def _product(product: FoundProduct) -> Finding:
    plugin = product.plugin
    if plugin is None:
        what = "programme" if product.is_foreign else "hôte de référence"
        return Finding(check="produit", status="ok", finding=f"{what} {product.id}")
    if not plugin.declared:
        return Finding(
            check="produit",
            status="warning",
            finding=f"module {plugin.id} {plugin.version} : sa déclaration ne se lit pas",
            action="Corrigez segur_plugin.toml.",
        )
    return Finding(check="produit", status="ok", finding=f"module {plugin.id} {plugin.version}")


def _companions(product: FoundProduct) -> Iterator[Finding]:
    if product.companions:
        named = ", ".join(f"{one.id} {one.version}" for one in product.companions)
        yield Finding(check="compagnons", status="ok", finding=named)
    provided = {service for one in product.plugins for service in one.declared.get("provides", ())}
    for plugin in product.plugins:
        lacking = sorted({*plugin.declared.get("uses", ())} - provided)
        if lacking:
            yield Finding(
                check="compagnons",
                status="warning",
                finding=f"module {plugin.id} : personne ne fournit {', '.join(lacking)}",
                action="Ajoutez à « companions » un module qui fournit ce service.",
            )


def _kit(product: FoundProduct) -> Finding:
    editable = [name for name in (conditions.KIT,) if conditions.kit_is_editable()]
    editable += [one.distribution for one in product.plugins if one.editable]
    if editable:
        return Finding(
            check="installation",
            status="warning",
            finding=f"installation de développement : {', '.join(dict.fromkeys(editable))}",
            action="Pour un rapport certifié, installez les paquets wheel.",
        )
    return Finding(check="installation", status="ok", finding="paquets wheel")


def _assets(checks: Iterable[Check], assets: Path | None) -> Finding:
    wanted = sorted({check.asset for check in checks if check.asset is not None})
    missing = [name for name in wanted if assets is None or not (assets / name).exists()]
    if missing:
        return Finding(
            check="fichiers officiels",
            status="warning",
            finding=f"manquent : {', '.join(missing)}",
            action="Donnez leur dossier par --assets ou SEGUR_ASSETS ; sans eux, ces contrôles restent bloqués.",
        )
    return Finding(check="fichiers officiels", status="ok", finding=f"{len(wanted)} nécessaires, tous présents")


def _pcsc() -> Finding:
    missing = lacking()
    if missing is None:
        return Finding(check="lecteurs PC/SC", status="ok", finding="pcscd et son lecteur virtuel sont là")
    return Finding(
        check="lecteurs PC/SC",
        status="warning",
        finding=f"manquent : {', '.join(missing.missing)}",
        action=f"Lancez « {missing.install} » ; sans cela, tous les contrôles restent bloqués."
        if missing.install
        else "Rejouez ce plan sous Linux ; ailleurs, tous ses contrôles restent bloqués.",
    )


def _space(what: str, folder: Path) -> Finding:
    existing = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.is_dir())
    free = shutil.disk_usage(existing).free
    finding = f"{what} : {free // 1024**2} Mio libres"
    if free < LEAST_FREE_BYTES or not os.access(existing, os.W_OK):
        return Finding(
            check="disque", status="problem", finding=finding, action="Libérez de la place, ou changez de dossier."
        )
    return Finding(check="disque", status="ok", finding=finding)


def _clock() -> Finding:
    newest = max(path.stat().st_mtime for path in files_of(package_folder("segur_conformance")))
    now = time.time()
    # The kit cannot have been installed later than now; a day is left to time zones of file systems.
    if now < newest - 86_400:
        return Finding(
            check="horloge",
            status="problem",
            finding="la machine se croit avant l’installation du kit",
            action="Réglez l’heure : certificats et délais en dépendent.",
        )
    return Finding(check="horloge", status="ok", finding="plausible")


def _loopback() -> Finding:
    if loopback.answers() or loopback.bring_up():
        return Finding(check="boucle locale", status="ok", finding=f"{loopback.ADDRESS} répond")
    return Finding(
        check="boucle locale",
        status="problem",
        finding=f"{loopback.ADDRESS} ne répond pas",
        action="Activez l’interface de boucle locale (ip link set lo up).",
    )
