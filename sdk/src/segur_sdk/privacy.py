"""Patient data is marked where it is declared, and every rendering of a marked field is redacted.

A field written ``Patient[str]`` never shows its value in ``repr``, ``str``, a log line or a crash report, and
its JSON schema bears ``"x-patient-data": true`` so that other languages can do the same.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

T = TypeVar("T")


class Redacted:
    """What is shown instead of a marked value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "‹patient›"


REDACTED: Final = Redacted()


class PatientMark:
    """Annotation that marks a field as patient data."""

    __slots__ = ()

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        # A reference cannot carry a sibling key in every reader: the model it names marks its own fields.
        if "$ref" not in schema:
            schema["x-patient-data"] = True
        return schema


PATIENT: Final = PatientMark()

Patient = Annotated[T, PATIENT]
"""``Patient[str]`` is a ``str`` that is patient data."""


def is_marked(field: FieldInfo) -> bool:
    """Tell whether a field is patient data, however deep its annotation bears the mark."""
    return any(isinstance(item, PatientMark) for item in field.metadata) or any(
        isinstance(item, PatientMark) for item in _nested_arguments(field.annotation)
    )


def _nested_arguments(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        yield argument
        yield from _nested_arguments(argument)
