"""The login by authorization code with bare httpx and joserfc alone: what a login of ours is measured against."""

import base64
import hashlib
import secrets
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet


class CodeLogin:
    """A script that signs in once each time it is called.

    Args:
        discovery: address of the discovery document.
        client_id: under which the software is registered.
        redirect_uri: of the loopback, registered.
        context: of TLS, with the software's certificate.
        browser: goes to an address, and on to where that leads.
        keeps: whether connections, discovery document and keys outlive one login.
    """

    def __init__(
        self,
        discovery: str,
        client_id: str,
        redirect_uri: str,
        context: ssl.SSLContext,
        browser: Callable[[str], bool],
        *,
        keeps: bool,
    ) -> None:
        self._discovery = discovery
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._context = context
        self._browser = browser
        self._kept = self._begun() if keeps else None

    def __call__(self) -> str:
        """Sign in, and return who did."""
        if self._kept is not None:
            return self._signed_in(*self._kept)
        client, document, keys = self._begun()
        with closing(client):
            return self._signed_in(client, document, keys)

    def close(self) -> None:
        """Close what was kept."""
        if self._kept is not None:
            self._kept[0].close()

    def _begun(self) -> tuple[httpx.Client, dict[str, str], KeySet]:
        client = httpx.Client(verify=self._context, trust_env=False)
        document = client.get(self._discovery).json()
        return client, document, KeySet.import_key_set(client.get(document["jwks_uri"]).json())

    def _signed_in(self, client: httpx.Client, document: dict[str, str], keys: KeySet) -> str:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        answer = self._answer(f"{document['authorization_endpoint']}?{urlencode(asked)}")
        assert answer["state"] == [state]
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"][0],
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        tokens = client.post(document["token_endpoint"], data=form).raise_for_status().json()
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (document["issuer"], self._client_id, nonce)
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        person = client.get(document["userinfo_endpoint"], headers=bearer).raise_for_status().json()
        assert person["sub"] == claims["sub"]
        return str(person["SubjectNameID"])

    def _answer(self, url: str) -> dict[str, list[str]]:
        """Send the browser away, and return the query with which it comes back."""
        answers: list[dict[str, list[str]]] = []

        class Returning(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers.append(parse_qs(urlsplit(self.path).query))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        with HTTPServer(("127.0.0.1", urlsplit(self._redirect_uri).port or 0), Returning) as server:
            waiting = threading.Thread(target=server.handle_request)
            waiting.start()
            self._browser(url)
            waiting.join()
        return answers[0]
