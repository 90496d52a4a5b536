"""Settings of the plugin: the table ``[plugins.dmp.settings]`` of a host's configuration.

What no public source settles is a setting here, its default being what the published examples do; see ``UNVERIFIED``.
"""

from typing import Literal

from pydantic import Field, SecretStr

from segur_sdk.context import PluginSettings
from segur_sdk.models.document import OidText


class DmpSettings(PluginSettings):
    """What a site may change."""

    mode: Literal["by_session", "indirect", "indirect_renforcee"] = "by_session"
    """By whom feeding is authenticated. ``by_session``: by the professional's card (*directe*) when it opened the
    session, by the structure's certificates (*indirecte*) otherwise. ``indirect``: always by the structure's; refused
    in a session by card, whose card would sign. ``indirect_renforcee``: the DMP refuses feeding in that mode, and so
    does this plugin (``dmp.air_feeding``)."""
    approval_number: SecretStr | None = Field(default=None, min_length=1, max_length=100)
    """``LPS_ID_HOMOLOGATION_DMP``: the number of the software's DMP approval, which has to stay secret. Without it,
    the software's authorisation number is sent."""
    installation_oid: OidText | None = None
    """``sourceId`` of submission sets and sender of the test of existence; without it, ``2.25`` and the UUID of the
    installation (ISO 9834-8)."""
    id_root: OidText | None = Field(default=None, max_length=23)
    """Root of the OIDs given to documents and submission sets, to which a number of 128 bits is added; without it,
    ``2.25`` (ISO 9834-8)."""
    dmp_oid: OidText = "1.2.250.1.213.4.1.1.1"
    """The DMP as receiver of the test of existence, as published examples have it."""
    existence_test: Literal["each_attempt", "never"] = "each_attempt"
    """Whether the DMP is asked, before each document, if the person's record is open (TD0.2). UNVERIFIED whether it
    has to be: records exist by default, and a feeding into none is refused anyway."""
    vihf_version: str = Field(default="3.0", pattern=r"^[0-9]\.[0-9]$")
    """``VIHF_Version``. UNVERIFIED: the published examples say ``3.0``, a mapping of the ANS ``4.0``."""
    mode_attribute: Literal["Authentification_mode", "Authentification_Mode"] = "Authentification_mode"
    """UNVERIFIED: the examples write the first, the published sample code the second."""
    lot_digest: Literal["sha256", "sha1"] = "sha256"
    """Digests in the signature of a submission set. UNVERIFIED which one is wanted: the examples of 2019 have ``sha1``.
    The signature itself is RSA-SHA256: the host's keys make no other."""
    reference_query: Literal["get_documents", "find_documents"] = "get_documents"
    """By which stored query the technical identifier of a document is asked for (DMP_3.1b). UNVERIFIED."""
    reference_return: Literal["ObjectRef", "LeafClass"] = "ObjectRef"
    """What that query asks for: references, which everybody may have who fed the document, or metadata. UNVERIFIED
    which one the DMP wants of who may not read metadata."""
    masked_from_both: bool = False
    """*Parameter published by the DMP* ``cumul-invisible_patient-masque_ps``: a document may be kept from the patient
    and from professionals at once."""
    minors: bool = True
    """*Parameter published by the DMP* ``fonctions-gestion-mineurs``: a minor's document may be kept from his legal
    representatives."""
    age_of_majority: int = Field(default=18, ge=1, le=25)
    """*Parameter published by the DMP* ``age-majorite``: younger is minor."""
    max_message: int = Field(default=50_000_000, ge=1_000_000, le=100_000_000)
    """Bytes beyond which no message is sent. UNVERIFIED: the size at which published sample code stops."""
