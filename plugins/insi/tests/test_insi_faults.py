"""Technical faults: both serialisations, every code carried, the right one retried."""

from typing import Any

import pytest
from lxml import etree

from segur_plugin_insi.faults import SoapFault, read_fault
from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, SegurError, ServiceError
from segur_sdk.models.identity import CrCode

SOAP = "http://www.w3.org/2003/05/soap-envelope"


def fault_in(reply: HttpReply) -> SoapFault:
    (found,) = etree.fromstring(reply.body).iter(f"{{{SOAP}}}Fault")
    return read_fault(found)


def test_the_gateway_s_fault_is_read(fault: Any) -> None:
    assert fault_in(fault("desir_550")) == SoapFault("Sender", "siram_100", "desir_550", "erreur")


def test_the_back_end_s_fault_is_read_its_unknown_severity_as_fatal(insi_102: HttpReply) -> None:
    assert fault_in(insi_102) == SoapFault("Receiver", "siram_40", "insi_102", "fatale")


@pytest.mark.parametrize(
    ("severity", "taken_as"),
    [
        ("information", "information"),
        ("avertissement", "avertissement"),
        ("erreur", "erreur"),
        ("siram:erreur", "erreur"),
        ("fatale", "fatale"),
        ("fatal", "fatale"),
        ("", "fatale"),
        ("grave", "fatale"),
    ],
)
def test_an_unknown_severity_is_fatal(fault: Any, severity: str, taken_as: str) -> None:
    assert fault_in(fault("desir_1", severity=severity)).severity == taken_as


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "error", "retryable"),
    [
        pytest.param("desir_550", "siram_100", ConfigError, "insi.idam_unknown", False, id="IDAM unknown"),
        pytest.param("desir_560", "siram_100", ConfigError, "insi.certificate_level", False, id="wrong CN"),
        pytest.param("insi_102", "siram_40", ServiceError, "insi.unavailable", True, id="back end down"),
        pytest.param("desir_1020", "siram_40", ServiceError, "insi.unavailable", True, id="service down"),
        pytest.param("desir_550", "siram_40", ConfigError, "insi.idam_unknown", False, id="never retry a wrong IDAM"),
        pytest.param("desir_4711", "siram_100", ServiceError, "insi.fault", False, id="unknown gateway code"),
        pytest.param("insi_999", "siram_41", ServiceError, "insi.fault", False, id="unknown back end code"),
        pytest.param("xyz-1.2", "siram_777", ServiceError, "insi.fault", False, id="unknown family"),
    ],
)
def test_codes_reach_the_host_unchanged(
    plugin: InsiPlugin,
    make_ctx: Any,
    fault: Any,
    request_for: Any,
    code: str,
    subcode: str,
    kind: type[SegurError],
    error: str,
    retryable: bool,
) -> None:
    ctx = make_ctx(fault(code, subcode), plugin_settings=InsiSettings(retries=0))
    with pytest.raises(SegurError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.retryable) == (error, retryable)
    assert (caught.value.facts["service_code"], caught.value.facts["subcode"]) == (code, subcode)
    assert ctx.audit.written[-1][1]["fault"] == code


