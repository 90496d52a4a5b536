"""A process that ends at any instant of an order or a renewal: the same call goes on, no key is lost or doubled."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.leading_orders import (
    USE,
    certified,
    given,
    preparation,
    prepared,
    requested,
    serving,
    withdrawn,
)
from plugins.certificates.tests.made_pki import DAY, NOW, Pki, key
from segur_plugin_certificates.ordering.state import OrderState
from segur_plugin_certificates.orders import Orders


@attrs.define
class Life:
    """An order by a key made here, its renewal, a way back and on again; then one whose key the platform makes."""

    host: Context
    pki: Pki
    came: bytes = b""

    def steps(self) -> Iterator[Any]:
        """Yield each thing that somebody does, to be done again when it was cut short."""
        if not self.host.store.kept:
            yield self.host.order
            for action in preparation():
                yield lambda action=action: self.host.order(action=action)
        yield from self._round(1)
        yield self.host.renew
        yield lambda: self.host.does("platform_entered", means="cpx")
        yield lambda: self.host.does(**requested())
        yield lambda: self._started_over("key_lost")
        yield from self._round(2, confirmed=False)
        yield lambda: self.host.does("rolled_back")
        yield lambda: self.host.install(self.came)
        yield lambda: self.host.does("confirmed")
        yield self.host.renew
        yield lambda: self.host.does("platform_entered", means="cpx")
        yield lambda: self.host.does(**requested("platform"))
        yield lambda: self.host.does(**withdrawn())
        yield lambda: self._started_over("password_lost")
        yield lambda: self.host.does(**requested("platform"))
        yield lambda: self.host.does(**withdrawn())
        yield self._of_the_platform
        yield lambda: self.host.does("confirmed")

    def _round(self, serial: int, *, confirmed: bool = True) -> Iterator[Any]:
        yield lambda: self.host.does(**requested())
        yield lambda: self.host.does(**withdrawn())
        yield lambda: self._install(serial)
        if confirmed:
            yield lambda: self.host.does("confirmed")

    def _install(self, serial: int) -> Any:
        if not self.came or self.host.keyring.references()[0].awaiting is not None:
            self.came = certified(self.host, self.pki, serial=serial, end=NOW + 40 * DAY)
        return self.host.install(self.came)

    def _started_over(self, reason: str) -> Any:
        # Whoever looks sees that it is done already.
        if "started_over" not in self.host.order().possible:
            return None
        return self.host.does("started_over", reason=reason)

    def _of_the_platform(self) -> Any:
        own = key("of the platform")
        return self.host.install(given(self.pki, own, serial=9), own=own)


def live(host: Context, pki: Pki, at: int | None = None) -> OrderState:
    """Lead a whole life, cut short at one instant, and return where the order stands at its end."""
    host.stop.at = at
    served: str | None = None
    for step in Life(host, pki).steps():
        try:
            step()
        except KeyboardInterrupt:
            assert served is None or serving(host) is not None
            step()
        served = serving(host)
    return Orders(host).get(USE).state


def fresh(pki: Pki, ready: Context | None = None) -> Context:
    """Return a host without key, where the order was led to the platform already if ``ready`` is given."""
    host = Context()
    host.keyring.trusted["igc-sante"] = pki.anchors
    if ready is not None:
        host.store.kept, host.stop.passed = dict(ready.store.kept), ready.stop.passed
    return host


def comparable(state: OrderState) -> dict[str, Any]:
    """Return a state without the keys, of which there may be others."""
    return state.model_dump(exclude={"abandoned_keys": True, "renews": {"public_key", "fingerprint"}})


@pytest.mark.req("S003-17", "S003-22", "S003-25")
def test_life_that_is_cut_short_at_any_instant_ends_as_one_that_is_not(pki: Pki) -> None:
    whole = fresh(pki)
    expected = live(whole, pki)
    assert expected.confirmed_at is not None
    instants = whole.stop.passed
    ready = fresh(pki)
    prepared(ready)
    assert instants > ready.stop.passed + 30
    for at in range(1, instants + 1):
        host = fresh(pki, ready if at > ready.stop.passed else None)
        state = live(host, pki, at)
        assert host.stop.passed >= at
        assert comparable(state) == comparable(expected), f"cut short at {at}"
        use = host.keyring.uses[USE]
        assert (serving(host), use.waiting, use.former) == (serving(whole), (), None), f"cut short at {at}"
        assert host.keyring.sealed.keys() == whole.keyring.sealed.keys(), f"cut short at {at}"
        counted = {what: host.keyring.done.count(what) for what in ("install", "take_back", "retire")}
        assert counted == {"install": 4, "take_back": 1, "retire": 2}, f"cut short at {at}"
