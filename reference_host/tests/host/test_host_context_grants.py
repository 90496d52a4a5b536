"""A plugin gets what its manifest declares, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from segur_host import CheckedAsker, Host
from segur_sdk.context import HookContext
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent

HOOK_TABLE = '[[hooks]]\nname = "on_session_login"\nversion = "1.0"\n'
TELL = """
from segur_sdk.errors import SegurError
from segur_sdk.hooks.session_login import SessionContribution
def act():
{act}
try:
    found = act()
except SegurError as failure:
    return SessionContribution(mailboxes=(failure.code, str(failure.facts.get("what"))))
return SessionContribution(mailboxes=(str(found),))
"""


@pytest.fixture
def told(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> Callable[..., tuple[str, ...]]:
    """Run one statement in a hook; return what it gave, or the code and subject of its refusal."""

    def told(act: str, top: str = "", tables: str = "", **options: Any) -> tuple[str, ...]:
        body = TELL.format(act="\n".join(f"    {line}" for line in act.splitlines()))
        sha256 = install("alpha", body=body, top=top, tables=HOOK_TABLE + tables)
        [outcome] = open_host({"alpha": sha256}, **options).call("on_session_login", login).outcomes
        assert isinstance(outcome.value, SessionContribution), outcome.error
        return outcome.value.mailboxes

    return told


UNDECLARED: dict[str, tuple[str, str]] = {
    "store": ("ctx.store", "store"),
    "cards": ("ctx.cards", "cards"),
    "tokens": ("ctx.tokens", "tokens"),
    "keyring": ("ctx.keyring", "keyring"),
    "keys": ("ctx.keys.certificate('insi-auto')", "key:insi-auto"),
    "settings": (
        "from segur_sdk.context import PluginSettings\nclass Mine(PluginSettings): ...\nctx.settings(Mine)",
        "settings",
    ),
    "http": ("ctx.http('insi-auto')", "http:insi-auto"),
    "service": ("from segur_sdk.services import InsLookup\nctx.service(InsLookup)", "service:InsLookup"),
    "ask": ("ctx.ask(None)", "ask"),
    "browser": ("ctx.browser('login')", "browser:login"),
    "show": ("ctx.show(None)", "show"),
    "wait": ("ctx.wait(0)", "wait"),
}
FREE = {"call_id", "tenant", "environment", "software", "actor", "session", "deadline", "clock", "audit"}


def test_the_table_names_every_member_of_the_context() -> None:
    members = {name for name in vars(HookContext) if not name.startswith("_")}
    assert members == FREE | set(UNDECLARED)


@pytest.mark.parametrize(("act", "what"), UNDECLARED.values(), ids=UNDECLARED)
def test_what_is_not_declared_is_not_granted(act: str, what: str, told: Callable[..., tuple[str, ...]]) -> None:
    assert told(act) == ("plugin.not_granted", what)


KEY = '[[keys]]\nuse = "k"\n'
SIGNING = '[[keys]]\nuse = "s"\nsigns = true\n'
NETWORK = '[[network]]\npurpose = "p"\ntrust = "t"\nauth = "none"\n'
BROWSER = '[[network]]\npurpose = "login"\nprotocol = "browser"\n'
OTHER_THAN_DECLARED: dict[str, tuple[str, str, str, str]] = {
    "other_key": ("ctx.keys.certificate('other')", "", KEY, "key:other"),
    "key_that_signs_nothing": ("ctx.keys.signer('k')", "", KEY, "sign:k"),
    "other_signer": ("ctx.keys.signer('k')", "", SIGNING, "sign:k"),
    "other_purpose": ("ctx.http('other')", "", NETWORK, "http:other"),
    "http_of_a_browsers_purpose": ("ctx.http('login')", "", BROWSER, "http:login"),
    "browser_of_a_purpose_of_ours": ("ctx.browser('p')", "", NETWORK, "browser:p"),
    "protocol_of_that_name": (
        "class InsLookup:\n    def qualify_identity(self, query, ctx): ...\nctx.service(InsLookup)",
        'uses = ["InsLookup"]',
        "",
        "service:InsLookup",
    ),
}


@pytest.mark.parametrize(("act", "top", "tables", "what"), OTHER_THAN_DECLARED.values(), ids=OTHER_THAN_DECLARED)
def test_something_else_than_declared_is_not_granted(
    act: str, top: str, tables: str, what: str, told: Callable[..., tuple[str, ...]]
) -> None:
    assert told(act, top, tables) == ("plugin.not_granted", what)


DECLARED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "store": (
        "ctx.store.put('a', b'1')\nreturn ctx.store.get('a')",
        "",
        '[data]\nstores = ["x"]\nretention_days = 1\n',
        ("b'1'",),
    ),
    "cards": ("return hasattr(ctx.cards, 'open')", "cards = true", "", ("True",)),
    "tokens": ("return ctx.tokens.present()", "tokens = true", "", ("()",)),
    "keys": ("ctx.keys.certificate('k')", "", KEY, ("config.key_missing", "None")),
    "signer": ("ctx.keys.signer('s')", "", SIGNING, ("config.key_missing", "None")),
    "http": ("ctx.http('p')", "", NETWORK, ("config.no_address", "None")),
    "service": (
        "from segur_sdk.services import InsLookup\nctx.service(InsLookup)",
        'uses = ["InsLookup"]',
        "",
        ("plugin.service_missing", "None"),
    ),
    "browser": ("with ctx.browser('login'): pass", "", BROWSER, ("config.no_address", "None")),
    "wait": ("ctx.wait(0)", "prompts = true", "", ("None",)),
    "show": (
        "from segur_sdk.models.notice import Notice\nctx.show(Notice(code='a.b', text='Vu'))",
        "prompts = true",
        "",
        ("None",),
    ),
    "ask": (
        "from segur_sdk.models.notice import Question\nreturn ctx.ask(Question(code='a.b', text='?', pattern='.*'))",
        "prompts = true",
        "",
        ("yes",),
    ),
}


@pytest.mark.parametrize(("act", "top", "tables", "given"), DECLARED.values(), ids=DECLARED)
def test_what_is_declared_is_granted(
    act: str, top: str, tables: str, given: tuple[str, ...], told: Callable[..., tuple[str, ...]]
) -> None:
    assert told(act, top, tables, asker=CheckedAsker(lambda _: "yes", lambda _: None)) == given


def test_what_everybody_may_know(told: Callable[..., tuple[str, ...]]) -> None:
    act = (
        "return '|'.join(map(str, (ctx.tenant, ctx.environment, ctx.software.name, ctx.software.authorisation,"
        " ctx.actor.name, ctx.actor.structure.finess, ctx.session, 0 < ctx.deadline.remaining() <= 10,"
        " ctx.clock.now().tzinfo, len(ctx.call_id))))"
    )
    assert told(act) == ("default|sandbox|Logiciel|TESTSGIE0000|Comptoir 1|0B0152872|None|True|UTC|36",)


def test_settings_come_validated_as_the_class_of_the_manifest(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    module = (
        "from segur_sdk.context import PluginSettings\n"
        "from segur_sdk.hooks import SegurHooks, hookimpl\n"
        "from segur_sdk.hooks.session_login import SessionContribution\n"
        "class Settings(PluginSettings):\n    colour: str = 'blue'\n    count: int\n"
        "class Plugin(SegurHooks):\n    @hookimpl\n    def on_session_login(self, event, ctx):\n"
        "        mine = ctx.settings(Settings)\n"
        "        return SessionContribution(mailboxes=(mine.colour, str(mine.count + 1)))\n"
    )
    manifest = (
        'manifest_version = 1\nid = "alpha"\ndisplay_name = "Module"\ndescription = "x"\nlicense = "x"\n'
        'maintainers = ["x"]\nsdk = ">=0.1,<2"\nentry = "{package}.plugin:Plugin"\n'
        'settings = "{package}.plugin:Settings"\n' + HOOK_TABLE
    )
    table = {"enabled": True, "manifest_sha256": install("alpha", module=module, manifest=manifest)}
    host = open_host({"alpha": table | {"settings": {"count": 2}}})
    assert host.call("on_session_login", login).value[0].mailboxes == ("blue", "3")


def test_each_plugin_sees_its_own_store(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    body = (
        "from segur_sdk.hooks.session_login import SessionContribution\n"
        "before = ctx.store.get('a')\nctx.store.put('a', {plugin!r}.encode())\n"
        "return SessionContribution(mailboxes=(str(before),))"
    )
    tables = HOOK_TABLE + '[data]\nstores = ["x"]\nretention_days = 1\n'
    plugins = {plugin: install(plugin, body=body.format(plugin=plugin), tables=tables) for plugin in ("aa", "bb")}
    for _ in range(2):
        host = open_host(plugins)
        values = host.call("on_session_login", login).value
    assert [value.mailboxes for value in values] == [("b'aa'",), ("b'bb'",)]


def test_a_note_bears_the_name_of_its_plugin(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    host = open_host({"alpha": install("alpha", body="ctx.audit.note('hook.on_card_read', status='ok')")})
    host.call("on_session_login", login)
    [record, _] = host.audit.records()
    assert (record.event, record.plugin, json.loads(record.facts)) == (
        "alpha.hook.on_card_read",
        "alpha",
        {"status": "ok"},
    )
