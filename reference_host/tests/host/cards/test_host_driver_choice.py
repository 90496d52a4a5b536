"""Of the drivers that a plugin brings run those that the configuration chooses, once the plugin is accepted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, code_of
from segur_host import Host
from segur_host.registry.registry import PluginState
from segur_sdk.hooks.session_login import SessionLoginEvent

TOKEN = {"token": "t", "label": "CPS3v3-1", "serial": "1", "slot": "one"}


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.put("one")
    bench.change(tokens=[TOKEN])
    return bench


CHOICES: dict[str, tuple[list[str] | None, int, int]] = {
    "nothing_said": (None, 1, 1),
    "both": (["tokens", "cards"], 1, 1),
    "one": (["tokens"], 0, 1),
    "the_other": (["cards"], 1, 0),
    "none": ([], 0, 0),
}


def seen(host: Host) -> tuple[int, int]:
    if not host._registry.drivers or host._registry.drivers[0].use.name != "cards":
        assert code_of(host.slots) == "card.no_reader"
        return 0, len(host.tokens())
    return len(host.slots()), len(host.tokens())


@pytest.mark.parametrize(("drivers", "slots", "tokens"), CHOICES.values(), ids=CHOICES)
def test_the_configuration_chooses_among_the_drivers_of_a_plugin(
    drivers: list[str] | None,
    slots: int,
    tokens: int,
    filled: Bench,
    devices: dict[str, Any],
    open_host: Callable[..., Host],
) -> None:
    chosen = {} if drivers is None else {"drivers": drivers}
    host = open_host({"devices": devices["devices"] | chosen})
    assert host.plugins["devices"].state is PluginState.ACTIVE
    assert seen(host) == (slots, tokens)


def test_a_driver_that_the_plugin_does_not_bring_is_said(
    filled: Bench, devices: dict[str, Any], config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    config = config_file({"devices": devices["devices"] | {"drivers": ["cards", "card"]}})
    status, out, _ = segur("plugins", "list", "--json", "--config", config)
    [row] = [row for row in json.loads(out) if row["id"] == "devices"]
    assert (status, row["state"], row["last_error"]) == (0, "refused", "config.plugin_drivers")
    assert "driver=card)" in row["reason"]
    assert row["action"]


def _disabled(table: dict[str, Any]) -> dict[str, Any]:
    return table | {"enabled": False}


def _changed(table: dict[str, Any]) -> dict[str, Any]:
    return table | {"manifest_sha256": "0" * 64}


def _without_settings(table: dict[str, Any]) -> dict[str, Any]:
    return table | {"settings": {}}


NOT_ACTIVE = {"disabled": _disabled, "changed": _changed, "settings_missing": _without_settings}


@pytest.mark.parametrize("change", NOT_ACTIVE.values(), ids=NOT_ACTIVE)
def test_drivers_of_a_plugin_that_is_not_active_do_not_run(
    change: Callable[[dict[str, Any]], dict[str, Any]],
    filled: Bench,
    devices: dict[str, Any],
    open_host: Callable[..., Host],
) -> None:
    host = open_host({"devices": change(devices["devices"])})
    assert seen(host) == (0, 0)
    assert filled.asked() == []


def test_nothing_is_started_before_it_is_asked_for(
    filled: Bench, devices: dict[str, Any], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    host = open_host(devices)
    host.call("on_session_login", login)
    assert filled.asked() == []
    assert host.tokens()
    assert filled.asked("slots") == []


def test_drivers_are_named_in_the_list_and_in_what_is_accepted(
    filled: Bench, devices: dict[str, Any], config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    config = config_file(devices)
    _, out, _ = segur("plugins", "list", "--json", "--config", config)
    [row] = [row for row in json.loads(out) if row["id"] == "devices"]
    assert row["drivers"] == ["cards", "tokens"]
    status, out, _ = segur("plugins", "enable", "devices", "--config", config)
    assert status == 0
    assert "apporter le pilote « cards »" in out


def test_means_and_tokens_are_named_in_what_is_accepted(
    signing: dict[str, Any], config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    _, out, _ = segur("plugins", "enable", "signing", "--config", config_file(signing))
    assert "ouvrir des sessions « cps »" in out
    assert "faire déverrouiller" in out


def test_a_host_that_was_closed_calls_nobody(
    signing: dict[str, Any], devices: dict[str, Any], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    host = open_host(signing | devices)
    host.close()
    assert code_of(lambda: host.call("on_session_login", login)) == "host.closed"
    assert code_of(host.slots) == "card.driver_stopped"
    assert code_of(host.tokens) == "card.driver_stopped"
