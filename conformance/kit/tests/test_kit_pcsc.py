"""Plans over PC/SC: the same checks, on virtual readers that the system's own service takes for real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from segur_conformance.checks import all_checks
from segur_conformance.checks.check import TargetKind
from segur_conformance.mutants.trial import tried
from segur_conformance.outcomes import CheckBlocked, CheckOutcome
from segur_conformance.runner import pcsc
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.pcsc import has_pcsc
from segur_conformance.runner.plan import Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.targets.room import ForeignRoom
from segur_sandbox.pcsc.errors import PcscMissingError
from segur_sandbox.running import RunningSandbox

PRODUCTS = {
    "vitale": Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("insi", "pcsc"), readers="pcsc"),
    "cps": Product(kind=TargetKind.PLUGIN, target=("cps",), companions=("pkcs11", "pcsc"), readers="pcsc"),
}
CHECKS = {
    "vitale.reading.whole-card": CheckOutcome.PASS,
    "vitale.reading.absent-card": CheckOutcome.PASS,
    "vitale.reading.other-cards": CheckOutcome.NOT_APPLICABLE,
    "vitale.service.restarted": CheckOutcome.PASS,
    "cps.login.authentication-key": CheckOutcome.PASS,
    "cps.session.card-removed": CheckOutcome.PASS,
}
"""The one that is not applicable needs a reader in memory."""


@pytest.mark.parametrize("profile", PRODUCTS)
def test_checks_pass_through_the_systems_own_service(profile: str, pcsc_sandbox: RunningSandbox) -> None:
    chosen = [check for check in all_checks() if check.id in CHECKS and check.profile == profile]

    found = {one.check.id: (one.outcome, one.reason) for one in tried(None, chosen, PRODUCTS[profile], pcsc_sandbox)}

    assert {name: outcome for name, (outcome, _) in found.items()} == {one.id: CHECKS[one.id] for one in chosen}, found


@pytest.mark.parametrize(
    ("readers", "missing", "expected"),
    [
        pytest.param("pcsc", None, True, id="all-there"),
        pytest.param("pcsc", PcscMissingError(["pcscd"], None), False, id="nothing-there"),
        pytest.param("memory", None, False, id="not-wanted"),
    ],
)
def test_services_have_pcsc_readers_where_they_are_wanted_and_can_be_had(
    monkeypatch: pytest.MonkeyPatch, readers: str, missing: PcscMissingError | None, expected: bool
) -> None:
    def require_all() -> None:
        if missing is not None:
            raise missing

    monkeypatch.setattr(pcsc, "require_all", require_all)
    product = Product.model_validate({"kind": "plugin", "target": "pcsc", "readers": readers})

    assert has_pcsc(product) is expected


def test_checks_are_blocked_where_there_is_no_such_reader(services: RunningSandbox, tmp_path: Path) -> None:
    product = Product(kind=TargetKind.HOST, target=("node",), readers="pcsc")
    with ForeignRoom(("node",), services, tmp_path, RunRecord()) as room:
        bench = Bench(product, None, services, room, RunRecord(), {}, None)
        for need in (lambda: bench.readers, bench.start, bench.start_unplugged):
            with pytest.raises(CheckBlocked, match=r"^pcsc$"):
                need()
