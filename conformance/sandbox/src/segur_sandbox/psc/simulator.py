"""Puts the simulator together, opens its ports, and says where it is."""

import errno
import random
import secrets
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from starlette.applications import Starlette
from starlette.requests import Request

from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.ledger import Ledger
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.private_files import write_private
from segur_sandbox.psc import device
from segur_sandbox.psc.apps import issuer_app, operation_of, target_app, wallet_app
from segur_sandbox.psc.backchannel import BackchannelLogout
from segur_sandbox.psc.bearer import shown_token
from segur_sandbox.psc.clients import Client
from segur_sandbox.psc.control import PscControl
from segur_sandbox.psc.logout import LogoutEndpoint
from segur_sandbox.psc.professionals import Professional
from segur_sandbox.psc.state import open_state
from segur_sandbox.psc.target_service import TargetService
from segur_sandbox.recording import RecordedService
from segur_sandbox.settings import PscSettings
from segur_sandbox.tls.listener import LOOPBACK, TlsListener

CLIENT_ID = "segur-lps"
SECRET_CLIENT_ID = "segur-lps-secret"  # noqa: S105 - the name of a client
OTHER_CLIENT_ID = "autre-lps"
KEY_ROLE = "org-auth"
CALLBACK = "/psc/retour"
LOGOUTS = "/deconnexion"
_REDIRECT_PORTS = 3
_QUIET_PORTS = range(20_000, 30_000)
"""No system gives these by itself: one that is free stays so until somebody wants it."""
_TRIES = 100


class PscSimulator:
    """Pro Santé Connect on three ports: issuer, wallet, and a service that trusts it.

    Args:
        data: The sandbox's data folder; keys and secrets go to `psc` in it.
        settings: Those at the start.
        pki: The sandbox's hierarchy.

    Raises:
        DataFileError: `professionals.json` cannot be used.
    """

    def __init__(
        self,
        data: Path,
        settings: PscSettings,
        pki: PkiFiles,
        *,
        clock: SandboxClock,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
    ) -> None:
        self._folder = data / "psc"
        self._pki = pki
        self._state = open_state(data, settings, clock, ledger)
        self._backchannel = BackchannelLogout(self._state, pki.ca)
        logout = LogoutEndpoint(self._state, self._backchannel)
        service = TargetService(self._state)
        self.control = PscControl(self._state, logout, service)

        def listener(name: str, app: Starlette, certificates: ssl.VerifyMode) -> TlsListener:
            recorded = RecordedService(name, app, operation_of, faults=faults, journal=journal, clock=clock)
            return TlsListener(name, recorded, pki, client_certificates=certificates, faults=faults, journal=journal)

        self._issuer = listener("psc", issuer_app(self._state, logout), ssl.CERT_OPTIONAL)
        self._wallet = listener("psc-login", wallet_app(self._state), ssl.CERT_NONE)
        self._service = listener("psc-api", target_app(service), ssl.CERT_REQUIRED)

    def start(self) -> None:
        """Open the ports and register the first clients."""
        for one in (self._issuer, self._wallet, self._service):
            one.start()
        addresses = self._state.addresses
        addresses.issuer_origin = _origin(self._issuer)
        addresses.wallet_origin = _origin(self._wallet)
        addresses.service_origin = _origin(self._service)
        self._state.clients.begin(self._first_clients(_free_redirects(), _back_channel()))

    async def stop(self) -> None:
        """Close the ports."""
        await self._backchannel.stop()
        for one in (self._issuer, self._wallet, self._service):
            await one.stop()

    def tables(self) -> dict[str, dict[str, object]]:
        """Return what a host configuration says of each network purpose."""
        client = self._state.clients.find(CLIENT_ID)
        redirects = list(client.redirect_uris) if client is not None else []
        return {
            "psc": {"url": self._state.addresses.issuer_origin},
            "psc-login": {"url": self._state.addresses.wallet_origin, "redirect": redirects},
        }

    def back_channel(self) -> dict[str, object]:
        """Return what a host configuration says of where it is told that a session ended."""
        client = self._state.clients.find(CLIENT_ID)
        place = urlsplit(client.backchannel_logout_uri or "") if client is not None else urlsplit("")
        return {"port": place.port, "path": place.path}

    def signed_in(self, request: Request) -> Professional:
        """Return whose the access token is that a caller of another service shows.

        Raises:
            OAuthRefusedError: there is none, or it is not good, or not his.
        """
        return shown_token(request, self._state).grant.session.professional

    def describe(self) -> dict[str, Any]:
        """Return what the descriptor says."""
        addresses = self._state.addresses
        return {
            "discovery": addresses.discovery,
            "issuer": addresses.issuer,
            "login": addresses.wallet_origin,
            "device": addresses.wallet_origin + device.PATH,
            "service": {
                "token_endpoint": f"{addresses.service_origin}/token",
                "resource": f"{addresses.service_origin}/ressource",
            },
            "clients": [client.model_dump(mode="json") for client in self._state.clients],
            "professionals": [
                {"name": one.name, "national_id": one.national_id, "means": one.means}
                for one in self._state.professionals.all
            ],
        }

    def _first_clients(self, redirects: tuple[str, ...], back_channel: str) -> tuple[Client, ...]:
        certificate = x509.load_pem_x509_certificate(self._pki.role(KEY_ROLE).cert.read_bytes())
        return (
            Client(
                client_id=CLIENT_ID,
                method="tls_client_auth",
                subject_dn=certificate.subject.rfc4514_string(),
                key_role=KEY_ROLE,
                redirect_uris=redirects,
                post_logout_redirect_uris=redirects,
                backchannel_logout_uri=back_channel,
            ),
            *(
                Client(
                    client_id=client_id,
                    client_secret=self._secret(client_id),
                    redirect_uris=redirects,
                    post_logout_redirect_uris=redirects,
                    ciba=client_id != OTHER_CLIENT_ID,
                )
                for client_id in (SECRET_CLIENT_ID, OTHER_CLIENT_ID)
            ),
        )

    def _secret(self, client_id: str) -> str:
        path = self._folder / f"{client_id}.secret"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32).encode("ascii"))
        return path.read_text(encoding="ascii")


def _origin(listener: TlsListener) -> str:
    return f"https://{LOOPBACK}:{listener.port}"


def _back_channel() -> str:
    """Return an address for who is told that a session ended, on a port that is free.

    Raises:
        OSError: no port is free.
    """
    for port in random.sample(_QUIET_PORTS, _TRIES):
        with suppress(OSError), socket.create_server((LOOPBACK, port)):
            return f"http://{LOOPBACK}:{port}{LOGOUTS}"
    raise OSError(errno.EADDRINUSE, "no port is free")


def _free_redirects() -> tuple[str, ...]:
    # All held at once, so that they are distinct.
    held = [socket.create_server((LOOPBACK, 0)) for _ in range(_REDIRECT_PORTS)]
    try:
        return tuple(f"http://{LOOPBACK}:{one.getsockname()[1]}{CALLBACK}" for one in held)
    finally:
        for one in held:
            one.close()
