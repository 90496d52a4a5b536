"""The declaration of the plugin is what it brings; both drivers take the settings as they are."""

import inspect
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_pkcs11.plugin import Pkcs11Plugin
from segur_plugin_pkcs11.settings import Pkcs11Settings
from segur_sdk import HOOKS
from segur_sdk.drivers import CardSource, DriverKind, TokenSource
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest


@pytest.fixture
def manifest() -> PluginManifest:
    return parse_manifest((files("segur_plugin_pkcs11") / "segur_plugin.toml").read_bytes())


def driver_class(manifest: PluginManifest, name: str) -> Any:
    (found,) = (driver for driver in manifest.drivers if driver.name == name)
    module, _, attribute = found.entry.partition(":")
    return getattr(import_module(module), attribute)


def test_manifest_is_found_through_its_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "pkcs11")
    assert found.value == "segur_plugin_pkcs11:segur_plugin.toml"


def test_manifest_names_the_class_and_the_settings_that_exist(manifest: PluginManifest) -> None:
    assert manifest.id == "pkcs11"
    assert manifest.entry == f"{Pkcs11Plugin.__module__}:{Pkcs11Plugin.__name__}"
    assert manifest.settings == f"{Pkcs11Settings.__module__}:{Pkcs11Settings.__name__}"
    assert [(driver.name, driver.kind, driver.through_cards) for driver in manifest.drivers] == [
        ("pkcs11", DriverKind.TOKENS, False),
        ("apdu", DriverKind.TOKENS, True),
    ]


def test_plugin_answers_no_hook_and_asks_for_nothing(manifest: PluginManifest) -> None:
    assert manifest.hooks == ()
    assert not [name for name in HOOKS if name in vars(Pkcs11Plugin)]
    assert (manifest.cards, manifest.tokens, manifest.prompts) == (False, False, False)
    assert (manifest.network, manifest.keys, manifest.uses, manifest.sends, manifest.jobs) == ((), (), (), (), ())
    assert manifest.data.stores == ()


def test_the_driver_with_a_module_takes_every_setting_as_a_keyword(manifest: PluginManifest) -> None:
    parameters = inspect.signature(driver_class(manifest, "pkcs11")).parameters
    wanted = {field: value.default for field, value in Pkcs11Settings.model_fields.items()}
    assert {field: one.default for field, one in parameters.items()} == wanted


def test_the_driver_without_a_module_leaves_every_setting_alone(manifest: PluginManifest) -> None:
    parameters = inspect.signature(driver_class(manifest, "apdu")).parameters
    assert {one.name for one in parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD} == {"cards"}
    assert inspect.Parameter.VAR_KEYWORD in {one.kind for one in parameters.values()}


@pytest.mark.parametrize("name", ["pkcs11", "apdu"])
def test_a_driver_has_every_method_of_its_contract(manifest: PluginManifest, name: str) -> None:
    driver = driver_class(manifest, name)
    for method, contract in inspect.getmembers(TokenSource, inspect.isfunction):
        if not method.startswith("_"):
            assert inspect.signature(getattr(driver, method)) == inspect.signature(contract), method


def test_readers_of_these_tests_are_ones_that_a_host_could_give(readers: Any) -> None:
    source: CardSource = readers
    assert [state.present for state in source.slots()] == [False]


@pytest.mark.parametrize("module", ["libsofthsm2.so", "./module.so", "module"], ids=str)
def test_a_module_without_its_whole_path_is_refused(module: str) -> None:
    with pytest.raises(ValidationError):
        Pkcs11Settings.model_validate({"module": module})


def test_settings_are_a_path_or_nothing() -> None:
    assert Pkcs11Settings().module == ""
    whole = str(Path("/opt/module.so").absolute())
    assert Pkcs11Settings.model_validate({"module": whole}).module == whole
    for refused in ({"module": None}, {"pin": "1234"}, {"slot": 1}):
        with pytest.raises(ValidationError):
            Pkcs11Settings.model_validate(refused)
