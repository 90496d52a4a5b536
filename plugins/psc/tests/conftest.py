"""One authority, one host, one plugin; keys are made once for the run."""

from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from plugins.psc.tests.fake_host import Context
from plugins.psc.tests.made_provider import CLIENT, NOW, MadeProvider, Signer
from segur_plugin_psc.plugin import PscPlugin
from segur_plugin_psc.settings import PscSettings
from segur_sdk.errors import SegurError
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import (
    Authenticated,
    AuthorityLogout,
    Ended,
    EndedElsewhere,
    SessionRequest,
    SessionToEnd,
    SessionToRenew,
)
from tests.contexts.granting_nothing import SetClock


@attrs.frozen
class Bench:
    """Uses the plugin as a host does."""

    ctx: Context
    plugin: PscPlugin

    @property
    def provider(self) -> MadeProvider:
        return self.ctx.provider

    def set(self, **settings: Any) -> None:
        self.ctx.plugin_settings = PscSettings.model_validate({"client_id": CLIENT, **settings})

    def sign_in(self, **request: Any) -> Authenticated:
        return self.plugin.start_session(SessionRequest.model_validate({"means": "psc", **request}), self.ctx)

    def refusal(self, **request: Any) -> SegurError:
        with pytest.raises(SegurError) as caught:
            self.sign_in(**request)
        return caught.value

    def renew(self, tokens: SessionTokens) -> SessionTokens:
        return self.plugin.renew_session(SessionToRenew(session_id="s-1", tokens=tokens), self.ctx)

    def leave(self, tokens: SessionTokens | None, *, everywhere: bool) -> Ended:
        request = {"session_id": "s-1", "reason": "logout", "everywhere": everywhere, "tokens": tokens}
        return self.plugin.end_session(SessionToEnd.model_validate(request), self.ctx)

    def told(self, logout_token: str) -> EndedElsewhere:
        request = AuthorityLogout.model_validate({"logout_token": logout_token})
        return self.plugin.session_ended_elsewhere(request, self.ctx)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("clef-1", rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    return Signer("clef-2", rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="session")
def curve_signer() -> Signer:
    return Signer("clef-3", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def bench(signer: Signer) -> Bench:
    clock = SetClock(NOW)
    return Bench(Context(MadeProvider(signer, clock.now), clock=clock), PscPlugin())
