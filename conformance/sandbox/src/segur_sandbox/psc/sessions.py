"""Sessions of Pro Santé Connect: four hours at most, thirty minutes without use, whatever the number of software."""

import secrets
import uuid
from datetime import datetime, timedelta

import attrs

from segur_sandbox.clock import SandboxClock
from segur_sandbox.psc.options import PscOptions
from segur_sandbox.psc.professionals import Professional


@attrs.define(eq=False)
class SsoSession:
    """One login of a professional.

    Attributes:
        sid: Its identifier in tokens (`sid`, `session_state`).
        means: `CARD` or `MOBILE`.
        cookie: What the browser that logged in holds; nothing for a CIBA login.
        client_ids: The software that got tokens in it, first to last.
    """

    professional: Professional
    means: str
    started: datetime
    last_used: datetime
    cookie: str | None
    sid: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    client_ids: dict[str, None] = attrs.Factory(dict)
    ended: bool = False


class Sessions:
    """The sessions, living and dead."""

    def __init__(self, clock: SandboxClock, options: PscOptions) -> None:
        self._clock = clock
        self._options = options
        self._sessions: dict[str, SsoSession] = {}

    def open(self, professional: Professional, means: str, *, browser: bool) -> SsoSession:
        """Begin a session; `browser` gives it a cookie."""
        now = self._clock.now()
        session = SsoSession(professional, means, now, now, secrets.token_urlsafe(32) if browser else None)
        self._sessions[session.sid] = session
        return session

    def alive(self, session: SsoSession) -> bool:
        """Tell whether a session is still good, at the sandbox's instant."""
        return not session.ended and self._clock.now() < self.end_of(session)

    def end_of(self, session: SsoSession) -> datetime:
        """Return when a session ends if nobody uses it any more."""
        settings = self._options.now
        return min(
            session.started + timedelta(seconds=settings.session_max_s),
            session.last_used + timedelta(seconds=settings.session_idle_s),
        )

    def last_end_of(self, session: SsoSession) -> datetime:
        """Return when a session ends however much it is used."""
        return session.started + timedelta(seconds=self._options.now.session_max_s)

    def use(self, session: SsoSession) -> None:
        """Note that a session was used now."""
        session.last_used = self._clock.now()

    def of_cookie(self, cookie: str | None) -> SsoSession | None:
        """Return the living session of a browser."""
        return next((one for one in self.living() if cookie is not None and one.cookie == cookie), None)

    def find(self, sid: str) -> SsoSession | None:
        """Return a session, living or dead."""
        return self._sessions.get(sid)

    def living(self) -> list[SsoSession]:
        """Return the sessions that are still good, oldest first."""
        return [session for session in self._sessions.values() if self.alive(session)]

    def reset(self) -> None:
        """Forget every session."""
        self._sessions.clear()
