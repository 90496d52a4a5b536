"""``hooks.json`` and ``hooks.md``: the contracts, from what ``segur hooks --json`` gives."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.reference_pages.docstrings import methods, signature
from docs.reference_pages.markdown import code, prose, table
from docs.reference_pages.schemas import fields_table
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.hooks.export import describe_hooks
from segur_sdk.hooks.info import HookMode

_MODES: Mapping[HookMode, str] = {
    HookMode.FIRST: "Plugins are asked in order. `None` means “not mine”. The first value wins; an error stops.",
    HookMode.COLLECT: "All plugins are asked. Each gives one outcome.",
    HookMode.DECIDE: "All plugins are asked. The strictest verdict wins and every reason is kept. "
    "No decider, or one that fails, blocks.",
    HookMode.OBSERVE: "After the fact, at least once. Never affects its cause. No hook of this version has it.",
}

_HEAD = """\
# Hooks

A hook is a moment of the practice's day. The host tells what happens; plugins answer with values. A plugin is a class
that subclasses `segur_sdk.SegurHooks` and overrides, with `@segur_sdk.hookimpl`, exactly the hooks that its
[manifest](manifest.md) declares. Every method takes one event and one [context](python.md#hookcontext), and may answer
`None`. The same data as JSON, for other languages: [hooks.json](hooks.json), that is `segur hooks --json`.

A contract grows by optional fields only (its minor version rises). Anything else is a hook of another name. A contract
is *experimental* until a plugin of this project uses it.
"""


def contracts() -> dict[str, Any]:
    """Return what ``segur hooks --json`` gives."""
    return describe_hooks()


def contracts_text(found: Mapping[str, Any]) -> str:
    """Return contracts as the committed file has them."""
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def page() -> str:
    """Return ``hooks.md``."""
    found = contracts()
    return "\n".join([_HEAD, *_summary(found), *_modes(), *_hooks(found), *_values(found)])


def signature_of(hook: str) -> str:
    """Return the signature of a hook exactly as its specification has it."""
    owner = next(one for one in SegurHooks.__mro__ if hook in vars(one))
    return signature(methods(owner)[hook])


def _summary(found: Mapping[str, Any]) -> Iterator[str]:
    head = ["Hook", "Contract", "Mode", "Deadline", "Stability"]
    yield table(
        head,
        [
            [
                f"[{hook['name']}](#{hook['name']})",
                hook["version"],
                hook["mode"],
                f"{hook['deadline_s']:g} s",
                hook["stability"],
            ]
            for hook in found["hooks"]
        ],
    )


def _modes() -> Iterator[str]:
    yield "## Modes\n"
    yield table(["Mode", "How answers combine"], [[code(mode), text] for mode, text in _MODES.items()])
    yield "The deadline is per plugin. It stops while a person is asked.\n"


def _hooks(found: Mapping[str, Any]) -> Iterator[str]:
    for hook in found["hooks"]:
        event, result = hook["event"], hook["result"]
        yield f"## {hook['name']}\n"
        yield f"```python\n{signature_of(hook['name'])}\n```\n"
        yield prose(hook["documentation"]) + "\n"
        rows = [
            ["Contract", hook["version"]],
            ["Mode", code(hook["mode"])],
            ["Deadline per plugin", f"{hook['deadline_s']:g} s"],
            ["Stability", hook["stability"]],
            ["Requirements and stories", ", ".join(map(code, hook["requirements"])) or "none is named"],
            ["Event", f"[{event}](#{event.lower()}), in `{HOOKS[hook['name']].event.__module__}`"],
            ["Result", f"[{result}](#{result.lower()}), in `{HOOKS[hook['name']].result.__module__}`"],
        ]
        yield table(["Contract data", ""], rows)


def _values(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Values\n"
    yield (
        "Every value is frozen. Values refuse unknown fields; events ignore them, so that a newer host may add some. "
        "“Patient data” marks what never appears in a `repr`, a log, an error or the audit.\n"
    )
    for name, schema in found["schemas"].items():
        yield f"### {name}\n"
        if schema.get("description"):
            yield prose(schema["description"]) + "\n"
        if "enum" in schema:
            yield "One of " + ", ".join(map(code, schema["enum"])) + ".\n"
        else:
            yield fields_table(schema, {}, with_patient=True)
