"""``manifest.md``: every key of ``segur_plugin.toml``."""

from collections.abc import Iterator
from pathlib import Path

from docs.reference_pages.docstrings import field_texts
from docs.reference_pages.markdown import prose
from docs.reference_pages.schemas import fields_table
from segur_sdk import manifest
from segur_sdk.manifest import (
    ENTRY_POINT_GROUP,
    MAX_MANIFEST_BYTES,
    DataUse,
    HookUse,
    JobUse,
    KeyUse,
    NetworkUse,
    PluginManifest,
)
from segur_sdk.models.base import Value
from segur_sdk.services import SERVICES

EXAMPLE = Path(__file__).resolve().parents[2] / "plugins/insi/src/segur_plugin_insi/segur_plugin.toml"
PARTS: tuple[tuple[str, type[Value]], ...] = (
    ("hooks", HookUse),
    ("network", NetworkUse),
    ("keys", KeyUse),
    ("jobs", JobUse),
    ("data", DataUse),
)
_RULES = f"""\
The entry point group is `{ENTRY_POINT_GROUP}`; the name of the entry point is the plugin's `id`. The file has at most
{MAX_MANIFEST_BYTES} bytes. A host reads and checks it without importing the plugin. Unknown keys are refused. Enabling
the plugin writes the file's SHA-256 into the [configuration](configuration.md#pluginsname) and grants exactly what the
file lists; another file is `needs_review` and is not loaded.

This version of the host carries hooks, services, drivers and [jobs](../how-to/run-jobs.md). A manifest that fills
`codes` is refused with `plugin.extension_unknown`.
"""


def page() -> str:
    """Return ``manifest.md``."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield "# Manifest\n"
    yield prose(manifest.__doc__) + "\n"
    yield _RULES + "\n"
    yield f"Services that `provides` and `uses` may name: {', '.join(f'`{name}`' for name in SERVICES)}.\n"
    schema = PluginManifest.model_json_schema()
    yield "## Top level\n"
    yield fields_table(schema, field_texts(PluginManifest), link=_link)
    for name, model in PARTS:
        yield f"## {name}\n"
        yield f"`{'[' + name + ']' if name == 'data' else '[[' + name + ']]'}`: {prose(model.__doc__)}\n"
        yield fields_table(model.model_json_schema(), field_texts(model), link=_link)
    yield "## Example\n"
    yield "The manifest of the INSi plugin:\n"
    yield f"```toml\n{EXAMPLE.read_text('utf-8').strip()}\n```\n"


def _link(name: str) -> str:
    section = next((section for section, model in PARTS if model.__name__ == name), None)
    return f"[{section}](#{section})" if section else name
