"""What the configuration says of the purposes for which plugins go to the network."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from segur_host.broker.tls.servers import ServerPolicy
from segur_host.config.model import ClientTable, NetworkTable
from segur_sdk.errors import ConfigError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

NOTHING_SAID = NetworkTable()


class Network:
    """Purposes of one installation.

    Args:
        environment: which addresses are meant.
        tables: by purpose.
    """

    def __init__(self, environment: Environment, tables: Mapping[str, NetworkTable]) -> None:
        self._environment = environment
        self._tables = tables

    def url(self, use: NetworkUse) -> str:
        """Return the address of a purpose.

        Raises:
            ConfigError: ``config.no_address``; ``config.address_stated``: the configuration gives one although the
                manifest does, which was reviewed; ``config.address_scheme``: what it gives is not of the protocol of
                the purpose, so that something would go without TLS, or what is published be sought behind it.
        """
        table, stated = self._of(use), use.addresses.get(self._environment)
        if self._environment is Environment.SANDBOX:
            url = table.url
        elif stated is not None and table.address is not None:
            raise ConfigError("config.address_stated", purpose=use.purpose, environment=self._environment)
        else:
            url = stated or table.address
        if url is None:
            raise ConfigError("config.no_address", purpose=use.purpose, environment=self._environment)
        if urlsplit(url).scheme != ("http" if use.protocol == "http" else "https"):
            raise ConfigError("config.address_scheme", purpose=use.purpose, protocol=use.protocol)
        return url

    def client(self, use: NetworkUse) -> ClientTable:
        """Return as whom the software is registered there.

        Raises:
            ConfigError: ``config.client_missing``.
        """
        client = self._of(use).client
        if client is None:
            raise ConfigError("config.client_missing", purpose=use.purpose)
        return client

    def server(self, use: NetworkUse) -> ServerPolicy:
        """Return what its servers have to prove."""
        table = self._of(use)
        return ServerPolicy(table.authority, table.revocation)

    def redirects(self, use: NetworkUse) -> tuple[str, ...]:
        """Return where browsers may be sent back to, as registered there; nothing when no address is registered."""
        return self._of(use).redirect

    def _of(self, use: NetworkUse) -> NetworkTable:
        return self._tables.get(use.purpose, NOTHING_SAID)
