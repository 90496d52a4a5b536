"""What a changed configuration, a setting or a slip of the pen must not open."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segur_host import Host
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import InsStatus, ProofDocument
from tests.stories.told import Person, ref


def segur(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "segur_host.cli", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_a_changed_copy_of_a_configuration_is_held_to_its_rules_again(segur_config: HostConfig) -> None:
    with pytest.raises(ConfigError) as refused:
        Host(segur_config.model_copy(update={"environment": Environment.PRODUCTION}))
    assert refused.value.code == "config.network_override"


@pytest.mark.req("CARD-09")
def test_no_configuration_makes_a_carte_vitale_a_proof(segur_sandbox: RunningSandbox, tmp_path: Path) -> None:
    changed = tmp_path / "segur.toml"
    text = segur_sandbox.config.read_text("utf-8")
    changed.write_text(f'{text}\n[identity.proof_types]\naccepted = ["CV"]\n', "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(changed)
    assert refused.value.code == "config.invalid"
    assert "proof_types" in str(refused.value.facts["fields"])


def test_an_audit_that_was_never_there_is_not_said_to_be_intact(segur_sandbox: RunningSandbox, tmp_path: Path) -> None:
    mistyped = tmp_path / "segur.toml"
    lines = segur_sandbox.config.read_text("utf-8").splitlines()
    mistyped.write_text("\n".join('data = "elsewhere"' if one.startswith("data = ") else one for one in lines), "utf-8")
    done = segur("audit", "verify", "--json", "--config", str(mistyped))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "config.data_missing"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.req("SC.INS/va1.08")
def test_an_ins_that_its_source_no_longer_confirms_is_dropped_and_the_document_remains(
    host: Host, person: Person
) -> None:
    known = ref(host.identify(person("zoe"), document=ProofDocument(type="PA")))
    dropped = host.invalidate_ins(known).identity
    assert dropped is not None
    assert (dropped.status, dropped.matricule) == (InsStatus.VALIDEE, None)
