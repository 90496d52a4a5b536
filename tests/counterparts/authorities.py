"""The same authority twice: the sandbox's, and one nobody of this project wrote."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import urljoin

import attrs
import httpx

from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.running import RunningSandbox
from tests.counterparts.provider import REFUSE, ForeignProvider

WHO: Final = "899700075122"
"""National identifier of somebody who does not exist, in the catalogue of the sandbox."""


class Answer(StrEnum):
    """What he answers."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@attrs.frozen
class Registration:
    """A client that both authorities know: by its secret, or by the certificate of a role of the sandbox."""

    client_id: str
    secret: str | None = None
    role: str | None = None

    def proof(self, pki: PkiFiles) -> dict[str, str]:
        """Return with what openid-client proves that it is this client."""
        secret = {"secret": self.secret} if self.secret else {}
        return {"client_id": self.client_id, **secret, **(identity(pki, self.role) if self.role else {})}


def identity(pki: PkiFiles, role: str) -> dict[str, str]:
    """Return the certificate and the key of a role, as openid-client is given them."""
    files = pki.role(role)
    return {"cert": str(files.cert), "key": str(files.key)}


class Authority(Protocol):
    """Where the relying party logs in, and the person who answers there."""

    @property
    def discovery(self) -> str:
        """Address of its discovery document."""
        ...

    def log_in(self, address: str, answer: Answer) -> str:
        """Walk a login in the browser; return where the browser is sent back, which is not visited."""
        ...

    def log_out(self, address: str) -> str:
        """Walk a logout in the same browser; return where it is sent back."""
        ...

    def prepare_device(self, answer: Answer) -> None:
        """Before a login without browser: what he will answer."""
        ...

    def answer_device(self, answer: Answer) -> None:
        """During a login without browser: he answers."""
        ...


class Foreign:
    """oidc-provider."""

    def __init__(self, provider: ForeignProvider) -> None:
        self._provider = provider
        self.discovery: Final = provider.discovery

    def log_in(self, address: str, answer: Answer) -> str:
        return self._provider.log_in(address, WHO if answer is Answer.ACCEPT else REFUSE)

    def log_out(self, address: str) -> str:
        return self._provider.log_out(address)

    def prepare_device(self, answer: Answer) -> None:
        assert self._provider.waiting() == []

    def answer_device(self, answer: Answer) -> None:
        (waiting,) = self._provider.waiting()
        self._provider.answer_device(waiting["id"], answer)


class Sandbox:
    """Pro Santé Connect of the sandbox."""

    def __init__(self, sandbox: RunningSandbox, browser: httpx.Client) -> None:
        self._sandbox = sandbox
        self._browser = browser
        self.discovery: Final[str] = sandbox.descriptor["services"]["psc"]["discovery"]

    def log_in(self, address: str, answer: Answer) -> str:
        self.prepare_device(answer)
        return self._where_it_ends(address)

    def log_out(self, address: str) -> str:
        return self._where_it_ends(address)

    def prepare_device(self, answer: Answer) -> None:
        self._sandbox.answer_psc(WHO, answer)

    def answer_device(self, answer: Answer) -> None:
        """Nothing is left to do: what he answers was said before."""

    def _where_it_ends(self, address: str) -> str:
        answer = self._browser.get(address)
        while answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if not target.startswith("https:"):
                return target
            answer = self._browser.get(target)
        raise LookupError(f"{answer.url.path} answers {answer.status_code}: {answer.text[:200]}")


@contextmanager
def sandbox_authority(sandbox: RunningSandbox, pki: PkiFiles) -> Iterator[Sandbox]:
    """Give the sandbox's Pro Santé Connect a browser that was never there."""
    with httpx.Client(verify=ssl.create_default_context(cafile=str(pki.ca))) as browser:
        yield Sandbox(sandbox, browser)
