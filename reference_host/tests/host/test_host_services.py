"""Services between plugins: in the caller's time, with the provider's grants, and contained."""

from collections.abc import Callable
from typing import Any

import pytest

from segur_host import CheckedAsker, Host
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent

NAME = "TCHITCHI"
HOOK_TABLE = '[[hooks]]\nname = "on_session_login"\nversion = "1.0"\n'

ASKING = """
from datetime import date
from segur_sdk.errors import SegurError
from segur_sdk.hooks.session_login import SessionContribution
from segur_sdk.models.identity import SearchTraits
from segur_sdk.services import InsLookup
from segur_sdk.services.ins_lookup import InsAnswer, TraitsQuery
QUERY = TraitsQuery(traits=SearchTraits(nom_naissance="CORSE", prenoms_naissance=("ANTHONY",)))
"""
ASK = """
try:
    answer = ctx.service(InsLookup).search_by_traits(QUERY, {ctx})
except SegurError as failure:
    return SessionContribution(mailboxes=(failure.code, str(failure)))
return SessionContribution(mailboxes=(type(answer).__name__, answer.attempt.operation))
"""

PROVIDING = """
import time
from datetime import UTC, datetime
from segur_sdk.errors import ServiceError
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.models.identity import CrCode, InsAttempt
from segur_sdk.models.notice import Question
from segur_sdk.services import InsLookup
from segur_sdk.services.ins_lookup import InsAnswer

def answer(text):
    now = datetime.now(UTC)
    attempt = InsAttempt(operation=text, message_id="m", sent_at=now, criteria=QUERY, cr=CrCode.NOT_FOUND)
    return InsAnswer(cr=CrCode.NOT_FOUND, attempt=attempt)

class Plugin(SegurHooks):
    def search_by_card(self, query, ctx): ...
    def search_by_traits(self, query, ctx):
        global QUERY
        QUERY = query.traits
{body}
"""


