"""Reference host that carries Ségur plugins: sockets, keys, storage, audit, and the segur command.

::

    from segur_host import Host

    with Host("segur.toml") as host:
        reading = host.read_card("Vitale 1")
"""

from segur_host.async_host import AsyncHost
from segur_host.broker.ask import CheckedAsker
from segur_host.host import Host

__all__ = ["AsyncHost", "CheckedAsker", "Host"]
