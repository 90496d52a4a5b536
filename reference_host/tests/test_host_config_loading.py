from pathlib import Path

import pytest

from segur_host.config.loading import load_config
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import ActorKind, Environment

SMALLEST = """
version = 1
environment = "{environment}"
data = "host"
[software]
name = "LGO"
version = "1.0"
authorisation = "TESTSGIE0000"
[structure]
finess = "0B0152872"
name = "PHARMACIE DU CENTRE"
[actor]
name = "Comptoir 1"
workstation = "poste-1"
"""

WHOLE = """
[identity]
max_document_requests = 0
proof_types = { accepted = ["CNI"], refused = ["PE"] }
[trust]
igc-sante = "ca.pem"
[keys.insi-auto]
p12 = "auto.p12"
password = { env = "P12_PASSWORD" }
[keys.insi-manu]
cert = "/absolute/manu.pem"
key = "manu.key"
password = { file = "manu.password" }
[network.insi-auto]
url = "https://127.0.0.1:8443/insi"
[[readers.memory.slots]]
name = "Lecteur 1"
host = "localhost"
port = 4000
[plugins.insi]
enabled = true
manifest_sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[plugins.insi.settings]
idam = "anything"
nested = { free = [1, 2] }
[limits]
[traces]
retention_days = 30
"""


def written(folder: Path, text: str, environment: str = "sandbox") -> Path:
    path = folder / "segur.toml"
    path.write_text(SMALLEST.format(environment=environment) + text, "utf-8")
    return path


def refusal(folder: Path, text: str, environment: str = "sandbox") -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        load_config(written(folder, text, environment))
    return raised.value


def test_smallest_file_has_documented_defaults(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, ""))
    assert config.environment is Environment.SANDBOX
    assert config.tenant == "default"
    assert config.actor.kind is ActorKind.OPERATOR
    assert config.identity.max_document_requests == 3
    assert (config.limits.suspend_after, config.limits.ask_timeout_s) == (3, 120)
    assert config.traces.retention_days == 3653
    assert not config.keys
    assert not config.plugins
    assert not config.readers.memory.slots


def test_every_table_is_read(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE))
    assert config.identity.max_document_requests == 0
    assert config.identity.proof_types.refused == ("PE",)
    assert config.network["insi-auto"].url == "https://127.0.0.1:8443/insi"
    assert config.readers.memory.slots[0].port == 4000
    assert config.plugins["insi"].enabled
    assert config.plugins["insi"].settings["nested"] == {"free": [1, 2]}
    assert config.traces.retention_days == 30


def test_relative_paths_start_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, WHOLE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    config = load_config(Path("..") / path.name)
    assert config.data.resolve() == tmp_path / "host"
    assert config.trust["igc-sante"].resolve() == tmp_path / "ca.pem"
    assert config.keys["insi-manu"].cert == Path("/absolute/manu.pem")
    password = config.keys["insi-manu"].password
    assert password is not None
    assert password.file is not None
    assert password.file.resolve() == tmp_path / "manu.password"


def test_what_was_loaded_cannot_be_changed(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE))
    with pytest.raises(TypeError):
        config.plugins["other"] = config.plugins["insi"]  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        config.tenant = "other"  # type: ignore[misc]


