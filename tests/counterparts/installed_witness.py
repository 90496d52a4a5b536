"""A plugin that calls a service of the authority in the name of whoever is signed in, with his token."""

import base64
import hashlib
from pathlib import Path
from typing import Final

PLUGIN: Final = "temoin"
PURPOSE: Final = "temoin"
PACKAGE: Final = "counterpart_witness"

_MANIFEST: Final = f"""
manifest_version = 1
id = "{PLUGIN}"
display_name = "Témoin"
description = "Dit ce que l'autorité sait de qui est connecté."
license = "Apache-2.0"
maintainers = ["tests"]
sdk = ">=0.1,<2"
entry = "{PACKAGE}.plugin:Plugin"

[[hooks]]
name = "on_prescription_scanned"
version = "1.0"

[[keys]]
use = "psc"

[[network]]
purpose = "{PURPOSE}"
trust = "psc"
auth = "bearer"
key = "psc"
"""

_MODULE: Final = f'''
import json

from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.prescription_scanned import ScannedPrescription


class Plugin(SegurHooks):
    @hookimpl
    def on_prescription_scanned(self, event, ctx):
        reply = ctx.http("{PURPOSE}").request("GET", event.payload)
        known = json.loads(reply.body)["SubjectNameID"] if reply.status == 200 else f"HTTP {{reply.status}}"
        return ScannedPrescription(number=known)
'''


def install_witness(site: Path) -> str:
    """Write the plugin into a folder of packages, as an installer does; return the SHA-256 of its manifest."""
    files = {"__init__.py": "", "plugin.py": _MODULE, "segur_plugin.toml": _MANIFEST}
    (site / PACKAGE).mkdir(parents=True)
    record = []
    for name, text in files.items():
        data = text.encode("utf-8")
        (site / PACKAGE / name).write_bytes(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
        record.append(f"{PACKAGE}/{name},sha256={digest},{len(data)}\n")
    metadata = site / f"{PACKAGE}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(f"[segur.plugins]\n{PLUGIN} = {PACKAGE}:segur_plugin.toml\n", "utf-8")
    (metadata / "RECORD").write_text("".join(record), "utf-8")
    return hashlib.sha256(_MANIFEST.encode("utf-8")).hexdigest()
