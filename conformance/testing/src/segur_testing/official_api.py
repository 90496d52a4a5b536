"""Stands for the official reading component: an adapter to what the sandbox says that it would read."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from segur_sandbox.control_client import ControlError, call_control
from segur_sandbox.descriptor import read_descriptor
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError


class SandboxReadingApi:
    """An adapter for ``official_adapter`` of the plugin ``vitale``: ``segur_testing.official_api:SandboxReadingApi``.

    Args:
        sandbox: path of ``sandbox.json``, or of the folder that holds it.
    """

    def __init__(self, sandbox: str) -> None:
        self._descriptor: Final = read_descriptor(Path(sandbox))

    def read(self, slot: str) -> OfficialReading:
        """Read the card in a reader of the sandbox.

        Raises:
            CardError: ``card.official_api_failed``: no such reader, or no carte Vitale in it.
        """
        try:
            found = call_control(self._descriptor, "GET", f"/cards/reading?reader={quote(slot)}")
        except ControlError:
            raise CardError("card.official_api_failed", slot=slot, reason="sandbox") from None
        return OfficialReading(
            component=found["component"],
            nature=found["nature"],
            serial=found["serial"],
            document=found["document"].encode("utf-8"),
        )
