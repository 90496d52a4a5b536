from collections.abc import Callable
from pathlib import Path

import pytest

from segur_host.broker.store import PluginStore
from segur_host.storage.database import Database
from segur_sdk.errors import PluginError


@pytest.fixture
def store(database: Database) -> PluginStore:
    return PluginStore(database, "default", "insi")


def test_values_come_back_as_they_were_put(store: PluginStore) -> None:
    assert store.get("state") is None
    store.put("state", b"\x00\xff one")
    store.put("state", b"two")
    store.put("empty", b"")
    assert store.get("state") == b"two"
    assert store.get("empty") == b""


def test_values_survive_a_restart(data_folder: Path) -> None:
    for expected in (None, b"kept"):
        with Database(data_folder, "default") as database:
            store = PluginStore(database, "default", "insi")
            assert store.get("state") == expected
            store.put("state", b"kept")


def test_deleted_values_are_gone_and_unknown_ones_are_no_error(store: PluginStore) -> None:
    store.put("state", b"one")
    store.delete("state")
    store.delete("state")
    assert store.get("state") is None


@pytest.mark.parametrize(("tenant", "plugin"), [("default", "vitale"), ("other", "insi")])
def test_nobody_sees_or_changes_the_store_of_another(
    database: Database, store: PluginStore, tenant: str, plugin: str
) -> None:
    other = PluginStore(database, tenant, plugin)
    store.put("state", b"mine")
    assert other.get("state") is None
    other.put("state", b"theirs")
    other.delete("state")
    assert store.get("state") == b"mine"


@pytest.mark.parametrize("key", ["", "k" * 201, "line\nbreak", 7], ids=["empty", "long", "unprintable", "number"])
def test_keys_are_short_printable_texts(store: PluginStore, key: str) -> None:
    uses: tuple[Callable[[], object], ...] = (
        lambda: store.put(key, b""),
        lambda: store.get(key),
        lambda: store.delete(key),
    )
    for use in uses:
        with pytest.raises(PluginError) as raised:
            use()
        assert (raised.value.code, raised.value.facts["field"]) == ("plugin.store_refused", "key")


@pytest.mark.parametrize(
    "value", ["text", bytearray(b"x"), None, b"x" * 1_048_577], ids=["text", "bytearray", "nothing", "too_large"]
)
def test_values_are_bytes_up_to_one_mebibyte(store: PluginStore, value: bytes) -> None:
    with pytest.raises(PluginError) as raised:
        store.put("state", value)
    assert (raised.value.code, raised.value.facts["field"]) == ("plugin.store_refused", "value")
    assert store.get("state") is None
    store.put("state", b"x" * 1_048_576)
    assert store.get("state") == b"x" * 1_048_576
