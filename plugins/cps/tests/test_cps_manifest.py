"""What the plugin declares is what it does; every failure of its own has a French text."""

import re
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_cps.card_notes import RETENTION
from segur_plugin_cps.nomenclature import profession_label, sector_label
from segur_plugin_cps.plugin import CpsPlugin
from segur_plugin_cps.settings import CpsSettings
from segur_sdk import HOOKS, HookContext
from segur_sdk.errors import read_catalogue, sdk_catalogue
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.professional import CpxType
from segur_sdk.services import SERVICES

PACKAGE = files("segur_plugin_cps")


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return parse_manifest((PACKAGE / "segur_plugin.toml").read_bytes())


def test_manifest_is_found_through_its_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "cps")
    assert found.value == "segur_plugin_cps:segur_plugin.toml"


def test_manifest_names_what_exists(manifest: PluginManifest) -> None:
    assert manifest.id == "cps"
    assert manifest.entry == f"{CpsPlugin.__module__}:{CpsPlugin.__name__}"
    assert manifest.settings == f"{CpsSettings.__module__}:{CpsSettings.__name__}"
    implemented = {name for name in HOOKS if name in vars(CpsPlugin)}
    assert {hook.name: hook.version for hook in manifest.hooks} == {name: HOOKS[name].version for name in implemented}
    assert implemented == {"on_card_read", "on_session_login", "on_session_ended"}
    assert [SERVICES[name] for name in manifest.provides if isinstance(CpsPlugin(), SERVICES[name])] == [
        SERVICES["SessionProvider"]
    ]
    assert manifest.session_means == (SessionMeans.CPS,)


def test_plugin_asks_for_tokens_their_readers_and_the_pin_dialog_and_nothing_else(manifest: PluginManifest) -> None:
    assert (manifest.tokens, manifest.cards, manifest.prompts) == (True, True, True)
    assert (manifest.network, manifest.keys, manifest.uses, manifest.sends) == ((), (), (), ())
    assert (manifest.jobs, manifest.drivers, manifest.codes) == ((), (), ())
    assert (manifest.data.reads, manifest.data.writes) == ((), ())


def test_what_is_kept_ends_when_the_manifest_says(manifest: PluginManifest) -> None:
    assert manifest.data.stores == ("card_notes",)
    assert manifest.data.retention_days == RETENTION.days


def test_every_code_that_is_raised_has_its_french_text(manifest: PluginManifest) -> None:
    assert manifest.messages is not None
    own = read_catalogue((PACKAGE / manifest.messages).read_text("utf-8"))
    sources = "".join(path.read_text("utf-8") for path in Path(str(PACKAGE)).glob("*.py"))
    raised = set(re.findall(r"CardError\(\s*\"([a-z_.]+)\"", sources))
    assert raised - set(own) == {"card.unreadable"}
    assert set(own) <= raised
    assert "card.unreadable" in sdk_catalogue()
    assert all(text.message and text.cause and text.action for text in own.values())


def test_a_setting_that_is_an_assumption_says_so() -> None:
    assumed = {name for name, field in CpsSettings.model_fields.items() if "UNVERIFIED" in (field.description or "")}
    assert assumed == {"encoding"}


@pytest.mark.parametrize("setting", [{"encoding": "utf-16"}, {"trust": ""}, {"trust": "IGC"}, {"pin": "1234"}], ids=str)
def test_wrong_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CpsSettings.model_validate(setting)


@pytest.mark.parametrize(
    ("code", "card_type", "label"),
    [
        ("10", CpxType.CPS, "Médecin"),
        ("39", CpxType.CPE, "Préparateur en pharmacie (officine)"),
        ("21", CpxType.CPF, "Pharmacien en formation"),
        ("77", CpxType.CPS, "77"),
    ],
)
def test_profession_has_its_label_or_its_code(code: str, card_type: CpxType, label: str) -> None:
    assert profession_label(code, card_type) == label


@pytest.mark.parametrize(("code", "label"), [("SA33", "pharmacie d’officine"), ("SA99", "SA99")])
def test_sector_has_its_label_or_its_code(code: str, label: str) -> None:
    assert sector_label(code) == label


def test_context_of_these_tests_is_one_that_a_host_could_give(bench: Any) -> None:
    ctx: HookContext = bench.context()
    assert ctx.settings(CpsSettings) == CpsSettings()
