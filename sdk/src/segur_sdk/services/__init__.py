"""Services: questions to a national service, read only. One request, one context, one answer."""

from collections.abc import Mapping
from typing import Final

from segur_sdk.services.ins_lookup import InsLookup
from segur_sdk.services.session_provider import AuthoritySessions, SessionProvider

SERVICES: Final[Mapping[str, type]] = {
    "AuthoritySessions": AuthoritySessions,
    "InsLookup": InsLookup,
    "SessionProvider": SessionProvider,
}
"""Every service protocol by the name that manifests use."""

__all__ = ["SERVICES", "AuthoritySessions", "InsLookup", "SessionProvider"]
