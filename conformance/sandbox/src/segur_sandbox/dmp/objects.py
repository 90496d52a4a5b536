"""Writes what a stored query found: whole entries, or references to them (ebRIM 3.0)."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.answers import SUCCESS, error_list
from segur_sandbox.dmp.refusal import RegistryError
from segur_sandbox.dmp.searching import Found
from segur_sandbox.dmp.store import Entry, new_uuid

_NAMES = {ns.PATIENT: "XDSDocumentEntry.patientId", ns.UNIQUE_ID: "XDSDocumentEntry.uniqueId"}


def query_response(found: Found) -> str:
    """Return the AdhocQueryResponse for what was found."""
    write = _extrinsic if found.leaf else _reference
    content = "".join(write(one, full=found.full) for one in found.entries)
    return _response(SUCCESS, "", content, len(found.entries))


def query_failure(errors: Iterable[RegistryError], status: str) -> str:
    """Return the AdhocQueryResponse for a refusal."""
    return _response(status, error_list(list(errors)), "", 0)


def _response(status: str, errors: str, content: str, count: int) -> str:
    return (
        f'<query:AdhocQueryResponse xmlns:query="{ns.QUERY}" xmlns:rs="{ns.RS}" xmlns:rim="{ns.RIM}" status="{status}" '
        f'totalResultCount="{count}" startIndex="0">{errors}'
        f"<rim:RegistryObjectList>{content}</rim:RegistryObjectList></query:AdhocQueryResponse>"
    )


def _reference(entry: Entry, *, full: bool) -> str:
    del full
    return f'<rim:ObjectRef id="{entry.entry_uuid}"/>'


def _extrinsic(entry: Entry, *, full: bool) -> str:
    metadata = entry.metadata
    owner = entry.entry_uuid
    slots = {
        **(metadata["slots"] if full else {}),
        "hash": [entry.sha1],
        "size": [str(entry.size)],
        "repositoryUniqueId": [ns.REPOSITORY],
    }
    body = "".join(_slot(name, values) for name, values in slots.items()) if full else ""
    if full:
        body += _localized("Name", metadata["name"]) + _localized("Description", metadata["description"])
    body += f'<rim:VersionInfo versionName="{entry.number}"/>'
    if full:
        body += "".join(_classification(one, owner) for one in metadata["classifications"])
    body += "".join(_external(scheme, value, owner) for scheme, value in metadata["external"].items())
    media = metadata["attributes"].get("mimeType", "text/xml")
    return (
        f'<rim:ExtrinsicObject id="{owner}" lid="{entry.logical_id}" status="{entry.status}" '
        f'objectType="{ns.DOCUMENT_ENTRY}" mimeType={quoteattr(media)} isOpaque="false">{body}</rim:ExtrinsicObject>'
    )


def _slot(name: str, values: Iterable[str]) -> str:
    content = "".join(f"<rim:Value>{escape(one)}</rim:Value>" for one in values)
    return f"<rim:Slot name={quoteattr(name)}><rim:ValueList>{content}</rim:ValueList></rim:Slot>"


def _localized(name: str, text: str) -> str:
    if not text:
        return ""
    return f'<rim:{name}><rim:LocalizedString charset="UTF8" xml:lang="FR" value={quoteattr(text)}/></rim:{name}>'


def _classification(one: Mapping[str, Any], owner: str) -> str:
    slots = "".join(_slot(name, values) for name, values in one["slots"].items())
    return (
        f'<rim:Classification id="{new_uuid()}" classificationScheme="{one["scheme"]}" classifiedObject="{owner}" '
        f"nodeRepresentation={quoteattr(one['code'])}>{slots}{_localized('Name', one['label'])}</rim:Classification>"
    )


def _external(scheme: str, value: str, owner: str) -> str:
    return (
        f'<rim:ExternalIdentifier id="{new_uuid()}" identificationScheme="{scheme}" registryObject="{owner}" '
        f"value={quoteattr(value)}>{_localized('Name', _NAMES.get(scheme, ''))}</rim:ExternalIdentifier>"
    )
