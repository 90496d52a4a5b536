"""An identity whose status cannot be forged: sealed by the host, checked at each of its doors.

The status leaves the engine as a record with an HMAC over identity, revision, traits, matricule, OID, status,
tenant and environment. In JSON it is only ``{"identity_ref": …}``, issued and resolved by a host. The guarded
constructor prevents accidents; the seal is the rule.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import date
from typing import Any, Final, Never, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Value
from segur_sdk.models.identity import IdentityAttribute, InsStatus, MatriculeIns, Sex, Traits

_MAKING: Final = object()
_UNSEALED: Final = "0" * 64
_WITH_INS: Final = frozenset({InsStatus.RECUPEREE, InsStatus.QUALIFIEE})

Resolver = Callable[[str], "SealedIdentity"]
"""Finds the current sealed identity of a reference; raises ``IdentityError`` when there is none."""


class SealedIdentity(Value):
    """An identity and its status as the host recorded them."""

    identity_ref: str = Field(min_length=1, max_length=64)
    revision: int = Field(ge=1)
    tenant: str
    environment: Environment
    status: InsStatus
    attributes: frozenset[IdentityAttribute] = frozenset()
    traits: Traits
    matricule: MatriculeIns | None = None
    """Present for *récupérée* and *qualifiée* only."""
    seal: str = Field(repr=False, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="wrap")
    @classmethod
    def _made_by_a_host(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        context = info.context if isinstance(info.context, dict) else {}
        if context.get("making") is _MAKING or isinstance(data, SealedIdentity):
            return handler(data)
        resolve = context.get("resolve_identity")
        if resolve is None or not isinstance(data, dict) or set(data) != {"identity_ref"}:
            raise ValueError("an identity comes from a host, by its identity_ref")
        return handler(resolve(str(data["identity_ref"])))

    @model_validator(mode="after")
    def _ins_goes_with_its_status(self) -> Self:
        if (self.matricule is not None) != (self.status in _WITH_INS):
            raise ValueError("an INS goes with récupérée and qualifiée, and only with them")
        return self

    @model_serializer
    def _only_its_reference(self) -> dict[str, str]:
        return {"identity_ref": self.identity_ref}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "object",
            "title": "SealedIdentity",
            "description": "An identity, by the reference that the host issued.",
            "properties": {"identity_ref": {"type": "string", "minLength": 1, "maxLength": 64}},
            "required": ["identity_ref"],
            "additionalProperties": False,
        }

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self

    def model_copy(self, **_: Any) -> Never:
        """Refuse: a changed copy would bear a seal that is not its own."""
        raise TypeError("a sealed identity is not copied; ask the host for its current revision")

    def __reduce__(self) -> Never:
        raise TypeError("a sealed identity is not pickled; it travels by its identity_ref")


class Sealer:
    """Seals identities with a key that only the host holds.

    Args:
        key: at least 32 random bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("a seal needs a key of 32 bytes")
        self._key = key

    def seal(
        self,
        *,
        identity_ref: str,
        revision: int,
        tenant: str,
        environment: Environment,
        status: InsStatus,
        attributes: frozenset[IdentityAttribute],
        traits: Traits,
        matricule: MatriculeIns | None,
    ) -> SealedIdentity:
        """Return the sealed record of one revision of one identity.

        Raises:
            ValidationError: status and matricule do not go together, or a field has not its form.
            TypeError: a value is of a derived type.
        """
        record: dict[str, Any] = {
            "identity_ref": identity_ref,
            "revision": revision,
            "tenant": tenant,
            "environment": environment,
            "status": status,
            "attributes": attributes,
            "traits": traits,
            "matricule": matricule,
        }
        # What is sealed is what validation left: a text given for a status has become the status by then.
        unsealed = SealedIdentity.model_validate(record | {"seal": _UNSEALED}, context={"making": _MAKING})
        seal = {"seal": self._mac(unsealed)}
        return SealedIdentity.model_validate(_fields_of(unsealed) | seal, context={"making": _MAKING})

    def is_genuine(self, identity: object) -> bool:
        """Tell whether ``identity`` is, unchanged, a record that this key sealed."""
        if type(identity) is not SealedIdentity:
            return False
        try:
            return hmac.compare_digest(self._mac(identity), identity.seal)
        except (AttributeError, KeyError, TypeError, ValueError):
            # An object put together by hand may lack a field or hold anything in it.
            return False

    def _mac(self, identity: SealedIdentity) -> str:
        fields = _fields_of(identity)
        del fields["seal"]
        canonical = json.dumps(_canonical(fields), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, canonical.encode("ascii"), hashlib.sha256).hexdigest()


_ENUMS: Final = frozenset({Environment, InsStatus, IdentityAttribute, Sex})
_MODELS: Final = frozenset({SealedIdentity, Traits, MatriculeIns})


def _fields_of(model: Value) -> dict[str, Any]:
    """Return the fields as they are stored; asking the object's own methods would be asking a possible forger."""
    fields = dict(vars(model))
    if type(model) not in _MODELS or set(fields) != set(type(model).model_fields):
        raise TypeError("not a record as the SDK makes it")
    return fields


def _canonical(value: Any) -> Any:
    """Return a JSON value that names types too; a derived type, which could lie about itself, is refused."""
    kind = type(value)
    if value is None or kind in {str, int, bool}:
        return value
    if kind is date:
        return {"date": value.isoformat()}
    if kind in _ENUMS:
        return {kind.__name__: value.value}
    if kind is dict:
        return {name: _canonical(item) for name, item in value.items()}
    if kind is tuple:
        return [_canonical(item) for item in value]
    if kind is frozenset:
        return {"set": sorted(json.dumps(_canonical(item), sort_keys=True) for item in value)}
    return {kind.__name__: _canonical(_fields_of(value))}