def test_a_fault_is_a_fault_with_200_too(plugin: InsiPlugin, make_ctx: Any, fault: Any, request_for: Any) -> None:
    ctx = make_ctx(HttpReply(status=200, headers={}, body=fault("desir_550").body))
    with pytest.raises(ConfigError):
        plugin.qualify_identity(request_for(), ctx)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<soap:Fault/>", id="empty"),
        pytest.param("<soap:Fault><soap:Code/></soap:Fault>", id="empty code"),
        pytest.param(
            "<soap:Fault><soap:Code><soap:Value><x>siram_40</x></soap:Value></soap:Code></soap:Fault>", id="markup"
        ),
        pytest.param(
            '<soap:Fault><soap:Detail><Erreur xmlns="urn:other" code="desir_550"/></soap:Detail></soap:Fault>',
            id="detail of another namespace",
        ),
    ],
)
def test_a_fault_that_says_nothing_is_a_fault(
    plugin: InsiPlugin, make_ctx: Any, envelope: Any, request_for: Any, content: str
) -> None:
    ctx = make_ctx(HttpReply(status=500, headers={}, body=envelope(content, "soap")))
    with pytest.raises(ServiceError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert caught.value.code == "insi.fault"
    assert {caught.value.facts[name] for name in ("service_code", "subcode", "fault_code")} == {None}


@pytest.mark.parametrize("code", ["275126322074974", "ADRUN 1975-12-31", "19751231", "a" * 41, "", "\u202ecode"])
def test_what_could_be_a_person_is_not_taken_for_a_code(fault: Any, code: str) -> None:
    found = fault_in(fault(code, code))
    assert (found.service_code, found.subcode) == (None, None)


def test_the_texts_of_a_fault_do_not_travel_they_could_repeat_the_question(
    plugin: InsiPlugin, make_ctx: Any, fault: Any, request_for: Any
) -> None:
    ctx = make_ctx(fault("desir_4711", text="ADRUN ZOE 1975-12-31 inconnue"))
    with pytest.raises(ServiceError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert "ADRUN" not in f"{caught.value!r}{caught.value.facts}{ctx.audit.written}"


@pytest.mark.parametrize(
    ("retries", "failures", "calls"),
    [
        pytest.param(0, 1, 1, id="none allowed"),
        pytest.param(1, 1, 2, id="one allowed, one needed"),
        pytest.param(1, 2, 2, id="one allowed, two needed"),
        pytest.param(2, 2, 3, id="two allowed, two needed"),
    ],
)
@pytest.mark.parametrize("failure", ["siram_40", "unreachable"])
def test_a_search_is_asked_again_only_as_often_as_allowed(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    insi_102: HttpReply,
    request_for: Any,
    retries: int,
    failures: int,
    calls: int,
    failure: str,
) -> None:
    line = insi_102 if failure == "siram_40" else ServiceError("service.unreachable", retryable=True)
    ctx = make_ctx(*[line] * failures, resultat(), plugin_settings=InsiSettings(retries=retries))
    try:
        evidence = plugin.qualify_identity(request_for(), ctx)
    except ServiceError as failed:
        evidence = None
        code = failed.code
    else:
        code = ""
    assert len(ctx.sent) == calls == len(ctx.audit.written)
    assert len({sent.text("MessageID") for sent in ctx.sent}) == calls
    if failures > retries:
        assert code == ("insi.unavailable" if failure == "siram_40" else "service.unreachable")
    else:
        assert evidence is not None
        assert [attempt.cr for attempt in evidence.attempts] == [*[None] * failures, CrCode.FOUND]
        expected = "insi_102" if failure == "siram_40" else "service.unreachable"
        assert [attempt.fault for attempt in evidence.attempts] == [*[expected] * failures, None]


@pytest.mark.parametrize(
    "code",
    ["service.timed_out", "service.answer_lost", "service.server_certificate", "service.client_certificate_refused"],
)
def test_no_other_failure_is_asked_again(plugin: InsiPlugin, make_ctx: Any, request_for: Any, code: str) -> None:
    ctx = make_ctx(ServiceError(code, retryable=True), plugin_settings=InsiSettings(retries=2))
    with pytest.raises(ServiceError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert caught.value.code == code
    assert len(ctx.sent) == 1


def test_retries_are_counted_over_all_searches_of_a_person(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, insi_102: HttpReply, request_for: Any
) -> None:
    ctx = make_ctx(insi_102, resultat("01"), insi_102, resultat("01"))
    with pytest.raises(ServiceError):
        plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    assert ctx.prenoms_sent == ["PIERRE", "PIERRE", "PAUL"]
