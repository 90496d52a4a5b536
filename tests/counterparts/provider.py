"""oidc-provider, an OpenID provider nobody of this project wrote, as ``provider.mjs`` sets it."""

import json
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from segur_sandbox.pki.store import PkiFiles
from tests.counterparts.foreign_process import node

SUBJECTS: Final = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:"
REFUSE: Final = "refuse"
_FORM: Final = re.compile(r'<form [^>]*method="post" action="([^"]+)"')
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class ForeignProvider:
    """oidc-provider, listening; and the browser and the device of whoever answers there.

    Args:
        listening: the line that ``provider.mjs`` printed.
        trust: what its certificates are judged by.
    """

    def __init__(self, listening: dict[str, str], trust: ssl.SSLContext) -> None:
        self.issuer: Final = listening["issuer"]
        self.discovery: Final = listening["discovery"]
        self.origin: Final = self.issuer.removesuffix(urlsplit(self.issuer).path)
        self.wallet: Final = listening["wallet"]
        self._browser: Final = httpx.Client(verify=trust)

    def log_in(self, address: str, who: str) -> str:
        """Walk the pages of a login as somebody, or refuse.

        Args:
            address: where the software sends the browser.
            who: his ``SubjectNameID``, or ``REFUSE``.

        Returns:
            The address to which the provider sends the browser back, which is not visited.
        """
        return self._submit(address, {"who": who})

    def log_out(self, address: str) -> str:
        """Walk the pages of a logout that a software asked for; return where the provider sends the browser back."""
        return self._submit(address, {"logout": "yes"})

    def leave(self) -> None:
        """Log out at the provider itself: every software is told."""
        page, _ = self._follow(self._browser.get(f"{self.issuer}/protocol/openid-connect/logout"))
        answer, _ = self._sent(page, {"logout": "yes"})
        answer.raise_for_status()

    def begin_afresh(self) -> None:
        """Go on with a browser that was never here, and a device on which nothing waits."""
        self._browser.cookies.clear()
        for pending in self.waiting():
            self.answer_device(pending["id"], REFUSE)

    def waiting(self) -> list[dict[str, Any]]:
        """Return the logins that wait on a device: id, and params of the request."""
        found: list[dict[str, Any]] = self._browser.get(f"{self.wallet}/devices").raise_for_status().json()
        return found

    def events(self) -> list[str]:
        """Return what took effect since the start, by the names that oidc-provider gives its events."""
        found: list[str] = self._browser.get(f"{self.wallet}/events").raise_for_status().json()
        return found

    def answer_device(self, pending: str, answer: str) -> None:
        """Answer on the device, ``accept`` or ``refuse``, a login that waits there."""
        self._browser.post(f"{self.wallet}/devices/{pending}", data={"answer": answer}).raise_for_status()

    def close(self) -> None:
        """Close the browser."""
        self._browser.close()

    def _submit(self, address: str, fields: dict[str, str]) -> str:
        page, elsewhere = self._follow(self._browser.get(address))
        if elsewhere is None:
            page, elsewhere = self._sent(page, fields)
        if elsewhere is None:
            raise LookupError(f"the pages do not end: {page.url.path} answers {page.status_code}")
        return elsewhere

    def _sent(self, page: httpx.Response, fields: dict[str, str]) -> tuple[httpx.Response, str | None]:
        """Send the form of a page, and follow."""
        form = _FORM.search(page.text)
        if form is None:
            raise LookupError(f"{page.url.path} answers {page.status_code} without a form: {page.text[:200]}")
        body = dict(_HIDDEN.findall(page.text)) | fields
        return self._follow(self._browser.post(urljoin(str(page.url), form[1]), data=body))

    def _follow(self, answer: httpx.Response) -> tuple[httpx.Response, str | None]:
        """Follow redirections as far as a page, or as an address that is no longer the provider's."""
        while answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if not target.startswith("https:"):
                return answer, target
            answer = self._browser.get(target)
        return answer, None


@contextmanager
def foreign_provider(
    folder: Path, pki: PkiFiles, clients: Sequence[dict[str, Any]], professionals: Sequence[dict[str, Any]]
) -> Iterator[ForeignProvider]:
    """Start oidc-provider.

    Args:
        folder: where its register is written.
        pki: its own certificate, and the authority of those of its clients.
        clients: metadata of OpenID Connect Dynamic Client Registration.
        professionals: claims of userinfo, without ``sub``.
    """
    register = folder / "register.json"
    register.write_text(json.dumps({"clients": clients, "professionals": professionals}), "utf-8")
    chain, key = pki.server()
    arguments = ("--cert", str(chain), "--key", str(key), "--ca", str(pki.ca), "--register", str(register))
    with node("provider.mjs", *arguments, anchors=pki.ca) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        provider = ForeignProvider(listening, ssl.create_default_context(cafile=str(pki.ca)))
        try:
            yield provider
        finally:
            provider.close()
