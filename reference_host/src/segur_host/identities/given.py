"""What a practice software hands over as objects is held to its form like what comes as JSON."""

from contextlib import suppress
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from segur_sdk.errors import InputError, invalid_input
from segur_sdk.models.identity import IdentityAttribute

ModelT = TypeVar("ModelT", bound=BaseModel)


def held_to_form(given: ModelT, *kinds: type[BaseModel]) -> ModelT:
    """Return ``given`` validated again, as one of ``kinds``: it may have been put together by hand.

    Raises:
        InputError: ``input.identify``, with the fields, never their values.
    """
    kind = next((kind for kind in kinds if isinstance(given, kind)), None)
    if kind is None:
        raise InputError("input.identify", fields="?:type")
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        return kind.model_validate(given)  # type: ignore[return-value] # one of its own bases, or itself
    except ValidationError as failure:
        refused = invalid_input("input.identify", failure, kind)
    raise refused


def attribute_named(given: IdentityAttribute | str) -> IdentityAttribute:
    """Return the attribute of that name.

    Raises:
        InputError: ``input.identify``.
    """
    with suppress(ValueError):
        return IdentityAttribute(given)
    raise InputError("input.identify", fields="attribute:enum")
