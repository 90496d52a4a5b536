"""Turn whatever a plugin does into a status, a value and a typed error; nothing escapes."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final

from segur_host.dispatch.outcome import OutcomeStatus
from segur_sdk.errors import (
    CardError,
    ConfigError,
    ErrorSource,
    Fact,
    HostError,
    IdentityError,
    InputError,
    PluginError,
    SegurError,
    ServiceError,
)
from segur_sdk.models.base import Value

MAX_CODE: Final = 100
MAX_FACT: Final = 200
MAX_FACTS: Final = 16
_KINDS: Final = (InputError, ConfigError, PluginError, CardError, IdentityError, ServiceError, HostError)

_STATUS_BY_CODE = {
    "plugin.not_granted": OutcomeStatus.NOT_GRANTED,
    "plugin.invalid_result": OutcomeStatus.INVALID_RESULT,
}


def contained(plugin: str, action: Callable[[], Value | None]) -> tuple[OutcomeStatus, Value | None, SegurError | None]:
    """Run a plugin's part and say how it ended.

    Args:
        plugin: its id.
        action: runs it and checks its answer.
    """
    try:
        value = action()
    except SegurError as failure:
        told = typed(plugin, failure)
        return _STATUS_BY_CODE.get(told.code, OutcomeStatus.FAILED), None, told
    # ``sys.exit`` in a plugin ends its part, not the practice software; nor does any other way out.
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it is contained
        return OutcomeStatus.FAILED, None, unexpected(plugin, failure)
    return (OutcomeStatus.DECLINED if value is None else OutcomeStatus.OK), value, None


def typed(plugin: str, failure: SegurError) -> SegurError:
    """Return a typed failure made anew: without the frames and causes it comes from, which hold patient data.

    One that is not as its constructor makes it, or whose code no record would take, is named as unexpected.
    """
    try:
        return _made_anew(failure)
    except Exception:  # noqa: BLE001 - the object is the plugin's own, and may do anything
        return unexpected(plugin, failure)


def _made_anew(failure: SegurError) -> SegurError:
    kind = next((kind for kind in _KINDS if isinstance(failure, kind)), SegurError)
    if not (len(failure.code) <= MAX_CODE and isinstance(failure.facts, Mapping) and len(failure.facts) <= MAX_FACTS):
        raise ValueError("not an error as the SDK makes it")
    facts: dict[str, Any] = {str(name): _plain(fact) for name, fact in failure.facts.items()}
    made: SegurError = kind(
        failure.code,
        source=ErrorSource(failure.source),
        retryable=bool(failure.retryable),
        user_message_key=str(failure.user_message_key),
        **facts,
    )
    if isinstance(failure, ServiceError) and isinstance(made, ServiceError):
        made.maybe_processed = bool(failure.maybe_processed)
    made.traced = tuple(one for one in failure.traced if isinstance(one, Value))
    return made


_LONG_NUMBER: Final = re.compile(r"[0-9](?:[ .-]?[0-9AB]){9,}")
"""What may be a matricule or a telephone number: no fact of an error needs it."""


def _plain(fact: object) -> Fact:
    if fact is None or isinstance(fact, bool | int):
        return fact
    text = "".join(one if one.isprintable() else "?" for one in str(fact)[:MAX_FACT])
    return _LONG_NUMBER.sub("…", text)


def unexpected(plugin: str, failure: BaseException) -> PluginError:
    """Name an exception that a plugin should not have let out, without its message, which may hold anything."""
    return PluginError(
        "plugin.failed", plugin=plugin, exception=type(failure).__name__, where=_where(failure.__traceback__)
    )


def _where(trace: TracebackType | None) -> str:
    """Return ``file.py:line function`` of the innermost frame."""
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{PurePath(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
