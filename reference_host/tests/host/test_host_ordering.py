"""Who is asked first: computed from manifests alone."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_host import Host
from segur_host.registry.ordering import OrderCycleError, order_for
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.manifest import PluginManifest

HOOK = "on_session_login"
Wishes = dict[str, dict[str, list[str]]]


def manifests(wishes: Wishes) -> list[PluginManifest]:
    return [
        PluginManifest.model_validate(
            {
                "manifest_version": 1,
                "id": plugin,
                "display_name": "Module",
                "description": "x",
                "license": "x",
                "maintainers": ["x"],
                "sdk": ">=0.1,<2",
                "entry": "a:B",
                "hooks": [{"name": HOOK, "version": "1.0", **wish}],
            }
        )
        for plugin, wish in wishes.items()
    ]


ORDERS: dict[str, tuple[Wishes, tuple[str, ...]]] = {
    "nobody": ({}, ()),
    "ties_by_id": ({"cc": {}, "aa": {}, "bb": {}}, ("aa", "bb", "cc")),
    "before": ({"aa": {}, "zz": {"before": ["aa"]}}, ("zz", "aa")),
    "after": ({"aa": {"after": ["zz"]}, "zz": {}}, ("zz", "aa")),
    "both_say_it": ({"aa": {"after": ["zz"]}, "zz": {"before": ["aa"]}}, ("zz", "aa")),
    "absent_ones_do_not_count": ({"aa": {"after": ["ghost"]}, "bb": {"before": ["ghost"]}}, ("aa", "bb")),
    "chain": ({"aa": {"after": ["bb"]}, "bb": {"after": ["cc"]}, "cc": {}}, ("cc", "bb", "aa")),
    "released_late": ({"aa": {"after": ["zz"]}, "bb": {}, "yy": {}, "zz": {}}, ("bb", "yy", "zz", "aa")),
}


@pytest.mark.parametrize(("wishes", "order"), ORDERS.values(), ids=ORDERS)
def test_wishes_are_obeyed_and_ties_go_by_id(wishes: Wishes, order: tuple[str, ...]) -> None:
    assert order_for(HOOK, manifests(wishes)) == order


def test_those_who_do_not_implement_the_hook_have_no_say() -> None:
    assert order_for("on_card_read", manifests({"aa": {}})) == ()


CYCLES: dict[str, tuple[Wishes, str]] = {
    "itself": ({"aa": {"before": ["aa"]}}, "aa → aa"),
    "two": ({"bb": {"before": ["aa"]}, "aa": {"before": ["bb"]}}, "aa → bb → aa"),
    "three": (
        {"aa": {"before": ["bb"]}, "bb": {"before": ["cc"]}, "cc": {"before": ["aa"]}, "dd": {}},
        "aa → bb → cc → aa",
    ),
}


@pytest.mark.parametrize(("wishes", "told"), CYCLES.values(), ids=CYCLES)
def test_a_circle_is_named(wishes: Wishes, told: str) -> None:
    with pytest.raises(OrderCycleError) as raised:
        order_for(HOOK, manifests(wishes))
    assert raised.value.facts == {"hook": HOOK, "plugins": told}


@st.composite
def ordered_wishes(draw: st.DrawFn) -> Wishes:
    """Wishes without circle: each plugin speaks only of those that come later in a hidden order."""
    hidden = draw(st.lists(st.from_regex(r"[a-z]{2,6}", fullmatch=True), min_size=1, max_size=8, unique=True))
    wishes: Wishes = {plugin: {"before": [], "after": []} for plugin in hidden}
    for place, plugin in enumerate(hidden):
        later = draw(st.lists(st.sampled_from(hidden[place + 1 :]), unique=True)) if place + 1 < len(hidden) else []
        for other in later:
            if draw(st.booleans()):
                wishes[plugin]["before"].append(other)
            else:
                wishes[other]["after"].append(plugin)
    return wishes


@given(wishes=ordered_wishes(), data=st.data())
def test_the_order_does_not_depend_on_the_order_of_installation(wishes: Wishes, data: st.DataObject) -> None:
    order = order_for(HOOK, manifests(wishes))
    shuffled = dict(data.draw(st.permutations(list(wishes.items()))))
    assert order_for(HOOK, manifests(shuffled)) == order
    assert sorted(order) == sorted(wishes)
    for plugin, wish in wishes.items():
        assert all(order.index(plugin) < order.index(other) for other in wish["before"])
        assert all(order.index(other) < order.index(plugin) for other in wish["after"])


def _table(**wish: Any) -> str:
    return "\n".join(
        ["[[hooks]]", f'name = "{HOOK}"', 'version = "1.0"', *(f"{name} = {value}" for name, value in wish.items())]
    )


def test_a_circle_stops_those_in_it_and_nobody_else(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    host = open_host(
        {
            "aa": install("aa", tables=_table(before='["bb"]')),
            "bb": install("bb", tables=_table(before='["aa"]')),
            "cc": install("cc", tables=_table(before='["aa", "dd"]')),
            "dd": install("dd"),
        }
    )
    assert [one.plugin for one in host.call(HOOK, login).outcomes] == ["cc", "dd"]
    told = {plugin: (str(entry.state), str(entry.reason)) for plugin, entry in host.plugins.items()}
    for plugin in ("aa", "bb"):
        assert told[plugin] == ("refused", f"plugin.order_cycle (hook={HOOK} plugins=aa → bb → aa)")
    assert told["cc"] == ("active", "None")
