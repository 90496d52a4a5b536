"""Services: a plugin asks another one, in its own thread, within what is left of its time."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import ValidationError

from segur_host.dispatch.context import CallContext, Resources
from segur_host.dispatch.failures import typed, unexpected
from segur_host.registry.registry import PluginEntry, PluginState
from segur_sdk.errors import PluginError, SegurError
from segur_sdk.models.base import Value

Serve = Callable[[CallContext, type], object]


def serve(
    caller: CallContext,
    protocol: type,
    providers: Mapping[str, PluginEntry],
    resources: Resources,
    serve_next: Serve,
) -> object:
    """Return the proxy by which ``caller`` asks the service ``protocol``.

    The provider works with its own grants (the caller was granted the service, not its means), except that it
    may ask a person only if the caller may too.

    Raises:
        PluginError: ``plugin.service_missing``, ``plugin.service_circle``.
    """
    provider = providers.get(protocol.__name__)
    if provider is None or provider.state is not PluginState.ACTIVE or provider.loaded is None:
        raise PluginError("plugin.service_missing", service=protocol.__name__)
    if provider.id in caller.chain:
        raise PluginError("plugin.service_circle", plugins=" → ".join((*caller.chain, provider.id)))
    instance = provider.loaded.instance

    def context() -> CallContext:
        return CallContext(provider, caller.caller, caller.call_deadline, resources, serve_next, within=caller)

    methods = {
        name: _method(provider, getattr(instance, name), answer_type(specified), context, caller)
        for name, specified in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }
    return type(f"{protocol.__name__}Proxy", (), methods)()


def answer_type(specified: Callable[..., Any]) -> type[Value]:
    """Return what a method of a service answers."""
    answer: type[Value] = get_type_hints(specified)["return"]
    return answer


def _method(
    provider: PluginEntry,
    function: Callable[[Any, CallContext], Any],
    answer: type[Value],
    context: Callable[[], CallContext],
    caller: CallContext,
) -> Callable[[object, Any, object], Value]:
    def ask(_proxy: object, request: Any, ctx: object) -> Value:
        if ctx is not caller:
            raise PluginError("plugin.not_granted", plugin=caller.plugin, what="service:foreign_context")
        caller.require_running()
        own = context()
        try:
            return answer.model_validate(function(request, own))
        except SegurError as failure:
            raise typed(provider.id, failure) from None
        except ValidationError:
            raise PluginError("plugin.invalid_result", plugin=provider.id, expected=answer.__name__) from None
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it is named
            raise unexpected(provider.id, failure) from None
        finally:
            own.end()

    return ask
