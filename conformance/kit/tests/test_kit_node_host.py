"""A practice software in another language passes the profile ``identity``, and cannot when one line of it is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.canaries import Canaries
from segur_conformance.checks.check import Check, TargetKind
from segur_conformance.checks.identity import CHECKS
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.plan import Product, load_plan
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import CheckResult, carried_out
from segur_conformance.targets.room import ForeignRoom
from segur_sandbox.running import RunningSandbox

EXAMPLE = Path(__file__).parents[1] / "examples" / "node_host"
BY_ID = {check.id: check for check in CHECKS}
BYSTANDERS = ("identity.creation.five-traits", "identity.number.unknown-reference", "identity.proof.site-list")

Try = Callable[[Path, list[Check]], tuple[list[CheckResult], RunRecord]]


@pytest.fixture
def node() -> str:
    """Find the program that runs the host."""
    found = shutil.which("node")
    if found is None:
        reason = "node is not on PATH: the host in JavaScript cannot run"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def tried(node: str, services: RunningSandbox, tmp_path: Path) -> Try:
    """Put a copy of the host to checks."""

    def run(host: Path, checks: list[Check]) -> tuple[list[CheckResult], RunRecord]:
        command = (node, str(host / "host.mjs"))
        record = RunRecord()
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        with ForeignRoom(command, services, scratch, record) as room:
            product = Product(kind=TargetKind.HOST, target=command)
            bench = Bench(product, None, services, room, record, {}, None)
            return list(carried_out(checks, bench, lambda _: None)), record

    return run


@pytest.mark.req("S004-07", "S004-08", "S004-09", "S004-10", "REQ-04")
@pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])
def test_host_in_javascript_passes(check: Check, tried: Try, services: RunningSandbox) -> None:
    [result], record = tried(EXAMPLE, [check])

    wanted = CheckOutcome.PASS if TargetKind.HOST in check.kinds else CheckOutcome.NOT_APPLICABLE
    assert (result.outcome, result.reason) == (wanted, "" if wanted is CheckOutcome.PASS else "kind:host")
    assert [one["reason"] for one in services.exchanges("insi") if one["unexpected"]] == []
    answers = [line["content"] for line in record.dialogue if line["direction"] == "answer"]
    assert Canaries().found_in(json.dumps(answers, ensure_ascii=False).encode()) == frozenset()
    assert record.printed.get(check.id, b"") == b""


WRONG = {
    "qualifies-from-insi-alone": (
        "status.mjs",
        '{ ins: true, document: false, status: "RECUP" }',
        '{ ins: true, document: false, status: "QUAL" }',
        {"identity.status.recuperee", "identity.status.card-without-document", "identity.insi.received-ins"},
    ),
    "asks-about-the-doubtful": (
        "desk.mjs",
        "    refuseDoubtful(identity);\n    const individual",
        "    const individual",
        {"identity.attribute.blocks"},
    ),
    "carte-vitale-proves": (
        "proofs.mjs",
        'const NEVER = ["CV"]',
        "ACCEPTED.CV = {}; const NEVER = []",
        {
            "identity.status.card-without-document",
            "identity.proof.refused",
        },
    ),
    "asks-once-too-often": (
        "proofs.mjs",
        "requests >= this.limit",
        "requests > this.limit",
        {"identity.asking.three-times", "identity.asking.configurable"},
    ),
    "document-survives-other-values": (
        "desk.mjs",
        "    if (form.differences(identity.traits, individual.traits).length > 0) identity.document = null;\n",
        "",
        {"identity.insi.differs-from-document"},
    ),
    "zero-day-imported": (
        "desk.mjs",
        "form.isDay(born) && OIDS",
        "form.isDay(born.replaceAll('-00', '-01')) && OIDS",
        {"identity.insi.unusable-answer"},
    ),
}


@pytest.mark.parametrize(("file", "before", "after", "failing"), WRONG.values(), ids=WRONG)
def test_host_with_one_line_wrong_fails_what_it_breaks(
    file: str, before: str, after: str, failing: set[str], tried: Try, tmp_path: Path
) -> None:
    host = Path(shutil.copytree(EXAMPLE, tmp_path / "host"))
    text = (host / file).read_text("utf-8")
    assert text.count(before) == 1
    (host / file).write_text(text.replace(before, after), "utf-8")

    results, _ = tried(host, [BY_ID[one] for one in (*sorted(failing), *BYSTANDERS)])

    assert {one.check.id for one in results if one.outcome is CheckOutcome.FAIL} == failing
    assert {one.check.id for one in results if one.outcome is CheckOutcome.PASS} == set(BYSTANDERS)


@contextmanager
def conversation(node: str, services: RunningSandbox) -> Iterator[Callable[[Any], Any]]:
    """Speak with the host line by line; it ends with the conversation, and well."""
    with subprocess.Popen(
        [node, str(EXAMPLE / "host.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SEGUR_SANDBOX": str(services.path), "SEGUR_SETTINGS": "{}"},
    ) as process:

        def ask(request: Any) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


ILL_FORMED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown-word": ({"op": "call", "hook": "on_card_read"}, "op.unsupported"),
    "inherited-word": ({"op": "toString"}, "op.unsupported"),
    "no-input": ({"op": "identify"}, "input.identify"),
    "list": ({"op": "identify", "input": []}, "input.identify"),
    "nobody": ({"op": "identify", "input": {}}, "input.identify"),
    "two-people": ({"op": "identify", "input": {"identity_ref": "a", "traits": {}}}, "input.identify"),
    "unknown-field": ({"op": "identify", "input": {"identity_ref": "a", "status": "QUAL"}}, "input.identify"),
    "unknown-reference": ({"op": "identify", "input": {"identity_ref": "a"}}, "identity.unknown"),
    "inherited-reference": ({"op": "mark", "input": {"identity_ref": "__proto__"}}, "identity.unknown"),
    "card-in-a-reader": ({"op": "identify", "input": {"card": {"slot": "Vitale 1"}}}, "card.unsupported"),
    "traits-of-nobody": ({"op": "identify", "input": {"traits": {}}}, "input.traits"),
    "names-that-are-none": (
        {"op": "identify", "input": {"traits": {"nom_naissance": 1, "prenoms_naissance": "ZOE"}}},
        "input.traits",
    ),
}


def test_ill_formed_requests_are_answered_by_a_code_and_the_conversation_goes_on(
    node: str, services: RunningSandbox
) -> None:
    with conversation(node, services) as ask:
        for number, (name, (request, code)) in enumerate(ILL_FORMED.items()):
            assert (name, ask({"id": number, **request})) == (name, {"id": number, "error": {"code": code}})


def test_its_plan_names_the_program() -> None:
    plan = load_plan(EXAMPLE / "conformance.toml").plan

    assert plan.profiles == ("identity",)
    assert (plan.product.kind, plan.product.target) == (TargetKind.HOST, ("node", str(EXAMPLE / "host.mjs")))


def test_host_is_small_and_needs_nothing_but_node() -> None:
    lines = [line for path in EXAMPLE.glob("*.mjs") for line in path.read_text("utf-8").splitlines()]
    code = [line for line in map(str.strip, lines) if line and not line.startswith(("//", "/*", "*"))]
    imported = {line.rpartition(" from ")[2].strip('";') for line in code if " from " in line and '";' in line}

    assert len(code) < 500
    assert {one for one in imported if not one.startswith(("./", "node:"))} == set()
