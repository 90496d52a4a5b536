"""Structure identifiers as the ``OU`` of an IGC-Santé certificate bears them: a type digit, then the identifier."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from segur_sdk.errors import InputError
from segur_sdk.identifiers import finess, rpps, siren


class StructureIdType(StrEnum):
    """Type digits that are known; ``2`` (SIREN) is unverified in certificates and refused like any other."""

    FINESS = "1"
    SIRET = "3"
    RPPS_RANG = "4"


@attrs.frozen
class StructureId:
    """A structure identifier and its type."""

    type: StructureIdType
    value: str

    def __str__(self) -> str:
        return self.type + self.value


_PARSERS: Final[Mapping[StructureIdType, Callable[[str], str]]] = MappingProxyType(
    {
        StructureIdType.FINESS: finess.parse,
        StructureIdType.SIRET: siren.parse_siret,
        StructureIdType.RPPS_RANG: lambda text: str(rpps.parse_rang(text)),
    }
)


def parse(text: str) -> StructureId:
    """Return type and identifier of an ``OU`` such as ``10B0152872``.

    Raises:
        InputError: ``input.structure_type`` for an unknown type digit, or the error of the identifier itself.
    """
    value = text.strip()
    try:
        kind = StructureIdType(value[:1])
    except ValueError:
        raise InputError("input.structure_type") from None
    return StructureId(kind, _PARSERS[kind](value[1:]))
