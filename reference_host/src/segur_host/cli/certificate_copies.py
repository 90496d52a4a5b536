"""The same key in two installations: each of them sees its own only, whoever names both sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from segur_sdk.errors import sdk_catalogue
from segur_sdk.services.structure_certificates import CertificateStatus

CODE: Final = "config.key_twice"
_Places = dict[str, list[tuple[str, str]]]


def tell_copies(structures: Sequence[Mapping[str, Any]], installations: Sequence[str]) -> None:
    """Add to each certificate whose key another installation holds too that it is not to be used.

    Args:
        structures: with their certificates, each with its ``public_key``, which is taken out.
        installations: of each structure, what tells its installation from the others.
    """
    places: _Places = {}
    for one, installation in zip(structures, installations, strict=True):
        for row in one["certificates"]:
            places.setdefault(row["public_key"], []).append((installation, f"{row['id']} ({one['configuration']})"))
    for one, installation in zip(structures, installations, strict=True):
        for row in one["certificates"]:
            public_key = row.pop("public_key")
            others = [told for place, told in places[public_key] if place != installation]
            if public_key is not None and others:
                row["status"] = str(CertificateStatus.BLOCKED)
                row["findings"].append(_finding(others))


def _finding(others: Sequence[str]) -> dict[str, Any]:
    text = sdk_catalogue()[CODE]
    return {
        "code": CODE,
        "severity": str(CertificateStatus.BLOCKED),
        "message": f"{text.message.rstrip('.')} : aussi pour {', '.join(others)}.",
        "action": text.action,
    }
