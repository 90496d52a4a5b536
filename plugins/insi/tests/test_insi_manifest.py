"""What the plugin declares is what it does, and every failure of its own has a French text."""

import re
from importlib import import_module
from importlib.metadata import distribution, entry_points
from importlib.resources import files
from pathlib import Path

import pytest

from segur_plugin_insi.callers import EXPECTED_CN
from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.errors import read_catalogue
from segur_sdk.hooks import SegurHooks
from segur_sdk.manifest import PluginManifest, parse_manifest
from segur_sdk.models.actor import Environment
from segur_sdk.services import SERVICES

PACKAGE = files("segur_plugin_insi")


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return parse_manifest((PACKAGE / "segur_plugin.toml").read_bytes())


def test_the_entry_point_names_the_manifest(manifest: PluginManifest) -> None:
    (entry,) = (one for one in entry_points(group="segur.plugins") if one.name == manifest.id)
    assert entry.value == "segur_plugin_insi:segur_plugin.toml"
    assert distribution("segur-plugin-insi").version


def test_entry_and_settings_are_where_the_manifest_says(manifest: PluginManifest) -> None:
    for path, expected in ((manifest.entry, InsiPlugin), (manifest.settings, InsiSettings)):
        assert path is not None
        module, _, name = path.partition(":")
        assert getattr(import_module(module), name) is expected


def test_hooks_and_services_declared_are_those_implemented(manifest: PluginManifest) -> None:
    assert [hook.name for hook in manifest.hooks] == [
        name for name in vars(InsiPlugin) if not name.startswith("_") and hasattr(SegurHooks, name)
    ]
    assert [SERVICES[name] for name in manifest.provides if isinstance(InsiPlugin(), SERVICES[name])] == [
        SERVICES["InsLookup"]
    ]


def test_each_kind_of_call_has_its_purpose_its_key_and_the_national_addresses(manifest: PluginManifest) -> None:
    assert {use.purpose: use.key for use in manifest.network} == {
        **{use: use for use in EXPECTED_CN},
        "insi-cps": None,
        "insi-psc": "psc",
    }
    assert {key.use: key.signs for key in manifest.keys} == {
        **dict.fromkeys(EXPECTED_CN, False),
        "insi_assertion": True,
        "psc": False,
    }
    assert {use.trust for use in manifest.network} == {"igc-sante"}
    for use in manifest.network:
        if use.key in EXPECTED_CN:
            assert use.auth == "mtls"
            assert use.addresses == {
                Environment.TEST: "https://qualiflps-services-ps-tlsm.ameli.fr/lps",
                Environment.PRODUCTION: "https://services-ps-tlsm.ameli.fr/lps",
            }


def test_no_address_is_stated_that_no_public_document_has(manifest: PluginManifest) -> None:
    stated = {use.purpose: use.addresses for use in manifest.network if use.key not in EXPECTED_CN}
    assert stated == {
        "insi-cps": {Environment.TEST: "https://qualiflps.services-ps.ameli.fr/lps"},
        "insi-psc": {},
    }


def test_the_test_address_is_the_one_of_the_official_wsdl(manifest: PluginManifest, assets: Path) -> None:
    wsdl = (assets / "DESIR_ICIR_EXP_1.5.0.wsdl").read_text("utf-8")
    (location,) = re.findall(r'soap12:address location="([^"]+)"', wsdl)
    stated = {use.addresses[Environment.TEST] for use in manifest.network if use.auth == "mtls"}
    assert stated == {location.replace(":443", "")}


def test_every_code_of_this_plugin_has_a_french_text_and_no_text_is_left_over() -> None:
    catalogue = read_catalogue((PACKAGE / "messages_fr.toml").read_text("utf-8"))
    sources = Path(str(PACKAGE)).glob("*.py")
    raised = {
        code
        for source in sources
        for code in re.findall(r'(?:Error|unreadable)\(\s*"(insi\.[a-z_]+)"', source.read_text("utf-8"))
    }
    assert raised == set(catalogue)
    assert all(text.message.endswith(".") and text.cause and text.action for text in catalogue.values())


@pytest.mark.parametrize(
    "given",
    [{"retries": -1}, {"retries": 3}, {"vitale_assertion": "official"}, {"vitale_assertion": None}, {"unknown": 1}],
)
def test_settings_that_mean_nothing_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        InsiSettings.model_validate(given)


def test_defaults_are_the_careful_ones() -> None:
    assert InsiSettings() == InsiSettings(retries=1, vitale_assertion="none")
