"""What the plugin declares is what it does, and every failure of its own has a French text."""

import re
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_psc.nomenclature import mode_label, profession_label, sector_label
from segur_plugin_psc.plugin import PscPlugin
from segur_plugin_psc.settings import PscSettings
from segur_sdk import HOOKS, HookContext
from segur_sdk.errors import read_catalogue
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest
from segur_sdk.models.actor import Environment, SessionMeans
from segur_sdk.services import SERVICES

PACKAGE = files("segur_plugin_psc")


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return parse_manifest((PACKAGE / "segur_plugin.toml").read_bytes())


def test_manifest_is_found_through_its_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "psc")
    assert found.value == "segur_plugin_psc:segur_plugin.toml"


def test_manifest_names_what_exists(manifest: PluginManifest) -> None:
    assert manifest.id == "psc"
    assert manifest.entry == f"{PscPlugin.__module__}:{PscPlugin.__name__}"
    assert manifest.settings == f"{PscSettings.__module__}:{PscSettings.__name__}"
    implemented = {name for name in HOOKS if name in vars(PscPlugin)}
    assert {hook.name: hook.version for hook in manifest.hooks} == {name: HOOKS[name].version for name in implemented}
    assert implemented == {"on_session_login"}
    assert manifest.provides == ("SessionProvider", "AuthoritySessions")
    assert all(isinstance(PscPlugin(), SERVICES[name]) for name in manifest.provides)
    assert manifest.session_means == (SessionMeans.PSC,)


@pytest.mark.req("SC.PSC.01")
def test_plugin_reaches_the_authority_and_its_login_page_and_nothing_else(manifest: PluginManifest) -> None:
    authority, page = manifest.network
    assert (authority.purpose, authority.protocol, authority.trust) == ("psc", "https", "psc")
    assert (authority.auth, authority.key) == ("client", "psc")
    assert authority.addresses == {
        Environment.TEST: "https://auth.bas.psc.esante.gouv.fr",
        Environment.PRODUCTION: "https://auth.esw.esante.gouv.fr",
    }
    assert (page.purpose, page.protocol) == ("psc-login", "browser")
    assert page.addresses == {
        Environment.TEST: "https://wallet.bas.psc.esante.gouv.fr",
        Environment.PRODUCTION: "https://wallet.esw.esante.gouv.fr",
    }
    assert (manifest.prompts, manifest.cards, manifest.tokens) == (True, False, False)
    assert (manifest.uses, manifest.sends, manifest.jobs, manifest.drivers, manifest.codes) == ((), (), (), (), ())
    assert (manifest.data.reads, manifest.data.writes, manifest.data.stores) == ((), (), ())


def test_every_code_that_is_raised_has_its_french_text(manifest: PluginManifest) -> None:
    assert manifest.messages is not None
    own = read_catalogue((PACKAGE / manifest.messages).read_text("utf-8"))
    sources = "".join(path.read_text("utf-8") for path in Path(str(PACKAGE)).glob("*.py"))
    raised = set(re.findall(r"(?:(?:Error|invalid_input)\(\s*|Final = )\"(psc\.[a-z_]+)\"", sources))
    assert raised == set(own)
    assert all(text.message.endswith(".") and text.cause and text.action for text in own.values())


def test_who_cannot_use_pro_sante_connect_is_shown_another_way(manifest: PluginManifest) -> None:
    own = read_catalogue((PACKAGE / "messages_fr.toml").read_text("utf-8"))
    for code in ("psc.unavailable", "psc.client_refused", "psc.fault", "psc.discovery_hostile"):
        assert "connexion locale" in own[code].action
    assert "RPPS" in own["psc.unknown_person"].cause


def test_a_setting_that_is_an_assumption_says_so() -> None:
    assumed = {name for name, field in PscSettings.model_fields.items() if "UNVERIFIED" in (field.description or "")}
    assert assumed == {"identity_provider", "leeway_s", "revoke_on_leaving"}


def test_defaults_are_those_of_pro_sante_connect() -> None:
    settings = PscSettings(client_id="x")
    assert (settings.scope, settings.acr, settings.algorithms) == ("openid scope_all", "eidas1", ("RS256",))
    assert settings.realm_path + "/" + settings.discovery_name == (
        "/auth/realms/esante-wallet/wallet-openid-configuration"
    )
    assert (settings.session_max_s, settings.session_idle_s, settings.leeway_s) == (14_400, 1_800, 300)


@pytest.mark.parametrize(
    "setting",
    [
        {"client_id": ""},
        {"client_id": "a b"},
        {"client_secret": "x"},
        {"flow": "implicit"},
        {"device": "card"},
        {"realm_path": "auth"},
        {"realm_path": "/auth?x"},
        {"realm_path": "/auth/"},
        {"discovery_name": "../x"},
        {"discovery_name": "a/b"},
        {"scope": "scope_all"},
        {"scope": "openid  x"},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"leeway_s": 301},
        {"leeway_s": -1},
        {"poll_interval_s": 0},
        {"session_max_s": 0},
        {"identity_provider": "a&b=c"},
    ],
    ids=str,
)
def test_wrong_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PscSettings.model_validate({"client_id": "lgo", **setting})


def test_client_id_is_needed() -> None:
    with pytest.raises(ValidationError):
        PscSettings.model_validate({})


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (profession_label("39"), "Préparateur en pharmacie (officine)"),
        (profession_label("21", "E"), "Pharmacien en formation"),
        (profession_label("21", "M"), "Pharmacien"),
        (profession_label("77"), "77"),
        (sector_label("SA33"), "pharmacie d’officine"),
        (sector_label("SA99"), "SA99"),
        (mode_label("S"), "salarié"),
        (mode_label("X"), "X"),
    ],
)
def test_code_has_its_label_or_itself(label: str, expected: str) -> None:
    assert label == expected


def test_context_of_these_tests_is_one_that_a_host_could_give(bench: Any) -> None:
    ctx: HookContext = bench.ctx
    assert ctx.settings(PscSettings) == PscSettings(client_id="lgo-exemple")
