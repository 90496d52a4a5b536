"""Scripted faults: what to break, for which service and operation, how many times, for how long."""

import time
from collections.abc import Callable
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segur_sandbox.dmp.variants import DMP_VARIANTS
from segur_sandbox.igc.variants import OPERATIONS as IGC_OPERATIONS
from segur_sandbox.psc.variants import OPERATIONS, REDIRECT_VARIANTS

FaultName = Literal[
    "refuse",
    "delay",
    "drip",
    "reset",
    "error5xx",
    "garbage",
    "truncated",
    "expired_certificate",
    "wrong_answer",
    "answer_lost",
]
_UNAVAILABLE = 503
_ERRORS = (500, 501, 502, 503, 504)
BEFORE_HTTP: frozenset[FaultName] = frozenset({"refuse", "expired_certificate"})
SUPPORTED: dict[str, frozenset[FaultName]] = {
    "insi": frozenset(get_args(FaultName)),
    "insi-ps": frozenset(get_args(FaultName)),
    "cards": frozenset({"refuse", "delay", "reset", "error5xx", "garbage", "truncated", "answer_lost"}),
    "psc": frozenset(get_args(FaultName)),
    "psc-login": frozenset(get_args(FaultName)),
    "psc-api": frozenset(get_args(FaultName)) - {"wrong_answer"},
    "igc": frozenset(get_args(FaultName)) - {"expired_certificate"},
    "igc-pfc": frozenset(get_args(FaultName)) - {"wrong_answer"},
    "dmp": frozenset(get_args(FaultName)),
}
VARIANTS: dict[str, tuple[str, ...]] = {
    "insi": (
        "other_person",
        "divergent_traits",
        "wrong_key",
        "nia",
        "with_prenom",
        "without_birthplace",
        "history_none",
        "history_one",
        "history_many",
        "history_cnda_order",
        "body_prefix_s",
        "body_prefix_soap",
        "none",
        "several",
        "insi_102",
        "desir_1020",
        "empty_body",
    ),
    "psc": tuple(OPERATIONS),
    "psc-login": REDIRECT_VARIANTS,
    "igc": tuple(IGC_OPERATIONS),
    "dmp": DMP_VARIANTS,
}
VARIANTS["insi-ps"] = VARIANTS["insi"]
_OPERATION_OF_VARIANT = {"psc": OPERATIONS, "igc": IGC_OPERATIONS}


class FaultOrder(BaseModel):
    """The body of `POST /faults`.

    Attributes:
        service: One of `SUPPORTED`.
        fault: What to break.
        operation: Only this operation, of which what follows a colon may be left out, or this reader (cards);
            every one when absent.
        count: How many requests, connections (`refuse`, `expired_certificate`) or APDUs (cards)
            it hits; without it the fault holds until `DELETE /faults`.
        seconds: For `delay` and `drip`, how long the answer takes (3 by default);
            for the others, the fault ends by itself after that many seconds.
        variant: For `wrong_answer` only: which wrong answer, the first of `VARIANTS` by default.
        after: For cards only: how many APDUs of a connection go through first.
        status: For `error5xx` only, cards aside: the HTTP status.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service: str
    fault: FaultName
    operation: str | None = None
    count: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0, le=3600)
    variant: str | None = None
    after: int = Field(default=0, ge=0)
    status: int = _UNAVAILABLE

    @model_validator(mode="after")
    def _applicable(self) -> Self:
        if self.service not in SUPPORTED:
            raise ValueError(f"unknown service, expected one of {', '.join(SUPPORTED)}")
        if self.fault not in SUPPORTED[self.service]:
            raise ValueError("this service cannot have this fault")
        if self.fault in BEFORE_HTTP and self.operation is not None and self.service != "cards":
            raise ValueError("this fault comes before any operation is known")
        if self.variant is not None and (self.fault != "wrong_answer" or self.variant not in VARIANTS[self.service]):
            raise ValueError("variant goes with wrong_answer and is one of the documented ones")
        if self.after and self.service != "cards":
            raise ValueError("after counts APDUs: cards only")
        if self.status != _UNAVAILABLE and (self.fault != "error5xx" or self.service == "cards"):
            raise ValueError("status goes with error5xx, cards aside")
        if self.status not in _ERRORS:
            raise ValueError(f"status is one of {', '.join(map(str, _ERRORS))}")
        return self

    def hits(self, operation: str | None) -> bool:
        """Tell whether the fault is for this operation."""
        wanted = self.operation or _OPERATION_OF_VARIANT.get(self.service, {}).get(self.variant or "")
        return wanted is None or (operation is not None and wanted in (operation, operation.partition(":")[0]))

    @property
    def duration(self) -> float:
        """Seconds that `delay` and `drip` take."""
        return self.seconds or 3.0


class _Armed:
    def __init__(self, order: FaultOrder) -> None:
        self.order = order
        self.left = order.count
        lasting = order.seconds is not None and order.fault not in ("delay", "drip")
        self.until = time.monotonic() + (order.seconds or 0) if lasting else None

    @property
    def spent(self) -> bool:
        return self.left == 0 or (self.until is not None and time.monotonic() >= self.until)


class FaultBoard:
    """The faults now armed, oldest first; each request takes at most one."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._listeners: list[Callable[[FaultOrder], None]] = []

    def on_armed(self, listener: Callable[[FaultOrder], None]) -> None:
        """Call `listener` with every order armed from now on."""
        self._listeners.append(listener)

    def arm(self, order: FaultOrder) -> None:
        """Put a fault in place."""
        self._armed.append(_Armed(order))
        for listener in self._listeners:
            listener(order)

    def take(
        self, service: str, names: frozenset[FaultName], operation: str | None = None, apdus: int = 0
    ) -> FaultOrder | None:
        """Use up one occurrence of the first armed fault that fits, and return its order.

        Args:
            service: The service being called.
            names: The faults that may apply at this point.
            operation: The operation or reader called, when known.
            apdus: For cards, how many APDUs the connection has already had.
        """
        self._armed = [armed for armed in self._armed if not armed.spent]
        for armed in self._armed:
            order = armed.order
            if order.service != service or order.fault not in names or apdus < order.after:
                continue
            if not order.hits(operation):
                continue
            if armed.left is not None:
                armed.left -= 1
            return order
        return None

    def clear(self) -> None:
        """Mend everything."""
        self._armed.clear()
