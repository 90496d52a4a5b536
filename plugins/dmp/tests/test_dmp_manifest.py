"""What the plugin declares is what it does, and every failure of its own has a French text."""

import re
from importlib import import_module
from importlib.metadata import distribution, entry_points
from importlib.resources import files
from pathlib import Path

import pytest

from segur_plugin_dmp.attempts import DELETE
from segur_plugin_dmp.callers import SIGNING_USE, TLS_USES
from segur_plugin_dmp.fed_versions import RETENTION
from segur_plugin_dmp.plugin import DmpPlugin
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.errors import read_catalogue
from segur_sdk.hooks import SegurHooks
from segur_sdk.manifest import PluginManifest, parse_manifest
from segur_sdk.models.actor import Environment

PACKAGE = files("segur_plugin_dmp")
_CODE = re.compile(r'"(dmp\.[a-z_]+)"')


@pytest.fixture(scope="module")
def dmp_manifest() -> PluginManifest:
    return parse_manifest((PACKAGE / "segur_plugin.toml").read_bytes())


def test_dmp_entry_point_names_the_manifest(dmp_manifest: PluginManifest) -> None:
    (entry,) = (one for one in entry_points(group="segur.plugins") if one.name == dmp_manifest.id)
    assert entry.value == "segur_plugin_dmp:segur_plugin.toml"
    assert distribution("segur-plugin-dmp").version


def test_dmp_entry_and_settings_are_where_the_manifest_says(dmp_manifest: PluginManifest) -> None:
    for path, expected in ((dmp_manifest.entry, DmpPlugin), (dmp_manifest.settings, DmpSettings)):
        assert path is not None
        module, _, name = path.partition(":")
        assert getattr(import_module(module), name) is expected


def test_hooks_and_effects_declared_are_those_implemented(dmp_manifest: PluginManifest) -> None:
    assert [hook.name for hook in dmp_manifest.hooks] == [
        name for name in vars(DmpPlugin) if not name.startswith("_") and hasattr(SegurHooks, name)
    ]
    assert dmp_manifest.sends == ("dmp-feed", DELETE)


def test_each_way_to_the_dmp_has_its_key_and_none_that_authenticates_signs(dmp_manifest: PluginManifest) -> None:
    assert {use.purpose: use.key for use in dmp_manifest.network} == dict(TLS_USES)
    assert {use.auth for use in dmp_manifest.network} == {"mtls"}
    assert {key.use: key.signs for key in dmp_manifest.keys} == {
        **dict.fromkeys(TLS_USES.values(), False),
        SIGNING_USE: True,
    }


def test_what_is_kept_ends_when_the_manifest_says(dmp_manifest: PluginManifest) -> None:
    assert dmp_manifest.data.retention_days == RETENTION.days


def test_no_address_of_production_is_made_up(dmp_manifest: PluginManifest) -> None:
    assert {environment for use in dmp_manifest.network for environment in use.addresses} == {Environment.TEST}


def test_every_code_of_the_source_has_a_french_text_and_every_text_a_code(dmp_manifest: PluginManifest) -> None:
    catalogue = read_catalogue((PACKAGE / "messages_fr.toml").read_text("utf-8"))
    raised = {code for file in Path(str(PACKAGE)).glob("*.py") for code in _CODE.findall(file.read_text("utf-8"))}
    assert raised == set(catalogue)
    for text in catalogue.values():
        assert all(
            one and one[0].isupper() and one.endswith(".")
            for one in (text.message, text.cause, text.action)
            if one[-1] != "?"
        )


def test_what_is_unverified_is_a_setting_that_says_so() -> None:
    source = (PACKAGE / "settings.py").read_text("utf-8")
    marked = re.findall(r"    (\w+): .*(?:\n(?!    \w+:).*)*?UNVERIFIED", source)
    assert {"vihf_version", "mode_attribute", "lot_digest", "existence_test", "reference_query", "max_message"} <= set(
        marked
    )
