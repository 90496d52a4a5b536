"""Makes professionals' cards and uses them through the plugin."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from plugins.cps.tests.fake_host import Context, FakeToken, Workstation
from plugins.cps.tests.made_cards import (
    AUT_KEY,
    AUTHENTICATION,
    CAROLE,
    CPS_4_ATR,
    EMPLOYEE,
    NOW,
    OLIVIER,
    PATRICE,
    SIG_KEY,
    SIGNATURE,
    Authority,
    Leaf,
    data_object,
    info,
    situation,
)
from segur_plugin_cps.plugin import CpsPlugin
from segur_plugin_cps.settings import CpsSettings
from segur_sdk import HookContext
from segur_sdk.drivers import SignatureScheme, TokenCertificate, TokenData
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.hooks.session_ended import Noted, SessionEndedEvent
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionEnd, SessionMeans, Structure
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading
from segur_sdk.services.session_provider import Authenticated, Ended, SessionRequest, SessionToEnd


@attrs.frozen
class Bench:
    """Makes cards and uses them through the plugin's hooks and service."""

    authority: Authority

    now = NOW
    aut_key, sig_key = AUT_KEY, SIG_KEY
    carole, olivier, employee, patrice = CAROLE, OLIVIER, EMPLOYEE, PATRICE
    leaf = Leaf
    data_object = staticmethod(data_object)
    situation = staticmethod(situation)
    info = staticmethod(info)

    def certificate(self, leaf: Leaf, key: str = "01") -> TokenCertificate:
        schemes = frozenset({SignatureScheme.PKCS1_SHA256, SignatureScheme.RAW})
        return TokenCertificate(key=key, label="certificat", der=self.authority.issue(leaf), schemes=schemes)

    def authentication(self, **changes: Any) -> Leaf:
        return attrs.evolve(AUTHENTICATION, **changes)

    def signature(self, **changes: Any) -> Leaf:
        return attrs.evolve(SIGNATURE, **changes)

    def card(self, *objects: TokenData, serial: str = "80250000012800636234", **changes: Any) -> FakeToken:
        """A whole card; ``changes`` are those of both certificates."""
        return FakeToken(
            found=(
                self.certificate(self.signature(**changes), SIG_KEY),
                self.certificate(self.authentication(**changes), AUT_KEY),
            ),
            objects=objects or (info(b"CAROLE"), situation(1)),
            serial=serial,
        )

    def context(self, *tokens: FakeToken, **settings: object) -> Context:
        return Context(Workstation(list(tokens)), plugin_settings=CpsSettings.model_validate(settings))

    def presence(self, atr: str = CPS_4_ATR, slot: str = "Lecteur 1", insertion: str = "7") -> CardPresence:
        return CardPresence(slot=slot, atr=atr, insertion=insertion, inserted_at=NOW)

    def read(
        self, ctx: HookContext, card: CardPresence | ApcvContext | HostSuppliedReading | None = None
    ) -> CardReading | None:
        return CpsPlugin().on_card_read(CardReadEvent(card=card or self.presence()), ctx)

    def sign_in(self, ctx: HookContext, **where: str) -> Authenticated:
        return CpsPlugin().start_session(SessionRequest.model_validate({"means": "cps", **where}), ctx)

    def session(
        self,
        serial: str | None = "80250000012800636234",
        means: SessionMeans = SessionMeans.CPS,
        session_id: str = "s-1",
    ) -> Session:
        return Session(session_id=session_id, means=means, token_serial=serial)

    def login(self, ctx: HookContext, session: Session | None = None) -> SessionContribution | None:
        event = SessionLoginEvent(actor=self._actor(), session=session or self.session(), occurred_at=ctx.clock.now())
        return CpsPlugin().on_session_login(event, ctx)

    def ended(
        self,
        ctx: HookContext,
        reason: SessionEnd = SessionEnd.LOGOUT,
        session: Session | None = None,
        at: datetime = NOW,
    ) -> Noted | None:
        event = SessionEndedEvent(actor=self._actor(), session=session or self.session(), reason=reason, occurred_at=at)
        return CpsPlugin().on_session_ended(event, ctx)

    def end(self, ctx: HookContext) -> Ended:
        return CpsPlugin().end_session(SessionToEnd(session_id="s-1", reason=SessionEnd.LOGOUT), ctx)

    def _actor(self) -> Actor:
        return Actor(
            kind=ActorKind.PROFESSIONAL,
            name="CAROLE PHARMACH0007512",
            rpps="99700075122",
            structure=Structure(name="Officine"),
            workstation="poste 1",
        )


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Keys made once for the run."""
    return Authority(*(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)))


@pytest.fixture
def bench(authority: Authority) -> Bench:
    return Bench(authority)


@pytest.fixture
def days() -> Callable[[int], timedelta]:
    return lambda count: timedelta(days=count)


@pytest.fixture
def situations_with_gaps() -> Sequence[TokenData]:
    """Three situations, the last at the last index, out of order."""
    return (
        situation(16, "CABINET M DOC0073574", "499700735741008", "SA07"),
        situation(1, "HOPITAL GENERIQUE", "10B0307377", "SA01"),
        situation(4),
    )
