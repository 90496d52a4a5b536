"""``python.md``: what a program calls (the host) and what a plugin receives (its context)."""

import ast
from collections.abc import Iterator

from docs.reference_pages.docstrings import class_node, field_texts, methods, signature
from docs.reference_pages.markdown import code, prose, table
from segur_host import CheckedAsker, Host
from segur_host.dispatch.outcome import HookResult, Outcome
from segur_host.identities.desk import Identification
from segur_sdk.cards.channel import CardChannel
from segur_sdk.context import (
    AuditNotes,
    Cards,
    Clock,
    Deadline,
    HookContext,
    HttpClient,
    HttpReply,
    Keys,
    Software,
    Store,
)
from segur_sdk.drivers import CardSource, SlotState
from segur_sdk.jobs import JobDone, JobRun, JobRunner
from segur_sdk.keyring import KeyReference, KeyRequest, Keyring
from segur_sdk.services import SERVICES

_HEAD = """\
# Python

## For programs that embed the host

`segur_host.AsyncHost` has the same verbs as coroutines, each run in a thread: `await AsyncHost.start(config)`.
"""

_CONTEXT = """\
## For plugins

A plugin opens no socket, no reader, no key, no file and no thread by itself. What it gets here is what its
[manifest](manifest.md) declares; anything else raises `PluginError("plugin.not_granted")`. Once a call is over or given
up, everything in its context refuses with `plugin.call_over`.
"""

_SERVICES = """\
## Services

What one plugin offers to the host and to others. A plugin offers one by `provides` and a method per question, asks one
by `uses` and `ctx.service(Protocol)`.
"""


def page() -> str:
    """Return ``python.md``."""
    parts = [
        _HEAD,
        *_class(Host),
        *_class(CheckedAsker),
        *_fields(Identification),
        *_fields(HookResult),
        *_fields(Outcome),
    ]
    parts += [_CONTEXT]
    for protocol in (HookContext, HttpClient, Cards, CardChannel, Keys, Keyring, Store, AuditNotes, Clock, Deadline):
        parts += _class(protocol)
    parts += [*_fields(HttpReply), *_fields(Software), *_fields(KeyReference), *_fields(KeyRequest), _SERVICES]
    for service in SERVICES.values():
        parts += _class(service)
    parts += ["## Jobs\n", *_class(JobRunner), *_fields(JobRun), *_fields(JobDone)]
    parts += ["## Drivers\n", *_class(CardSource), *_fields(SlotState)]
    return "\n".join(parts)


def _class(described: type) -> Iterator[str]:
    yield f"### {described.__name__}\n"
    yield f"`{described.__module__}.{described.__name__}`. {prose(described.__doc__)}\n"
    constructor = methods(described).get("__init__")
    if constructor is not None:
        yield f"```python\n{described.__name__}{_parameters(constructor)}\n```\n"
    for name, function in methods(described).items():
        if name.startswith("_"):
            continue
        yield f"#### {described.__name__}.{name}\n"
        yield f"```python\n{_written(function)}\n```\n"
        yield prose(ast.get_docstring(function)) + "\n"


def _written(function: ast.FunctionDef) -> str:
    decorators = {ast.unparse(one) for one in function.decorator_list}
    if "property" in decorators and function.returns is not None:
        return f"{function.name}: {ast.unparse(function.returns)}"
    return signature(function)


def _parameters(constructor: ast.FunctionDef) -> str:
    return "(" + ast.unparse(constructor.args).removeprefix("self, ") + ")"


def _fields(described: type) -> Iterator[str]:
    yield f"### {described.__name__}\n"
    yield f"`{described.__module__}.{described.__name__}`. {prose(described.__doc__)}\n"
    texts = field_texts(described)
    rows = [
        [code(one.target.id), code(ast.unparse(one.annotation)), texts.get(one.target.id, "")]
        for one in class_node(described).body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    ]
    yield table(["Field", "Type", "Meaning"], rows)
