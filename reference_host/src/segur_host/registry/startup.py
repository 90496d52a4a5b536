"""Load the plugins of one start, without being held by one that hangs."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from segur_host.aside import Aside
from segur_host.registry.loading import Loaded, load
from segur_host.registry.progress import LOOK_EVERY_S, Progress
from segur_sdk.errors import PluginError
from segur_sdk.manifest import PluginManifest


class Loading:
    """A plugin being imported, its settings validated and compared with its manifest.

    All of it runs on a thread that is left behind when it waits for something, or does not end.

    Args:
        manifest: of the plugin.
        settings: its table of the configuration.
    """

    def __init__(self, manifest: PluginManifest, settings: Mapping[str, Any]) -> None:
        self._plugin = manifest.id
        self._progress = Progress(time.monotonic())
        self._aside = Aside(lambda: load(manifest, settings), name=f"segur-load-{manifest.id}")

    def wait(self) -> None:
        """Wait for the end, no longer than until the next look is due."""
        self._aside.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """See how far it has got."""
        # The thread may end meanwhile.
        with suppress(OSError):
            self._progress.look(time.monotonic(), self._aside.place(), self._aside.busy_seconds())

    @property
    def goes_on(self) -> bool:
        """Whether it has neither ended nor been given up."""
        return not (self._progress.hangs or self._aside.wait(0))

    @property
    def hesitates(self) -> bool:
        """Whether others should go ahead."""
        return self._progress.hesitates

    def result(self) -> Loaded:
        """Return the plugin, ready to answer.

        Raises:
            PluginError: ``plugin.import_timed_out``, and those of ``load``.
            ConfigError: those of ``load``.
        """
        if self._progress.hangs:
            raise PluginError("plugin.import_timed_out", plugin=self._plugin)
        return self._aside.result()


def load_all(plugins: Iterable[tuple[PluginManifest, Mapping[str, Any]]]) -> dict[str, Loading]:
    """Load plugins one after the other; one that does not get on lets the others go ahead.

    So several that hang delay the rest hardly more than one does.

    Args:
        plugins: each with its table of the configuration.

    Returns:
        What became of each, by its id.
    """
    begun: dict[str, Loading] = {}
    for manifest, settings in plugins:
        begun[manifest.id] = latest = Loading(manifest, settings)
        while latest.goes_on and not latest.hesitates:
            latest.wait()
            _look_at(begun)
    while waited_for := [one for one in begun.values() if one.goes_on]:
        waited_for[0].wait()
        _look_at(begun)
    return begun


def _look_at(begun: Mapping[str, Loading]) -> None:
    for loading in begun.values():
        if loading.goes_on:
            loading.look()
