"""Failures of the card in one reader, told with that reader: a host prefers them to those of a driver as a whole."""

from typing import Any

from segur_sdk.errors import CardError


def failure_at(slot: str, failure: CardError) -> CardError:
    """Return a failure with the reader in whose card it was met."""
    facts: dict[str, Any] = {**failure.facts, "slot": slot}
    return CardError(failure.code, retryable=failure.retryable, **facts)
