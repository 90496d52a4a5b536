"""What the platform remembers, in `DIR/igc/ordering.json`, and what follows from it at a given instant."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from segur_sandbox.igc.ordering.forms import Change, Habilitation, NewOrder
from segur_sandbox.private_files import make_private_folder, write_private

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_SATURDAY = 5
OrderState = Literal["requested", "available", "withdrawn", "revoked", "expired", "abandoned"]


class FiledForm(BaseModel):
    """A form with its case number; it takes effect at `valid_at`."""

    model_config = _FROZEN

    case: str
    form: Habilitation | Change
    filed_at: datetime
    valid_at: datetime

    def state(self, now: datetime) -> Literal["pending", "validated"]:
        """Return where the form stands."""
        return "validated" if now >= self.valid_at else "pending"


class Order(BaseModel):
    """An order, and the certificate once it is withdrawn.

    Attributes:
        key: Name of the requested key, `None` when the platform makes it.
        code_salt: With `code_seal`, the revocation code, sealed.
        replaced_by: The order that began this one again.
    """

    model_config = _FROZEN

    number: str
    administrator: str
    asked: NewOrder
    key: str | None
    ordered_at: datetime
    available_at: datetime
    withdrawn_at: datetime | None = None
    certificate: str | None = None
    serial: str | None = None
    not_after: datetime | None = None
    code_salt: str = ""
    code_seal: str = ""
    revoked_at: datetime | None = None
    replaced_by: str | None = None

    def state(self, now: datetime) -> OrderState:
        """Return where the order stands."""
        if self.revoked_at is not None:
            return "revoked"
        if self.withdrawn_at is None:
            if self.replaced_by is not None:
                return "abandoned"
            return "available" if now >= self.available_at else "requested"
        return "expired" if self.not_after is not None and now > self.not_after else "withdrawn"


class Memory(BaseModel):
    """Everything that outlives the process."""

    model_config = _FROZEN

    forms: tuple[FiledForm, ...] = ()
    orders: tuple[Order, ...] = ()
    cards: dict[str, str] = {}

    def save(self, path: Path) -> None:
        """Write everything in one step."""
        make_private_folder(path.parent)
        write_private(path, self.model_dump_json(indent=2).encode("utf-8"))


def load_memory(path: Path) -> Memory:
    """Read what was saved, or begin anew."""
    return Memory.model_validate_json(path.read_bytes()) if path.exists() else Memory()


def after_working_days(begin: datetime, days: int) -> datetime:
    """Return the same time of day `days` working days later; public holidays count as working days."""
    moment = begin
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() < _SATURDAY:
            days -= 1
    return moment
