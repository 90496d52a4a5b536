"""Every rejection that the INSi simulator owes, made by curl from altered bytes, beside the valid twin that passes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Curl = Callable[..., tuple[int, int, bytes]]
Build = Callable[..., bytes]
Fault = Callable[[bytes], dict[str, str | None]]


def test_the_valid_twin_passes_and_is_not_unexpected(
    curl: Curl, by_traits: Build, exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    assert curl(by_traits())[:2] == (0, 200)
    assert [entry["unexpected"] for entry in exchanges()] == [False]


LEXICAL = [
    ({"nom": "adrun"}, "sandbox_name"),
    ({"nom": "ADRÜN"}, "sandbox_name"),
    ({"nom": "ADRUN2"}, "sandbox_name"),
    ({"nom": "ADRUN_"}, "sandbox_name"),
    ({"nom": " ADRUN"}, "sandbox_name"),
    ({"nom": "-ADRUN"}, "sandbox_name"),
    ({"nom": "ADRUN  B"}, "sandbox_name"),
    ({"nom": "D' ADRUN"}, "sandbox_name"),
    ({"nom": ""}, "sandbox_name"),
    ({"prenom": "Zoe"}, "sandbox_name"),
    ({"prenom": "ZOÉ"}, "sandbox_name"),
    ({"prenom": "ZOE--ANNE"}, "sandbox_name"),
    ({"prenom": "ZOE-"}, "sandbox_name"),
    ({"prenom": "ZOE'"}, "sandbox_name"),
    ({"sexe": "I"}, "sandbox_sexe"),
    ({"sexe": "f"}, "sandbox_sexe"),
    ({"date": "31/12/1975"}, "sandbox_date"),
    ({"date": "19751231"}, "sandbox_date"),
    ({"date": "1975-12-31T00:00:00"}, "sandbox_date"),
    ({"lieu": "6322"}, "sandbox_lieu"),
    ({"lieu": "PARIS 12"}, "sandbox_lieu"),
]


@pytest.mark.parametrize(("traits", "code"), LEXICAL, ids=[f"{next(iter(row[0].items()))}" for row in LEXICAL])
def test_a_trait_out_of_its_lexical_profile_is_refused(
    curl: Curl, by_traits: Build, fault_of: Fault, traits: dict[str, str], code: str
) -> None:
    _, status, answer = curl(by_traits(**traits))
    assert (status, fault_of(answer)["code"]) == (500, code)


@pytest.mark.parametrize("nom", ["'ADRUN", "ADRUN--DUBOIS", "D'ARTAGNAN DE L'HERAULT", "A"])
def test_a_name_inside_the_profile_is_searched(curl: Curl, by_traits: Build, nom: str) -> None:
    assert curl(by_traits(nom))[1] == 200


def _without(pattern: str) -> Callable[[bytes], bytes]:
    return lambda body: _replace(body, pattern, "")


def _replace(body: bytes, pattern: str, replacement: str) -> bytes:
    changed, count = re.subn(pattern.encode(), replacement.encode(), body, count=1, flags=re.DOTALL)
    assert count == 1
    return changed


def _replacing(pattern: str, replacement: str) -> Callable[[bytes], bytes]:
    return lambda body: _replace(body, pattern, replacement)


ALTERED = [
    ("no-bam", _without("<bam:ContexteBAM.*</bam:ContexteBAM>"), "sandbox_header"),
    ("no-lps", _without("<lps:ContexteLPS.*</lps:ContexteLPS>"), "sandbox_header"),
    ("no-couverture", _without("<bam:COUVERTURE></bam:COUVERTURE>"), "sandbox_header"),
    ("no-message-id", _without("<wsa:MessageID>.*</wsa:MessageID>"), "sandbox_header"),
    ("message-id-not-uuid", _replacing("uuid:[^<]*", "uuid:42"), "sandbox_header"),
    ("no-action", _without("<wsa:Action>.*</wsa:Action>"), "sandbox_action"),
    ("other-action", _replacing("AvecTraitsIdentite</wsa", "AvecCarteVitale</wsa"), "sandbox_action"),
    ("bam-id-not-uuid", _replacing("<bam:Id>[^<]*", "<bam:Id>1"), "sandbox_header"),
    ("lps-id-not-uuid", _replacing("<lps:Id>[^<]*", "<lps:Id>1"), "sandbox_header"),
    ("bam-temps-local", _replacing("<bam:Temps>[^<]*", "<bam:Temps>2026-01-01T10:00:00"), "sandbox_header"),
    ("lps-temps-offset", _replacing("<lps:Temps>[^<]*", "<lps:Temps>2026-01-01T10:00:00+01:00"), "sandbox_header"),
    ("bam-temps-impossible", _replacing("<bam:Temps>[^<]*", "<bam:Temps>2026-13-45T10:00:00Z"), "sandbox_header"),
    ("couverture-of-another-shape", _replacing("<bam:COUVERTURE>", "<bam:COUVERTURE><bam:Autre/>"), "sandbox_schema"),
    ("no-bam-version", _without(' Version="01_02"'), "sandbox_header"),
    ("no-lps-version", _without(' Version="01_00"'), "sandbox_header"),
    ("wrong-nature", _replacing('Nature="CTXBAM"', 'Nature="CTXLPS"'), "sandbox_header"),
    ("no-software", _without("<lps:LPS>.*</lps:LPS>"), "sandbox_header"),
    ("no-idam", _without("<lps:IDAM.*</lps:IDAM>"), "sandbox_header"),
    ("idam-without-r", _without(' R="4"'), "sandbox_header"),
    ("idam-r-5", _replacing('R="4"', 'R="5"'), "sandbox_header"),
    (
        "contexts-out-of-order",
        _replacing("(<bam:Id>.*</bam:Id>)(<bam:Temps>.*</bam:Temps>)", r"\2\1"),
        "sandbox_schema",
    ),
    ("unknown-element-in-context", _replacing("<bam:Emetteur>", "<bam:Autre/><bam:Emetteur>"), "sandbox_schema"),
    ("repeated-header", _replacing("(<wsa:Action>.*</wsa:Action>)", r"\1\1"), "sandbox_envelope"),
    (
        "not-understood",
        _replacing("</soap:Header>", '<x:y xmlns:x="urn:x" soap:mustUnderstand="true"/></soap:Header>'),
        "sandbox_envelope",
    ),
    ("no-header", _without("<soap:Header>.*</soap:Header>"), "sandbox_envelope"),
    ("empty-body", _without("<q:RECSANSVITALE.*</q:RECSANSVITALE>"), "sandbox_envelope"),
    ("two-questions", _replacing("(<q:RECSANSVITALE.*</q:RECSANSVITALE>)", r"\1\1"), "sandbox_envelope"),
    ("other-namespace", _replacing("cnamts.fr/INSiRecSans", "cnamts.fr/INSiRecSans2"), "sandbox_envelope"),
    ("other-root", _replacing("<soap:Body>.*</soap:Body>", "<soap:Corps/>"), "sandbox_schema"),
    ("no-name", _without("<q:NomNaissance>.*</q:NomNaissance>"), "sandbox_body"),
    ("no-given-name", _without("<q:Prenom>.*</q:Prenom>"), "sandbox_body"),
    ("no-sex", _without("<q:Sexe>.*</q:Sexe>"), "sandbox_body"),
    ("no-date", _without("<q:DateNaissance>.*</q:DateNaissance>"), "sandbox_body"),
    ("several-given-names", _replacing("(<q:Prenom>.*</q:Prenom>)", r"\1\1"), "sandbox_body"),
    ("traits-out-of-order", _replacing("(<q:Prenom>.*</q:Prenom>)(<q:Sexe>.*</q:Sexe>)", r"\2\1"), "sandbox_schema"),
    ("unknown-trait", _replacing("<q:Sexe>", "<q:Taille>1</q:Taille><q:Sexe>"), "sandbox_schema"),
    ("element-in-trait", _replacing("<q:Sexe>F", "<q:Sexe><q:Sexe>F</q:Sexe>"), "sandbox_schema"),
    ("text-between-traits", _replacing("<q:Sexe>", "bonjour<q:Sexe>"), "sandbox_schema"),
    (
        "assertion-under-mutual-tls",
        _replacing(
            "</soap:Header>",
            '<s:Security xmlns:s="http://docs.oasis-open.org/wss/2004/01/'
            'oasis-200401-wss-wssecurity-secext-1.0.xsd"><a xmlns="urn:a"/></s:Security></soap:Header>',
        ),
        "sandbox_schema",
    ),
    ("doctype", _replacing("<soap:Envelope", "<!DOCTYPE x><soap:Envelope"), "sandbox_xml"),
    (
        "entity",
        _replacing("<soap:Envelope", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><soap:Envelope'),
        "sandbox_xml",
    ),
    ("not-closed", _without("</soap:Envelope>"), "sandbox_xml"),
    ("too-deep", _replacing("<soap:Body>", "<soap:Body>" + "<d>" * 70 + "</d>" * 70), "sandbox_xml"),
    ("not-xml", lambda _: b"bonjour", "sandbox_xml"),
    ("nothing", lambda _: b"", "sandbox_xml"),
    ("other-envelope", lambda _: b"<Envelope/>", "sandbox_envelope"),
]


@pytest.mark.parametrize(("alter", "code"), [row[1:] for row in ALTERED], ids=[row[0] for row in ALTERED])
def test_an_altered_request_is_refused_and_marked(
    curl: Curl,
    by_traits: Build,
    fault_of: Fault,
    exchanges: Callable[[], list[dict[str, Any]]],
    control: Callable[..., tuple[int, Any]],
    alter: Callable[[bytes], bytes],
    code: str,
) -> None:
    _, status, answer = curl(alter(by_traits()))
    fault = fault_of(answer)
    assert (status, fault["code"], fault["value"], fault["lang"]) == (500, code, "soap:Sender", "fr")
    (entry,) = exchanges()
    assert entry["unexpected"]
    assert entry["reason"].startswith(code.removeprefix("sandbox_") + ":")
    assert control("GET", "/ledger?service=insi") == (200, [])


SECURITY = '<s:Security xmlns:s="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"/>'


@pytest.mark.parametrize(
    "alter",
    [
        _replacing("</soap:Header>", SECURITY + "</soap:Header>"),
        _replacing("uuid:", ""),
        _replacing("uuid:", "urn:uuid:"),
        _without("<bam:Emetteur>.*</bam:Emetteur>"),
        _replacing("</soap:Header>", '<x:y xmlns:x="urn:x"/></soap:Header>'),
    ],
    ids=["empty-security", "bare-message-id", "urn-message-id", "no-emitter", "optional-header"],
)
def test_what_working_clients_also_send_is_accepted(
    curl: Curl, by_traits: Build, alter: Callable[[bytes], bytes]
) -> None:
    assert curl(alter(by_traits()))[1] == 200


def test_an_unknown_software_number_gets_desir_550_and_its_message_id_back(
    curl: Curl, by_traits: Build, fault_of: Fault
) -> None:
    message_id = "uuid:0f5bb1a3-8f9f-4a37-8a3c-5b8f5f0c0c11"
    _, status, answer = curl(by_traits(idam="AUTRE0000000", message_id=message_id))
    assert status == 500
    assert fault_of(answer) == {
        "value": "soap:Sender",
        "subcode": "siram_100",
        "code": "desir_550",
        "severite": "erreur",
        "messageID": message_id,
        "lang": "fr",
    }
    assert "Numéro d'autorisation du logiciel inconnu." in answer.decode()


def test_a_certificate_of_another_name_gets_desir_560(curl: Curl, by_traits: Build, fault_of: Fault) -> None:
    _, status, answer = curl(by_traits(), "wrong-cn")
    assert (status, fault_of(answer)["code"]) == (500, "desir_560")
    assert curl(by_traits(), "insi-manu")[1] == 200


def test_no_trait_is_repeated_in_a_refusal(curl: Curl, by_traits: Build) -> None:
    answer = curl(by_traits("CANARI2"))[2]
    assert b"CANARI" not in answer


@pytest.mark.parametrize(
    ("request_changes", "status"),
    [
        ({"content_type": "text/xml; charset=utf-8"}, 415),
        ({"content_type": "application/json"}, 415),
        ({"path": "/"}, 404),
        ({"path": "/lps/autre"}, 404),
        ({"method": "PUT"}, 405),
    ],
    ids=["soap-1.1-type", "json", "root", "below", "put"],
)
def test_what_is_not_a_soap_post_to_lps_is_refused_and_marked(
    curl: Curl,
    by_traits: Build,
    exchanges: Callable[[], list[dict[str, Any]]],
    request_changes: dict[str, str],
    status: int,
) -> None:
    assert curl(by_traits(), **request_changes)[1] == status
    assert exchanges()[0]["unexpected"]


@pytest.mark.parametrize(
    "action",
    [None, "", "urn:autre", "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"],
    ids=["absent", "empty", "other", "other-operation"],
)
def test_the_content_type_action_must_be_the_bodys(
    curl: Curl, by_traits: Build, fault_of: Fault, action: str | None
) -> None:
    _, status, answer = curl(by_traits(), action=action)
    assert (status, fault_of(answer)["code"]) == (500, "sandbox_action")


def test_a_soap_1_1_envelope_gets_a_version_mismatch(curl: Curl, by_traits: Build) -> None:
    body = by_traits().replace(b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/")
    _, status, answer = curl(body)
    assert status == 500
    assert b"VersionMismatch" in answer


def test_a_body_over_one_mebibyte_is_refused_and_one_just_under_is_read(curl: Curl, by_traits: Build) -> None:
    body = by_traits()
    room = (1 << 20) - len(body)
    under, over = body + b" " * room, body + b" " * (room + 1)
    assert curl(under, options=("-H", "Expect:"))[1] == 200
    assert curl(over, options=("-H", "Expect:"))[1] == 413


def test_with_the_official_schemas_what_only_they_know_is_refused_too(
    assets: Path, curl: Curl, by_traits: Build, fault_of: Fault
) -> None:
    with_date = "</bam:Emetteur><bam:DateRef>{}</bam:DateRef>"
    wrong = _replace(by_traits(), "</bam:Emetteur>", with_date.format("hier"))
    right = _replace(by_traits(), "</bam:Emetteur>", with_date.format("2026-01-31T00:00:00Z"))
    assert fault_of(curl(wrong)[2])["code"] == "sandbox_schema"
    assert curl(right)[1] == 200
