"""The requests that INSi received, read from the journal of the sandbox and by nobody else's code."""

import re
from collections.abc import Mapping
from typing import Any, Final, Self

import attrs
from lxml import etree

from segur_conformance.checks.insi.namespaces import BODY_ROOTS, CTXBAM, CTXLPS, SOAP, WSA, WSSE
from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench

_ACTION: Final = re.compile(r'action="?([^";]+)"?')


@attrs.frozen
class Sent:
    """One request.

    Attributes:
        exchange: of the journal.
        envelope: its SOAP envelope.
    """

    exchange: Mapping[str, Any]
    envelope: etree._Element

    @classmethod
    def read(cls, exchange: Mapping[str, Any]) -> Self:
        """Read one exchange of the journal.

        Raises:
            CheckFailed: what was sent is no XML.
        """
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        try:
            return cls(exchange, etree.fromstring(exchange["request"]["body"].encode("utf-8"), parser))
        except etree.XMLSyntaxError:
            raise CheckFailed("une requête envoyée à INSi n’est pas du XML") from None

    @property
    def question(self) -> etree._Element:
        """Root of the body."""
        found = self.envelope.find(f"{{{SOAP}}}Body/*")
        if found is None:
            raise CheckFailed("une requête envoyée à INSi n’a pas de corps SOAP 1.2")
        return found

    @property
    def operation(self) -> str | None:
        """Operation that the body asks for."""
        return BODY_ROOTS.get(str(self.question.tag))

    @property
    def http_action(self) -> str | None:
        """Parameter ``action`` of the Content-Type."""
        found = _ACTION.search(self.exchange["request"]["headers"].get("content-type", ""))
        return found[1] if found else None

    @property
    def contexts(self) -> tuple[etree._Element, etree._Element]:
        """``ContexteBAM`` and ``ContexteLPS``."""
        return self.header(CTXBAM, "ContexteBAM"), self.header(CTXLPS, "ContexteLPS")

    @property
    def security(self) -> etree._Element | None:
        """``wsse:Security``, if there is one."""
        return self.envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security")

    @property
    def message_id(self) -> str:
        """``wsa:MessageID``."""
        return self.header(WSA, "MessageID").text or ""

    @property
    def prenom(self) -> str:
        """Text of the one ``Prenom``."""
        return self.asked("Prenom")

    @property
    def birthplace(self) -> str | None:
        """COG sent, if any."""
        return self.asked("LieuNaissance") or None

    def header(self, namespace: str, name: str) -> etree._Element:
        """Return the one header block of that name.

        Raises:
            CheckFailed: there is none, or several.
        """
        found = self.envelope.findall(f"{{{SOAP}}}Header/{{{namespace}}}{name}")
        if len(found) != 1:
            raise CheckFailed(f"l’en-tête {name} figure {len(found)} fois dans une requête")
        return found[0]

    def asked(self, name: str) -> str:
        """Return the text of one element of the question, empty when it is absent.

        Raises:
            CheckFailed: there are several.
        """
        found = [one.text or "" for one in self.question if etree.QName(one).localname == name]
        if len(found) > 1:
            raise CheckFailed(f"l’élément {name} figure {len(found)} fois dans une requête")
        return found[0] if found else ""


def requests(bench: Bench) -> tuple[Sent, ...]:
    """Return every request since the last reset, in order."""
    return tuple(Sent.read(one) for one in bench.sandbox.exchanges("insi") if one["request"] is not None)


def text(parent: etree._Element, path: str, namespace: str) -> str:
    """Return the text at ``path``, whose names are all of one namespace; empty when nothing is there."""
    return parent.findtext("/".join(f"{{{namespace}}}{name}" for name in path.split("/"))) or ""
