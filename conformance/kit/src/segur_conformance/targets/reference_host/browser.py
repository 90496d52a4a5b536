"""The browser of who sits at the target: goes where it is sent, by HTTP, and comes back as the kit says."""

import http.client
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import attrs

PATIENCE_S: Final = 20.0
MOST_STEPS: Final = 8
_ELSEWHERE: Final = range(300, 400)


@attrs.frozen
class Page:
    """What came of one address."""

    status: int
    location: str | None
    cookies: tuple[str, ...]


@attrs.define
class Browser:
    """Walks from page to page without a person: the kit decides what is answered at the authority.

    The way is a list of things done one after the other, each ``{"with": {…}}`` to come back with these parameters in
    the query instead, ``{"without": […]}`` without these, ``{"padding": N}`` with a parameter of so many characters,
    ``{"again": RANK}`` as at an earlier visit. Without any, it comes back as it was sent.
    """

    sent_to: list[str] = attrs.field(factory=list)
    """Every address that the host had it open."""
    answered: list[int] = attrs.field(factory=list)
    """Status of each answer that the host gave it when it came back."""
    _came_back: list[str] = attrs.field(factory=list)
    """Every address to which an authority sent it back, before the kit changed anything."""
    _way: list[Mapping[str, Any]] = attrs.field(factory=list)
    _context: ssl.SSLContext | None = None

    def begins(self, trust: Iterable[Path]) -> None:
        """Forget everything, and trust these authorities only."""
        self.sent_to, self.answered, self._came_back, self._way = [], [], [], []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for anchors in trust:
            self._context.load_verify_locations(anchors)

    def goes(self, way: Iterable[Mapping[str, Any]]) -> None:
        """Come back so, at the next visit only."""
        self._way = list(way)

    def opens(self, url: str) -> bool:
        """Open an address, as ``Host`` asks; return once the way is gone."""
        self.sent_to.append(url)
        way, self._way = self._way or [{}], []
        back = self._sent_back(url)
        if back is None:
            return True
        self._came_back.append(back)
        self.answered += [self._page(self._changed(back, one), ()).status for one in way]
        return True

    def _sent_back(self, url: str) -> str | None:
        """Return where the authority sends it back to; nothing where it shows a page instead."""
        cookies: tuple[str, ...] = ()
        for _ in range(MOST_STEPS):
            page = self._page(url, cookies)
            cookies += page.cookies
            if page.status not in _ELSEWHERE or page.location is None:
                return None
            url = urljoin(url, page.location)
            if urlsplit(url).scheme == "http":
                return url
        return None

    def _changed(self, back: str, change: Mapping[str, Any]) -> str:
        parts = urlsplit(self._came_back[change["again"]] if "again" in change else back)
        query = dict(parse_qsl(parts.query)) | change.get("with", {})
        for name in change.get("without", ()):
            query.pop(name, None)
        if "padding" in change:
            query["remplissage"] = "x" * change["padding"]
        here = urlsplit(back)
        # One that came before came to another port: it comes to the one that is awaited now.
        return here._replace(query=urlencode(query, quote_via=quote)).geturl()

    def _page(self, url: str, cookies: tuple[str, ...]) -> Page:
        parts = urlsplit(url)
        connection: http.client.HTTPConnection
        if parts.scheme == "http":
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        else:
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=PATIENCE_S, context=self._context
            )
        headers = {"cookie": "; ".join(cookies)} if cookies else {}
        try:
            connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            given = tuple(one.partition(";")[0] for one in answer.headers.get_all("set-cookie", []))
            return Page(answer.status, answer.headers["location"], given)
        except (OSError, http.client.HTTPException):
            # Whoever comes back too much is cut off before he has said everything.
            return Page(0, None, ())
        finally:
            connection.close()
