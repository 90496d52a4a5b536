"""The declaration of the plugin is what it does; its settings and its French texts hold."""

from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_vitale.plugin import VitalePlugin
from segur_plugin_vitale.settings import VitaleSettings
from segur_sdk import HOOKS, HookContext
from segur_sdk.errors import read_catalogue
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest


@pytest.fixture
def manifest() -> PluginManifest:
    return parse_manifest((files("segur_plugin_vitale") / "segur_plugin.toml").read_bytes())


def test_manifest_is_found_through_its_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "vitale")
    assert found.value == "segur_plugin_vitale:segur_plugin.toml"


def test_manifest_names_the_class_the_settings_and_the_hook_that_exist(manifest: PluginManifest) -> None:
    assert manifest.id == "vitale"
    assert manifest.entry == f"{VitalePlugin.__module__}:{VitalePlugin.__name__}"
    assert manifest.settings == f"{VitaleSettings.__module__}:{VitaleSettings.__name__}"
    implemented = {name for name in HOOKS if name in vars(VitalePlugin)}
    assert {hook.name for hook in manifest.hooks} == implemented == {"on_card_read"}
    assert [hook.version for hook in manifest.hooks] == [HOOKS["on_card_read"].version]


def test_plugin_asks_for_cards_and_nothing_else(manifest: PluginManifest) -> None:
    assert manifest.cards
    assert not manifest.prompts
    assert (manifest.network, manifest.keys, manifest.uses, manifest.sends, manifest.jobs) == ((), (), (), (), ())
    assert manifest.data.stores == ()


def test_every_own_code_has_its_french_text(manifest: PluginManifest) -> None:
    assert manifest.messages is not None
    catalogue = read_catalogue((files("segur_plugin_vitale") / manifest.messages).read_text("utf-8"))
    assert set(catalogue) == {"vitale.supplied_invalid"}
    assert all(text.message and text.cause and text.action for text in catalogue.values())


def test_every_setting_that_is_an_assumption_says_so() -> None:
    assumed = {name for name, field in VitaleSettings.model_fields.items() if "UNVERIFIED" in (field.description or "")}
    assert assumed == {"encoding", "nature_object", "rank_object", "serial_file"}


@pytest.mark.parametrize(
    "setting",
    [
        {"encoding": "utf-16"},
        {"nature_object": "65/C1"},
        {"nature_object": "66/C"},
        {"nature_object": "66"},
        {"rank_object": "66/C2"},
        {"rank_object": "65/c2"},
        {"serial_file": "2F2"},
        {"tries": 0},
        {"tries": 11},
        {"unknown": 1},
    ],
    ids=str,
)
def test_wrong_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VitaleSettings.model_validate(setting)


def test_context_of_these_tests_is_one_that_a_host_could_give(bench: Any) -> None:
    ctx: HookContext = bench.context()
    assert ctx.settings(VitaleSettings) == VitaleSettings()
