"""The order in which plugins answer a hook: computed from manifests, never from installation."""

from graphlib import CycleError, TopologicalSorter

from segur_sdk.errors import PluginError
from segur_sdk.manifest import PluginManifest


def order_for(hook: str, manifests: list[PluginManifest]) -> tuple[str, ...]:
    """Return the ids of the plugins that implement ``hook``, in the order in which they are asked.

    ``before`` and ``after`` are obeyed, ties are broken by id, and names of absent plugins are ignored.

    Raises:
        PluginError: ``plugin.order_cycle`` names the plugins that want to precede one another.
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
        raise PluginError("plugin.order_cycle", hook=hook, plugins=" → ".join(failure.args[1])) from None
    order: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        order.append(ready[0])
        sorter.done(ready.pop(0))
    return tuple(order)