INVALID = {
    "unknown_key_in_actor": ("colour = 1\n", "actor.colour"),
    "unknown_table": ("[boite]\nkind = 1\n", "boite"),
    "unknown_key_in_plugin": ("[plugins.insi]\nenabled = true\nversion = 'x'\n", "plugins.insi.version"),
    "unknown_key_in_key": ("[keys.a]\np12 = 'a'\npin = 1\npassword = {env='A'}\n", "keys.a.pin"),
    "unknown_key_in_limits": ("[limits]\nspeed = 1\n", "limits.speed"),
    "p12_without_password": ("[keys.a]\np12 = 'a'\n", "keys.a"),
    "key_without_cert": ("[keys.a]\nkey = 'a'\n", "keys.a"),
    "p12_and_pair": ("[keys.a]\np12 = 'a'\ncert = 'b'\nkey = 'c'\npassword = {env='A'}\n", "keys.a"),
    "secret_in_two_places": ("[keys.a]\np12 = 'a'\npassword = {env='A', file='b'}\n", "keys.a.password"),
    "secret_in_no_place": ("[keys.a]\np12 = 'a'\npassword = {}\n", "keys.a.password"),
    "short_hash": ("[plugins.insi]\nmanifest_sha256 = 'abc'\n", "plugins.insi.manifest_sha256"),
    "too_many_requests": ("[identity]\nmax_document_requests = 21\n", "identity.max_document_requests"),
    "negative_requests": ("[identity]\nmax_document_requests = -1\n", "identity.max_document_requests"),
    "proof_both_ways": ("[identity.proof_types]\naccepted=['CNI']\nrefused=['CNI']\n", "identity.proof_types"),
    "reader_elsewhere": (
        "[[readers.memory.slots]]\nname='a'\nhost='192.0.2.1'\nport=1\n",
        "readers.memory.slots.0.host",
    ),
    "reader_by_name": (
        "[[readers.memory.slots]]\nname='a'\nhost='lecteur.fr'\nport=1\n",
        "readers.memory.slots.0.host",
    ),
    "slots_of_one_name": (
        "[[readers.memory.slots]]\nname='a'\nhost='::1'\nport=1\n[[readers.memory.slots]]\nname='a'\nhost='::1'\nport=2\n",
        "readers.memory",
    ),
    "another_protocol": ("[network.insi]\nurl = 'ftp://127.0.0.1/'\n", "network.insi.url"),
    "authority_without_tls": ("[network.crl]\nurl = 'http://127.0.0.1/'\nauthority = 'CN=AC'\n", "network.crl"),
    "secret_without_id": ("[network.psc]\nclient = {secret = {env='A'}}\n", "network.psc.client.id"),
    "id_without_secret": ("[network.psc]\nclient = {id = 'lgo'}\n", "network.psc.client.secret"),
    "return_to_elsewhere": ("[network.a]\nredirect = ['http://192.0.2.1:4001/r']\n", "network.a.redirect.0"),
    "return_to_all_addresses": ("[network.a]\nredirect = ['http://0.0.0.0:4001/r']\n", "network.a.redirect.0"),
    "return_by_name": ("[network.a]\nredirect = ['http://localhost:4001/r']\n", "network.a.redirect.0"),
    "return_without_port": ("[network.a]\nredirect = ['http://127.0.0.1/r']\n", "network.a.redirect.0"),
    "return_to_port_0": ("[network.a]\nredirect = ['http://127.0.0.1:0/r']\n", "network.a.redirect.0"),
    "return_to_no_port": ("[network.a]\nredirect = ['http://127.0.0.1:65536/r']\n", "network.a.redirect.0"),
    "return_by_tls": ("[network.a]\nredirect = ['https://127.0.0.1:4001/r']\n", "network.a.redirect.0"),
    "return_with_query": ("[network.a]\nredirect = ['http://127.0.0.1:4001/r?a=1']\n", "network.a.redirect.0"),
    "return_without_path": ("[network.a]\nredirect = ['http://127.0.0.1:4001']\n", "network.a.redirect.0"),
    "return_twice": (
        "[network.a]\nredirect = ['http://127.0.0.1:4001/r', 'http://127.0.0.1:4001/r']\n",
        "network.a",
    ),
    "use_in_capitals": ("[trust]\nIGC = 'ca.pem'\n", "trust.IGC"),
    "no_retention": ("[traces]\nretention_days = 0\n", "traces.retention_days"),
}


@pytest.mark.parametrize(("text", "field"), INVALID.values(), ids=INVALID.keys())
def test_invalid_files_name_the_field(tmp_path: Path, text: str, field: str) -> None:
    error = refusal(tmp_path, text)
    assert error.code == "config.invalid"
    assert [place.partition(":")[0].removesuffix(".?") for place in str(error.facts["fields"]).split(", ")] == [field]


