"""What a plugin is besides broken: active, disabled, to be reviewed, absent, or too slow to load."""

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from segur_host import Host
from segur_sdk.hooks.session_login import SessionLoginEvent


def test_the_row_of_a_plugin_is_as_outsiders_rely_on_it(
    install: Callable[..., str], config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    sha256 = install("alpha")
    status, out, _ = segur("plugins", "list", "--json", "--config", config_file({"alpha": sha256}))
    rows = {row["id"]: row for row in json.loads(out)}
    assert status == 0
    assert rows["alpha"] == {
        "id": "alpha",
        "version": "1.2",
        "state": "active",
        "reason": None,
        "action": None,
        "hooks": ["on_session_login"],
        "services": [],
        "sends": [],
        "drivers": [],
        "last_error": None,
    }
    assert rows["vitale"]["state"] == "disabled"
    assert rows["insi"]["services"] == ["InsLookup"]


def test_another_manifest_than_the_accepted_one_is_not_imported(
    install: Callable[..., str], open_host: Callable[..., Host], tmp_path: Path
) -> None:
    install("alpha", preamble=f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    entry = open_host({"alpha": "0" * 64}).plugins["alpha"]
    assert (str(entry.state), entry.reason and entry.reason.code) == ("needs_review", "plugin.needs_review")
    assert not (tmp_path / "imported").exists()


DISABLED: dict[str, Any] = {
    "not_in_the_configuration": {},
    "not_enabled": {"alpha": {"enabled": False, "manifest_sha256": None}},
}


@pytest.mark.parametrize("tables", DISABLED.values(), ids=DISABLED)
def test_what_is_not_enabled_is_not_imported(
    tables: dict[str, Any], install: Callable[..., str], open_host: Callable[..., Host], tmp_path: Path
) -> None:
    install("alpha", preamble=f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    entry = open_host(tables).plugins["alpha"]
    assert (str(entry.state), entry.reason and entry.reason.code) == ("disabled", "plugin.disabled")
    assert not (tmp_path / "imported").exists()


def test_what_is_configured_and_not_installed_is_said(
    config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    status, out, _ = segur("plugins", "list", "--json", "--config", config_file({"ghost": "0" * 64}))
    [row] = [row for row in json.loads(out) if row["id"] == "ghost"]
    assert status == 0
    assert (row["state"], row["last_error"], row["hooks"]) == ("refused", "plugin.not_installed", [])
    assert "Installez" in row["action"]


def test_safe_mode_imports_nothing(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
) -> None:
    sha256 = install("alpha", preamble=f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    config = config_file({"alpha": sha256})
    status, out, _ = segur("plugins", "list", "--safe-mode", "--json", "--config", config)
    [row] = [row for row in json.loads(out) if row["id"] == "alpha"]
    assert status == 0
    assert row["state"] == "disabled"
    assert "[plugin.safe_mode" in row["reason"]
    assert not (tmp_path / "imported").exists()


def test_two_distributions_that_claim_one_id_are_both_refused(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    install("alpha")
    host = open_host({"alpha": install("alpha"), "zulu": install("zulu")})
    entry = host.plugins["alpha"]
    assert (str(entry.state), entry.reason and entry.reason.code) == ("refused", "plugin.announced_twice")
    assert [one.plugin for one in host.call("on_session_login", login).outcomes] == ["zulu"]


def test_a_distribution_without_metadata_is_listed(
    install: Callable[..., str], open_host: Callable[..., Host], tmp_path: Path
) -> None:
    install("alpha", tamper={"plugin.py": "changed"})
    [metadata] = (tmp_path / "site").glob("*alpha*.dist-info/METADATA")
    metadata.unlink()
    entry = open_host().plugins["alpha"]
    assert (entry.version, entry.reason and entry.reason.code) == ("?", "plugin.files_changed")


WAITS = "import threading\nthreading.Event().wait()"
TURNS = "import time\nends = time.monotonic() + 4\nwhile time.monotonic() < ends: pass"
CALLS = "import time\ndef on(): return time.monotonic()\nends = on() + 4\nwhile on() < ends: pass"
HANGING: dict[str, tuple[str, ...]] = {
    "one_waits": (WAITS,),
    "one_turns": (TURNS,),
    "several_wait": (WAITS, WAITS, WAITS),
    "several_turn": (TURNS, CALLS, TURNS),
    "each_in_its_way": (WAITS, TURNS, CALLS),
}


@pytest.mark.parametrize("preambles", HANGING.values(), ids=HANGING)
def test_plugins_that_hang_while_they_are_imported_are_left_behind(
    preambles: tuple[str, ...], install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    hanging = {f"hangs{number}": install(f"hangs{number}", preamble=one) for number, one in enumerate(preambles)}
    host = open_host({"alpha": install("alpha"), **hanging, "zulu": install("zulu")})
    found = [host.plugins[plugin] for plugin in hanging]
    assert {(str(one.state), one.reason and one.reason.code) for one in found} == {
        ("refused", "plugin.import_timed_out")
    }
    assert [one.plugin for one in host.call("on_session_login", login).outcomes] == ["alpha", "zulu"]


def test_while_one_hangs_the_others_are_loaded(install: Callable[..., str], open_host: Callable[..., Host]) -> None:
    # Each of them goes on as soon as the last one begins: one after the other they would never be ready.
    meeting = "import threading, made_up_meeting\nmade_up_meeting.barrier.wait()"
    sys.modules["made_up_meeting"] = module = ModuleType("made_up_meeting")
    module.barrier = threading.Barrier(3)  # type: ignore[attr-defined]
    host = open_host({plugin: install(plugin, preamble=meeting) for plugin in ("alpha", "mike", "zulu")})
    del sys.modules["made_up_meeting"]
    assert {str(host.plugins[plugin].state) for plugin in ("alpha", "mike", "zulu")} == {"active"}


def test_a_plugin_that_gets_on_is_given_its_time(
    install: Callable[..., str], open_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.registry.progress.STILL_S", 0.3)
    steps = "import time\n" + "time.sleep(0.2)\n" * 4
    assert str(open_host({"slow": install("slow", preamble=steps)}).plugins["slow"].state) == "active"


def test_texts_of_a_plugin_explain_its_codes_and_no_other(
    install: Callable[..., str], open_host: Callable[..., Host]
) -> None:
    text = '["alpha.tired"]\nmessage = "Fatigué."\ncause = "Il est tard."\naction = "Dormez."\n'
    sha256 = install("alpha", top='messages = "messages_fr.toml"', files={"messages_fr.toml": text})
    host = open_host({"alpha": sha256})
    assert host.messages["alpha.tired"].message == "Fatigué."
    assert {code.partition(".")[0] for code in host.messages} <= set(host.plugins)
