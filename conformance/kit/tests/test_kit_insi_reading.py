"""What the checks of INSi read of a request, and what they refuse to read."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from segur_conformance.checks.insi import replies
from segur_conformance.checks.insi.namespaces import BY_TRAITS, CTXBAM, RECSANS, SOAP, WSA
from segur_conformance.checks.insi.sent import Sent, text
from segur_conformance.outcomes import CheckFailed

ACTION = f'action="urn:ServiceIdentiteCertifiee:1.0.0:{BY_TRAITS}"'


def exchange(body: str, content_type: str = f"application/soap+xml; charset=utf-8; {ACTION}") -> dict[str, Any]:
    return {"request": {"headers": {"content-type": content_type}, "body": body}}


def request(header: str = "", question: str = "") -> str:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:w="{WSA}"><s:Header>{header}</s:Header>'
        f'<s:Body><RECSANSVITALE xmlns="{RECSANS}">{question}</RECSANSVITALE></s:Body></s:Envelope>'
    )


def test_a_request_is_read_by_names_not_by_prefixes() -> None:
    sent = Sent.read(exchange(request("<w:MessageID>uuid:1</w:MessageID>", "<Prenom>ZOE</Prenom>")))
    assert (sent.message_id, sent.prenom, sent.birthplace) == ("uuid:1", "ZOE", None)
    assert (sent.operation, sent.security) == (BY_TRAITS, None)
    assert sent.http_action == f"urn:ServiceIdentiteCertifiee:1.0.0:{BY_TRAITS}"


def test_an_action_that_is_not_there_is_none() -> None:
    assert Sent.read(exchange(request(), "text/xml")).http_action is None


def test_a_path_is_read_in_one_namespace() -> None:
    context = etree.fromstring(f'<C xmlns="{CTXBAM}"><Id>1</Id><Id xmlns="urn:other">2</Id></C>')
    assert (text(context, "Id", CTXBAM), text(context, "Temps", CTXBAM)) == ("1", "")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param("bonjour", "n’est pas du XML", id="no XML"),
        pytest.param(request("<w:MessageID/><w:MessageID/>"), "figure 2 fois", id="repeated header"),
        pytest.param(request(), "figure 0 fois", id="missing header"),
        pytest.param(f'<s:Envelope xmlns:s="{SOAP}"/>', "pas de corps", id="no body"),
        pytest.param(request("<w:MessageID/>", "<Prenom/><Prenom/>"), "Prenom figure 2 fois", id="two given names"),
    ],
)
def test_what_cannot_be_read_fails_the_check(body: str, what: str) -> None:
    with pytest.raises(CheckFailed, match=what):
        _everything(Sent.read(exchange(body)))


def _everything(sent: Sent) -> tuple[str | None, str, str]:
    return sent.operation, sent.message_id, sent.prenom


@pytest.mark.parametrize("prefix", ["env", "S", ""])
def test_answers_made_here_are_well_formed(prefix: str) -> None:
    found = replies.individual(
        replies.number("275126322074974"), {"NomNaissance": "D'AEION"}, [replies.number("1" * 15)]
    )
    root = etree.fromstring(replies.resultat("00", found, prefix=prefix).encode())
    assert root.tag == f"{{{SOAP}}}Envelope"
    assert len([*root.iter("{*}INSHISTO")]) == 1


def test_faults_made_here_carry_both_codes() -> None:
    root = etree.fromstring(replies.fault("siram_77", "desir_9876").encode())
    assert [one.get("code") for one in root.iter("{urn:siram}Erreur")] == ["desir_9876"]
    assert "env:siram_77" in [one.text for one in root.iter(f"{{{SOAP}}}Value")]
