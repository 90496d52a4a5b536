"""The async host has the same verbs, and they work."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from segur_host import AsyncHost, Host
from segur_host.config.model import HostConfig
from segur_host.inputs import RecordedInput
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.models.identity import IdentityAttribute, InsStatus, ProofDocument, Traits


def public(kind: type) -> dict[str, Any]:
    own = {name: member for one in reversed(kind.__mro__[:-1]) for name, member in vars(one).items()}
    return {name: member for name, member in own.items() if not name.startswith("_")}


def test_both_hosts_have_the_same_verbs() -> None:
    assert set(public(Host)) == set(public(AsyncHost)) - {"start"}


VERBS = sorted(name for name, member in public(Host).items() if inspect.isfunction(member))


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_the_same_signature(verb: str) -> None:
    own, other = public(Host)[verb], public(AsyncHost)[verb]
    own_signature, other_signature = inspect.signature(own), inspect.signature(other)
    assert own_signature.parameters == other_signature.parameters
    if verb not in {"acting", "presented", "watch_cards", "watch_sessions"}:
        assert inspect.iscoroutinefunction(other)
        assert own_signature.return_annotation == other_signature.return_annotation


def test_both_start_with_the_same_options() -> None:
    own = dict(inspect.signature(Host.__init__).parameters)
    other = dict(inspect.signature(AsyncHost.start).parameters)
    own.pop("self")
    assert own == other


def test_every_verb_works(
    source: tuple[dict[str, Any], dict[str, str]],
    evidence: Callable[..., Any],
    install: Callable[..., str],
    make_config: Callable[..., HostConfig],
    anthony: Traits,
    login: SessionLoginEvent,
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    config = make_config({**plugins, "alpha": install("alpha")})

    async def morning() -> None:
        async with await AsyncHost.start(config) as host:
            found = await host.identify(anthony)
            assert found.identity is not None
            identity_ref = found.identity.identity_ref
            qualified = (await host.qualify(identity_ref, document=ProofDocument(type="CN"))).identity
            assert qualified is not None
            assert qualified.status is InsStatus.QUALIFIEE
            assert await host.admit(await host.identity(identity_ref)) == qualified
            assert [one.identity_ref for one in await host.search(anthony.date_naissance)] == [identity_ref]
            await host.mark(identity_ref, IdentityAttribute.HOMONYME)
            await host.correct(identity_ref, anthony)
            assert len(await host.history(identity_ref)) == 4
            results = await asyncio.gather(*(host.call("on_session_login", login) for _ in range(4)))
            assert [one.all_well for one in results] == [True] * 4
            assert host.plugins["alpha"].version == "1.2"
            assert "insi.fault" in host.messages
            recorded = RecordedInput(atr="3B6500002063CB6800", apdus=(("00A4", "9000"),))
            async with host.presented(recorded) as presence:
                assert [slot.slot for slot in await host.slots()] == [getattr(presence, "slot", None)]

    asyncio.run(morning())
