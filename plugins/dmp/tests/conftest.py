"""Keys of a structure and of a card, and contexts whose DMP follows a script."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from plugins.dmp.tests.scripted_dmp import Context, FileSigner, Keys, Service, certified
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.models.actor import Session, SessionMeans

if TYPE_CHECKING:
    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_sandbox.running import RunningSandbox

MakeContext = Callable[..., Context]


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def structure_signer(rsa_key: rsa.RSAPrivateKey) -> FileSigner:
    """The *cachet* of the pharmacy."""
    names = (
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Sarthe (72)"),
        (NameOID.ORGANIZATION_NAME, 'PHARMACIE "DU BAC" & FILS'),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "10B0152872"),
        (NameOID.COMMON_NAME, "LGO DU BAC A SABLE"),
    )
    return FileSigner(rsa_key, (certified(rsa_key, *names),))


@pytest.fixture
def card_signer(rsa_key: rsa.RSAPrivateKey) -> FileSigner:
    """The card of MAX LIBRE."""
    names = (
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.TITLE, "Pharmacien"),
        (NameOID.SURNAME, "LIBRE"),
        (NameOID.GIVEN_NAME, "MAX"),
        (NameOID.COMMON_NAME, "899900063480"),
    )
    return FileSigner(rsa_key, (certified(rsa_key, *names),))


@pytest.fixture
def by_card() -> Session:
    return Session(session_id="s-1", means=SessionMeans.CPS, token_serial="3000000001")


@pytest.fixture
def make_ctx(structure_signer: FileSigner) -> MakeContext:
    """Make a context whose DMP follows ``script``."""

    def make(*script: Any, signer: FileSigner | None = None, **changes: Any) -> Context:
        settings = {name: changes.pop(name) for name in list(changes) if name in DmpSettings.model_fields}
        return Context(
            Keys({"dmp-sign": signer or structure_signer}),
            service_of_dmp=Service(list(script)),
            plugin_settings=DmpSettings(**settings),
            **changes,
        )

    return make


@pytest.fixture
def open_host(segur_sandbox: "RunningSandbox", segur_config: "HostConfig") -> "Iterator[Callable[..., Host]]":
    from segur_host import Host
    from segur_host.config.model import KeyTable, TokenKeyTable
    from segur_testing.answers import ScriptedAnswers

    opened: list[Host] = []

    def open_one(*, card: str | None = None, **settings: object) -> Host:
        keys = {} if card is None else {"dmp-cps": KeyTable(token=TokenKeyTable(serial=card))}
        dmp = segur_config.plugins["dmp"].model_copy(update={"settings": settings})
        changes = {"plugins": {**segur_config.plugins, "dmp": dmp}, "keys": {**segur_config.keys, **keys}}
        config = segur_config.model_copy(update=changes)
        host = Host(config, asker=ScriptedAnswers({"token.pin": "1234", "session.acknowledge": "oui"}))
        opened.append(host)
        return host

    yield open_one
    for host in opened:
        host.close()
