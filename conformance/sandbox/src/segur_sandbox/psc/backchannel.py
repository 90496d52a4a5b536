"""Tells software, on this machine only, that a session ended (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
import http.client
import ssl
import uuid
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.forms import FORM
from segur_sandbox.psc.sessions import SsoSession
from segur_sandbox.psc.state import PscState

EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LIFE_S = 120
_PATIENCE_S = 5.0


class BackchannelLogout:
    """Sends logout tokens, once each, whatever becomes of them.

    Args:
        state: Clients, keys and ledger.
        authorities: PEM file of those whose servers are trusted.
    """

    def __init__(self, state: PscState, authorities: Path) -> None:
        self._state = state
        self._authorities = authorities
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, session: SsoSession) -> None:
        """Send a logout token to every client that got tokens in a session; returns at once."""
        for client_id in session.client_ids:
            client = self._state.clients.find(client_id)
            if client is not None and client.backchannel_logout_uri is not None:
                task = asyncio.get_running_loop().create_task(
                    self._send(client, client.backchannel_logout_uri, session)
                )
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def logout_token(self, client: Client, session: SsoSession) -> tuple[str, str]:
        """Return a new logout token and its `jti`."""
        now, identifier = int(self._state.clock.now().timestamp()), str(uuid.uuid4())
        claims = {
            "iss": self._state.addresses.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + _LIFE_S,
            "jti": identifier,
            "sub": session.professional.sub,
            "sid": session.sid,
            "typ": "Logout",
            "events": {EVENT: {}},
        }
        return self._state.keys.sign(claims, typ="logout+jwt"), identifier

    async def stop(self) -> None:
        """Give up what is being sent."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, client: Client, uri: str, session: SsoSession) -> None:
        token, identifier = self.logout_token(client, session)
        status = await asyncio.to_thread(self._post, uri, urlencode({"logout_token": token}))
        self._state.ledger.record(
            "psc", identifier, "backchannel_logout", connection="", client_id=client.client_id, status=status
        )

    def _post(self, uri: str, body: str) -> int | None:
        parts = urlsplit(uri)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body, {"content-type": FORM})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
        context = ssl.create_default_context(cafile=self._authorities)
        return http.client.HTTPSConnection(host, port, timeout=_PATIENCE_S, context=context)
