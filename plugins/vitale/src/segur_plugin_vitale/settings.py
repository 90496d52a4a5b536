"""Settings of the plugin.

The raw files of a carte Vitale have no public specification. What could not be verified on a real card is a
setting here; its default is a stated assumption, never a claim.
"""

from typing import Literal

from pydantic import Field

from segur_sdk import PluginSettings


class VitaleSettings(PluginSettings):
    """One table ``[plugins.vitale.settings]`` of the host's configuration."""

    reading: Literal["apdu", "official"] = Field(
        default="apdu",
        description="How a card in a reader is read: its files, by APDU; or by the official component, through "
        "``official_adapter``.",
    )
    official_adapter: str = Field(
        default="",
        pattern=r"^(?:[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*)?$",
        description="Class of the adapter to the API de lecture Vitale, ``module:Class``, for those who hold its "
        "licence. It runs in a process of its own.",
    )
    official_options: dict[str, str] = Field(
        default_factory=dict, description="Keyword arguments of that class, for example where the library is."
    )
    encoding: Literal["iso-8859-1", "iso-8859-15", "utf-8"] = Field(
        default="iso-8859-1",
        description="Encoding of names. UNVERIFIED: Latin-1 is what public readers of real cards assume.",
    )
    nature_object: str = Field(
        default="66/C1",
        pattern=r"^(?:66/(?:[0-9A-F]{2}){1,3})?$",
        description="Object of the identity file that holds R, T or D. UNVERIFIED, ours: no public source places the "
        "nature of a card in its files. Empty: none, and the nature of every card stays unknown.",
    )
    rank_object: str = Field(
        default="65/C2",
        pattern=r"^(?:65/(?:[0-9A-F]{2}){1,3})?$",
        description="Object of a beneficiary that holds the rang gémellaire, one digit. UNVERIFIED, ours: publicly "
        "known objects hold none. Absent from the card, or empty here: rank 1.",
    )
    serial_file: str = Field(
        default="2F02",
        pattern=r"^(?:[0-9A-F]{4})?$",
        description="Identifier of the file under the MF that holds the serial number as 1 to 12 printable digits. "
        "UNVERIFIED, ours: public readers name the file (PAN), not its content. Empty: no serial number is read.",
    )
    tries: int = Field(
        default=4,
        ge=1,
        le=10,
        description="How often a card is read before giving up; public readers of real cards retry up to 4 times.",
    )
