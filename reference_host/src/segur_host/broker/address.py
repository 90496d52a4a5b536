"""Where the requests of one purpose go: one server, at one path or under it."""

from typing import Final, Self
from urllib.parse import unquote, urlsplit

import attrs

PORTS: Final = {"https": 443, "http": 80}


@attrs.frozen
class Address:
    """The address of a purpose, ``https://host[:port]/path``, or ``http`` for one of that protocol."""

    scheme: str
    host: str
    port: int
    path: str
    """As configured; may be empty."""

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the parts of an address."""
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        return cls(scheme=parts.scheme, host=host, port=parts.port or PORTS[parts.scheme], path=parts.path)

    @property
    def server(self) -> str:
        """The server as a ``Host`` header names it (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def target(self, path: str) -> str | None:
        """Return what a request asks the server for, ``None`` when that is not at or under this address.

        Args:
            path: what is appended to the path of this address, percent-encoded, its query included.
        """
        if not path:
            return self.path or "/"
        target = self.path + path
        asked = unquote(target.partition("?")[0])
        under = asked == self.path or asked.startswith(self.path.rstrip("/") + "/")
        if not under or ".." in asked.split("/"):
            return None
        return target if target.startswith("/") else f"/{target}"
