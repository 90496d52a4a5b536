"""What tests of feeding do again and again: prepare, attempt, rehearse, read associations."""

from lxml import etree

from plugins.dmp.tests.scripted_dmp import Context, draft
from segur_plugin_dmp.plugin import DmpPlugin
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.models.document import DocumentVersion
from segur_sdk.senders import PreparedSend, SendAttempt, SendRequest

RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
BEFORE = DocumentVersion(id="2.25.11", set_id="2.25.10")
PLUGIN = DmpPlugin()


def prepared(ctx: Context, given: DmpDraft | None = None, kind: str = "dmp-feed") -> PreparedSend:
    return PLUGIN.prepare_send(SendRequest(kind=kind, draft=given or draft()), ctx)


def attempt(prepared: PreparedSend, given: DmpDraft | None = None, number: int = 1) -> SendAttempt:
    return SendAttempt(prepared=prepared, draft=given or draft(), number=number)


def files(ctx: Context, made: PreparedSend, given: DmpDraft | None = None) -> dict[str, bytes]:
    return {one.name: one.data for one in PLUGIN.rehearse_send(attempt(made, given), ctx).parts}


def associations(message: bytes) -> list[tuple[str, str, str]]:
    found = etree.fromstring(message).iter(f"{RIM}Association")
    return [
        (str(one.get("associationType")).rpartition(":")[2], one.get("sourceObject"), one.get("targetObject"))  # type: ignore[misc]
        for one in found
    ]
