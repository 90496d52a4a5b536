"""Try checks on a target whose code is changed."""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from segur_conformance.checks.check import Check
from segur_conformance.mutants.grafting import grafted
from segur_conformance.mutants.mutant import Mutant, Variant
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.plan import Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import CheckResult, carried_out, in_order
from segur_conformance.targets.enclosure import Start, started
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.room import ReferenceRoom
from segur_sandbox.running import RunningSandbox


def tried(
    changed: Mutant | Variant | None,
    checks: Iterable[Check],
    product: Product,
    sandbox: RunningSandbox,
    assets: Path | None = None,
    start: Start = started,
) -> list[CheckResult]:
    """Carry out checks on a changed copy of the plugins that ``product`` names; on the green ones without a change.

    Args:
        changed: what is changed.
        checks: to carry out.
        product: a plugin with its companions.
        sandbox: the services.
        assets: folder of the official files.
        start: begins the target with a guard over it.
    """
    with tempfile.TemporaryDirectory(prefix="segur-mutant-") as folder:
        site = grafted(changed.changes, Path(folder, "site")) if changed is not None and changed.changes else None
        path = [str(site), *sys.path] if site is not None else sys.path
        plugins = tuple(InstalledPlugin.find(one, path) for one in (*product.target, *product.companions))
        record = RunRecord()
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        with ReferenceRoom(plugins, site, sandbox, scratch, record, in_memory=product.in_memory, start=start) as room:
            settings = changed.settings if changed is not None else {}
            bench = Bench(product, plugins[0], sandbox, room, record, settings, assets)
            results = list(carried_out(in_order(checks), bench, lambda _: None, evidence=False))
            room.cut()
        return results
