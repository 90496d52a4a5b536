"""A certificate that was replaced, or that ended, is not shown to a service by the next call."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.config.model import HostConfig, NetworkTable
from segur_host.keyring.kept_keys import KeptKeys
from segur_host.keyring.pairs import PrivateKey
from segur_host.keyring.store import KEYS_FOLDER, KeyStore
from segur_sdk.errors import ConfigError, Fact
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
USE = NetworkUse(purpose="p", trust="ours", auth="mtls", key="k")


@attrs.define
class Moved:
    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.mark.req("S003-22")
def test_the_next_call_shows_what_was_installed_and_a_call_in_progress_ends_as_it_began(
    make_config: Callable[..., HostConfig],
    pki: Any,
    serve: Callable[..., Any],
    answering: Callable[..., Any],
    make_call: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEYRING_PASSPHRASE", "a passphrase of some length")
    shown: list[Any] = []
    asks = {"trusted": pki.ours.cert, "verify_mode": ssl.CERT_REQUIRED}
    server = serve(answering(OK, seen=shown, look=ssl.SSLSocket.getpeercert, **asks))
    config = make_config(
        trust={"ours": pki.ours.cert},
        keys={"k": {"cert": pki.client.cert, "key": pki.client.key}},
        keyring={"passphrase": {"env": "KEYRING_PASSPHRASE"}},
    )
    store, clock = KeyStore(config.data / KEYS_FOLDER, config.keyring.passphrase), Moved(datetime.now(UTC))
    keys = KeyRing(config, None, clock, store)
    kept = KeptKeys(keys, store, clock, Environment.SANDBOX)
    events: list[str] = []

    def record(event: str, **_: Fact) -> None:
        events.append(event)

    table = NetworkTable.model_validate({"url": f"https://127.0.0.1:{server.port}/", "revocation": "off"})
    broker = HttpBroker(keys, Network(Environment.SANDBOX, {"p": table}))
    try:
        in_progress = broker.client(USE, make_call())
        in_progress.request("GET")
        other = load_pem_private_key(pki.other_client.key.read_bytes(), None)
        assert isinstance(other, PrivateKey)
        kept.install("k", (ssl.PEM_cert_to_DER_cert(pki.other_client.cert.read_text()),), record, other)
        broker.client(USE, make_call()).request("GET")
        in_progress.request("GET")
        broker.client(USE, make_call()).request("GET")
        kept.take_back("k", record)
        broker.client(USE, make_call()).request("GET")
        assert [one["subject"][0][0][1] for one in shown] == ["client", "other", "client", "other", "client"]
        assert events == ["keyring.taken_in", "keyring.installed", "keyring.taken_back"]
        reached = server.connections
        clock.at += timedelta(days=2)
        call = make_call()
        with pytest.raises(ConfigError) as raised:
            broker.client(USE, call)
        assert raised.value.code == "config.certificate_ended"
        assert (server.connections, call.records, call.notes) == (reached, [], [])
    finally:
        broker.close()
