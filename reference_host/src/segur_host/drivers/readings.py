"""A driver of an official reading component, in a child process of its own."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from segur_host.drivers.process import DriverProcess
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError

READING_S: Final = 8.0
"""How long a component may take for a card; less than the hook that asks for it."""


class ReadingsInChild:
    """A ``ReadingSource`` driver in a child process, started when a card is first read with it.

    Args:
        entry: ``module:Class``.
        settings: its keyword arguments.
    """

    def __init__(self, entry: str, settings: Mapping[str, Any]) -> None:
        self._process = DriverProcess(entry, settings)

    def read(self, slot: str, timeout: float) -> OfficialReading:
        """Have the card in a reader read."""
        found = self._process.call("read", slot, timeout=min(READING_S, timeout))
        with suppress(ValidationError):
            return OfficialReading.model_validate_json(json.dumps(found))
        # Outside the block that read it: an error would keep what was read as its context.
        raise CardError("card.official_api_failed", reason="answer")

    def close(self) -> None:
        """End the child."""
        self._process.close()
