"""What the plugin declares is what it does, and everything that it says has its French text."""

from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from segur_plugin_certificates.orders import RETENTION
from segur_plugin_certificates.plugin import CertificatesPlugin
from segur_plugin_certificates.revocation import Mode
from segur_plugin_certificates.settings import CertificatesSettings
from segur_sdk import HOOKS
from segur_sdk.jobs import JobRunner
from segur_sdk.manifest import ENTRY_POINT_GROUP, PluginManifest, parse_manifest
from segur_sdk.services import SERVICES

PACKAGE = files("segur_plugin_certificates")


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return parse_manifest((PACKAGE / "segur_plugin.toml").read_bytes())


def test_manifest_of_the_certificates_is_found_and_names_what_exists(manifest: PluginManifest) -> None:
    (found,) = (entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == "certificates")
    assert found.value == "segur_plugin_certificates:segur_plugin.toml"
    assert manifest.entry == f"{CertificatesPlugin.__module__}:{CertificatesPlugin.__name__}"
    assert manifest.settings == f"{CertificatesSettings.__module__}:{CertificatesSettings.__name__}"
    implemented = {name for name in HOOKS if name in vars(CertificatesPlugin)}
    assert {hook.name: hook.version for hook in manifest.hooks} == {name: HOOKS[name].version for name in implemented}
    assert all(isinstance(CertificatesPlugin(), SERVICES[name]) for name in manifest.provides)
    assert isinstance(CertificatesPlugin(), JobRunner)
    assert [job.name for job in manifest.jobs] == ["crl", "watch"]


@pytest.mark.req("CERT-11")
def test_plugin_has_no_key_no_card_and_fetches_only_what_is_signed(manifest: PluginManifest) -> None:
    assert (manifest.keyring, manifest.prompts, manifest.cards, manifest.tokens) == (True, True, False, False)
    assert (manifest.keys, manifest.uses, manifest.data.reads, manifest.data.writes) == ((), (), (), ())
    assert {use.purpose: use.protocol for use in manifest.network} == {"crl": "http", "ocsp": "http"}
    for use in manifest.network:
        assert (use.trust, use.auth, use.key) == (None, None, None)
        assert all(address.startswith("http://") for address in use.addresses.values())
    assert manifest.data.retention_days == RETENTION.days


def test_defaults_of_the_certificates_are_the_careful_ones() -> None:
    settings = CertificatesSettings()
    assert (settings.trusts, settings.revocation) == (("igc-sante", "igc-sante-fort"), Mode.SOFT)
    assert (settings.warn_at_login, dict(settings.purposes)) == (True, {})


@pytest.mark.parametrize(
    "given",
    [
        {"trusts": []},
        {"trusts": ["Igc"]},
        {"revocation": "off"},
        {"purposes": {"insi-auto": "insi"}},
        {"purposes": {"Insi": "insi-auto"}},
        {"password": "x"},
    ],
    ids=str,
)
def test_setting_of_the_certificates_that_means_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CertificatesSettings.model_validate(given)
