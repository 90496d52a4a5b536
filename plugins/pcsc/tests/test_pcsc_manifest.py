"""The declaration of the plugin is what it brings, and it loads on a machine that has no PC/SC at all."""

import subprocess
import sys
from importlib.metadata import entry_points
from importlib.resources import files
from inspect import signature
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_pcsc.plugin import PcscPlugin
from segur_plugin_pcsc.settings import PcscSettings
from segur_plugin_pcsc.source import PcscCardSource
from segur_sdk import HOOKS
from segur_sdk.drivers import DriverKind
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest


@pytest.fixture
def manifest() -> PluginManifest:
    return parse_manifest((files("segur_plugin_pcsc") / "segur_plugin.toml").read_bytes())


def test_manifest_is_found_through_its_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "pcsc")
    assert found.value == "segur_plugin_pcsc:segur_plugin.toml"


def test_manifest_names_the_driver_and_nothing_else(manifest: PluginManifest) -> None:
    (driver,) = manifest.drivers
    assert (driver.name, driver.kind, driver.through_cards) == ("pcsc", DriverKind.CARDS, False)
    assert driver.entry == f"{PcscCardSource.__module__}:{PcscCardSource.__name__}"
    assert manifest.entry == f"{PcscPlugin.__module__}:{PcscPlugin.__name__}"
    assert manifest.settings == f"{PcscSettings.__module__}:{PcscSettings.__name__}"
    assert not any(name in vars(PcscPlugin) for name in HOOKS)
    assert (manifest.hooks, manifest.provides, manifest.uses, manifest.network, manifest.keys) == ((), (), (), (), ())
    assert (manifest.cards, manifest.tokens, manifest.prompts) == (False, False, False)


def test_every_setting_is_an_argument_of_the_driver_with_the_same_default() -> None:
    arguments = signature(PcscCardSource).parameters
    assert set(arguments) == set(PcscSettings.model_fields)
    settings = PcscSettings()
    assert {name: one.default for name, one in arguments.items()} == {
        name: getattr(settings, name) for name in arguments
    }


@pytest.mark.parametrize(
    "setting",
    [
        {"socket": "x" * 108},
        {"socket": 3},
        {"ignore": "Lecteur"},
        {"wait_s": 0},
        {"wait_s": 4.5},
        {"shared": "perhaps"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_wrong_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PcscSettings.model_validate(setting)


def test_nothing_of_pcsc_is_imported_with_the_plugin() -> None:
    script = (
        "import sys\n"
        "import segur_plugin_pcsc.plugin, segur_plugin_pcsc.settings, segur_plugin_pcsc.source\n"
        "segur_plugin_pcsc.source.PcscCardSource()\n"
        "print('smartcard' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
