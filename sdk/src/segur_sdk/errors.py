"""Every failure that crosses a contract, as one tree.

::

    SegurError
    ├── InputError       input.*       what was given cannot be used; session.*: a session cannot be opened or used so;
    │                                  operator.*: an account of the practice software; resident.verb_unknown
    ├── ConfigError      config.*      the installation is not set up for this
    ├── PluginError      plugin.*      a plugin was refused, failed, hung or overstepped
    ├── CardError        card.*        a reader or a card; token.*: what stands on it behind a PIN
    ├── IdentityError    identity.*    a rule of identitovigilance says no
    ├── ServiceError     service.*     a national service did not answer, or refused
    └── HostError        host.*        the host itself (storage, audit, keys); browser.*: the system's browser;
                                       resident.*: the process that stays

A code is stable and lower case (``card.mute``). Its French sentence, cause and next action stand in a
catalogue (``messages_fr.toml``); a plugin may bring its own, whose codes start with ``<plugin id>.``.
Facts are codes, counts and names of slots or fields: never patient data, a PIN, a token or a key.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, ValidationError

_CODE: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
Fact = str | int | bool | None


class ErrorSource(StrEnum):
    """Whose failure it is."""

    PLUGIN = "plugin"
    SERVICE = "service"
    HOST = "host"
    USER = "user"


class SegurError(Exception):
    """Base of all typed failures.

    Args:
        code: stable code, ``domain.reason``.
        source: whose failure it is; each class has its usual one.
        retryable: the same call may succeed later without anybody changing anything.
        user_message_key: key of the French text when it differs from ``code``.
        **facts: what a developer needs to know. Never patient data.
    """

    default_source: ClassVar[ErrorSource] = ErrorSource.HOST

    def __init__(
        self,
        code: str,
        *,
        source: ErrorSource | None = None,
        retryable: bool = False,
        user_message_key: str | None = None,
        **facts: Fact,
    ) -> None:
        if not _CODE.fullmatch(code):
            raise ValueError("a code is lower case, with dots")
        self.code = code
        self.source = source or self.default_source
        self.retryable = retryable
        self.user_message_key = user_message_key or code
        self.facts: Mapping[str, Fact] = dict(facts)
        self.traced: tuple[BaseModel, ...] = ()
        """What was exchanged before the failure, for the patient's functional trace. May be patient data: it is
        kept encrypted by the host and never rendered."""
        details = " ".join(f"{name}={value}" for name, value in facts.items())
        super().__init__(f"{code} ({details})" if details else code)


class InputError(SegurError):
    """What was given cannot be used."""

    default_source = ErrorSource.USER


class ConfigError(SegurError):
    """The installation is not set up for what was asked."""

    default_source = ErrorSource.USER


class PluginError(SegurError):
    """A plugin was refused, failed, hung or overstepped what was granted."""

    default_source = ErrorSource.PLUGIN


class CardError(SegurError):
    """A reader or a card cannot be used."""

    default_source = ErrorSource.USER


class IdentityError(SegurError):
    """A rule of identitovigilance says no."""

    default_source = ErrorSource.USER


class ServiceError(SegurError):
    """A national service did not answer, or refused.

    ``maybe_processed`` tells whether the service may have acted all the same: a lost answer proves nothing.
    """

    default_source = ErrorSource.SERVICE

    def __init__(self, code: str, *, maybe_processed: bool = False, **arguments: Any) -> None:
        super().__init__(code, **arguments)
        self.maybe_processed = maybe_processed


class HostError(SegurError):
    """The host itself failed."""

    default_source = ErrorSource.HOST


def invalid_input(code: str, failure: ValidationError, model: type[BaseModel]) -> InputError:
    """Turn a pydantic failure into an ``InputError`` that repeats nothing of what was given.

    Args:
        code: stable code of the error, for example ``input.event``.
        failure: what pydantic raised.
        model: the model that refused; only its own field names may appear in the error.
    """
    known = _field_names(model, set())
    places = sorted(
        {
            ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in error["loc"])
            + ":"
            + error["type"]
            for error in failure.errors(include_url=False, include_context=False, include_input=False)
        }
    )
    return InputError(code, model=model.__name__, fields=", ".join(places[:8]))


def _field_names(model: type[BaseModel], seen: set[type[BaseModel]]) -> frozenset[str]:
    if model in seen:
        return frozenset()
    seen.add(model)
    names: set[str] = set(model.model_fields)
    for field in model.model_fields.values():
        for inner in _inner_models(field.annotation):
            names |= _field_names(inner, seen) | {inner.__name__}
    return frozenset(names)


def _inner_models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inner_models(argument)


class UserMessage(BaseModel):
    """What a user reads: a sentence, the cause, the next action."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    message: str
    cause: str
    action: str


@cache
def sdk_catalogue() -> Mapping[str, UserMessage]:
    """Return the French texts of the codes that the SDK itself defines."""
    return read_catalogue((files("segur_sdk") / "messages_fr.toml").read_text("utf-8"))


@lru_cache(maxsize=32)
def read_catalogue(text: str) -> Mapping[str, UserMessage]:
    """Read a catalogue: one TOML table per code, with ``message``, ``cause`` and ``action`` in French."""
    import tomllib  # noqa: PLC0415 - who never shows a message need not wait for a parser

    return MappingProxyType({code: UserMessage.model_validate(entry) for code, entry in tomllib.loads(text).items()})
