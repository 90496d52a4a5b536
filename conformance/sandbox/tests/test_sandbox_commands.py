"""The commands, run as processes: start, stop, restart, replay, cards, and the files they leave."""

import hashlib
import json
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

Start = Callable[[Path], tuple["subprocess.Popen[str]", dict[str, Any]]]
Stop = Callable[..., int]
Control = Callable[..., tuple[int, Any]]


def _command(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "segur_sandbox", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_cleanly_and_a_restart_keeps_pki_and_ledger(
    tmp_path: Path, start: Start, stop: Stop, name: int
) -> None:
    process, first = start(tmp_path)
    assert json.loads((tmp_path / "sandbox.json").read_text()) == first
    assert (tmp_path / "sandbox.json").stat().st_mode & 0o777 == 0o600
    assert first["pid"] == process.pid
    reader = first["services"]["cards"]["readers"][0]
    with socket.create_connection((reader["host"], reader["port"]), timeout=10) as connection:
        connection.sendall(b"\x00\x01\x01\x00\x01\x04")
        assert connection.recv(2) == b"\x00\x0a"
        assert stop(process, name) == 0
    assert not (tmp_path / "sandbox.json").exists()
    ledger = (tmp_path / "ledger.jsonl").read_bytes()
    process, second = start(tmp_path)
    assert second["certificates"] == first["certificates"]
    assert Path(second["ca"]).read_bytes() == Path(first["ca"]).read_bytes()
    assert (tmp_path / "ledger.jsonl").read_bytes() == ledger
    assert stop(process) == 0


def test_everything_listens_on_loopback_only(descriptor: dict[str, Any]) -> None:
    ports = {urlsplit(descriptor["control"]["url"]).port, urlsplit(descriptor["services"]["insi"]["url"]).port}
    ports |= {reader["port"] for reader in descriptor["services"]["cards"]["readers"]}
    listening = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A":
            address, port = local.split(":")
            listening[int(port, 16)] = address
    assert {listening[port] for port in ports if port} == {"0100007F"}
    tcp6 = Path("/proc/net/tcp6")
    open6 = (
        {int(line.split()[1].split(":")[1], 16) for line in tcp6.read_text().splitlines()[1:]}
        if tcp6.exists()
        else set()
    )
    assert not ports & open6


def test_the_descriptor_has_the_agreed_shape(descriptor: dict[str, Any]) -> None:
    assert set(descriptor) == {"version", "pid", "ca", "config", "control", "services", "certificates"}
    assert descriptor["version"] == 1
    assert set(descriptor["control"]) == {"url", "token_file"}
    assert set(descriptor["services"]) == {"insi", "insi-ps", "psc", "igc", "pki", "dmp", "cards"}
    assert set(descriptor["services"]["insi"]) == {"url", "idam"}
    assert [set(reader) for reader in descriptor["services"]["cards"]["readers"]] == [
        {"name", "kind", "host", "port", "card"}
    ] * 2
    assert descriptor["services"]["cards"]["pcsc"] == {"socket": None}
    anchors = (descriptor["ca"], descriptor["services"]["cards"]["ca"])
    for path in (*anchors, descriptor["config"], descriptor["control"]["token_file"]):
        assert Path(path).is_absolute()


def test_the_host_configuration_points_to_this_sandbox(descriptor: dict[str, Any]) -> None:
    config = tomllib.loads(Path(descriptor["config"]).read_text(encoding="utf-8"))
    url = descriptor["services"]["insi"]["url"]
    assert (config["version"], config["environment"]) == (1, "sandbox")
    assert config["data"] == str(Path(descriptor["config"]).parent / "host")
    assert config["software"]["authorisation"] == descriptor["services"]["insi"]["idam"]
    assert config["structure"]["finess"] == "0B0152872"
    assert config["actor"] == {"kind": "operator", "name": "comptoir", "workstation": "POSTE-1"}
    assert config["trust"] == {
        "igc-sante": descriptor["ca"],
        "igc-sante-fort": descriptor["services"]["cards"]["ca"],
        "psc": descriptor["ca"],
    }
    assert {use: config["network"][use] for use in ("insi-auto", "insi-manu")} == {
        "insi-auto": {"url": url},
        "insi-manu": {"url": url},
    }
    for use, role in (("insi-auto", "insi-auto"), ("insi-manu", "insi-manu"), ("psc", "org-auth")):
        key = config["keys"][use]
        assert key["p12"] == descriptor["certificates"][role]["p12"]
        password = Path(key["password"]["file"])
        assert password.read_text() == descriptor["certificates"][role]["p12_password"]
        assert password.stat().st_mode & 0o777 == 0o600
    pki = descriptor["services"]["pki"]
    published = {"crl": {"url": pki["crl"].rpartition("/")[0]}, "ocsp": {"url": pki["ocsp"]}}
    expected = published if "certificates" in config["plugins"] else {}
    assert {use: table for use, table in config["network"].items() if use in published} == expected
    passphrase = Path(config["keyring"]["passphrase"]["file"])
    assert len(passphrase.read_text()) >= 32
    assert passphrase.stat().st_mode & 0o777 == 0o600
    (client,) = (one for one in descriptor["services"]["psc"]["clients"] if one["client_id"] == "segur-lps")
    told = config["sessions"]["back_channel"]
    assert client["backchannel_logout_uri"] == f"http://127.0.0.1:{told['port']}{told['path']}"
    assert config["readers"]["memory"]["slots"] == [
        {name: reader[name] for name in ("name", "host", "port")}
        for reader in descriptor["services"]["cards"]["readers"]
    ]


def test_the_host_configuration_enables_every_installed_plugin_by_its_manifests_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, descriptor: dict[str, Any]
) -> None:
    from segur_sandbox import host_config
    from segur_sandbox.pki.store import PkiFiles

    package = tmp_path / "essai_extension"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    manifest = b'id = "essai"\n'
    (package / "segur_plugin.toml").write_bytes(manifest)
    metadata = tmp_path / "essai_extension-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: essai-extension\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[segur.plugins]\ninsi-essai = essai_extension:segur_plugin.toml\nabsent = essai_extension:absent.toml\n"
        "nowhere = no_such_package:segur_plugin.toml\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    text = host_config.host_config(
        tmp_path,
        PkiFiles(tmp_path / "pki"),
        insi_url="https://127.0.0.1:1/lps",
        professional_url="p",
        idam="X",
        readers=[],
        psc={},
        igc={},
        dmp={},
    )
    plugins = tomllib.loads(text)["plugins"]
    expected = {"enabled": True, "manifest_sha256": hashlib.sha256(manifest).hexdigest(), "settings": {}}
    assert plugins["insi-essai"] == expected
    assert not {"absent", "nowhere"} & set(plugins)


