"""Services: questions to a national service, read only. One request, one context, one answer."""

from collections.abc import Mapping
from typing import Final

from segur_sdk.services.ins_lookup import InsLookup

SERVICES: Final[Mapping[str, type]] = {"InsLookup": InsLookup}
"""Every service protocol by the name that manifests use."""

__all__ = ["SERVICES", "InsLookup"]
