"""Turn whatever a plugin does into a status, a value and a typed error; nothing escapes."""

from collections.abc import Callable
from types import TracebackType

from segur_host.dispatch.outcome import OutcomeStatus
from segur_sdk.errors import PluginError, SegurError
from segur_sdk.models.base import Value

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
        return _STATUS_BY_CODE.get(failure.code, OutcomeStatus.FAILED), None, failure
    # ``sys.exit`` in a plugin ends its part, not the practice software.
    except (Exception, SystemExit) as failure:  # noqa: BLE001 - whatever it is, it is contained
        return OutcomeStatus.FAILED, None, unexpected(plugin, failure)
    return (OutcomeStatus.DECLINED if value is None else OutcomeStatus.OK), value, None


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
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"
