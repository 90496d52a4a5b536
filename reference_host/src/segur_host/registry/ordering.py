"""The order in which plugins answer a hook: computed from manifests, never from installation."""

from graphlib import CycleError, TopologicalSorter

from segur_sdk.errors import PluginError
from segur_sdk.manifest import PluginManifest


class OrderCycleError(PluginError):
    """``plugin.order_cycle``: plugins each of which wants to precede the next.

    Args:
        hook: on which they disagree.
        cycle: their ids in that order, the first one again at the end.
    """

    def __init__(self, hook: str, cycle: list[str]) -> None:
        self.plugins = frozenset(cycle)
        start = cycle.index(min(cycle))
        told = [*cycle[start:-1], *cycle[:start], cycle[start]]
        super().__init__("plugin.order_cycle", hook=hook, plugins=" → ".join(told))


def order_for(hook: str, manifests: list[PluginManifest]) -> tuple[str, ...]:
    """Return the ids of the plugins that implement ``hook``, in the order in which they are asked.

    ``before`` and ``after`` are obeyed, ties are broken by id, and names of absent plugins are ignored.

    Raises:
        OrderCycleError: plugins want to precede one another.
    """
    uses = {
        manifest.id: use
        for manifest in sorted(manifests, key=lambda found: found.id)
        for use in manifest.hooks
        if use.name == hook
    }
    predecessors: dict[str, set[str]] = {plugin: set() for plugin in uses}
    for plugin, use in uses.items():
        predecessors[plugin].update(other for other in use.after if other in uses)
        for other in use.before:
            if other in uses:
                predecessors[other].add(plugin)
    sorter = TopologicalSorter(predecessors)
    try:
        sorter.prepare()
    except CycleError as failure:
        raise OrderCycleError(hook, failure.args[1]) from None
    order: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        order.append(ready[0])
        sorter.done(ready.pop(0))
    return tuple(order)
