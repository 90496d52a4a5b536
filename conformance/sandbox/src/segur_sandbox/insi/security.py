"""`wsse:Security`: the assertions in it, before anything is known of them."""

from lxml import etree

from segur_sandbox.insi.namespaces import SAML, WSSE
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.structure import local, require_uuid, utc_instant

ASSERTION = f"{{{SAML}}}Assertion"


def assertions_in(headers: dict[str, etree._Element]) -> tuple[etree._Element, ...]:
    """Return the assertions of the header block `wsse:Security`; none when it is absent or empty.

    Raises:
        RequestRefusedError: it holds something else, or text.
    """
    security = headers.get(f"{{{WSSE}}}Security")
    if security is None:
        return ()
    found = tuple(security.iterchildren(etree.Element))
    if any(one.tag != ASSERTION for one in found):
        raise RequestRefusedError("schema", "wsse:Security holds something else than assertions")
    no_text_between(security)
    return found


def no_text_between(parent: etree._Element) -> None:
    """Refuse text between the children of an element."""
    if any((text or "").strip() for text in (parent.text, *(child.tail for child in parent))):
        raise RequestRefusedError("security", f"text between the elements of {local(parent)}")


def require_saml_2(assertion: etree._Element) -> None:
    """Refuse an assertion that has no `Version` 2.0, no `_<uuid>` as `ID` or no instant in UTC."""
    identifier = assertion.get("ID") or ""
    if assertion.get("Version") != "2.0" or not identifier.startswith("_"):
        raise RequestRefusedError("security", "the assertion has no Version 2.0 or no ID starting with _")
    require_uuid(identifier[1:], "Assertion/ID")
    utc_instant(assertion.get("IssueInstant") or "", "Assertion/IssueInstant")