def test_the_insi_plugin_is_told_to_use_the_sandboxs_vitale_assertion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from segur_sandbox import host_config
    from segur_sandbox.pki.store import PkiFiles

    monkeypatch.setattr(host_config, "installed_plugins", lambda: {"insi": b"a", "vitale": b"b"})
    text = host_config.host_config(
        tmp_path, PkiFiles(tmp_path), insi_url="u", professional_url="p", idam="X", readers=[], psc={}, igc={}, dmp={}
    )
    plugins = tomllib.loads(text)["plugins"]
    assert plugins["insi"]["settings"] == {"vitale_assertion": "sandbox"}
    assert plugins["vitale"]["settings"] == {}


@pytest.mark.parametrize("installed", [True, False], ids=["with-plugin", "without"])
def test_pro_sante_connect_has_its_addresses_where_its_plugin_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: bool
) -> None:
    from segur_sandbox import host_config
    from segur_sandbox.pki.store import PkiFiles

    tables: dict[str, dict[str, object]] = {
        "psc": {"url": "https://127.0.0.1:1"},
        "psc-login": {"url": "https://127.0.0.1:2", "redirect": ["http://127.0.0.1:3/psc/retour"]},
    }
    monkeypatch.setattr(host_config, "installed_plugins", lambda: {"psc": b"a"} if installed else {})
    told: dict[str, object] = {"port": 20004, "path": "/deconnexion"}
    text = host_config.host_config(
        tmp_path,
        PkiFiles(tmp_path),
        insi_url="u",
        professional_url="p",
        idam="X",
        readers=[],
        psc=tables,
        igc={},
        dmp={},
        back_channel=told,
    )
    config = tomllib.loads(text)
    network = config["network"]
    assert {use: table for use, table in network.items() if use.startswith("psc")} == (tables if installed else {})
    assert config.get("sessions") == ({"back_channel": told} if installed else None)


