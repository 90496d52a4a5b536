"""What the stories speak of."""

from collections.abc import Callable
from typing import Any

from segur_sdk.models.identity import Traits

Person = Callable[..., Traits]
Calls = Callable[[], list[dict[str, Any]]]
FIVE = ("nom_naissance", "premier_prenom", "sexe", "date_naissance", "lieu_naissance")


def ref(found: Any) -> str:
    assert found.identity is not None
    return str(found.identity.identity_ref)
