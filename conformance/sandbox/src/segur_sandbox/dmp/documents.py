"""Finds the bytes of the documents of a message: parts that `xop:Include` names, or base64 in the envelope."""

import base64
import binascii
from collections.abc import Mapping

from lxml import etree

from segur_sandbox.dmp.mtom import content_id_of
from segur_sandbox.dmp.namespaces import XDSB, XOP, in_
from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.soap import elements, stray_text

_DOCUMENT = in_(XDSB, "Document")
_INCLUDE = in_(XOP, "Include")


def documents_in(question: etree._Element, parts: Mapping[str, bytes], *, inline: bool) -> dict[str, bytes]:
    """Return the bytes of every `Document` by its `id`.

    Args:
        question: The body of the message.
        parts: The attachments by Content-ID; each must be named exactly once.
        inline: Whether base64 in the envelope will do.

    Raises:
        SoapRefusedError: `mime`, when documents and attachments do not fit together.
    """
    direct = question.findall(f"{_DOCUMENT}/{_INCLUDE}")
    if len(direct) != len(list(question.iter(_INCLUDE))):
        raise _no("xop:Include stands elsewhere than in a document")
    found: dict[str, bytes] = {}
    used: list[str] = []
    for document in question.findall(_DOCUMENT):
        identifier = document.get("id") or ""
        if not identifier or identifier in found:
            raise _no("a document has no id, or that of another one")
        inside = elements(document)
        if not inside:
            found[identifier] = _decoded(document, inline=inline)
            continue
        if [one.tag for one in inside] != [_INCLUDE] or stray_text(document):
            raise _no("a document is neither one xop:Include nor base64")
        name = content_id_of(inside[0].get("href") or "")
        if name not in parts:
            raise _no("xop:Include names a part that is not there")
        used.append(name)
        found[identifier] = parts[name]
    if sorted(used) != sorted(parts):
        raise _no("a part is named by no document, or by several")
    return found


def _decoded(document: etree._Element, *, inline: bool) -> bytes:
    if not inline:
        raise _no("a document is in the envelope, and not attached")
    try:
        content = base64.b64decode("".join((document.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _no("a document is not base64") from None
    if not content:
        raise _no("a document is empty")
    return content


def _no(detail: str) -> SoapRefusedError:
    return SoapRefusedError("mime", detail)
