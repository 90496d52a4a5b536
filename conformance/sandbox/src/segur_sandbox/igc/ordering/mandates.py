"""Who may order what for whom, by the forms filed so far."""

from datetime import datetime
from typing import Any

from segur_sandbox.igc.ordering.catalogue import ADMINISTRATORS, EDITORS, STRUCTURES, Administrator, Structure
from segur_sandbox.igc.ordering.forms import USAGES, Change, Habilitation, NewOrder
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError
from segur_sandbox.igc.ordering.state import FiledForm, Order


class Mandates:
    """What the forms allow at an instant.

    Args:
        forms: Every form filed.
        now: The instant.
    """

    def __init__(self, forms: tuple[FiledForm, ...], now: datetime) -> None:
        self._forms = forms
        self._now = now

    def of(self, structure: str) -> list[FiledForm]:
        """Return the habilitations filed for a structure."""
        return [one for one in self._forms if isinstance(one.form, Habilitation) and one.form.structure == structure]

    def held_by(self, administrator: str, structure: str) -> list[FiledForm]:
        """Return the habilitations of a structure that somebody has now, validated or not."""
        return [one for one in self.of(structure) if self._holder(one) == administrator]

    def keeper(self, order: Order) -> str:
        """Return who looks after an order now: who made it, or whoever took over from him."""
        holders = [self._holder(one) for one in self.of(order.asked.structure)]
        return order.administrator if order.administrator in holders or not holders else holders[-1]

    def structures_of(self, administrator: str) -> list[dict[str, Any]]:
        """Return the structures for which somebody may order, with the boxes ticked."""
        boxes: dict[str, set[str]] = {}
        for filed in self._forms:
            form = filed.form
            if isinstance(form, Habilitation) and self._holder(filed) == administrator and filed.valid_at <= self._now:
                boxes.setdefault(form.structure, set()).update(form.boxes)
        return [
            {"structure": unit, "name": STRUCTURES[unit].name, "boxes": sorted(ticked)}
            for unit, ticked in boxes.items()
        ]

    def check(self, administrator: str, asked: NewOrder) -> None:
        """Refuse an order that no validated form allows.

        Raises:
            PlatformRefusedError: `usage_unknown`, `structure_not_habilitated`, `habilitation_pending` or
                `box_not_ticked`.
        """
        box = USAGES.get((asked.offer, asked.usage))
        if box is None:
            raise PlatformRefusedError("usage_unknown")
        mandates = self.held_by(administrator, asked.structure)
        if not mandates:
            raise PlatformRefusedError("structure_not_habilitated")
        validated = [one for one in mandates if one.valid_at <= self._now]
        if not validated:
            raise PlatformRefusedError("habilitation_pending")
        if not any(isinstance(one.form, Habilitation) and box in one.form.boxes for one in validated):
            raise PlatformRefusedError("box_not_ticked")

    def _holder(self, filed: FiledForm) -> str:
        """Return who has a habilitation now, changes of administrator included."""
        form = filed.form
        holder = form.administrator if isinstance(form, Habilitation) else form.arriving
        for other in self._forms:
            change = other.form
            if (
                isinstance(change, Change)
                and change.structure == form.structure
                and change.leaving == holder
                and filed.filed_at <= other.filed_at
                and other.valid_at <= self._now
            ):
                holder = change.arriving
        return holder


def check_delegation(administrator: Administrator, editor: str | None) -> None:
    """Refuse an administrator who is not of the editor to whom a structure delegates, or of an editor without that.

    Raises:
        PlatformRefusedError: `editor_unknown`, `editor_without_contract`, `delegation_missing` or
            `administrator_of_another`.
    """
    if editor is not None and editor not in EDITORS:
        raise PlatformRefusedError("editor_unknown")
    if editor is not None and not EDITORS[editor]:
        raise PlatformRefusedError("editor_without_contract")
    if administrator.editor != editor:
        raise PlatformRefusedError("delegation_missing" if editor is None else "administrator_of_another")


def check_prerequisites(structure: Structure) -> None:
    """Refuse a structure that is not ready to order.

    Raises:
        PlatformRefusedError: `finess_juridique`, `contract_missing`, `contract_older_than_finess` or
            `director_without_card`.
    """
    if structure.juridique:
        raise PlatformRefusedError("finess_juridique")
    if structure.contract is None:
        raise PlatformRefusedError("contract_missing")
    if structure.contract < structure.since:
        raise PlatformRefusedError("contract_older_than_finess")
    if not structure.director_card:
        raise PlatformRefusedError("director_without_card")


def structure_of(unit: str) -> Structure:
    """Return a structure by its type digit and identifier.

    Raises:
        PlatformRefusedError: `structure_unknown`.
    """
    if unit not in STRUCTURES:
        raise PlatformRefusedError("structure_unknown")
    return STRUCTURES[unit]


def administrator_of(name: str) -> Administrator:
    """Return an administrator by name.

    Raises:
        PlatformRefusedError: `administrator_unknown`.
    """
    for one in ADMINISTRATORS:
        if one.name == name:
            return one
    raise PlatformRefusedError("administrator_unknown")
