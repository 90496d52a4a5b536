"""``on_prescription_scanned``: a code that is a prescription was scanned."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.base import Event, Value
from segur_sdk.privacy import Patient


class ScanOrigin(StrEnum):
    """Where a code comes from."""

    KEYBOARD_WEDGE = "keyboard_wedge"
    CAMERA = "camera"
    FILE = "file"
    TYPED = "typed"


class ScannedCode(Event):
    """A code, decoded but not understood: its text is passed on byte for byte."""

    symbology: str = Field(min_length=1, max_length=40)
    """``qr``, ``datamatrix``, or ``text`` when the reader does not say."""
    payload: Patient[str] = Field(min_length=1, max_length=8192)
    origin: ScanOrigin


class ScannedPrescription(Value):
    """A prescription found behind a code."""

    number: Patient[str] = Field(min_length=1, max_length=64)
    """Number of the prescription in the national base, as the plugin read it."""


class OnPrescriptionScanned:
    """Specification of ``on_prescription_scanned``."""

    @hookspec
    def on_prescription_scanned(self, event: ScannedCode, ctx: HookContext) -> ScannedPrescription | None:
        """Read the prescription that a scanned code designates.

        When: after a code was claimed, with certainty or by the operator, as a prescription.

        When not: to find out what a code is: nothing is sent to a service for that.

        Args:
            event: the decoded text, unchanged.
            ctx: context of this plugin.

        Returns:
            The prescription; ``None`` when the code is not one this plugin knows.

        Stop rule: first value wins; an error stops (``first``).

        Failure: the operator is told and the counter goes on with paper.

        Source: S000-44, S000-54, SC.ePresc.03.
        """


ON_PRESCRIPTION_SCANNED: Final = HookInfo(
    name="on_prescription_scanned",
    version="1.0",
    mode=HookMode.FIRST,
    deadline_s=10,
    stability=Stability.EXPERIMENTAL,
    requirements=("S000-44", "SC.ePresc.03"),
    event=ScannedCode,
    result=ScannedPrescription,
)
