"""``segur plugins``: which plugins there are, in which state, how to accept one, and how to begin one."""

import shutil
from pathlib import Path
from typing import Annotated, Any, Final

import tomlkit
import typer
from rich.markup import escape
from rich.table import Table

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli import plugins_new
from segur_host.cli.carrying_out import AtThisTerminal, carried_out
from segur_host.cli.options import ConfigOption, JsonOption, config_path, open_host
from segur_host.cli.output import console, only_json
from segur_host.config.loading import load_config
from segur_host.registry.discovery import discover
from segur_host.verbs import VERBS
from segur_sdk.errors import ConfigError, PluginError
from segur_sdk.manifest import PluginManifest

app = typer.Typer(help="Modules : états, déclarations, activation.", no_args_is_help=True)
app.command("new")(plugins_new.new)
_REACHED: Final = {
    "https": "joindre le réseau",
    "http": "joindre le réseau en clair, sans rien dire de personne,",
    "browser": "ouvrir le navigateur",
}
"""Protocol of a purpose → what the plugin does for it."""


@app.command("list")
def list_plugins(
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
    safe_mode: Annotated[bool, typer.Option("--safe-mode", help="Ne charge aucun module.")] = False,
) -> None:
    """Montre chaque module installé ou configuré, son état, et la suite à donner."""
    with only_json() as output:
        # Plugins are imported in here: what they print must not mix with the answer.
        rows = _without_loading(config) if safe_mode else carried_out(config, "plugins.list", {}, NobodyToAsk())
        if json:
            output.write(rows)
            return
    table = Table("Module", "Version", "État", "Raison", "À faire")
    for row in rows:
        table.add_row(*(escape(row[name] or "") for name in ("id", "version", "state", "reason", "action")))
    console.print(table)


@app.command()
def enable(
    plugin: Annotated[str, typer.Argument(help="Identifiant du module, par exemple insi.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Active un module : sa déclaration est acceptée telle qu’elle est, par son empreinte."""
    path = config_path(config)
    load_config(path)
    found = next((one for one in discover() if one.id == plugin), None)
    if found is None:
        raise PluginError("plugin.not_installed", plugin=plugin)
    if found.error is not None or found.manifest is None or found.sha256 is None:
        raise found.error or PluginError("plugin.manifest_unreadable")
    _show_grants(found.manifest)
    _write_hash(path, plugin, found.sha256)
    console.print(f"Module « {escape(plugin)} » activé.")


def _without_loading(config: Path | None) -> Any:
    with open_host(config, safe_mode=True) as host:
        return VERBS["plugins.list"](host, {}, AtThisTerminal(NobodyToAsk()))


def _write_hash(path: Path, plugin: str, sha256: str) -> None:
    # Bytes, so that line ends stay what they are.
    document = tomlkit.parse(path.read_bytes())
    tables = document.setdefault("plugins", tomlkit.table(is_super_table=True))
    table = tables.setdefault(plugin, tomlkit.table())
    table["enabled"] = True
    table["manifest_sha256"] = sha256
    try:
        _replace(path.resolve(), tomlkit.dumps(document).encode("utf-8"))
    except OSError as failure:
        raise ConfigError("config.not_writable", file=path.name, reason=type(failure).__name__) from None


def _replace(path: Path, content: bytes) -> None:
    """Put the new file in the place of the old one at once: a crash leaves either, never a part."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    shutil.copymode(path, draft)
    draft.replace(path)


def _show_grants(manifest: PluginManifest) -> None:
    console.print(f"[bold]{escape(manifest.display_name)}[/] pourra :")
    for hook in manifest.hooks:
        console.print(f"  répondre à {hook.name}")
    for use in manifest.network:
        console.print(f"  {_REACHED[use.protocol]} pour « {use.purpose} »{f' ({use.auth})' if use.auth else ''}")
    for key in manifest.keys:
        used = "faire signer par la carte ou la clé" if key.signs else "connaître le certificat"
        console.print(f"  {used} « {key.use} »")
    for means in manifest.session_means:
        console.print(f"  ouvrir des sessions « {means} »")
    for driver in manifest.drivers:
        console.print(f"  apporter le pilote « {driver.name} »")
    for job in manifest.jobs:
        console.print(f"  faire « {job.name} » toutes les {job.every_minutes} min")
    for label, granted in (
        ("lire des cartes", manifest.cards),
        ("lire des jetons et les faire déverrouiller", manifest.tokens),
        ("poser des questions", manifest.prompts),
    ):
        if granted:
            console.print(f"  {label}")
