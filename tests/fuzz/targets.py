"""The parsers of cards, each as one function of bytes. What a function asserts holds for any input."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.fuzz import targets_cps, targets_pkcs11, targets_sdk, targets_vitale
from tests.fuzz.oracle import Parse

TARGETS: Final[Mapping[str, Parse]] = MappingProxyType(
    targets_sdk.TARGETS | targets_pkcs11.TARGETS | targets_cps.TARGETS | targets_vitale.TARGETS
)
"""By name: package, then parser."""
