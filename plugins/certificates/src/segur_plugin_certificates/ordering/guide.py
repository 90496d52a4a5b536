"""What the assistant says: the step, what to do, what is missing, what may be done, and what to wait for."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import Field

from segur_plugin_certificates.ordering.machine import possible
from segur_plugin_certificates.ordering.people import SignatoryBox
from segur_plugin_certificates.ordering.products import BOX_WORDING, names_offered
from segur_plugin_certificates.ordering.state import OrderState
from segur_plugin_certificates.ordering.steps import Step, current_step, lacks
from segur_plugin_certificates.ordering.working_days import after_working_days
from segur_sdk.models.base import Value

HABILITATION_DAYS: Final = 3
"""Working days that the agency announces between a form and its habilitation."""
_SIGNATORIES: Final = {
    SignatoryBox.RESPONSABLE: "Responsable légal",
    SignatoryBox.MANDATAIRE: "Mandataire",
    SignatoryBox.TITULAIRE: "Titulaire du cabinet",
}


class Lacking(Value):
    """Something that is missing."""

    code: str
    text: str


class Advice(Value):
    """What to show to the administrator."""

    step: int | None
    """1 to 11; ``None`` when the certificate is in service."""
    title: str
    to_do: tuple[str, ...]
    missing: tuple[Lacking, ...]
    possible: tuple[str, ...]
    """Kinds of action that are accepted now."""
    names: tuple[str, ...] = ()
    """Names that the service prescribes, to choose from; none: it is typed freely."""
    expected_on: date | None = None
    """Day by which the habilitation should have come."""
    late: bool = False
    """Whether that day is over: the agency is to be reminded, with the case number."""


class FormField(Value):
    """A field of the form F413."""

    part: str
    label: str
    value: str = Field(repr=False)


def advise(state: OrderState, today: date) -> Advice:
    """Return what to do next.

    Args:
        state: of the order.
        today: at the workplace.
    """
    step = current_step(state)
    texts = _texts()["steps"]["done" if step is None else str(int(step))]
    lacking = () if step is None else lacks(state, step)
    expected = expected_on(state)
    return Advice(
        step=None if step is None else int(step),
        title=texts["title"],
        to_do=tuple(texts["to_do"]),
        missing=tuple(Lacking(code=code, text=_texts()["missing"][code]) for code in lacking),
        possible=possible(state),
        names=names_offered(state.product.service) if step is Step.REQUEST else (),
        expected_on=expected,
        late=expected is not None and today > expected,
    )


def expected_on(state: OrderState) -> date | None:
    """Return the day by which a habilitation that is awaited should come: three working days after the form."""
    if state.sent_on is None or state.granted_on is not None:
        return None
    return after_working_days(state.sent_on, HABILITATION_DAYS)


def form_fields(state: OrderState) -> tuple[FormField, ...]:
    """Return what to write in the form F413, as far as it is known, and which boxes to tick."""
    found: list[FormField] = []
    structure, signatory = state.structure, state.signatory
    if structure is not None:
        found += [
            FormField(part="3.1", label="Raison sociale", value=structure.name),
            FormField(part="3.1", label=f"Identifiant ({_TYPES[structure.type]})", value=structure.number),
            FormField(part="3.1", label="Département", value=structure.department),
        ]
    if signatory is not None:
        found += [
            FormField(part="3.2", label="Case à cocher", value=_SIGNATORIES[signatory.box]),
            FormField(part="3.2", label="Nom", value=signatory.name),
            FormField(part="3.2", label="Adresse de messagerie (générique de préférence)", value=signatory.mail),
        ]
    if state.administrator is not None:
        found += [
            FormField(part="4", label="Administrateur technique", value=state.administrator.name),
            FormField(part="4", label="Adresse de l’administrateur technique", value=state.administrator.mail),
        ]
    found.append(FormField(part="4.3", label="Case à cocher", value=BOX_WORDING[state.product.box]))
    return tuple(found)


_TYPES: Final = {"1": "FINESS géographique", "3": "SIRET", "4": "RPPS-rang"}


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads((files("segur_plugin_certificates.ordering") / "ordering_fr.toml").read_text("utf-8"))
