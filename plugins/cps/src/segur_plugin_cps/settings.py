"""Settings of the plugin: what no public document settles."""

from typing import Literal

from pydantic import Field

from segur_sdk import PluginSettings


class CpsSettings(PluginSettings):
    """One table ``[plugins.cps.settings]`` of the host's configuration."""

    encoding: Literal["auto", "iso-8859-1", "utf-8"] = Field(
        default="auto",
        description="Encoding of texts in the card's data objects. UNVERIFIED: published samples are ASCII, the "
        "dictionary of the ANS is ISO 8859-1. 'auto': UTF-8 when the bytes are valid UTF-8, ISO 8859-1 otherwise.",
    )
    trust: str = Field(
        default="igc-sante-fort",
        pattern=r"^[a-z][a-z0-9_\-]{0,39}$",
        description="Name, in the host's [trust] table, of the anchors to which the authentication certificate of a "
        "card must lead: AC RACINE IGC-SANTE FORT and AC IGC-SANTE FORT PERSONNES of the installation's world.",
    )
