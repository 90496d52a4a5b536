"""Stands between a target and the Pro Santé Connect of the services, under an issuer of its own.

What goes through is what the services say, told of another issuer: the discovery document, the address that the
browser comes back to, every ID token, which is signed again with the key of this one. A check makes sure first that
the target accepts that; then it has one thing changed, and everything else is as right as before.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import attrs

from segur_conformance.authority.listener import Answered, Asked, Listener, Shown
from segur_conformance.authority.seals import Signer, claims_of, signer
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.running import RunningSandbox

OWN_KEY: Final = "clef-du-kit"
PATIENCE_S: Final = 20.0
_PASSED_ON: Final = ("accept", "authorization", "content-type", "cookie")
_BROUGHT_BACK: Final = ("cache-control", "content-type", "location", "set-cookie", "www-authenticate")
_ROLE: Final = "org-auth"
_OK: Final = 200
_PROTOCOL: Final = "/protocol/openid-connect"

Members = dict[str, Any]
Change = Callable[[Members], Members]
Seal = Callable[[Members, Signer], str]
"""Makes an ID token of its claims."""


@attrs.frozen
class Wrong:
    """What is wrong now: one of these. Whatever stays ``None`` is right."""

    discovery: Change | None = None
    keys: Change | None = None
    grant: Change | None = None
    """What the token endpoint grants."""
    claims: Change | None = None
    """Of the ID token, which is rightly signed all the same."""
    seal: Seal | None = None
    """Of the ID token, whose claims are right."""
    userinfo: Change | None = None
    callback: Change | None = None
    """Parameters with which the browser comes back."""
    ciba: Change | None = None
    """What is answered to a backchannel authentication request."""


class AuthorityBetween:
    """The authority; see the module. Open it by ``authority_between``.

    Args:
        sandbox: the services.
        server: what the issuer shows, instead of what the services' own servers do.
    """

    def __init__(self, sandbox: RunningSandbox, server: Shown | None = None) -> None:
        told = sandbox.descriptor["services"]["psc"]
        pki = PkiFiles(sandbox.config.parent / "pki")
        self.signer: Final = signer(OWN_KEY)
        self.wrong = Wrong()
        self.polls: list[Members] = []
        """Errors with which the next polls are answered; those after them are asked of the services."""
        self.polled = 0
        self.heard: list[str] = []
        """What the target asked for, in order: ``discovery``, ``certs``, ``token:authorization_code``…"""
        self.issued: list[Members] = []
        """Claims of every ID token, before anything in it was made wrong."""
        self._beneath_issuer, self._beneath_login = _origin(told["issuer"]), str(told["login"])
        self._realm = urlsplit(told["issuer"]).path
        self._original: dict[str, str] = {}
        """ID tokens of the services, by those of this one."""
        self._lock = threading.Lock()
        role = pki.role(_ROLE)
        self._context = ssl.create_default_context(cafile=str(pki.ca))
        self._context.load_cert_chain(role.cert, role.key)
        usual = Shown(*pki.server())
        self._issuer = Listener(self._issue, server or usual, pki.ca)
        self._login = Listener(self._log_in, usual, pki.ca)

    @property
    def issuer(self) -> str:
        """What this authority calls itself."""
        return f"{self._issuer.origin}{self._realm}"

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """Addresses of this authority, by purpose, as a host's configuration has them."""
        return {"psc": {"url": self._issuer.origin}, "psc-login": {"url": self._login.origin}}

    @contextmanager
    def open(self) -> Iterator["AuthorityBetween"]:
        """Serve until the block ends."""
        with ExitStack() as opened:
            opened.enter_context(self._issuer)
            opened.enter_context(self._login)
            yield self

    def logout_token(self, change: Change | None = None, seal: Seal | None = None, **claims: Any) -> str:
        """Return a logout token of this authority (OpenID Connect Back-Channel Logout 1.0, 2.4).

        Args:
            change: of its claims.
            seal: instead of its own.
            **claims: on top of those that every one has.
        """
        made = {"iss": self.issuer, "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **claims}
        made = change(made) if change is not None else made
        return seal(made, self.signer) if seal is not None else self.signer.sign(made, typ="logout+jwt")

    def _issue(self, asked: Asked) -> Answered:
        operation = asked.path.partition("?")[0].removeprefix(self._realm).removeprefix(_PROTOCOL)
        form = {name: values[0] for name, values in parse_qs(asked.body.decode("latin-1")).items()}
        with self._lock:
            self.heard.append(_named(operation, form))
        if form.get("grant_type", "").endswith("ciba"):
            self.polled += 1
            if self.polls:
                return _json(400, self.polls.pop(0))
        if "id_token_hint" in form:
            form["id_token_hint"] = self._original.get(form["id_token_hint"], form["id_token_hint"])
            asked = attrs.evolve(asked, body=urlencode(form).encode("ascii"))
        return self._told(operation, self._passed_on(self._beneath_issuer, asked))

    def _told(self, operation: str, said: Answered) -> Answered:
        if said.status != _OK or "json" not in said.headers.get("content-type", ""):
            return said
        content, wrong = json.loads(said.body), self.wrong
        if operation.startswith("/.well-known/"):
            content = json.loads(self._renamed(said.body.decode()))
            content = wrong.discovery(content) if wrong.discovery is not None else content
        elif operation == "/certs":
            content = {"keys": [self.signer.jwk]}
            content = wrong.keys(content) if wrong.keys is not None else content
        elif operation == "/token":
            content |= {"id_token": self._signed_again(content["id_token"])}
            content = wrong.grant(content) if wrong.grant is not None else content
        elif operation == "/userinfo" and wrong.userinfo is not None:
            content = wrong.userinfo(content)
        elif operation == "/ext/ciba/auth" and wrong.ciba is not None:
            content = wrong.ciba(content)
        return _json(said.status, content)

    def _signed_again(self, token: str) -> str:
        wrong, claims = self.wrong, claims_of(token) | {"iss": self.issuer}
        self.issued.append(claims)
        claims = wrong.claims(claims) if wrong.claims is not None else claims
        signed = wrong.seal(claims, self.signer) if wrong.seal is not None else self.signer.sign(claims)
        self._original[signed] = token
        return signed

    def _log_in(self, asked: Asked) -> Answered:
        said = self._passed_on(self._beneath_login, asked)
        if "location" not in said.headers:
            return said
        target = urlsplit(said.headers["location"])
        query = dict(parse_qsl(target.query))
        query |= {"iss": self.issuer} if "iss" in query else {}
        query = self.wrong.callback(query) if self.wrong.callback is not None else query
        location = target._replace(query=urlencode(query, quote_via=quote)).geturl()
        return attrs.evolve(said, headers={**said.headers, "location": location})

    def _renamed(self, text: str) -> str:
        renamed = text.replace(self._beneath_issuer, self._issuer.origin)
        return renamed.replace(self._beneath_login, self._login.origin)

    def _passed_on(self, origin: str, asked: Asked) -> Answered:
        parts = urlsplit(origin)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE_S, context=self._context
        )
        headers = {name: value for name, value in asked.headers.items() if name in _PASSED_ON}
        try:
            connection.request(asked.method, asked.path, asked.body or None, headers)
            said = connection.getresponse()
            body = said.read()
        except (OSError, http.client.HTTPException):
            return Answered(502, {}, b"")
        finally:
            connection.close()
        kept = {name: said.headers[name] for name in _BROUGHT_BACK if name in said.headers}
        return Answered(said.status, kept, body)


@contextmanager
def authority_between(sandbox: RunningSandbox, server: Shown | None = None) -> Iterator[AuthorityBetween]:
    """Open an authority between a target and the services; ``server`` as for ``AuthorityBetween``."""
    with AuthorityBetween(sandbox, server).open() as authority:
        yield authority


def _named(operation: str, form: Mapping[str, str]) -> str:
    if operation.startswith("/.well-known/"):
        return "discovery"
    name = operation.rpartition("/")[2]
    return f"token:{form.get('grant_type', '').rpartition(':')[2]}" if name == "token" else name


def _json(status: int, content: Members) -> Answered:
    return Answered(
        status, {"content-type": "application/json", "cache-control": "no-store"}, json.dumps(content).encode()
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
