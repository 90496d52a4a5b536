"""The matrix of mutants: which checks each one fails, kept beside a hash of what it was made from."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import attrs

from segur_conformance.checks import PROFILES, checks_of
from segur_conformance.checks.check import Check, TargetKind
from segur_conformance.mutants.mutant import Mutant, Variant
from segur_conformance.mutants.trial import tried
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.runner.plan import PCSC, Product
from segur_conformance.targets.enclosure import Start, started
from segur_sandbox.running import RunningSandbox

MATRIX: Final = "matrix.json"
TRIED_ON: Final[Mapping[str, Product]] = {
    "vitale": Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("insi",)),
    "cps": Product(kind=TargetKind.PLUGIN, target=("cps",), companions=("pkcs11",)),
    "psc": Product(kind=TargetKind.PLUGIN, target=("psc",), companions=("insi",)),
    "certificates": Product(kind=TargetKind.PLUGIN, target=("certificates",), companions=("insi",)),
    "identity": Product(kind=TargetKind.PLUGIN, target=("insi",), companions=("vitale",)),
    "insi": Product(kind=TargetKind.PLUGIN, target=("insi",), companions=("vitale", "cps", "pkcs11", "psc")),
    "dmp": Product(kind=TargetKind.PLUGIN, target=("dmp",), companions=("insi",)),
    "package": Product(kind=TargetKind.PLUGIN, target=("insi",), companions=("vitale",)),
}
"""The green plugins that the mutants of each profile are made from."""
_WELL: Final = frozenset({CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE})
_SHARED: Final = (
    "authority",
    "boundary",
    "canaries.py",
    "checks/check.py",
    "mutants/grafting.py",
    "mutants/mutant.py",
    "mutants/trial.py",
    "outcomes.py",
    "people.py",
    "runner/bench.py",
    "runner/record.py",
    "runner/run.py",
    "targets",
)
"""What the checks of every profile rest upon."""


@attrs.frozen
class Trial:
    """What one mutant, or honest variant, gave."""

    mutant: str
    expected: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether it failed what it must, and nothing else."""
        return sorted(self.failed) == sorted(self.expected)


def mutants_of(profile: str) -> tuple[Mutant, ...]:
    """Return the mutants of one profile."""
    found: tuple[Mutant, ...] = import_module(f"segur_conformance.mutants.{profile}").MUTANTS
    return found


def variants_of(profile: str) -> tuple[Variant, ...]:
    """Return the honest variants of one profile."""
    found: tuple[Variant, ...] = import_module(f"segur_conformance.mutants.{profile}").VARIANTS
    return found


def product_of(changed: Mutant | Variant) -> Product:
    """Return the green plugins that a mutant or variant is made from, with the readers that it needs."""
    green = TRIED_ON[changed.profile]
    if changed.readers != PCSC:
        return green
    return green.model_copy(update={"companions": (*green.companions, PCSC), "readers": PCSC})


def trial(
    changed: Mutant | Variant,
    checks: Iterable[Check],
    sandbox: RunningSandbox,
    assets: Path | None = None,
    start: Start = started,
) -> Trial:
    """Try checks on one mutant or variant; see ``tried``."""
    results = tried(changed, checks, product_of(changed), sandbox, assets, start)
    failed = tuple(sorted(result.check.id for result in results if result.outcome not in _WELL))
    return Trial(changed.id, tuple(sorted(changed.expected)), failed)


def unkilled(profile: str, found: Iterable[Trial]) -> tuple[str, ...]:
    """Return the checks of a profile that no mutant fails."""
    killed = {check for trial in found for check in trial.failed}
    return tuple(check.id for check in checks_of(profile) if check.id not in killed)


def fingerprint(profile: str) -> str:
    """Hash the checks and mutants of a profile and what they rest upon.

    A change of the green code is noticed by trying each mutant.
    """
    digest = hashlib.sha256()
    kit = files("segur_conformance")
    for part in (*_SHARED, f"checks/{profile}", f"mutants/{profile}"):
        for name, content in sorted(_sources(kit.joinpath(part), part)):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    if place.is_file():
        yield name, place.read_bytes()
        return
    for one in place.iterdir():
        if one.is_dir() or one.name.endswith(".py"):
            yield from _sources(one, f"{name}/{one.name}")


def committed() -> dict[str, Any]:
    """Return the matrix that stands in the kit: by profile, what it was made from and every trial."""
    path = files("segur_conformance.mutants") / MATRIX
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def renewed(profile: str, found: Iterable[Trial]) -> str:
    """Return the text of the matrix with new trials of one profile."""
    rows = [attrs.asdict(one) for one in found]
    whole = committed() | {profile: {"made_from": fingerprint(profile), "trials": rows}}
    return json.dumps({one: whole[one] for one in PROFILES if one in whole}, indent=1, ensure_ascii=False) + "\n"
