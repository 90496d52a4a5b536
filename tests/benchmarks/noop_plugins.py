"""Five plugins that have nothing to say."""

from segur_sdk import HookContext, SegurHooks, hookimpl
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent


class Noop(SegurHooks):
    """Declines every session."""

    @hookimpl
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Nothing to add."""
        return None