@pytest.fixture
def asked(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> Callable[..., tuple[str, ...]]:
    """Let ``asking`` ask ``provider``, whose method has ``body``; return what the former was told."""

    def asked(
        body: str,
        *,
        ctx: str = "ctx",
        ask: str = ASK,
        provider_top: str = "",
        provider_tables: str = "",
        asking_top: str = "",
        **options: Any,
    ) -> tuple[str, ...]:
        told = "\n".join(f"        {line}" for line in body.splitlines())
        provider = install(
            "provider",
            module=PROVIDING.format(body=told),
            top=f'provides = ["InsLookup"]\n{provider_top}',
            tables=provider_tables,
        )
        asking = install(
            "asking",
            preamble=ASKING,
            body=ask.format(ctx=ctx),
            top=f'uses = ["InsLookup"]\n{asking_top}',
            tables=HOOK_TABLE,
        )
        host = open_host({"provider": provider, "asking": asking}, **options)
        [outcome] = host.call("on_session_login", login).outcomes
        assert isinstance(outcome.value, SessionContribution), outcome.error
        return outcome.value.mailboxes

    return asked


def test_a_service_answers_with_its_own_type(asked: Callable[..., tuple[str, ...]]) -> None:
    assert asked("return answer('found')") == ("InsAnswer", "found")


FAILURES: dict[str, tuple[str, str]] = {
    "typed": ("raise ServiceError('service.timed_out')", "service.timed_out"),
    "raises": (f"raise ValueError('{NAME}')", "plugin.failed"),
    "exits": (f"raise SystemExit('{NAME}')", "plugin.failed"),
    "interrupts": ("raise KeyboardInterrupt", "plugin.failed"),
    "nothing": ("return None", "plugin.invalid_result"),
    "other_type": (f"return '{NAME}'", "plugin.invalid_result"),
    "by_hand": ("return InsAnswer.model_construct(cr='00')", "plugin.invalid_result"),
    "wants_more": ("ctx.http('x')", "plugin.not_granted"),
}


@pytest.mark.parametrize(("body", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failing_provider_is_contained_and_named(body: str, code: str, asked: Callable[..., tuple[str, ...]]) -> None:
    found, told = asked(body)
    assert found == code
    assert NAME not in told
    assert code == "service.timed_out" or "provider" in told


def test_a_service_is_asked_with_the_context_of_the_call(asked: Callable[..., tuple[str, ...]]) -> None:
    assert asked("return answer('x')", ctx="None")[0] == "plugin.not_granted"


def test_a_provider_that_is_not_active_is_missing(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    asking = install("asking", preamble=ASKING, body=ASK.format(ctx="ctx"), top='uses = ["InsLookup"]')
    [outcome] = open_host({"asking": asking}).call("on_session_login", login).outcomes
    assert isinstance(outcome.value, SessionContribution)
    assert outcome.value.mailboxes[0] == "plugin.service_missing"


def test_a_circle_of_services_is_named(asked: Callable[..., tuple[str, ...]]) -> None:
    body = "return ctx.service(InsLookup).search_by_traits(query, ctx)"
    code, told = asked(body, provider_top='uses = ["InsLookup"]')
    assert code == "plugin.service_circle"
    assert "asking → provider → provider" in told


QUESTION = "return answer(ctx.ask(Question(code='a.b', text='?', pattern='.*')))"
PROMPTS: dict[str, tuple[bool, bool, str]] = {
    "both": (True, True, "InsAnswer"),
    "provider_only": (True, False, "plugin.not_granted"),
    "caller_only": (False, True, "plugin.not_granted"),
    "neither": (False, False, "plugin.not_granted"),
}


@pytest.mark.parametrize(("provider", "caller", "given"), PROMPTS.values(), ids=PROMPTS)
def test_a_provider_asks_a_person_only_if_its_caller_may(
    provider: bool, caller: bool, given: str, asked: Callable[..., tuple[str, ...]]
) -> None:
    told = asked(
        QUESTION,
        provider_top="prompts = true" if provider else "",
        asking_top="prompts = true" if caller else "",
        asker=CheckedAsker(lambda _: "yes"),
    )
    assert told[0] == given


def test_a_provider_works_in_the_time_of_its_caller(
    asked: Callable[..., tuple[str, ...]], patience: Callable[[float], None]
) -> None:
    patience(5)
    ask = (
        "import time\ntime.sleep(0.2)\nleft = ctx.deadline.remaining()\n"
        "answer = ctx.service(InsLookup).search_by_traits(QUERY, ctx)\n"
        "return SessionContribution(mailboxes=(str(float(answer.attempt.operation) <= left),))"
    )
    assert asked("return answer(str(ctx.deadline.remaining()))", ask=ask) == ("True",)


def test_the_context_of_a_provider_ends_with_its_answer(asked: Callable[..., tuple[str, ...]]) -> None:
    ask = (
        "import sys\nservice = ctx.service(InsLookup)\nservice.search_by_traits(QUERY, ctx)\n"
        "kept = sys.modules['__kept__']\n"
        "try:\n    kept.audit.note('late')\nexcept SegurError as failure:\n"
        "    return SessionContribution(mailboxes=(failure.code,))\n"
        "finally:\n    del sys.modules['__kept__']\n"
    )
    assert asked("import sys\nsys.modules['__kept__'] = ctx\nreturn answer('x')", ask=ask) == ("plugin.call_over",)


def test_a_proxy_kept_beyond_its_call_refuses(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    keeping = (
        "import sys\nkept = sys.modules.get('__kept__')\n"
        "if kept is None:\n"
        "    sys.modules['__kept__'] = (ctx.service(InsLookup), ctx)\n    return None\n"
        "del sys.modules['__kept__']\n"
        "try:\n    kept[0].search_by_traits(QUERY, kept[1])\nexcept SegurError as failure:\n"
        "    return SessionContribution(mailboxes=(failure.code,))"
    )
    provider = install(
        "provider",
        module=PROVIDING.format(body="        return answer('x')"),
        top='provides = ["InsLookup"]',
        tables="",
    )
    asking = install("asking", preamble=ASKING, body=keeping, top='uses = ["InsLookup"]')
    host = open_host({"provider": provider, "asking": asking})
    host.call("on_session_login", login)
    assert [value.mailboxes for value in host.call("on_session_login", login).value] == [("plugin.call_over",)]
