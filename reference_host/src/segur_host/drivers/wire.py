"""What the host and the child of a driver say to each other: JSON values, bytes as hexadecimal, failures as tables."""

from collections.abc import Sequence
from typing import Any, Final

from segur_sdk.cards.channel import Step
from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.base import Value

TRACE: Final = "segur.apdu"
"""Logger of exchanges with cards, masked by whoever writes to it, in the child as in the host."""
TRACE_LEVEL: Final = 5
"""Below ``DEBUG``."""


def to_wire(value: Any) -> Any:
    """Return a value as JSON's types can carry it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return [to_wire(one) for one in value]
    if isinstance(value, Value):
        return value.model_dump(mode="json")
    return value


def from_wire(value: Any) -> Any:
    """Return bytes for what carries them, and any other value as it came.

    Raises:
        ValueError, TypeError: it claims to carry bytes, and does not.
    """
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and set(value) == {"hex"} else value


def row_to_wire(steps: Sequence[Step]) -> list[Any]:
    """Return commands that go to a card in a row as JSON's types can carry them."""
    return [[to_wire(step.command), step.then, step.reads_on] for step in steps]


def row_from_wire(row: Any) -> list[Step]:
    """Return the commands that were carried."""
    return [Step(from_wire(command), then, reads_on) for command, then, reads_on in row]


def failure_to_wire(failure: SegurError) -> dict[str, Any]:
    """Return what a failure says as JSON's types can carry it."""
    return {"code": failure.code, "retryable": failure.retryable, "facts": dict(failure.facts)}


def failure_from_wire(told: dict[str, Any]) -> CardError:
    """Return the failure that was carried.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    return CardError(told["code"], retryable=told["retryable"], **told["facts"])
