"""Settings of the driver."""

from pydantic import Field

from segur_sdk.context import PluginSettings


class PcscSettings(PluginSettings):
    """Where the PC/SC service is, and how its readers are used."""

    socket: str = Field(default="", max_length=107)
    """Socket of pcsc-lite's daemon (``PCSCLITE_CSOCK_NAME``); empty for the system's own. Other systems have none."""
    ignore: tuple[str, ...] = ()
    """Names of readers left to others, exactly as the system shows them (``pcsc_scan``)."""
    shared: bool = True
    """Use a card within a transaction when another program is connected to it too; otherwise it is in use."""
    wait_s: float = Field(default=2.0, gt=0, le=4.0)
    """How long to wait for the end of another program's transaction before a card is said to be in use."""
