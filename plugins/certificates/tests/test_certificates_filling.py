"""What an action lacks is asked, field by field; where nobody can be asked, it is named."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.made_orders import INSI
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.filling import _MODELS, _Form, _plain
from segur_plugin_certificates.leading import BY_INSTALLING
from segur_plugin_certificates.ordering.machine import begin
from segur_plugin_certificates.ordering.people import Doer
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment
from segur_sdk.models.notice import Notice, Question

ANSWERS = {
    "on": "2021-05-03",
    "card": "held",
    "structure.name": "PHARMACIE DU CENTRE",
    "structure.department": "Haute-Corse (2B)",
    "structure.type": "1",
    "structure.number": "0B0152872",
    "structure.finess_nature": "geographique",
    "structure.attributed_on": "2015-01-05",
    "doer": "editor",
    "delegated_on": "2026-01-05",
    "administrator.name": "CAROLE PHARMACH",
    "administrator.mail": "certificats@pharmacie.invalid",
    "administrator.card": "CPA",
    "administrator.card_active": "oui",
    "administrator.editor_contract": "oui",
    "channel": "online",
    "signatory.name": "CAROLE PHARMACH",
    "signatory.box": "responsable",
    "signatory.mail": "certificats@pharmacie.invalid",
}
PREPARING = (
    "contract_signed",
    "director_card",
    "structure_named",
    "doer_chosen",
    "administrator_named",
    "form_chosen",
    "signatory_named",
)


@attrs.define
class Attended(Context):
    """Somebody sits there, or nobody does."""

    answers: Mapping[str, str] | None = None
    asked: list[str] = attrs.field(factory=list)
    shown: list[Notice] = attrs.field(factory=list)

    def ask(self, question: Question, /) -> str:
        if self.answers is None:
            raise InputError("input.nobody_to_ask", question=question.code)
        name = question.code.removeprefix("certificates.order.")
        self.asked.append(name)
        return self.answers[name]

    def show(self, notice: Notice, /) -> None:
        self.shown.append(notice)


@pytest.mark.req("S003-08")
def test_whoever_sits_there_is_asked_for_every_field_once() -> None:
    attended = Attended(answers=ANSWERS)
    attended.order()
    for kind in PREPARING:
        told = attended.does(kind)
    assert (told.step, attended.asked) == (7, list(ANSWERS))
    assert {field.value for field in told.form} >= {"PHARMACIE DU CENTRE", "0B0152872", "Responsable légal"}


def test_what_was_given_is_not_asked_and_what_does_not_apply_neither() -> None:
    attended = Attended(answers={**ANSWERS, "structure.type": "3", "structure.number": "41930067800069"})
    attended.order()
    attended.does("structure_named", structure={"name": "CABINET", "department": "Paris (75)"})
    attended.does("doer_chosen", doer="structure")
    attended.does("administrator_named", administrator={"name": "A", "mail": "a@b.invalid", "card": "CPE"})
    assert attended.asked == ["structure.type", "structure.number", "administrator.card_active"]


@pytest.mark.parametrize(
    ("kind", "given", "named"),
    [
        ("contract_signed", {}, "on"),
        ("signatory_named", {"signatory": {"box": "responsable"}}, "signatory.name, signatory.mail"),
        ("doer_chosen", {"doer": "editor"}, "delegated_on"),
    ],
    ids=["all", "part", "optional otherwise"],
)
def test_where_nobody_can_be_asked_the_fields_are_named(kind: str, given: dict[str, Any], named: str) -> None:
    alone = Attended()
    alone.order()
    alone.does("structure_named", structure={"type": "3", "number": "41930067800069", "name": "A", "department": "B"})
    shown = len(alone.shown)
    if kind == "doer_chosen":
        alone.does(kind, **given)
    else:
        assert code_of(lambda: alone.does(kind, **given)) == "order_action"
    (notice,) = alone.shown[shown:]
    assert (notice.code, notice.text) == ("certificates.order_fields", f"Il manque à cette action : {named}.")


@pytest.mark.parametrize("given", [{"kind": "confirmed"}, {"kind": "form_sent"}, {"kind": 7}, {"kind": "elsewhere"}])
def test_nothing_is_asked_of_an_action_that_is_not_taken_now(given: dict[str, Any]) -> None:
    attended = Attended(answers={})
    attended.order()
    assert code_of(lambda: attended.order(action=given)).startswith("order_")
    assert attended.asked == []


def fields(model: type[BaseModel], above: str = "") -> list[str]:
    """Return the names of the fields that a person may give."""
    found = []
    for name, field in model.model_fields.items():
        kind = _plain(field.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += fields(kind, f"{above}{name}.")
        elif field.is_required():
            found.append(f"{above}{name}")
    return found


BY_THE_HOST = {"revocation_code": "sealed:code"}
"""What the plugin adds itself."""


@pytest.mark.parametrize("kind", sorted(set(_MODELS) - BY_INSTALLING))
def test_every_field_has_a_question_of_its_own(kind: str) -> None:
    asked: list[Question] = []

    def note(question: Question) -> str:
        asked.append(question)
        return question.choices[0].value if question.choices else "x"

    given = {"kind": kind, **BY_THE_HOST}
    state = begin(INSI, Environment.TEST).model_copy(update={"doer": Doer.EDITOR})
    form = _Form(kind, state, note)
    form.filled(_MODELS[kind], given)
    assert set(fields(_MODELS[kind])) <= {*form.asked, *BY_THE_HOST}
    assert len({one.text for one in asked}) == len(asked)
