"""What the plugin knows of the authority, in memory only: where it is, its keys, and what it has said already.

Everything here is public, or a trace of who signed in that dies with the process: no token, no code.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import attrs

from segur_plugin_psc.discovery import Provider, discover, issuer_of
from segur_plugin_psc.exchanges import PURPOSE
from segur_plugin_psc.key_set import KeySet, ask_keys
from segur_plugin_psc.settings import PscSettings
from segur_plugin_psc.signed_claims import Keys
from segur_sdk.context import HookContext

FRESH: Final = timedelta(hours=1)
REST: Final = timedelta(seconds=30)
"""Between two times that tokens which anybody may have made have the keys asked for anew."""
MAX_SUBJECTS: Final = 1_000
MAX_LOGOUTS: Final = 10_000


@attrs.define
class _Known:
    provider: Provider
    at: datetime
    keys: KeySet | None = None
    anew_at: datetime | None = None
    """When the keys were last asked for because a token named one that was unknown."""

    def is_fresh(self, now: datetime) -> bool:
        return self.at <= now < self.at + FRESH

    def rests(self, now: datetime) -> bool:
        return self.anew_at is not None and self.anew_at <= now < self.anew_at + REST


class Authority:
    """The authority as one plugin, in one process, knows it."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._subjects: OrderedDict[str, str] = OrderedDict()
        self._logouts: dict[str, datetime] = {}
        self._lock = Lock()

    def provider(self, ctx: HookContext) -> Provider:
        """Return what the discovery document says; it is asked for anew every hour.

        Raises:
            ServiceError: see :func:`segur_plugin_psc.discovery.discover`.
        """
        return self._fresh(ctx).provider

    def keys(self, ctx: HookContext, *, for_anybody: bool = False) -> Keys:
        """Return the way to the authority's keys during one call.

        Args:
            ctx: of the call.
            for_anybody: the token may come from anybody, not from the authority itself: keys that were just asked for
                anew are not asked for again within :data:`REST`, whatever it names.
        """

        def give(anew: bool) -> KeySet:
            known, now = self._fresh(ctx), ctx.clock.now()
            if known.keys is None or (anew and not (for_anybody and known.rests(now))):
                known.keys = ask_keys(known.provider.endpoint("jwks_uri"), ctx)
                known.anew_at = now if anew else known.anew_at
            return known.keys

        return give

    def remember(self, subject: str, national_id: str) -> None:
        """Remember whom the authority means by ``subject``, to understand when it ends his sessions."""
        with self._lock:
            self._subjects[subject] = national_id
            self._subjects.move_to_end(subject)
            while len(self._subjects) > MAX_SUBJECTS:
                self._subjects.popitem(last=False)

    def national_id(self, subject: str) -> str | None:
        """Return whom the authority means; ``None`` when he did not sign in here since the process began."""
        with self._lock:
            return self._subjects.get(subject)

    def is_new(self, token_id: str, until: datetime, now: datetime) -> bool:
        """Tell whether a logout token is seen for the first time, and remember it for as long as it lives.

        When too many are alive, none is new.
        """
        digest = hashlib.sha256(token_id.encode()).hexdigest()
        with self._lock:
            self._logouts = {one: end for one, end in self._logouts.items() if end > now}
            if digest in self._logouts or len(self._logouts) >= MAX_LOGOUTS:
                return False
            self._logouts[digest] = until
            return True

    def forget(self, provider: Provider) -> None:
        """Ask for the discovery document again: what it said was not believed after all."""
        self._known.pop(provider.issuer, None)

    def _fresh(self, ctx: HookContext) -> _Known:
        settings = ctx.settings(PscSettings)
        address = ctx.http(PURPOSE).address
        issuer, now = issuer_of(address, settings), ctx.clock.now()
        known = self._known.get(issuer)
        if known is None or not known.is_fresh(now):
            known = self._known[issuer] = _Known(discover(address, settings, ctx), now)
        return known
