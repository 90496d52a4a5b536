"""Every way in which an installed plugin may be broken: named with the next action, and harmless to the others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_sdk.hooks.session_login import SessionLoginEvent

NAME = "TCHITCHI"
"""Published test identity; what a plugin says of it must be found nowhere."""

GOOD = "from segur_sdk.hooks import SegurHooks, hookimpl\n"
HEAD = GOOD + "class Plugin(SegurHooks):\n"
ONE_HOOK = '[[hooks]]\nname = "on_session_login"\nversion = "1.0"\n'


def manifest(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "manifest_version": 1,
        "id": "broken",
        "display_name": "Module",
        "description": "A plugin made up by a test.",
        "license": "Apache-2.0",
        "maintainers": ["tests"],
        "sdk": ">=0.1,<2",
        "entry": "{package}.plugin:Plugin",
    }
    tables = changes.pop("tables", ONE_HOOK)
    lines = [f"{name} = {json.dumps(value)}" for name, value in (fields | changes).items() if value is not None]
    return "\n".join([*lines, str(tables)])


ONE_JOB = '[[jobs]]\nname = "crl"\nevery_minutes = 5\n'
SENDS = 'sends = ["dmp-feed"]'
ANSWERS = "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
SENDER = """\
    def prepare_send(self, request, ctx): ...
    def rehearse_send(self, attempt, ctx): ...
    def attempt_send(self, attempt, ctx): ...
    def find_out(self, attempt, ctx): ...
