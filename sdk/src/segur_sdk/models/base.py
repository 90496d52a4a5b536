"""The three bases of every contract model: a value, an event, and what may go out."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, ForwardRef, get_args, is_typeddict
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from segur_sdk.privacy import REDACTED, is_marked


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""An instant with its time zone, kept in UTC."""


def _with_its_offset(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment needs its time zone")
    return moment


LocalMoment = Annotated[datetime, AfterValidator(_with_its_offset)]
"""An instant with the offset of the place where it happened, which documents show."""


class Value(BaseModel):
    """A frozen value that crosses a contract.

    Unknown fields are refused, inputs never appear in validation errors, marked fields never in ``repr``.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,
        revalidate_instances="always",
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            field = fields.get(name) if name else None
            hidden = field is not None and value is not None and is_marked(field)
            yield name, REDACTED if hidden else value


def _event_id() -> str:
    return str(uuid4())


def _now() -> datetime:
    return datetime.now(UTC)


class Event(Value):
    """What a host tells plugins. A newer host may add fields: unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")

    event_id: str = Field(default_factory=_event_id, max_length=64)
    """Unique id of this occurrence, given by the host."""
    occurred_at: Moment = Field(default_factory=_now)
    """When it happened, UTC."""


class Outbound(Value):
    """Base of everything that may leave towards a document, a message, an address or print.

    A type that only *establishes* a right or a status (``NirFacturation``, ``InsCandidate``) declares
    ``never_outbound`` and cannot be a field here, however deep: the class statement itself fails.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            _refuse_blind_spots(cls.__name__, name, field.annotation)
            for model in models_within(field.annotation):
                if getattr(model, "never_outbound", False):
                    raise TypeError(f"{cls.__name__}.{name} would let {model.__name__} go out")


class Inbound(Value):
    """Base of values made only to call a service that establishes status or rights."""

    never_outbound: ClassVar[bool] = True


def _refuse_blind_spots(owner: str, name: str, annotation: Any) -> None:
    """Refuse an annotation that may hold anything: what goes out is known field by field."""
    blind = annotation in {Any, object, BaseModel, Value, Event, Outbound, Inbound}
    if blind or isinstance(annotation, str | ForwardRef) or is_typeddict(annotation) or is_dataclass(annotation):
        raise TypeError(f"{owner}.{name} may hold anything; what goes out is a model, field by field")
    for argument in get_args(annotation):
        if isinstance(argument, type) or get_args(argument) or isinstance(argument, str | ForwardRef):
            _refuse_blind_spots(owner, name, argument)


def models_within(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield every model that a value of this annotation may hold, however deep, each once."""
    yield from _models_within(annotation, set())


def _models_within(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models_within(field.annotation, seen)
    for argument in get_args(annotation):
        yield from _models_within(argument, seen)