@pytest.mark.parametrize("installed", [True, False], ids=["with-plugin", "without"])
def test_certificates_have_the_addresses_of_lists_and_responder_where_their_plugin_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, descriptor: dict[str, Any], installed: bool
) -> None:
    from segur_sandbox import host_config
    from segur_sandbox.pki.store import PkiFiles

    url = descriptor["services"]["igc"]["url"]
    tables: dict[str, dict[str, object]] = {"crl": {"url": f"{url}/CRL"}, "ocsp": {"url": f"{url}/ocsp"}}
    monkeypatch.setattr(host_config, "installed_plugins", lambda: {"certificates": b"a"} if installed else {})
    text = host_config.host_config(
        tmp_path,
        PkiFiles(tmp_path),
        insi_url="u",
        professional_url="p",
        idam="X",
        readers=[],
        psc={},
        igc=tables,
        dmp={},
    )
    network = tomllib.loads(text)["network"]
    assert {use: table for use, table in network.items() if use in tables} == (tables if installed else {})


@pytest.mark.parametrize("installed", [True, False], ids=["with-plugin", "without"])
def test_the_dmp_has_its_addresses_and_keys_where_its_plugin_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, descriptor: dict[str, Any], installed: bool
) -> None:
    from segur_sandbox import host_config
    from segur_sandbox.pki.store import PkiFiles

    url = descriptor["services"]["dmp"]["url"]
    tables: dict[str, dict[str, object]] = {"dmp": {"url": url}, "dmp-cps": {"url": url}}
    monkeypatch.setattr(host_config, "installed_plugins", lambda: {"dmp": b"a"} if installed else {})
    text = host_config.host_config(
        tmp_path,
        PkiFiles(tmp_path),
        insi_url="u",
        professional_url="p",
        idam="X",
        readers=[],
        psc={},
        igc={},
        dmp=tables,
    )
    config = tomllib.loads(text)
    assert {use: table for use, table in config["network"].items() if use in tables} == (tables if installed else {})
    keys = {use for use in config["keys"] if use.startswith("dmp")}
    assert keys == ({"dmp-auth", "dmp-sign"} if installed else set())


def test_the_commands_are_offered_to_the_host() -> None:
    (entry_point,) = entry_points(group="segur.commands", name="sandbox")
    assert entry_point.value == "segur_sandbox.cli:app"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "services-ps-tlsm.ameli.fr", "qualiflps-services-ps-tlsm.ameli.fr", "192.168.1.10"]
)
def test_any_address_but_loopback_is_refused(tmp_path: Path, host: str) -> None:
    done = _command("up", "--json", "--data", tmp_path / "x", "--host", host)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "sandbox.host_not_loopback"
    assert not (tmp_path / "x").exists()


def test_a_second_sandbox_on_the_same_folder_is_refused(data: Path, descriptor: dict[str, Any]) -> None:
    done = _command("up", "--json", "--data", data)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "sandbox.already_up"


def test_a_descriptor_left_by_a_killed_sandbox_does_not_prevent_a_start(
    tmp_path: Path, start: Start, stop: Stop
) -> None:
    process, first = start(tmp_path)
    process.kill()
    process.communicate(timeout=20)
    assert (tmp_path / "sandbox.json").exists()
    process, second = start(tmp_path)
    assert second["pid"] != first["pid"]
    assert stop(process) == 0


