"""Small encrypted storage lent to a plugin: each sees its own, for one tenant."""

from typing import Final

import sqlalchemy as sa

from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.errors import PluginError

MAX_KEY: Final = 200
MAX_VALUE_BYTES: Final = 1_048_576

plugin_store: Final = sa.Table(
    "plugin_store",
    metadata,
    tenant_column(),
    sa.Column("plugin", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(MAX_KEY), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)


class PluginStore:
    """Implements ``segur_sdk.context.Store`` for one plugin and one tenant.

    Args:
        database: where values are kept.
        tenant: whose data these are.
        plugin: id of the plugin.
    """

    def __init__(self, database: Database, tenant: str, plugin: str) -> None:
        self._database = database
        self._tenant = tenant
        self._plugin = plugin
        database.ensure(plugin_store)

    def get(self, key: str) -> bytes | None:
        """Return what was put under ``key``, or ``None``."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(plugin_store.c.value).where(*self._place(key))).scalar()

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``, on the disk when this returns.

        Raises:
            PluginError: ``plugin.store_refused`` (``key``: empty, over 200 characters, not printable; ``value``:
                no bytes, or over 1 MiB).
            HostError: ``storage.full`` and the other codes of ``Database.accepting``.
        """
        if not isinstance(value, bytes) or len(value) > MAX_VALUE_BYTES:
            raise PluginError("plugin.store_refused", plugin=self._plugin, field="value")
        place = self._place(key)
        with self._database.accepting() as transaction:
            # No "upsert": its spelling differs from one database to the next.
            changed = transaction.connection.execute(plugin_store.update().where(*place), {"value": value})
            if not changed.rowcount:
                row = {"tenant": self._tenant, "plugin": self._plugin, "key": key, "value": value}
                transaction.connection.execute(plugin_store.insert(), row)

    def delete(self, key: str) -> None:
        """Forget ``key``; nothing happens if it is unknown."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(plugin_store.delete().where(*self._place(key)))

    def _place(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable():
            raise PluginError("plugin.store_refused", plugin=self._plugin, field="key")
        return (
            plugin_store.c.tenant == self._tenant,
            plugin_store.c.plugin == self._plugin,
            plugin_store.c.key == key,
        )
