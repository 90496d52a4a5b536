"""What a check works with: a target that starts anew, the services it meets, and words to judge by."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segur_conformance.outcomes import CheckBlocked, CheckFailed, NotApplicable
from segur_conformance.runner.plan import PCSC, Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.room import Room, Tables
from segur_conformance.targets.subject import Subject
from segur_sandbox.control_client import call_control
from segur_sandbox.running import RunningSandbox


class Bench:
    """What a check works with.

    Args:
        product: what the plan puts to the test.
        plugin: the plugin under test; nothing for a foreign host.
        sandbox: the services; they are as new when a check begins.
        room: where the target runs.
        record: of the run.
        settings: of the plan, by plugin.
        assets: folder of the official files, if there is one.
    """

    def __init__(
        self,
        product: Product,
        plugin: InstalledPlugin | None,
        sandbox: RunningSandbox,
        room: Room,
        record: RunRecord,
        settings: Tables,
        assets: Path | None,
    ) -> None:
        self.product = product
        self._plugin = plugin
        self.sandbox = sandbox
        self._room = room
        self.record = record
        self._settings = settings
        self._assets = assets

    @property
    def readers(self) -> tuple[str, ...]:
        """The two readers in which the target meets cards."""
        if self.product.in_memory:
            return tuple(self.sandbox.readers)
        self._require_pcsc()
        # First the slot that holds a carte Vitale when a check begins, as in memory.
        return tuple(self.sandbox.pcsc_readers[::-1])

    @property
    def plugin(self) -> InstalledPlugin:
        """The plugin under test, for checks that are of no other kind."""
        if self._plugin is None:
            raise NotApplicable("la cible n’est pas un module")
        return self._plugin

    def start(
        self,
        *,
        settings: Tables | None = None,
        answers: Mapping[str, str] | None = None,
        **tables: Any,
    ) -> Subject:
        """Start the target with nothing remembered.

        Args:
            settings: by plugin, on top of the plan's.
            answers: to the questions that plugins ask, by code.
            **tables: of the host's configuration, instead of the sandbox's; ``plugins`` has of each what is other.

        Raises:
            CheckBlocked: ``pcsc``: there is no such reader on this machine.
            NotApplicable: ``tables`` name readers in memory, and the plan wants those of PC/SC.
        """
        if not self.product.in_memory:
            self._require_pcsc()
            if tables.get("readers", {}).get("memory", {}).get("slots"):
                raise NotApplicable("lecteur en mémoire")
        given = settings or {}
        merged = {
            plugin: {**self._settings.get(plugin, {}), **given.get(plugin, {})} for plugin in {*self._settings, *given}
        }
        return self._room.start(tables, merged, answers or {})

    def _require_pcsc(self) -> None:
        if not self.sandbox.pcsc_readers:
            raise CheckBlocked(PCSC)

    def start_unplugged(self) -> Subject:
        """Start the target anew without any reader."""
        if self.product.in_memory:
            return self.start(readers={"memory": {"slots": []}})
        return self.start(settings={PCSC: {"ignore": list(self.readers)}})

    def lend_readers(self, subject: Subject) -> None:
        """Let a host have the readers of the services whose configuration may not name them: that of production."""
        if self.product.in_memory:
            known = self.sandbox.descriptor["services"]["cards"]["readers"]
            slots = [{name: one[name] for name in ("name", "host", "port")} for one in known if one["kind"] == "memory"]
            subject.ask("lend", slots=slots)

    def conversation(self, sent: int) -> int:
        """Return how many commands the present conversation with a card has had, of ``sent`` since its insertion.

        In memory each connection is a conversation of its own; over PC/SC the whole presence of a card is one.
        """
        return 0 if self.product.in_memory else sent

    def mend(self) -> None:
        """End every fault of the services; what sits in the readers stays there."""
        call_control(self.sandbox.descriptor, "DELETE", "/faults")

    def asset(self, name: str) -> Path:
        """Return an official file.

        Raises:
            CheckBlocked: ``asset:NAME``: it is not there.
        """
        found = self._assets / name if self._assets is not None else None
        if found is None or not found.exists():
            raise CheckBlocked(f"asset:{name}")
        return found


def expect(held: object, reason: str) -> None:
    """End the check as failed, with ``reason``, unless ``held``."""
    if not held:
        raise CheckFailed(reason)


def expect_equal(found: object, wanted: object, what: str) -> None:
    """End the check as failed, naming what differs, unless both are equal. Not for patient data."""
    if found != wanted:
        raise CheckFailed(f"{what} : {found!r}, attendu {wanted!r}")
