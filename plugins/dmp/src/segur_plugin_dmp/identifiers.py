"""Identifiers that this plugin gives: of documents, of submission sets, of the installation.

Source: ISO 9834-8 (an OID below ``2.25`` is the integer of a UUID).
"""

from uuid import UUID, uuid4

from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import Software


def new_oid(settings: DmpSettings) -> str:
    """Return an OID that was never given before."""
    return f"{settings.id_root or '2.25'}.{uuid4().int}"


def installation_oid(software: Software, settings: DmpSettings) -> str:
    """Return the OID by which the DMP knows this installation."""
    return settings.installation_oid or f"2.25.{UUID(software.instance).int}"
