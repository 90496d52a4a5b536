"""``configuration.md``: every key of ``segur.toml``, the settings of the plugins of this project included."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from docs.reference_pages.docstrings import field_texts
from docs.reference_pages.errors import ROOT
from docs.reference_pages.markdown import code, prose
from docs.reference_pages.schemas import fields_table
from segur_host.config.model import HostConfig
from segur_sdk.manifest import parse_manifest
from segur_sdk.models.base import Value, models_within

_HEAD = """\
# Configuration

One file, `segur.toml`, in TOML. A command finds it by `--config`, else by the environment variable `SEGUR_CONFIG`, else
as `segur.toml` in the working folder. Unknown keys are refused. Relative paths start from the folder of the file.

No secret stands in the file: a secret is a reference, `{ file = "…" }`, `{ env = "…" }` or
`{ keyring = "service/user" }`. One written out is refused with `config.secret_in_clear`, and no error repeats what the
file held. `segur doctor` explains each problem and its mend.

The environment (`sandbox`, `test` or `production`) comes from this file and from nowhere else.
"""


def page() -> str:
    """Return ``configuration.md``."""
    return "\n".join([_HEAD, *_host(), *_plugins()])


def sections() -> Iterator[tuple[str, type[Value]]]:
    """Give every table of the file with its model, ``NAME`` standing for a name of the user's choice."""
    yield "", HostConfig
    yield from _inner("", HostConfig)


def _inner(prefix: str, model: type[Value]) -> Iterator[tuple[str, type[Value]]]:
    for name, field in model.model_fields.items():
        inner = next(models_within(field.annotation), None)
        if inner is None:
            continue
        assert issubclass(inner, Value)
        path = f"{prefix}{name}.NAME" if _is_mapping(field.annotation) else f"{prefix}{name}"
        yield path, inner
        yield from _inner(f"{path}.", inner)


def plugin_settings() -> Iterator[tuple[str, type[Value]]]:
    """Give the settings model of each plugin of this project by its id."""
    for path in sorted(ROOT.glob("plugins/*/src/*/segur_plugin.toml")):
        manifest = parse_manifest(path.read_bytes())
        if manifest.settings is not None:
            module, _, name = manifest.settings.partition(":")
            yield manifest.id, getattr(import_module(module), name)


def _is_mapping(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return True
    return any(_is_mapping(argument) for argument in get_args(annotation))


def _host() -> Iterator[str]:
    found = list(sections())
    places = {model.__name__: path for path, model in found}

    def link(name: str) -> str:
        path = places.get(name)
        return f"[table](#{slug(path)})" if path else _values(HostConfig, name)

    for path, model in found:
        yield f"## {path or 'Top level'}\n"
        if path:
            yield prose(model.__doc__) + "\n"
        yield fields_table(model.model_json_schema(), field_texts(model), link=link)


def slug(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _values(model: type[BaseModel], name: str) -> str:
    definitions: Mapping[str, Any] = model.model_json_schema()["$defs"]
    return ", ".join(code(one) for one in definitions[name].get("enum", ()))


def _plugins() -> Iterator[str]:
    for plugin, model in plugin_settings():
        yield f"## plugins.{plugin}.settings\n"
        yield prose(model.__doc__) + "\n"
        yield fields_table(model.model_json_schema(), field_texts(model), link=partial(_values, model))
