"""Services: what one plugin offers to the host and to others. One request, one context, one answer."""

from collections.abc import Mapping
from typing import Final

from segur_sdk.services.ins_lookup import InsLookup
from segur_sdk.services.session_provider import AuthoritySessions, SessionProvider
from segur_sdk.services.structure_certificates import StructureCertificates

SERVICES: Final[Mapping[str, type]] = {
    "AuthoritySessions": AuthoritySessions,
    "InsLookup": InsLookup,
    "SessionProvider": SessionProvider,
    "StructureCertificates": StructureCertificates,
}
"""Every service protocol by the name that manifests use."""

__all__ = ["SERVICES", "AuthoritySessions", "InsLookup", "SessionProvider", "StructureCertificates"]
