"""Reference host that carries Ségur plugins: sockets, keys, storage, audit, and the segur command.

::

    from segur_host import Host

    with Host("segur.toml") as host:
        reading = host.read_card("Vitale 1")
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from segur_host.async_host import AsyncHost
    from segur_host.broker.ask import CheckedAsker
    from segur_host.broker.cancelling import Cancellation
    from segur_host.host import Host
    from segur_host.identities.beneficiary import chosen

__all__ = ["AsyncHost", "Cancellation", "CheckedAsker", "Host", "chosen"]

_MODULES: Final = {
    "AsyncHost": "segur_host.async_host",
    "Cancellation": "segur_host.broker.cancelling",
    "CheckedAsker": "segur_host.broker.ask",
    "Host": "segur_host.host",
    "chosen": "segur_host.identities.beneficiary",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a driver's child process starts without the whole host."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - so that nothing is imported before

    return getattr(import_module(_MODULES[name]), name)
