"""The profile ``identity`` tries every combination once, by tables of its own, and reads answers strictly."""

from __future__ import annotations

from collections import Counter as Tally
from itertools import product
from typing import Any

import pytest

from segur_conformance.checks.check import TargetKind
from segur_conformance.checks.identity import CHECKS
from segur_conformance.checks.identity.counter import Standing, expect_refused
from segur_conformance.checks.identity.register import ZOE, as_typed, changed
from segur_conformance.checks.identity.statuses import ANSWERS, DOCUMENTS, ORDERS, STATUS
from segur_conformance.mutants.grafting import grafted
from segur_conformance.mutants.identity import MUTANTS, VARIANTS
from segur_conformance.mutants.mutant import Mutant, Variant
from segur_conformance.outcomes import CheckFailed
from segur_conformance.targets.subject import Answer
from segur_sdk.identity.status import derive_status

GROUPS = ("status", "attribute", "trait", "creation", "insi", "proof", "asking", "number")
WHOLE = {"identity_ref": "a", "status": "PROV", "attributes": []}


def test_checks_are_named_after_their_group_and_no_two_alike() -> None:
    names = [check.id for check in CHECKS]

    assert [one for one, times in Tally(names).items() if times > 1] == []
    assert {name.split(".")[1] for name in names} == set(GROUPS)


def test_a_program_that_carries_everything_itself_is_put_to_all_but_two() -> None:
    others = [check.id for check in CHECKS if TargetKind.HOST not in check.kinds]

    assert others == ["identity.proof.recorded", "identity.number.billing-number"]


@pytest.mark.req("REQ-04")
def test_the_kits_own_table_of_statuses_is_whole_and_says_what_the_sdk_says() -> None:
    facts = list(product((False, True), repeat=2))

    assert sorted(STATUS) == facts
    assert {both: str(derive_status(ins_retrieved=both[0], document_checked=both[1])) for both in facts} == STATUS


@pytest.mark.req("REQ-04")
def test_every_answer_of_insi_meets_every_answer_about_a_document() -> None:
    assert {one.what.rpartition(" ")[2] for one in ANSWERS} == {"interrogé", "00", "01", "02", "panne"}
    assert {"none_presented", "refused", "patient_absent"} == {
        shown["none_because"] for _, shown, _ in DOCUMENTS if shown and "none_because" in shown
    }
    tried = Tally(STATUS[answer.gives_ins, checked] for answer, (_, _, checked) in product(ANSWERS, DOCUMENTS))
    assert tried == {"PROV": 16, "VALI": 4, "RECUP": 4, "QUAL": 1}
    assert len(ORDERS) == 3


def test_a_search_starts_without_birthplace_and_first_given_name() -> None:
    assert set(as_typed(ZOE)) == {"nom_naissance", "prenoms_naissance", "sexe", "date_naissance"}
    assert "sexe" not in changed(ZOE, sexe=None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(Answer(error="identity.unknown"), "refusé", id="an-error"),
        pytest.param(Answer(None), "forme", id="nothing"),
        pytest.param(Answer([]), "forme", id="a-list"),
        *(
            pytest.param(Answer({name: value for name, value in WHOLE.items() if name != missing}), "forme", id=missing)
            for missing in WHOLE
        ),
        pytest.param(Answer(WHOLE | {"attributes": None}), "forme", id="attributes-null"),
        pytest.param(Answer(WHOLE | {"divergences": [{}]}), "forme", id="divergence-without-trait"),
    ],
)
def test_an_answer_that_has_not_its_form_fails_the_check(answer: Answer, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        Standing.of(answer, "essai")


@pytest.mark.parametrize(
    ("more", "read"),
    [
        pytest.param({}, (None, frozenset(), False), id="nothing-more"),
        pytest.param({"notices": []}, (None, frozenset(), False), id="nothing-told"),
        pytest.param(
            {"asking": "ask", "divergences": [{"trait": "sexe", "reason": "differs"}], "notices": [{"code": "a.b"}]},
            ("ask", frozenset({"sexe"}), True),
            id="everything",
        ),
    ],
)
def test_what_only_some_targets_tell_may_be_left_out(more: dict[str, Any], read: tuple[Any, ...]) -> None:
    found = Standing.of(Answer(WHOLE | more), "essai")

    assert (found.asking, found.differing, found.told) == read


def test_a_request_that_went_through_is_no_refusal() -> None:
    expect_refused(Answer(error="identity.unknown"), "essai")
    with pytest.raises(CheckFailed, match="essai : accepté"):
        expect_refused(Answer(WHOLE), "essai")


@pytest.mark.parametrize("changed_code", [*MUTANTS, *VARIANTS], ids=lambda one: one.id)
def test_a_mutant_fits_the_code_and_the_changed_code_compiles(changed_code: Mutant | Variant, tmp_path: Any) -> None:
    if not changed_code.changes:
        assert changed_code.settings
        return
    site = grafted(changed_code.changes, tmp_path / "site")
    for change in changed_code.changes:
        path = site / change.package / change.file
        assert compile(path.read_text("utf-8"), str(path), "exec")
