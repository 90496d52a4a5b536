"""A driver that cannot be used is told by ``segur cards list`` and ``segur doctor``, whatever the others do."""

import json
import socket
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench

VITALE_ATR = "3B751300004309EA9000"
TOKEN = {"token": "t", "label": "CPS3v3-2800385266", "serial": "2800385266", "slot": "one"}
Segur = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(bench: Bench, devices: dict[str, Any], config_file: Callable[..., Path]) -> Path:
    """A host with three slots and a token."""
    bench.put("one", VITALE_ATR)
    bench.take("three")
    bench.put("four", None)
    bench.change(tokens=[TOKEN])
    return config_file(devices)


def test_a_driver_that_fails_is_said_though_another_one_works(config: Path, bench: Bench, segur: Segur) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reader:
        slot = f'{{ name = "memory", host = "127.0.0.1", port = {reader.getsockname()[1]} }}'
        config.write_text(config.read_text() + f"[readers.memory]\nslots = [{slot}]\n")
    bench.change(order="card.no_reader_service")
    status, out, _ = segur("cards", "list", "--json", "--config", config)
    found = json.loads(out)
    assert (status, [one["slot"] for one in found["slots"]]) == (1, ["memory"])
    assert [one["code"] for one in found["errors"]] == ["card.no_reader_service"]
    rows = json.loads(segur("doctor", "--json", "--config", config)[1])
    [row] = [one for one in rows if one["check"] == "lecteurs"]
    assert (row["status"], "card.no_reader_service" in row["finding"]) == ("warning", True)


MANIFEST = files("segur_plugin_pkcs11") / "segur_plugin.toml"
ABSENT: dict[str, tuple[str, str]] = {
    "unreviewed": ("", "plugin.needs_review"),
    "relative_module": (
        f"manifest_sha256 = '{sha256(MANIFEST.read_bytes()).hexdigest()}'\nsettings = {{ module = 'relative.so' }}\n",
        "config.plugin_settings",
    ),
}


@pytest.mark.parametrize(("table", "code"), ABSENT.values(), ids=ABSENT)
def test_why_a_driver_is_not_there_at_all_is_said(table: str, code: str, config: Path, segur: Segur) -> None:
    config.write_text(config.read_text() + "[plugins.pkcs11]\nenabled = true\n" + table)
    status, out, _ = segur("cards", "list", "--json", "--config", config)
    found = json.loads(out)
    assert (status, len(found["slots"]), len(found["tokens"])) == (1, 3, 1)
    assert [one["code"] for one in found["errors"]] == [code]


def test_the_doctor_looks_at_readers_and_at_tokens(config: Path, bench: Bench, segur: Segur) -> None:
    def found() -> dict[str, tuple[str, str]]:
        rows = json.loads(segur("doctor", "--json", "--config", config)[1])
        return {one["check"]: (one["status"], one["finding"]) for one in rows}

    well = found()
    assert {name: well[f"lecteur {name}"][0] for name in ("one", "three", "four")} == {
        "one": "ok",
        "three": "ok",
        "four": "warning",
    }
    assert "card.mute" in well["lecteur four"][1]
    assert "jetons" not in well
    bench.change(slots={"one": {"present": True, "atr": VITALE_ATR, "insertion": 1, "in_use": True}})
    bench.change(token_order="token.module_unusable")
    ill = found()
    assert (ill["lecteur one"][0], ill["jetons"][0]) == ("warning", "problem")
    assert "card.reader_in_use" in ill["lecteur one"][1]
    assert "token.module_unusable" in ill["jetons"][1]
