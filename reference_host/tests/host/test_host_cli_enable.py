"""``segur plugins enable``: the hash is written, and nothing else of the file changes."""

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from segur_host import Host

Segur = Callable[..., tuple[int, str, str]]
ConfigFile = Callable[..., Path]
Install = Callable[..., str]

TABLES: dict[str, str] = {
    "nothing_yet": "",
    "disabled": "[plugins.alpha] # of the counter\nenabled = false # for now\n",
    "another_hash": "[plugins.alpha]\nenabled = true\nmanifest_sha256 = '" + "0" * 64 + "'\n",
    "with_settings": "[plugins.other]\nenabled = false\n\n[plugins.alpha.settings]\n# colour = 1\n",
    "dotted": "[plugins]\nalpha.enabled = false\n",
    "inline": "[plugins]\nalpha = { enabled = false }\n",
    "empty_table": "[plugins]\n",
    "last_line_open": "[plugins.alpha]\nenabled = false",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_enabling_writes_the_hash_and_keeps_the_rest(
    table: str, install: Install, config_file: ConfigFile, segur: Segur
) -> None:
    sha256 = install("alpha", top="cards = true\nprompts = true")
    config = config_file(more="# a comment of the editor")
    config.write_text(config.read_text() + table)
    config.chmod(0o640)
    before = config.read_text()
    status, out, _ = segur("plugins", "enable", "alpha", "--config", config)
    after = config.read_text()
    assert status == 0
    assert "lire des cartes" in out
    found = tomllib.loads(after)
    assert found["plugins"]["alpha"] | {"settings": {}} == {
        "enabled": True,
        "manifest_sha256": sha256,
        "settings": {},
    }
    assert {name: found[name] for name in found if name != "plugins"} == {
        name: value for name, value in tomllib.loads(before).items() if name != "plugins"
    }
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert all(comment in after for comment in comments)
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert [one.name for one in config.parent.glob("segur.toml*")] == ["segur.toml"]
    with Host(config) as host:
        assert str(host.plugins["alpha"].state) == "active"


def test_enabling_keeps_line_ends(install: Install, config_file: ConfigFile, segur: Segur) -> None:
    install("alpha")
    config = config_file()
    config.write_bytes(config.read_bytes().replace(b"\n", b"\r\n"))
    head = config.read_bytes().rstrip()
    assert segur("plugins", "enable", "alpha", "--config", config)[0] == 0
    assert config.read_bytes().startswith(head)


def test_what_cannot_be_enabled_leaves_the_configuration_as_it_is(
    install: Install, config_file: ConfigFile, segur: Segur, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("alpha")
    install("broken", tamper={"plugin.py": "changed"})
    config = config_file()
    before = config.read_bytes()
    status, out, err = segur("plugins", "enable", "broken", "--config", config)
    assert (status, out) == (1, "")
    assert "plugin.files_changed" in err

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    status, _, err = segur("plugins", "enable", "alpha", "--config", config)
    assert status == 3
    assert "config.not_writable" in err
    assert config.read_bytes() == before
