"""What leaves: envelopes, contexts and bodies, against the official schemas and the rules of the service."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from lxml import etree

from segur_plugin_insi.plugin import InsiPlugin
from segur_sdk.context import Software
from segur_sdk.formats.saml import utc_milliseconds

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
BY_TRAITS = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"


def header_of(root: etree._Element, local_name: str) -> etree._Element:
    (block,) = root.findall(f"{SOAP}Header/{{*}}{local_name}")
    return block


@pytest.mark.req("SC.INS/va1.34")
@pytest.mark.parametrize("birthplace", [None, "63220"])
def test_a_search_by_traits_fits_the_official_schemas(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    request_for: Any,
    official_schema: etree.XMLSchema,
    birthplace: Any,
) -> None:
    ctx = make_ctx(resultat("02"), resultat("02"))
    plugin.qualify_identity(request_for(lieu_naissance=birthplace), ctx)
    for sent in ctx.sent:
        blocks = [*sent.root.find(f"{SOAP}Header"), *sent.root.find(f"{SOAP}Body")]
        assert len(blocks) == 5
        for block in blocks:
            official_schema.assertValid(etree.fromstring(etree.tostring(block)))


def test_the_request_is_posted_to_the_address_itself_as_soap_1_2(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat())
    plugin.qualify_identity(request_for(), ctx)
    (sent,) = ctx.sent
    assert (sent.method, sent.path) == ("POST", "")
    assert sent.headers == {"Content-Type": f'application/soap+xml; charset=utf-8; action="{BY_TRAITS}"'}
    assert sent.root.tag == f"{SOAP}Envelope"
    assert header_of(sent.root, "Action").text == BY_TRAITS
    assert sent.max_answer <= 1_048_576
    assert sent.body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


def test_contexts_say_who_calls_with_what_and_when(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat())
    plugin.qualify_identity(request_for(), ctx)
    root = ctx.sent[0].root
    bam, lps = header_of(root, "ContexteBAM"), header_of(root, "ContexteLPS")
    assert dict(bam.attrib) == {"Version": "01_02", "Nature": "CTXBAM"}
    assert dict(lps.attrib) == {"Version": "01_00", "Nature": "CTXLPS"}
    for context in (bam, lps):
        assert context.findtext("{*}Temps") == "2026-03-02T07:05:06.123Z"
        assert context.findtext("{*}Emetteur") == "10B0152872"
    cover = bam.find("{*}COUVERTURE")
    assert cover is not None
    assert len(cover) == 0
    assert lps.find("{*}LPS/{*}IDAM").attrib == {"R": "4"}  # type: ignore[union-attr]
    assert [(etree.QName(child).localname, child.text) for child in lps.find("{*}LPS")] == [  # type: ignore[union-attr]
        ("IDAM", "TESTSGIE0000"),
        ("Version", "4.2"),
        ("Instance", "550e8400-e29b-41d4-a716-446655440000"),
        ("Nom", "urn:lps:LGO%20Exemple:4.2"),
    ]


def test_a_search_by_traits_bears_no_security_header(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat())
    plugin.qualify_identity(request_for(), ctx)
    assert b"Security" not in ctx.sent[0].body


def test_the_emitter_is_left_out_when_the_certificate_names_no_structure(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any, official_schema: etree.XMLSchema
) -> None:
    ctx = make_ctx(resultat())
    ctx.keys.certificates["insi-manu"] = ctx.keys.certificates["insi-manu"].model_copy(update={"subject_ou": None})
    plugin.qualify_identity(request_for(), ctx)
    root = ctx.sent[0].root
    assert root.findall(".//{*}Emetteur") == []
    official_schema.assertValid(etree.fromstring(etree.tostring(header_of(root, "ContexteBAM"))))


def test_each_call_has_its_own_ids_and_its_own_instant(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx()

    def later(code: str) -> Callable[[], Any]:
        def answer() -> Any:
            ctx.clock.moment += timedelta(seconds=2)
            return resultat(code)

        return answer

    ctx.http_service.script[:] = [later("01"), later("01"), later("01")]
    plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    ids = [text for sent in ctx.sent for text in sent.texts("Id")]
    messages = [sent.text("MessageID") for sent in ctx.sent]
    assert len(ids) == 6
    assert len({*ids, *(message.removeprefix("uuid:") for message in messages)}) == 9
    assert all(UUID.fullmatch(text) for text in ids)
    assert all(message.startswith("uuid:") and UUID.fullmatch(message[5:]) for message in messages)
    assert [sent.texts("Temps") for sent in ctx.sent] == [
        [f"2026-03-02T07:05:{second}.123Z"] * 2 for second in ("06", "08", "10")
    ]


def test_the_body_holds_exactly_one_given_name_element_even_for_the_whole_list(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat("01"), resultat("01"), resultat("01"))
    plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    assert [sent.texts("Prenom") for sent in ctx.sent] == [["PIERRE"], ["PAUL"], ["PIERRE PAUL"]]
    body = ctx.sent[0].root.find(f"{SOAP}Body")[0]
    assert [etree.QName(child).localname for child in body] == ["NomNaissance", "Prenom", "Sexe", "DateNaissance"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param("2026-03-02T07:05:06.123456+00:00", "2026-03-02T07:05:06.123Z", id="microseconds are cut"),
        pytest.param("2026-03-02T07:05:06+00:00", "2026-03-02T07:05:06.000Z", id="milliseconds are always there"),
        pytest.param("2026-07-02T00:30:00+02:00", "2026-07-01T22:30:00.000Z", id="local time becomes UTC"),
    ],
)
def test_instants_are_utc_with_milliseconds(moment: str, text: str) -> None:
    assert utc_milliseconds(datetime.fromisoformat(moment)) == text
    assert utc_milliseconds(datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=9)))) == text


@pytest.mark.parametrize(
    ("name", "version", "urn"),
    [
        pytest.param("MonLGO", "1.0", "urn:lps:MonLGO:1.0", id="plain"),
        pytest.param("LGO:pro", "1", "urn:lps:LGO%3Apro:1", id="colon"),
        pytest.param("Été <&>", "2 b", "urn:lps:%C3%89t%C3%A9%20%3C%26%3E:2%20b", id="accents and markup"),
    ],
)
def test_the_name_of_the_software_is_one_urn(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any, name: str, version: str, urn: str
) -> None:
    software = Software(name=name, version=version, authorisation="TESTSGIE0000", instance="i")
    ctx = make_ctx(resultat(), software=software)
    plugin.qualify_identity(request_for(), ctx)
    assert ctx.sent[0].text("Nom") == urn


def test_markup_in_what_is_configured_stays_text(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat())
    ctx.software = ctx.software.model_copy(update={"authorisation": "</IDAM><x/>&amp;"})
    plugin.qualify_identity(request_for(), ctx)
    assert ctx.sent[0].text("IDAM") == "</IDAM><x/>&amp;"
