"""The reference host with what the kit needs to see and to lend, and no practice software is given."""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from segur_conformance.boundary.acts import DOOR_PREFIX
from segur_host import Host
from segur_host.devices import MEMORY_DRIVER
from segur_host.dispatch.outcome import HookResult
from segur_host.drivers.readers import ReadersInChild
from segur_sdk.errors import IdentityError
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.base import Event

RENEWAL_S: Final = 10.0
"""How long the renewal of a token may take."""
TELLING_S: Final = 5.0
"""How long plugins may take to be told of an event, on a busy machine."""


class WatchedHost(Host):
    """The reference host, made as ``Host`` is; a refusal at its door is an audit event of the interpreter too."""

    def _open(self, opened: ExitStack, *, safe_mode: bool) -> None:
        self._tellings: list[tuple[str, Event]] = []
        self._telling = threading.Condition()
        super()._open(opened, safe_mode=safe_mode)

    def _told(self, hook: str, event: Event) -> HookResult:
        result = super()._told(hook, event)
        with self._telling:
            self._tellings.append((hook, event))
            self._telling.notify_all()
        return result

    def told_of(self, hook: str, at_least: int) -> list[dict[str, Any]]:
        """Return the events of one hook that plugins were told of since the host was opened, as JSON.

        Args:
            hook: its name.
            at_least: how many are waited for, within ``TELLING_S``.
        """

        def found() -> list[Event]:
            return [event for told, event in self._tellings if told == hook]

        with self._telling:
            self._telling.wait_for(lambda: len(found()) >= at_least, TELLING_S)
            return [event.model_dump(mode="json") for event in found()]

    def admit(self, identity: object) -> SealedIdentity:
        """Admit as the host does; see ``Host.admit``. A refusal raises the event ``segur.<code>`` first."""
        try:
            return super().admit(identity)
        except IdentityError as refused:
            sys.audit(DOOR_PREFIX + refused.code)
            raise

    def decide(self, hook: str, text: str) -> HookResult:
        """Ask those who decide a send, without sending anything: ``Host.call`` refuses such hooks."""
        with self._given.event(hook, text) as draft:
            return self._called(hook, draft, None)

    def bearer(self, session_id: str) -> str:
        """Return the access token with which a request would be sent now in the name of that session's professional.

        Raises:
            ServiceError: as such a request.
        """
        return self._sessions._vault.access_token(session_id, RENEWAL_S)  # noqa: SLF001 - nobody else may see a token

    @contextmanager
    def lent(self, slots: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """Have readers in memory that the configuration may not name, for as long as the block lasts.

        Args:
            slots: as the configuration names them: ``name``, ``host``, ``port``.
        """
        readers = ReadersInChild(MEMORY_DRIVER, {"slots": [*slots]})
        try:
            with self._devices.cards.mounted(readers):
                yield
        finally:
            readers.close()
