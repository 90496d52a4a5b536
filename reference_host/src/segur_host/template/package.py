"""The files of a package, composed from the template."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Final

import segur_sdk
from segur_host.template.hook_part import HookPart, hook_part
from segur_host.template.imports import import_block
from segur_host.template.names import PackageNames

_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{\{ (\w+) \}\}")
_PLACES: Final[Mapping[str, str]] = {
    "pyproject.toml.in": "pyproject.toml",
    "README.md.in": "README.md",
    "CHANGELOG.md.in": "CHANGELOG.md",
    "LICENSE.in": "LICENSE",
    "tox.ini.in": "tox.ini",
    "conformance.toml.in": "conformance.toml",
    "gitignore.in": ".gitignore",
    "ci.yml.in": ".github/workflows/ci.yml",
    "init.py.in": "src/{package}/__init__.py",
    "plugin.py.in": "src/{package}/plugin.py",
    "settings.py.in": "src/{package}/settings.py",
    "segur_plugin.toml.in": "src/{package}/segur_plugin.toml",
    "messages_fr.toml.in": "src/{package}/messages_fr.toml",
    "test_manifest.py.in": "tests/test_{id}_manifest.py",
}
"""Where each template of ``every_package`` goes."""


def package_files(names: PackageNames, hooks: Iterable[str]) -> dict[str, str]:
    """Return the text of every file by its path in the package, with slashes.

    Args:
        names: of the package.
        hooks: what the plugin answers; one that is named twice is answered once.

    Raises:
        InputError: ``input.hook_unknown``.
    """
    parts = [hook_part(hook) for hook in dict.fromkeys(hooks)]
    values = _values(names, parts)
    templates = files(__package__) / "every_package"
    made = {
        place.format(package=names.package, id=names.id): _filled((templates / name).read_text("utf-8"), values)
        for name, place in _PLACES.items()
    }
    made[f"src/{names.package}/py.typed"] = ""
    for part in parts:
        rule, test = ((part.folder / name).read_text("utf-8") for name in ("rule.py.in", "test.py.in"))
        made[f"src/{names.package}/{part.module}.py"] = _filled(rule, values)
        made[f"tests/test_{names.id}_{part.module}.py"] = _filled(test, values)
    return made


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _values(names: PackageNames, parts: Sequence[HookPart]) -> dict[str, str]:
    major, minor, *_ = segur_sdk.__version__.split(".")
    settings = ["segur_sdk:PluginSettings", *(one for part in parts for one in part.settings_imports)]
    return {
        "id": names.id,
        "distribution": names.distribution,
        "package": names.package,
        "plugin_class": names.plugin_class,
        "words": names.words,
        "year": str(date.today().year),  # noqa: DTZ011 - the author's own calendar
        "sdk_window": f">={major}.{minor},<{max(int(major), 1) + 1}",
        "description": parts[0].description if len(parts) == 1 else f"Répond à {_listed(parts)}.",
        "hooks": ", ".join(f"`{part.info.name}`" for part in parts),
        "cards": json.dumps(any(part.cards for part in parts)),
        "reads": _array(sorted({kind for part in parts for kind in part.reads})),
        "plugin_imports": import_block(_plugin_imports(names, parts), names.package),
        "settings_imports": import_block(settings, names.package),
        "methods": _each(parts, lambda part: _method(names, part), between="\n\n"),
        "settings": _each(parts, lambda part: part.settings.strip("\n")),
        "hook_tables": _each(parts, _hook_table, between="\n\n"),
        "texts": _each(parts, lambda part: _texts(names, part), between="\n\n"),
        "changes": _each(parts, lambda part: f"- `{part.info.name}` {part.info.version}: {part.summary}"),
        "hook_rows": _each(parts, lambda part: f"| `{part.info.name}` | {part.summary} |"),
        "replace_rows": _each(parts, lambda part: f"- `{part.module}.py`: {part.replace}"),
        "settings_rows": _each(parts, _settings_rows),
        "error_rows": _each(parts, lambda part: _error_rows(names, part)),
    }


def _array(items: Iterable[str]) -> str:
    """Return an array of strings as TOML and JSON both write it."""
    return json.dumps(list(items))


def _listed(parts: Iterable[HookPart]) -> str:
    return ", ".join(part.info.name for part in parts)


def _each(parts: Iterable[HookPart], write: Callable[[HookPart], str], between: str = "\n") -> str:
    return between.join(write(part) for part in parts)


def _plugin_imports(names: PackageNames, parts: Iterable[HookPart]) -> Iterable[str]:
    yield from ("segur_sdk:HookContext", "segur_sdk:SegurHooks", "segur_sdk:hookimpl")
    for part in parts:
        for model in (part.info.event, part.info.result):
            yield f"{model.__module__}:{model.__name__}"
        yield f"{names.package}.{part.module}:{part.function}"


def _method(names: PackageNames, part: HookPart) -> str:
    info = part.info
    kind, reason = part.raises
    return (
        f"    @hookimpl\n"
        f"    def {info.name}(self, event: {info.event.__name__}, ctx: HookContext) -> {info.result.__name__} | None:\n"
        f'        """{part.summary}\n'
        f"\n"
        f"        Raises:\n"
        f"            {kind}: ``{names.id}.{reason}``; see ``{part.module}``.\n"
        f'        """\n'
        f"        return {part.function}(event, ctx)"
    )


def _hook_table(part: HookPart) -> str:
    lines = ["[[hooks]]", f'name = "{part.info.name}"', f'version = "{part.info.version}"']
    if part.before:
        lines.append("# Asked before these plugins, where they are installed.")
        lines.append(f"before = {_array(part.before)}")
    return "\n".join(lines)


def _texts(names: PackageNames, part: HookPart) -> str:
    return "\n\n".join(
        "\n".join([f'["{names.id}.{reason}"]', *(f'{name} = "{text}"' for name, text in texts.model_dump().items())])
        for reason, texts in part.texts.items()
    )


def _settings_rows(part: HookPart) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in part.settings_rows)


def _error_rows(names: PackageNames, part: HookPart) -> str:
    return "\n".join(f"| `{names.id}.{reason}` | {texts.cause} |" for reason, texts in part.texts.items())
