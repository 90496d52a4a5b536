"""Writes the `segur.toml` with which a host meets this sandbox: endpoints, keys, readers, every installed plugin."""

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from segur_sandbox.pki.store import FINESS, ORGANISATION, PkiFiles

PLUGIN_GROUP = "segur.plugins"
KEYRING_FILE = "keyring.passphrase"
"""File of the data folder: by what the host encrypts the keys that it keeps itself."""
_INSI_PURPOSES = ("insi-auto", "insi-manu")
_PROFESSIONAL_PURPOSES = ("insi-cps", "insi-psc")
_KEYS: Mapping[str, str] = {"insi-auto": "insi-auto", "insi-manu": "insi-manu", "psc": "org-auth"}
"""Use of a key → role whose key it is."""
_DMP_KEYS: Mapping[str, str] = {"dmp-auth": "org-auth", "dmp-sign": "org-sign"}
"""Likewise, for plugin dmp."""
_CHOICES: Mapping[str, Mapping[str, object]] = {"pkcs11": {"drivers": ["apdu"]}}
"""The sandbox's CPx are in readers: no library of a manufacturer stands between."""


def host_config(
    data: Path,
    pki: PkiFiles,
    *,
    insi_url: str,
    professional_url: str,
    idam: str,
    readers: list[dict[str, Any]],
    psc: Mapping[str, Mapping[str, object]],
    igc: Mapping[str, Mapping[str, object]],
    dmp: Mapping[str, Mapping[str, object]],
    back_channel: Mapping[str, object] | None = None,
    pcscd_socket: Path | None = None,
) -> str:
    """Return the text of a host configuration, version 1.

    Args:
        data: The sandbox's data folder; the host's own goes beside, in `host`.
        pki: Where keys and trust anchors are.
        insi_url: Endpoint of the INSi simulator.
        professional_url: Where professionals call it in their own name.
        idam: The software authorisation number it accepts.
        readers: The virtual readers, as in the descriptor.
        psc: Purpose of plugin psc → its table.
        igc: Purpose of plugin certificates → its table.
        dmp: Purpose of plugin dmp → its table.
        back_channel: Where its resident host is told that a session at Pro Santé Connect ended.
        pcscd_socket: Where the sandbox's own pcscd listens, if it runs one.
    """
    plugins = installed_plugins()
    # Tables of a purpose that no plugin has would only be in the way.
    offered = {"psc": psc, "certificates": igc, "dmp": dmp}
    purposes = {name: table for plugin in offered if plugin in plugins for name, table in offered[plugin].items()}
    keys = {**_KEYS, **(_DMP_KEYS if "dmp" in plugins else {})}
    told = back_channel if "psc" in plugins else None
    blocks = [
        _table("", {"version": 1, "environment": "sandbox", "data": str(data / "host")}),
        _table("software", {"name": "segur-reference-host", "version": "0.1.0", "authorisation": idam}),
        _table("structure", {"finess": FINESS, "name": ORGANISATION}),
        _table("actor", {"kind": "operator", "name": "comptoir", "workstation": "POSTE-1"}),
        _table("trust", {"igc-sante": str(pki.ca), "igc-sante-fort": str(pki.ca_fort), "psc": str(pki.ca)}),
        *(_key(use, role, pki) for use, role in keys.items()),
        f"[keyring]\npassphrase = {{ file = {_text(data / KEYRING_FILE)} }}\n",
        *(_table(f"network.{purpose}", {"url": insi_url}) for purpose in _INSI_PURPOSES),
        *(_table(f"network.{purpose}", {"url": professional_url}) for purpose in _PROFESSIONAL_PURPOSES),
        *(_table(f"network.{purpose}", table) for purpose, table in purposes.items()),
        *([_table("sessions.back_channel", told)] if told is not None else []),
        "[readers.memory]\nslots = [\n"
        + "".join(_slot(reader) for reader in readers if reader["kind"] == "memory")
        + "]\n",
        *(_plugin(name, manifest, pcscd_socket) for name, manifest in plugins.items()),
    ]
    return "\n".join(blocks)


def installed_plugins() -> dict[str, bytes]:
    """Return the manifest, as raw bytes, of every installed plugin by name, without importing any of them.

    A plugin whose manifest cannot be found is left out: the host could not load it either.
    """
    found: dict[str, bytes] = {}
    for entry_point in sorted(entry_points(group=PLUGIN_GROUP), key=lambda point: point.name):
        package, _, file = entry_point.value.partition(":")
        spec = importlib.util.find_spec(package.partition(".")[0])
        for location in (spec.submodule_search_locations or ()) if spec else ():
            manifest = Path(location).joinpath(*package.split(".")[1:], file)
            if manifest.is_file():
                found[entry_point.name] = manifest.read_bytes()
    return found


def _key(use: str, role: str, pki: PkiFiles) -> str:
    files = pki.role(role)
    return f"[keys.{use}]\np12 = {_text(files.p12)}\npassword = {{ file = {_text(files.password_file)} }}\n"


def _slot(reader: dict[str, Any]) -> str:
    return f"  {{ name = {_text(reader['name'])}, host = {_text(reader['host'])}, port = {reader['port']} }},\n"


def _plugin(name: str, manifest: bytes, pcscd_socket: Path | None) -> str:
    acceptance = {"enabled": True, "manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    return _table(f"plugins.{name}", {**acceptance, **_CHOICES.get(name, {})}) + _table(
        f"plugins.{name}.settings", _settings(name, pcscd_socket)
    )


def _settings(name: str, pcscd_socket: Path | None) -> dict[str, object]:
    if name == "insi":
        return {"vitale_assertion": "sandbox"}
    if name == "psc":
        return {"client_id": "segur-lps"}
    if name == "pcsc" and pcscd_socket is not None:
        return {"socket": str(pcscd_socket)}
    return {}


def _table(name: str, values: Mapping[str, object]) -> str:
    head = f"[{name}]\n" if name else ""
    return head + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    return str(value) if isinstance(value, int) else _text(value)


def _text(value: object) -> str:
    # A JSON string is a TOML basic string, but for DEL, which no path or name of ours holds.
    return json.dumps(str(value), ensure_ascii=False)