"""
NETWORK = '[[network]]\npurpose = "x"\ntrust = "t"\nauth = "none"\naddresses = { test = "http://example.org/" }\n'

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    # what cannot be read, before anything is imported
    "not_toml": ({"manifest": "id = ["}, "plugin.manifest_unreadable"),
    "not_utf8": ({"manifest": b'id = "\xff\xfe"'}, "plugin.manifest_unreadable"),
    "empty": ({"manifest": ""}, "plugin.manifest_version"),
    "oversize": ({"manifest": manifest() + "# " + "x" * 70_000}, "plugin.manifest_unreadable"),
    "too_deep": ({"manifest": "a = " + "[" * 20_000}, "plugin.manifest_unreadable"),
    "other_version": ({"manifest": manifest(manifest_version=2)}, "plugin.manifest_version"),
    "unknown_key": ({"manifest": manifest(colour="blue")}, "plugin.manifest_invalid"),
    "missing_key": ({"manifest": manifest(license=None)}, "plugin.manifest_invalid"),
    "id_mismatch": ({"manifest": manifest(id="another")}, "plugin.manifest_mismatch"),
    "id_form": ({"manifest": manifest(id="../etc")}, "plugin.manifest_invalid"),
    "no_https": ({"manifest": manifest(tables=ONE_HOOK + NETWORK)}, "plugin.manifest_invalid"),
    "dotted_package": ({"entry_point": "a.b:segur_plugin.toml"}, "plugin.manifest_unreadable"),
    "missing_package": ({"entry_point": "made_up_nowhere:segur_plugin.toml"}, "plugin.manifest_unreadable"),
    "missing_file": ({"entry_point": "json:segur_plugin.toml"}, "plugin.manifest_unreadable"),
    "module_instead": ({"entry_point": "base64:segur_plugin.toml"}, "plugin.manifest_unreadable"),
    "entry_point_garbage": ({"entry_point": "!!"}, "plugin.manifest_unreadable"),
    "messages_missing": ({"top": 'messages = "messages_fr.toml"'}, "plugin.messages_unreadable"),
    "messages_garbage": (
        {"top": 'messages = "messages_fr.toml"', "files": {"messages_fr.toml": "a ="}},
        "plugin.messages_unreadable",
    ),
    "messages_too_deep": (
        {"top": 'messages = "messages_fr.toml"', "files": {"messages_fr.toml": "a = " + "[" * 20_000}},
        "plugin.manifest_unreadable",
    ),
    "messages_of_others": (
        {
            "top": 'messages = "messages_fr.toml"',
            "files": {"messages_fr.toml": '["card.mute"]\nmessage = "a"\ncause = "b"\naction = "c"\n'},
        },
        "plugin.messages_unreadable",
    ),
    "file_changed": ({"tamper": {"plugin.py": "import os"}}, "plugin.files_changed"),
    "manifest_changed_alone": ({"tamper": {"segur_plugin.toml": manifest()}}, "plugin.files_changed"),
    "file_recorded_and_gone": ({"record": "nowhere.py,sha256=AAAA,1\n"}, "plugin.files_changed"),
    "hash_of_another_kind": ({"record": "{package}/plugin.py,md99=AAAA,1\n"}, "plugin.files_changed"),
    "record_garbage": ({"record": "a,b,c,d,e\n"}, "plugin.manifest_unreadable"),
    # what this host cannot carry
    "unknown_hook": ({"tables": '[[hooks]]\nname = "on_lunch"\nversion = "1.0"\n'}, "plugin.hook_unknown"),
    "newer_contract": ({"tables": ONE_HOOK.replace("1.0", "1.9")}, "plugin.hook_version"),
    "other_contract": ({"tables": ONE_HOOK.replace("1.0", "2.0")}, "plugin.hook_version"),
    "endless_contract": ({"tables": ONE_HOOK.replace("1.0", "1." + "9" * 5000)}, "plugin.manifest_invalid"),
    "sdk_too_new": ({"manifest": manifest(sdk=">=9.0,<10")}, "plugin.sdk_window"),
    "sdk_too_old": ({"manifest": manifest(sdk=">=0.0,<0")}, "plugin.sdk_window"),
    "sdk_endless": ({"manifest": manifest(sdk=">=0.1,<" + "9" * 5000)}, "plugin.manifest_invalid"),
    "unknown_service_offered": ({"top": 'provides = ["Weather"]'}, "plugin.service_unknown"),
    "unknown_service_asked": ({"top": 'uses = ["Weather"]'}, "plugin.service_unknown"),
    "sign_in_asked_by_a_plugin": ({"top": 'uses = ["SessionProvider"]'}, "plugin.service_unknown"),
    "tokens_asked_by_a_plugin": ({"top": 'uses = ["AuthoritySessions"]'}, "plugin.service_unknown"),
    "browser_with_our_trust": (
        {"tables": '[[network]]\npurpose = "p"\nprotocol = "browser"\ntrust = "t"\n'},
        "plugin.manifest_invalid",
    ),
    "unknown_codes": ({"top": 'codes = ["ordonnance"]'}, "plugin.extension_unknown"),
    "job_without_period": ({"tables": ONE_HOOK + '[[jobs]]\nname = "crl"\n'}, "plugin.manifest_invalid"),
    "job_named_twice": ({"tables": ONE_HOOK + 2 * ONE_JOB}, "plugin.manifest_invalid"),
    # what shows when it is imported
    "import_error": ({"preamble": "import made_up_missing"}, "plugin.import_failed"),
    "syntax_error": ({"module": "class Plugin("}, "plugin.import_failed"),
    "raises_at_import": ({"preamble": f"raise RuntimeError('{NAME}')"}, "plugin.import_failed"),
    "typed_error_at_import": (
        {"preamble": f"from segur_sdk.errors import CardError\nraise CardError('card.mute', who='{NAME}')"},
        "plugin.import_failed",
    ),
    "exits_at_import": ({"preamble": "raise SystemExit(0)"}, "plugin.import_failed"),
    "interrupts_at_import": ({"preamble": "raise KeyboardInterrupt"}, "plugin.import_failed"),
    "no_class": ({"module": GOOD + "Plug = SegurHooks\n"}, "plugin.import_failed"),
    "not_a_class": ({"module": "Plugin = 3\n"}, "plugin.entry_not_a_plugin"),
    "another_class": ({"module": "class Plugin:\n    pass\n"}, "plugin.entry_not_a_plugin"),
    "constructor_raises": (
        {
            "module": HEAD + f"    def __init__(self):\n        raise ValueError('{NAME}')\n"
            "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
        },
        "plugin.import_failed",
    ),
    "constructor_wants_more": (
        {
            "module": HEAD + "    def __init__(self, more): ...\n"
            "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
        },
        "plugin.import_failed",
    ),
    # what differs from the declaration or from the contract
    "declared_not_done": ({"module": HEAD + "    pass\n"}, "plugin.hooks_mismatch"),
    "done_not_declared": (
        {
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    @hookimpl\n    def on_card_read(self, event, ctx): ...\n"
        },
        "plugin.hooks_mismatch",
    ),
    "hook_nobody_knows": (
        {
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    @hookimpl\n    def on_lunch(self, event, ctx): ...\n"
        },
        "plugin.hook_unknown",
    ),
    "no_marker": ({"module": HEAD + "    def on_session_login(self, event, ctx): ...\n"}, "plugin.hookimpl_missing"),
    "property_instead": (
        {"module": HEAD + "    on_session_login = property(lambda self: None)\n"},
        "plugin.hookimpl_missing",
    ),
    "fewer_parameters": (
        {"module": HEAD + "    @hookimpl\n    def on_session_login(self, event): ...\n"},
        "plugin.signature",
    ),
    "other_names": (
        {"module": HEAD + "    @hookimpl\n    def on_session_login(self, event, context): ...\n"},
        "plugin.signature",
    ),
    "more_parameters": (
        {"module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx, *others): ...\n"},
        "plugin.signature",
    ),
    "default_value": (
        {"module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx=None): ...\n"},
        "plugin.signature",
    ),
    "static": (
        {"module": HEAD + "    @staticmethod\n    @hookimpl\n    def on_session_login(event, ctx): ...\n"},
        "plugin.signature",
    ),
    "of_the_class": (
        {"module": HEAD + "    @classmethod\n    @hookimpl\n    def on_session_login(cls, event, ctx): ...\n"},
        "plugin.signature",
    ),
    "coroutine": (
        {"module": HEAD + "    @hookimpl\n    async def on_session_login(self, event, ctx): ...\n"},
        "plugin.coroutine_refused",
    ),
    "generator": (
        {"module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx):\n        yield\n"},
        "plugin.coroutine_refused",
    ),
    "asynchronous_generator": (
        {"module": HEAD + "    @hookimpl\n    async def on_session_login(self, event, ctx):\n        yield\n"},
        "plugin.coroutine_refused",
    ),
    "wrapper": (
        {
            "module": HEAD + "    @hookimpl(wrapper=True)\n    def on_session_login(self, event, ctx):\n"
            "        return (yield)\n"
        },
        "plugin.wrapper_refused",
    ),
    "old_wrapper": (
        {
            "module": HEAD + "    @hookimpl(hookwrapper=True)\n    def on_session_login(self, event, ctx):\n"
            "        yield\n"
        },
        "plugin.wrapper_refused",
    ),
    "under_another_name": (
        {"module": HEAD + "    @hookimpl(specname='on_card_read')\n    def on_session_login(self, event, ctx): ...\n"},
        "plugin.hooks_mismatch",
    ),
    "replaced_on_the_instance": (
        {
            "module": HEAD + "    def __init__(self):\n        self.on_session_login = 3\n"
            "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
        },
        "plugin.hooks_mismatch",
    ),
    "service_incomplete": (
        {
            "top": 'provides = ["InsLookup"]',
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    def search_by_card(self, query, ctx): ...\n",
        },
        "plugin.service_incomplete",
    ),
    "service_signature": (
        {
            "top": 'provides = ["InsLookup"]',
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    def search_by_card(self, query, ctx): ...\n    def search_by_traits(self, ctx, query): ...\n",
        },
        "plugin.signature",
    ),
    "service_coroutine": (
        {
            "top": 'provides = ["InsLookup"]',
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    def search_by_card(self, query, ctx): ...\n    async def search_by_traits(self, query, ctx): ...\n",
        },
        "plugin.coroutine_refused",
    ),
    "job_undone": ({"tables": ONE_HOOK + ONE_JOB}, "plugin.jobs_mismatch"),
    "job_undeclared": (
        {
            "module": HEAD + "    @hookimpl\n    def on_session_login(self, event, ctx): ...\n"
            "    def run_job(self, run, ctx): ...\n"
        },
        "plugin.jobs_mismatch",
    ),
    "job_signature": (
        {"tables": ONE_JOB, "module": HEAD + "    def run_job(self, ctx): ...\n"},
        "plugin.signature",
    ),
    "job_coroutine": (
        {"tables": ONE_JOB, "module": HEAD + "    async def run_job(self, run, ctx): ...\n"},
        "plugin.coroutine_refused",
    ),
    "send_undone": ({"top": SENDS}, "plugin.sends_mismatch"),
    "send_undeclared": ({"module": HEAD + ANSWERS + SENDER}, "plugin.sends_mismatch"),
    "send_half": (
        {"top": SENDS, "module": HEAD + ANSWERS + SENDER.partition("\n")[2]},
        "plugin.sends_mismatch",
    ),
    "send_half_undeclared": ({"module": HEAD + ANSWERS + SENDER.partition("\n")[0] + "\n"}, "plugin.sends_mismatch"),
    "send_signature": (
        {"top": SENDS, "module": HEAD + ANSWERS + SENDER.replace("attempt, ctx", "ctx, attempt")},
        "plugin.signature",
    ),
    "send_coroutine": (
        {"top": SENDS, "module": HEAD + ANSWERS + SENDER.replace("def find_out", "async def find_out")},
        "plugin.coroutine_refused",
    ),
    # its settings
    "settings_class_missing": ({"top": 'settings = "made_up_nowhere:Settings"'}, "plugin.import_failed"),
    "settings_not_a_model": ({"top": 'settings = "segur_sdk.models.base:Value"'}, "plugin.settings_not_a_model"),
    "settings_unknown": (
        {"table": {"settings": {NAME: "x"}}},
        "config.plugin_settings",
    ),
    "settings_validator_raises": (
        {
            "manifest": manifest(settings="{package}.plugin:Settings"),
            "preamble": "from pydantic import model_validator\nfrom segur_sdk.context import PluginSettings\n"
            "class Settings(PluginSettings):\n    @model_validator(mode='after')\n"
            f"    def _check(self):\n        raise TypeError('{NAME}')\n",
        },
        "plugin.import_failed",
    ),
}


@pytest.mark.parametrize(("plugin", "code"), REFUSED.values(), ids=REFUSED)
def test_a_broken_plugin_is_named_with_the_next_action_and_the_others_answer(
    plugin: dict[str, Any],
    code: str,
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    login: SessionLoginEvent,
) -> None:
    table = plugin.get("table", {})
    broken = install("broken", **{name: value for name, value in plugin.items() if name != "table"})
    config = config_file(
        {
            "broken": {"enabled": True, "manifest_sha256": broken, **table},
            "alpha": install("alpha"),
            "zulu": install("zulu"),
        }
    )
    status, out, err = segur("plugins", "list", "--json", "--config", config)
    [row] = [row for row in json.loads(out) if row["id"] == "broken"]
    assert status == 0
    assert (row["state"], row["last_error"]) == ("refused", code)
    assert f"[{code}" in row["reason"]
    assert row["action"]
    assert NAME not in out + err
    with Host(config) as host:
        outcomes = host.call("on_session_login", login).outcomes
    assert [(one.plugin, str(one.status)) for one in outcomes] == [("alpha", "ok"), ("zulu", "ok")]
