"""From an HTTP answer to what INSi said: functional answers come with 200, technical faults with 500."""

from typing import Final

from lxml import etree

from segur_plugin_insi.answers import Answer, read_answer
from segur_plugin_insi.elements import Children, unreadable
from segur_plugin_insi.faults import error_of, read_fault
from segur_plugin_insi.namespaces import RESULTAT, SOAP
from segur_sdk.context import HttpReply
from segur_sdk.errors import InputError, ServiceError
from segur_sdk.formats.xml import read_xml

MAX_ANSWER: Final = 262_144
"""Bytes of an answer: one person with a long history takes a few thousand."""

_OK: Final = 200
_FAULT: Final = 500
_TEMPORARY: Final = frozenset({408, 429, 502, 503, 504})


def read_reply(reply: HttpReply) -> Answer:
    """Return the functional answer that a reply holds.

    Raises:
        ServiceError: ``insi.http_status`` for any status but 200 and 500, ``insi.answer_unreadable`` for a body
            that is not an answer of INSi, ``insi.unavailable`` or ``insi.fault`` for a technical fault.
        ConfigError: ``insi.idam_unknown``, ``insi.certificate_level``.
    """
    if reply.status not in (_OK, _FAULT):
        raise ServiceError("insi.http_status", retryable=reply.status in _TEMPORARY, status=reply.status)
    try:
        envelope = read_xml(reply.body, max_bytes=MAX_ANSWER)
    except InputError as refused:
        raise unreadable(str(refused.facts["reason"])) from None
    content = _content(envelope)
    if content.tag == f"{{{SOAP}}}Fault":
        raise error_of(read_fault(content))
    if content.tag != f"{{{RESULTAT}}}RESULTAT" or reply.status != _OK:
        raise unreadable("content")
    return read_answer(content)


def _content(envelope: etree._Element) -> etree._Element:
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise unreadable("not_soap_1_2")
    parts = list(Children(envelope, SOAP).required("Body").iterchildren(etree.Element))
    if len(parts) != 1:
        raise unreadable("content")
    return parts[0]
