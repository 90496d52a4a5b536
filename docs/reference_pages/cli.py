"""``cli.md``: the whole ``segur`` command, from the command itself."""

from collections.abc import Iterator
from typing import Any

import typer.main

from docs.reference_pages.markdown import code, table
from segur_host.cli import application
from segur_host.cli.failing import ExitCode

_HEAD = """\
# The segur command

Texts are in French: they are read by users. With `--json`, standard output holds JSON and nothing else; what plugins
print goes to standard error. A failure is `{"error":{"code","source","message","cause","action","retryable"}}`, see
[errors](errors.md). Other packages add sub-commands by the entry point group `segur.commands`; `sandbox` comes with
`segur-sandbox`.

## Exit codes
"""

_EXIT = {
    ExitCode.DONE: "done",
    ExitCode.NO: "the answer is no, or something failed",
    ExitCode.USAGE: "usage: the command line or its input cannot be used",
    ExitCode.CONFIGURATION: "configuration",
    ExitCode.INTERNAL: "internal; a report without patient data is written and named",
    ExitCode.NOT_CERTIFIABLE: "not certifiable",
}


def page() -> str:
    """Return ``cli.md``."""
    codes = table(["Code", "Meaning"], [[str(int(one)), text] for one, text in _EXIT.items()])
    return "\n".join([_HEAD, codes, *_sections()])


def commands() -> Iterator[tuple[str, Any]]:
    """Give every command and group of commands with its full name, groups first."""
    yield from _tree("segur", typer.main.get_command(application()))


def _tree(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for inner in sorted(getattr(command, "commands", {})):
        yield from _tree(f"{name} {inner}", command.commands[inner])


def _sections() -> Iterator[str]:
    for name, command in commands():
        yield f"## {name}\n"
        yield f"{command.help or ''}\n"
        inner = getattr(command, "commands", {})
        if inner:
            links = ", ".join(f"[{one}](#{name.replace(' ', '-')}-{one})" for one in sorted(inner))
            yield f"Sub-commands: {links}.\n"
            continue
        arguments = [one.name.upper() for one in command.params if one.param_type_name == "argument"]
        yield code(" ".join([name, *arguments, "[OPTIONS]"])) + "\n"
        if command.params:
            yield table(["Parameter", "Default", "Meaning"], map(_row, command.params))


def _row(parameter: Any) -> list[str]:
    is_argument = parameter.param_type_name == "argument"
    name = parameter.name.upper() if is_argument else ", ".join(parameter.opts)
    shown = name if is_argument or parameter.is_flag else f"{name} VALUE"
    given = parameter.default not in (None, False)
    default = "required" if parameter.required else code(parameter.default) if given else ""
    return [code(shown), default, parameter.help or ""]
