"""Values in JSON, as outsiders rely on them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from segur_host.dispatch.outcome import Outcome
from segur_host.identities.desk import Identification
from segur_host.messages import as_json, explain
from segur_host.registry.registry import PluginEntry
from segur_sdk.errors import SegurError, UserMessage


def value_as_json(value: Any) -> Any:
    """Return the value of a hook as JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [value_as_json(one) for one in value] if isinstance(value, tuple) else value


def outcome_as_json(outcome: Outcome, messages: Mapping[str, UserMessage]) -> dict[str, Any]:
    """Return one outcome as every command gives it."""
    return {
        "plugin": outcome.plugin,
        "version": outcome.version,
        "status": str(outcome.status),
        "error": as_json(outcome.error, messages) if outcome.error else None,
        "duration_ms": round(outcome.duration_ms, 3),
    }


def identification_as_json(found: Identification, messages: Mapping[str, UserMessage]) -> dict[str, Any]:
    """Return an identification as outsiders rely on it; no trait and no matricule in it."""
    identity = found.identity
    return {
        "identity_ref": identity.identity_ref if identity else None,
        "status": str(identity.status) if identity else None,
        "attributes": sorted(map(str, identity.attributes)) if identity else [],
        "outcomes": [outcome_as_json(one, messages) for one in found.outcomes],
        "cr": str(found.cr) if found.cr else None,
        "divergences": [{"trait": str(one.trait), "reason": one.reason} for one in found.divergences],
        "notices": [one.model_dump(mode="json") for one in found.notices],
        "asking": str(found.asking) if found.asking else None,
    }


def plugin_as_json(entry: PluginEntry, messages: Mapping[str, UserMessage]) -> dict[str, Any]:
    """Return a plugin as outsiders rely on it."""
    manifest = entry.manifest
    text = explain(entry.reason, messages) if entry.reason is not None else None
    return {
        "id": entry.id,
        "version": entry.version,
        "state": str(entry.state),
        "reason": _sentence(text.message, entry.reason) if text and entry.reason else None,
        "action": text.action if text else None,
        "hooks": [use.name for use in manifest.hooks] if manifest else [],
        "services": list(manifest.provides) if manifest else [],
        "sends": list(manifest.sends) if manifest else [],
        "drivers": [use.name for use in manifest.drivers] if manifest else [],
        "last_error": entry.last_error.code if entry.last_error else None,
    }


def _sentence(message: str, failure: SegurError) -> str:
    return f"{message} [{failure}]"