@pytest.mark.parametrize("missing", ["version = 1", 'environment = "sandbox"', 'data = "host"', 'name = "LGO"'])
def test_what_is_required_must_be_there(tmp_path: Path, missing: str) -> None:
    path = written(tmp_path, "")
    path.write_text(path.read_text("utf-8").replace(missing, ""), "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert raised.value.code == "config.invalid"
    assert missing.split(" ", maxsplit=1)[0] in str(raised.value.facts["fields"])


def test_an_error_never_repeats_a_value(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[limits]\nsuspend_after = 'HOUILLES-1935'\n[traces]\nretention_days = 'TCHITCHI'\n")
    assert "HOUILLES" not in str(error)
    assert "TCHITCHI" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize("value", ["'hunter2'", "1234", '"""hunter2"""'])
def test_a_secret_written_out_is_refused(tmp_path: Path, value: str) -> None:
    error = refusal(tmp_path, f"[keys.a]\np12 = 'a'\npassword = {value}\n")
    assert error.code == "config.secret_in_clear"
    assert "keys.a.password" in str(error.facts["fields"])
    assert "hunter2" not in str(error)
    assert "1234" not in str(error)


@pytest.mark.parametrize("environment", ["sandbox", "test", "production"])
def test_as_whom_and_from_where_is_said_in_every_environment(tmp_path: Path, environment: str) -> None:
    text = (
        "[network.psc]\nclient = {id = 'lgo', secret = {file = 'psc.secret'}}\n"
        "[network.psc-login]\nredirect = ['http://127.0.0.1:4001/retour', 'http://127.0.0.1:4002/']\n"
    )
    config = load_config(written(tmp_path, text, environment))
    client = config.network["psc"].client
    assert client is not None
    assert (client.id, client.secret.file) == ("lgo", tmp_path / "psc.secret")
    assert config.network["psc"].url is None
    assert config.network["psc-login"].redirect == ("http://127.0.0.1:4001/retour", "http://127.0.0.1:4002/")


def test_the_secret_of_a_client_is_refused_in_clear(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[network.psc]\nclient = {id = 'lgo', secret = 'hunter2'}\n", "production")
    assert (error.code, "hunter2" in str(error)) == ("config.secret_in_clear", False)


@pytest.mark.parametrize("environment", ["test", "production"])
def test_addresses_are_replaced_in_the_sandbox_only(tmp_path: Path, environment: str) -> None:
    error = refusal(tmp_path, "[network.insi]\nurl = 'https://127.0.0.1:1/'\n", environment)
    assert error.code == "config.network_override"


@pytest.mark.parametrize("host", ["services-ps.ameli.fr", "192.0.2.7", "127.0.0.1.example.org", "[2001:db8::1]"])
def test_the_sandbox_reaches_this_machine_only(tmp_path: Path, host: str) -> None:
    assert refusal(tmp_path, f"[network.insi]\nurl = 'https://{host}/'\n").code == "config.network_override"


@pytest.mark.parametrize(
    ("environment", "host"), [("sandbox", "services-ps.ameli.fr"), ("test", "127.0.0.1"), ("production", "localhost")]
)
def test_address_of_a_national_service_is_neither_here_nor_for_the_sandbox(
    tmp_path: Path, environment: str, host: str
) -> None:
    table = f"[network.insi-cps]\naddress = 'https://{host}/lps'\n"
    assert refusal(tmp_path, table, environment).code == "config.invalid"


def test_address_of_a_national_service_is_given_where_it_is_called(tmp_path: Path) -> None:
    table = "[network.insi-cps]\naddress = 'https://services-ps.ameli.fr/lps'\n"
    config = load_config(written(tmp_path, table, "production"))
    assert config.network["insi-cps"].address == "https://services-ps.ameli.fr/lps"


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "[::1]:8443", "localhost", "127.8.8.8"])
def test_loopback_is_accepted_in_the_sandbox(tmp_path: Path, host: str) -> None:
    config = load_config(written(tmp_path, f"[network.insi]\nurl = 'https://{host}/a'\n"))
    assert config.network["insi"].url == f"https://{host}/a"


def test_cards_in_memory_are_refused_in_production(tmp_path: Path) -> None:
    slots = "[[readers.memory.slots]]\nname='a'\nhost='127.0.0.1'\nport=1\n"
    assert load_config(written(tmp_path, slots, "test")).readers.memory.slots
    error = refusal(tmp_path, slots, "production")
    assert (error.code, str(error.facts["fields"]).partition(":")[0]) == ("config.invalid", "readers")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / "segur.toml")
    assert raised.value.code == "config.file_missing"


UNREADABLE = {
    "not_toml": b"version = = 1",
    "not_utf8": b"name = '\xe9'",
    "too_deep": b"a = " + b"[" * 100_000,
    "too_large": b"#" * 1_100_000,
}


@pytest.mark.parametrize(("reason", "content"), UNREADABLE.items(), ids=UNREADABLE.keys())
def test_an_unreadable_file_is_told(tmp_path: Path, reason: str, content: bytes) -> None:
    path = tmp_path / "segur.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert (raised.value.code, raised.value.facts["reason"]) == ("config.unreadable", reason)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path)
    assert raised.value.code == "config.unreadable"


def test_the_line_of_a_mistake_is_told_without_its_text(tmp_path: Path) -> None:
    path = tmp_path / "segur.toml"
    path.write_text("version = 1\npassword = hunter2\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert raised.value.facts["line"] == 2
    assert "hunter2" not in str(raised.value)