@pytest.mark.parametrize("name", ["people.json", "settings.json"])
def test_a_wrong_file_in_the_folder_is_a_configuration_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"unknown": 1}')
    done = _command("up", "--json", "--data", tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["cause"].startswith(f"{name}: ")
    assert done.stderr == ""


def test_human_output_is_french_and_goes_with_the_same_ports(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "segur_sandbox", "up", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(6)]
    written = json.loads((tmp_path / "sandbox.json").read_text())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert lines[0] == "Le bac à sable est prêt. Ctrl-C pour l'arrêter.\n"
    assert written["services"]["insi"]["url"] in lines[1]


@pytest.mark.parametrize(
    "name", ["REP_CR01.xml", "TEST_2.04_cas2.xml", "TEST_2.05.xml", "TEST_2.08_cas1.xml", "TEST_2.08_cas2.xml"]
)
def test_a_supplied_reply_file_is_replayed_byte_for_byte(
    assets: Path,
    data: Path,
    curl: Callable[..., tuple[int, int, bytes]],
    by_traits: Callable[..., bytes],
    exchanges: Callable[[], list[dict[str, Any]]],
    name: str,
) -> None:
    file = assets / "replies" / name
    done = _command("replay", "insi", file, "--sandbox", data / "sandbox.json")
    assert (done.returncode, done.stdout) == (0, f"La prochaine réponse de insi sera {name}.\n")
    assert curl(by_traits())[1:] == (200, file.read_bytes())
    assert exchanges()[-1]["injected"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("replay", "inconnu", "{file}", "--sandbox", "{data}"), "sandbox.control_failed"),
        (("replay", "insi", "{latin}", "--sandbox", "{data}"), "sandbox.not_utf8"),
        (("replay", "insi", "{file}", "--sandbox", "{nowhere}"), "sandbox.control_failed"),
        (("cards", "insert", "Vitale 1", "personne", "--sandbox", "{data}"), "sandbox.control_failed"),
        (("cards", "list", "--sandbox", "{nowhere}"), "sandbox.control_failed"),
    ],
    ids=["unknown-service", "latin-1", "replay-nowhere", "unknown-card", "list-nowhere"],
)
def test_a_command_that_cannot_be_done_fails_with_a_code_and_no_traceback(
    tmp_path: Path, data: Path, descriptor: dict[str, Any], arguments: tuple[str, ...], code: str
) -> None:
    (tmp_path / "file.xml").write_text("<a/>")
    (tmp_path / "latin.xml").write_bytes("é".encode("latin-1"))
    places = {
        "file": str(tmp_path / "file.xml"),
        "latin": str(tmp_path / "latin.xml"),
        "data": str(data),
        "nowhere": str(tmp_path),
    }
    done = _command(*(argument.format(**places) for argument in arguments), "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["error"]["code"] == code


def test_the_record_of_a_patient_is_closed_and_shown(data: Path, descriptor: dict[str, Any], control: Control) -> None:
    assert control("POST", "/reset", {})[0] == 200
    done = _command("dmp", "patient", "275126322074974", "--status", "closed", "--sandbox", data)
    assert (done.returncode, done.stdout) == (0, "275126322074974 : closed\n")
    shown = json.loads(_command("dmp", "list", "--sandbox", data, "--json").stdout)
    assert [one["ins"] for one in shown["patients"] if one["status"] == "closed"] == ["275126322074974"]
    assert "275126322074974 : DMP fermé\n" in _command("dmp", "list", "--sandbox", data).stdout
    refused = _command("dmp", "patient", "275", "--status", "none", "--sandbox", data, "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "sandbox.control_failed"
    assert control("POST", "/reset", {})[0] == 200


def test_cards_are_listed_inserted_and_removed(data: Path, descriptor: dict[str, Any], control: Control) -> None:
    listed = json.loads(_command("cards", "list", "--sandbox", data, "--json").stdout)
    assert [reader["card"] for reader in listed["readers"]] == ["vitale:single", None]
    assert len(listed["cards"]) >= 17
    inserted = _command("cards", "insert", "Vitale 2", "family", "--sandbox", data, "--json")
    assert [reader["card"] for reader in json.loads(inserted.stdout)["readers"]] == ["vitale:single", "vitale:family"]
    assert _command("cards", "remove", "Vitale 2", "--sandbox", data).stdout == "Vitale 2 : vide\n"
    assert control("GET", "/cards")[1]["readers"][1]["card"] is None
    assert "family" in _command("cards", "list", "--sandbox", data).stdout


def test_a_usage_error_exits_2() -> None:
    assert _command("up", "--nonsense").returncode == 2
