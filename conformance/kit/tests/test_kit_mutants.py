"""Every check can fail: mutants are seen by the checks that must see them, and by no other.

As many mutants are tried here as it takes to see each check fail once; ``tox -e mutants-full`` tries all of them with
every check of their profile, and the matrix that it leaves is judged here.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import pytest

from segur_conformance.checks import PROFILES, checks_of
from segur_conformance.checks.check import Check
from segur_conformance.mutants.grafting import METADATA, GraftError, changed_text, grafted, source_of
from segur_conformance.mutants.matrix import Trial, committed, fingerprint, mutants_of, variants_of
from segur_conformance.mutants.mutant import Change, Mutant, Variant
from segur_conformance.mutants.trying import Trials
from segur_conformance.runner.plan import PCSC
from segur_testing.pcsc import require_pcsc

MUTANTS: Final = [mutant for profile in PROFILES for mutant in mutants_of(profile)]


def enough_of(profile: str) -> list[Mutant]:
    """Return few mutants of a profile, at least one for each of its checks."""
    unseen = {check.id for check in checks_of(profile)}
    chosen = []
    for mutant in sorted(mutants_of(profile), key=lambda one: -len(one.expected)):
        if not unseen.isdisjoint(mutant.expected):
            chosen.append(mutant)
            unseen.difference_update(mutant.expected)
    return chosen


TRIED: Final = [mutant for profile in PROFILES for mutant in enough_of(profile)]
VARIANTS: Final = [variant for profile in PROFILES for variant in variants_of(profile)]
ALL: Final[list[Mutant | Variant]] = [*TRIED, *VARIANTS]
WITH_A_BYSTANDER: Final = 1 / 3
"""Part of the mutants that are tried with a check that must not fail, too; ``mutants-full`` tries all with all."""
LEAST: Final = 40


def chosen_checks(changed: Mutant | Variant) -> list[Check]:
    """Return the checks that must fail, and perhaps one that must not: always the same for one mutant."""
    profile = checks_of(changed.profile)
    draw = random.Random(changed.id)
    picked: list[Check] = []
    if not changed.expected or draw.random() < WITH_A_BYSTANDER:
        picked.append(draw.choice([check for check in profile if check.id not in changed.expected]))
    return [check for check in profile if check.id in changed.expected or check in picked]


Wanted = Mapping[str, Future[Trial]]


@pytest.fixture(scope="module")
def wanted(request: pytest.FixtureRequest) -> Iterator[Wanted]:
    """Try what the chosen tests ask for, all at once: this machine has more than one processor."""
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    assets = Path(os.environ["SEGUR_ASSETS"]) if "SEGUR_ASSETS" in os.environ else None
    with Trials(assets) as trials:
        yield {
            one.id: trials.submit(one, chosen_checks(one))
            for one in ALL
            if {"mutant": one} in chosen or {"variant": one} in chosen
        }


@pytest.mark.timeout(900)  # the first test waits for those before it, too
@pytest.mark.parametrize("mutant", TRIED, ids=[one.id for one in TRIED])
def test_mutant_fails_exactly_what_it_breaks(mutant: Mutant, wanted: Wanted) -> None:
    if mutant.readers == PCSC:
        require_pcsc()
    assert set(mutant.expected) <= {check.id for check in chosen_checks(mutant)}

    assert wanted[mutant.id].result().failed == tuple(sorted(mutant.expected))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", VARIANTS, ids=[one.id for one in VARIANTS])
def test_honest_variant_fails_nothing(variant: Variant, wanted: Wanted) -> None:
    assert wanted[variant.id].result().failed == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_mutant_fits_the_code(profile: str) -> None:
    changed: list[Mutant | Variant] = [*mutants_of(profile), *variants_of(profile)]
    unfit = []
    for one in changed:
        texts: dict[Path, str] = {}
        for change in one.changes:
            if change.file.startswith(METADATA):
                continue
            path = source_of(change.package) / change.file
            try:
                texts[path] = changed_text(change, texts.get(path) or path.read_text("utf-8"))
            except GraftError:
                unfit.append(one.id)

    assert unfit == []


@pytest.mark.parametrize("profile", PROFILES)
def test_committed_matrix_was_made_from_this_kit(profile: str) -> None:
    assert committed()[profile]["made_from"] == fingerprint(profile), "stale: run tox -e mutants-full"


@pytest.mark.parametrize("profile", PROFILES)
def test_committed_matrix_is_exact_and_whole(profile: str) -> None:
    rows = committed()[profile]["trials"]
    changed: list[Mutant | Variant] = [*mutants_of(profile), *variants_of(profile)]

    assert [row["mutant"] for row in rows] == [one.id for one in changed]
    assert [row["failed"] for row in rows] == [sorted(one.expected) for one in changed]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_check_is_failed_by_some_mutant(profile: str) -> None:
    killed = {check for row in committed()[profile]["trials"] for check in row["failed"]}

    assert [check.id for check in checks_of(profile) if check.id not in killed] == []


def test_mutants_are_many_enough_to_mean_something() -> None:
    assert len({one.id for one in MUTANTS}) == len(MUTANTS) >= LEAST


def test_every_profile_has_honest_variants() -> None:
    assert {variant.profile for variant in VARIANTS} == set(PROFILES)


UNFIT: Final = {
    "passage-not-there": Change("segur_plugin_vitale", "plugin.py", "no such passage", ""),
    "no-python-any-more": Change("segur_plugin_vitale", "plugin.py", "class VitalePlugin", "class class"),
}


@pytest.mark.parametrize("change", UNFIT.values(), ids=UNFIT)
def test_change_that_does_not_fit_is_told(change: Change, tmp_path: Path) -> None:
    with pytest.raises(GraftError):
        grafted([change], tmp_path / "site")
