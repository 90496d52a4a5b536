"""Searches for somebody on a card: re-checked before each call, with an assertion of the sandbox or without."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply
from segur_sdk.errors import CardError, ConfigError, InputError, SegurError
from segur_sdk.hooks.qualify_identity import CardSubject, IdentityRequest
from segur_sdk.models.actor import Environment
from segur_sdk.models.card import CardPresence
from segur_sdk.models.identity import CrCode, EvidenceSource, NirFacturation
from segur_sdk.services.ins_lookup import CardQuery

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
SELECT_VITALE = bytes.fromhex("00A404000BD250000002564954414C45")
SANDBOX_ASSERTION = InsiSettings(vitale_assertion="sandbox")

Subject = Callable[..., IdentityRequest]


@pytest.fixture
def on_card(beneficiary: Any, presence: CardPresence) -> Subject:
    def build(*, supplied: bool = False, serial: str | None = "1001", **changes: Any) -> IdentityRequest:
        return IdentityRequest(
            subject=CardSubject(
                beneficiary=beneficiary(**changes), presence=None if supplied else presence, serial=serial
            )
        )

    return build


def swap_then(ctx: Any, reply: HttpReply, inserted: str = "2") -> Callable[[], HttpReply]:
    """Answer, while somebody changes the card in the reader."""

    def answer() -> HttpReply:
        ctx.cards.inserted = inserted
        return reply

    return answer


@pytest.mark.req("S000-11")
def test_without_an_assertion_the_beneficiary_is_searched_by_the_traits_read(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    ctx = make_ctx(resultat())
    evidence = plugin.qualify_identity(on_card(), ctx)
    assert evidence is not None
    assert (evidence.source, evidence.cr) == (EvidenceSource.INSI_TRAITS, CrCode.FOUND)
    assert ctx.sent[0].texts("RECVITALE") == []
    assert ctx.sent[0].text("NomNaissance") == "ADRUN"
    assert (ctx.cards.confirmed, ctx.cards.opened) == (1, 0)


def test_the_billing_number_of_the_card_is_not_sent_in_a_search_by_traits(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    ctx = make_ctx(resultat())
    plugin.qualify_identity(on_card(), ctx)
    assert b"2751263220749" not in ctx.sent[0].body


def test_the_card_is_confirmed_before_each_call(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, insi_102: HttpReply, on_card: Subject
) -> None:
    ctx = make_ctx(insi_102, resultat())
    plugin.qualify_identity(on_card(), ctx)
    assert (len(ctx.sent), ctx.cards.confirmed) == (2, 2)


@pytest.mark.parametrize(("inserted", "code"), [("2", "card.swapped"), ("", "card.removed")])
@pytest.mark.parametrize("settings", [InsiSettings(), SANDBOX_ASSERTION], ids=["traits", "card"])
def test_a_card_swapped_or_removed_before_the_call_stops_it(
    plugin: InsiPlugin, make_ctx: Any, on_card: Subject, settings: InsiSettings, inserted: str, code: str
) -> None:
    ctx = make_ctx(plugin_settings=settings)
    ctx.cards.inserted = inserted
    with pytest.raises(CardError) as caught:
        plugin.qualify_identity(on_card(), ctx)
    assert caught.value.code == code
    assert (ctx.sent, ctx.audit.written) == ([], [])


@pytest.mark.parametrize("settings", [InsiSettings(), SANDBOX_ASSERTION], ids=["traits", "card"])
def test_a_card_swapped_between_two_calls_stops_the_second(
    plugin: InsiPlugin, make_ctx: Any, insi_102: HttpReply, on_card: Subject, settings: InsiSettings
) -> None:
    ctx = make_ctx(plugin_settings=settings)
    ctx.http_service.script.append(swap_then(ctx, insi_102))
    with pytest.raises(CardError) as caught:
        plugin.qualify_identity(on_card(), ctx)
    assert caught.value.code == "card.swapped"
    assert len(ctx.sent) == 1


@pytest.mark.parametrize("settings", [InsiSettings(), SANDBOX_ASSERTION], ids=["none", "sandbox"])
def test_a_reading_supplied_by_the_software_is_searched_by_its_traits(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject, settings: InsiSettings
) -> None:
    ctx = make_ctx(resultat(), plugin_settings=settings)
    evidence = plugin.qualify_identity(on_card(supplied=True), ctx)
    assert evidence is not None
    assert evidence.source is EvidenceSource.INSI_TRAITS
    assert (ctx.cards.confirmed, ctx.cards.opened) == (0, 0)


def test_what_the_card_lacks_for_a_search_by_traits_is_asked(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    ctx = make_ctx(resultat(), answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"})
    plugin.qualify_identity(on_card(sexe=None, date_naissance=None, date_en_carte="751231"), ctx)
    assert [question.code for question in ctx.asked] == ["insi.sexe", "insi.date_naissance"]


@pytest.mark.req("SC.INS/va1.34")
def test_a_search_by_card_fits_the_official_schemas(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject, official_schema: etree.XMLSchema
) -> None:
    ctx = make_ctx(resultat(), plugin_settings=SANDBOX_ASSERTION)
    evidence = plugin.qualify_identity(on_card(), ctx)
    assert evidence is not None
    assert evidence.source is EvidenceSource.INSI_CARD
    root = ctx.sent[0].root
    blocks = [*root.find(f"{SOAP}Header"), *root.find(f"{SOAP}Body")]
    assert [etree.QName(block).localname for block in blocks] == [
        "ContexteBAM",
        "ContexteLPS",
        "Security",
        "Action",
        "MessageID",
        "RECVITALE",
    ]
    for block in blocks:
        official_schema.assertValid(etree.fromstring(etree.tostring(block)))
    assert ctx.sent[0].text("Action") == "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"
    assert ctx.sent[0].headers["Content-Type"].endswith('rechercherInsAvecCarteVitale"')


def test_the_card_s_data_go_into_question_and_cover(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    ctx = make_ctx(resultat(), plugin_settings=SANDBOX_ASSERTION)
    plugin.qualify_identity(on_card(position=3, rang_naissance=2, nom="D’Artagnan"), ctx)
    root = ctx.sent[0].root
    told = {etree.QName(leaf).localname: leaf.text for leaf in root.find(f"{SOAP}Body")[0].iter() if not len(leaf)}
    assert told == {
        "NumIdentifiant": "2751263220749",
        "Cle": "74",
        "NomNaissance": "D'ARTAGNAN",
        "DateNaissance": "1975-12-31",
        "RangNaissance": "2",
    }
    (cover,) = root.iter("{*}COUVERTURE")
    assert {etree.QName(leaf).localname: leaf.text for leaf in cover.iter() if not len(leaf)} == {
        "Num": "2751263220749",
        "Cle": "74",
        "DateNai": "1975-12-31",
        "Rang": "2",
    }


def test_the_assertion_says_plainly_that_it_is_a_simulation_and_binds_card_person_and_instant(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    ctx = make_ctx(resultat(), plugin_settings=SANDBOX_ASSERTION)
    plugin.qualify_identity(on_card(position=2), ctx)
    (assertion,) = ctx.sent[0].root.iter(f"{SAML}Assertion")
    name = assertion.find(f"{SAML}Subject/{SAML}NameID")
    values = {
        attribute.get("Name"): attribute.findtext(f"{SAML}AttributeValue")
        for attribute in assertion.iter(f"{SAML}Attribute")
    }
    assert assertion.findtext(f"{SAML}Issuer") == "INSI-MANU"
    assert (name.get("NameQualifier"), name.text) == ("VITALE-SIMULATEUR", "000000001001")
    assert assertion.get("IssueInstant") == "2026-03-02T07:05:06.123Z"
    assert set(values) == {"rangBeneficiaire", "signatureVitale"}
    assert values["rangBeneficiaire"] == "2"
    signed = f"{assertion.get('ID')}|2026-03-02T07:05:06.123Z|000000001001|2".encode()
    signature = base64.b64decode(values["signatureVitale"] or "")
    assert signature == hmac.digest(b"SIMULATEUR", signed, hashlib.sha256)[:8]
    assert ctx.cards.commands == [SELECT_VITALE, b"\x00\x88\x00\x00" + bytes([len(signed)]) + signed]


def test_each_call_opens_the_card_again_for_an_assertion_of_its_own(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, insi_102: HttpReply, on_card: Subject
) -> None:
    ctx = make_ctx(plugin_settings=SANDBOX_ASSERTION)

    def half_an_hour_later() -> HttpReply:
        ctx.clock.moment += timedelta(minutes=30)
        return insi_102

    ctx.http_service.script[:] = [half_an_hour_later, resultat()]
    plugin.qualify_identity(on_card(), ctx)
    first, second = (next(sent.root.iter(f"{SAML}Assertion")) for sent in ctx.sent)
    assert ctx.cards.opened == 2
    assert first.get("ID") != second.get("ID")
    assert (first.get("IssueInstant"), second.get("IssueInstant")) == (
        "2026-03-02T07:05:06.123Z",
        "2026-03-02T07:35:06.123Z",
    )
    assert [sent.texts("Temps")[0] for sent in ctx.sent] == [first.get("IssueInstant"), second.get("IssueInstant")]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({0xA4: "6A82"}, "card.unknown", id="no VITALE application"),
        pytest.param({0xA4: "6F00"}, "card.unreadable", id="card failure"),
        pytest.param({0x88: "6982"}, "card.protected", id="signature refused"),
        pytest.param({0x88: "6983"}, "card.blocked", id="card blocked"),
        pytest.param({0x88: "6D00"}, "card.unreadable", id="card does not sign"),
        pytest.param({0x88: "9000"}, "card.protocol", id="no signature"),
        pytest.param({0x88: "00112233445566" + "9000"}, "card.protocol", id="short signature"),
        pytest.param({0x88: "001122334455667788" + "9000"}, "card.protocol", id="long signature"),
        pytest.param({0x88: ""}, "card.protocol", id="nothing"),
    ],
)
def test_a_card_that_does_not_sign_stops_the_search(
    plugin: InsiPlugin, make_ctx: Any, on_card: Subject, answers: dict[int, str], code: str
) -> None:
    ctx = make_ctx(plugin_settings=SANDBOX_ASSERTION)
    ctx.cards.answers = {instruction: bytes.fromhex(answer) for instruction, answer in answers.items()}
    with pytest.raises(CardError) as caught:
        plugin.qualify_identity(on_card(), ctx)
    assert caught.value.code == code
    assert ctx.sent == []


@pytest.mark.parametrize("environment", [Environment.TEST, Environment.PRODUCTION])
def test_our_assertion_is_refused_outside_the_sandbox_for_any_call(
    plugin: InsiPlugin,
    make_ctx: Any,
    on_card: Subject,
    request_for: Any,
    environment: Environment,
) -> None:
    for event in (on_card(), on_card(supplied=True), request_for()):
        ctx = make_ctx(plugin_settings=SANDBOX_ASSERTION, environment=environment)
        with pytest.raises(ConfigError) as caught:
            plugin.qualify_identity(event, ctx)
        assert caught.value.code == "insi.assertion_outside_sandbox"
        assert (ctx.sent, ctx.cards.opened) == ([], 0)


@pytest.mark.parametrize(
    ("changes", "answers", "sent", "code"),
    [
        pytest.param({"date_en_carte": "19752000"}, {}, "1975-20-00", None, id="a lunar date goes as it stands"),
        pytest.param(
            {"date_en_carte": "751231"}, {"insi.date_naissance": "1975-12-31"}, "1975-12-31", None, id="century told"
        ),
        pytest.param(
            {"date_en_carte": "751231"}, {"insi.date_naissance": "1875-12-31"}, "1875-12-31", None, id="older than that"
        ),
        pytest.param(
            {"date_en_carte": "751231"}, {"insi.date_naissance": "1975-12-30"}, None, "insi.answer_invalid", id="not it"
        ),
        pytest.param({"date_en_carte": "751231"}, {}, None, "input.nobody_to_ask", id="nobody tells the century"),
    ],
)
def test_a_date_without_century_is_asked_for_and_a_lunar_one_kept(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    on_card: Subject,
    changes: dict[str, str],
    answers: dict[str, str],
    sent: str | None,
    code: str | None,
) -> None:
    ctx = make_ctx(resultat("01"), plugin_settings=SANDBOX_ASSERTION, answers=answers)
    try:
        plugin.qualify_identity(on_card(date_naissance=None, **changes), ctx)
        failed = None
    except SegurError as failure:
        failed = failure.code
    assert failed == code
    assert [request.text("DateNaissance") for request in ctx.sent] == ([sent] if sent else [])


@pytest.mark.parametrize(
    ("answer", "sent", "code"),
    [
        pytest.param("1975-12-31", ["1975-12-31"], None, id="the day of the card"),
        pytest.param("1975-12-30", [], "insi.answer_invalid", id="another day"),
    ],
)
def test_a_search_by_traits_takes_the_day_of_the_card_too(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject, answer: str, sent: list[str], code: str | None
) -> None:
    answers = {"insi.date_naissance": answer, "insi.sexe": "F"}
    ctx = make_ctx(resultat("00"), answers=answers)
    failed = None
    try:
        plugin.qualify_identity(on_card(date_naissance=None, date_en_carte="751231"), ctx)
    except SegurError as failure:
        failed = failure.code
    assert failed == code
    assert [request.text("DateNaissance") for request in ctx.sent] == sent


@pytest.mark.parametrize(
    ("number", "sent"),
    [("275126322074974", ("2751263220749", "74")), ("2751263220749", ("2751263220749", "74"))],
    ids=["with its key", "without key: computed"],
)
def test_the_number_of_the_card_goes_with_its_key(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject, number: str, sent: tuple[str, str]
) -> None:
    ctx = make_ctx(resultat(), plugin_settings=SANDBOX_ASSERTION)
    plugin.qualify_identity(on_card(nir=NirFacturation(value=number)), ctx)
    assert (ctx.sent[0].text("NumIdentifiant"), ctx.sent[0].texts("Cle")[-1]) == sent


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"nir": None}, "insi.card_number_missing", id="no number"),
        pytest.param({"nir": NirFacturation(value="275125A220749")}, "insi.card_number_missing", id="not a NIR"),
        pytest.param({"serial": None}, "insi.card_serial_missing", id="no serial"),
        pytest.param({"nom": "ADRUN 2"}, "identity.name_character", id="a name that cannot be written"),
    ],
)
def test_a_reading_that_cannot_make_the_question_is_refused(
    plugin: InsiPlugin, make_ctx: Any, on_card: Subject, changes: dict[str, Any], code: str
) -> None:
    ctx = make_ctx(plugin_settings=SANDBOX_ASSERTION)
    with pytest.raises(InputError) as caught:
        plugin.qualify_identity(on_card(**changes), ctx)
    assert caught.value.code == code
    assert (ctx.sent, ctx.cards.opened) == ([], 0)


def test_none_and_several_by_card_are_passed_on_after_one_call(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, on_card: Subject
) -> None:
    for code in ("01", "02"):
        ctx = make_ctx(resultat(code), plugin_settings=SANDBOX_ASSERTION)
        evidence = plugin.qualify_identity(on_card(), ctx)
        assert evidence is not None
        assert (evidence.cr.value, evidence.individual, len(evidence.attempts)) == (code, None, 1)


def test_the_service_searches_by_card_once(
    plugin: InsiPlugin, make_ctx: Any, insi_102: HttpReply, resultat: Any, beneficiary: Any, presence: CardPresence
) -> None:
    query = CardQuery(presence=presence, serial="1001", beneficiary=beneficiary())
    ctx = make_ctx(resultat(), insi_102, plugin_settings=SANDBOX_ASSERTION)
    answer = plugin.search_by_card(query, ctx)
    assert (answer.cr, answer.attempt.operation) == (CrCode.FOUND, "rechercherInsAvecCarteVitale")
    with pytest.raises(SegurError) as caught:
        plugin.search_by_card(query, ctx)
    assert caught.value.code == "insi.unavailable"
    assert len(ctx.sent) == 2


def test_the_service_says_that_it_cannot_search_by_card_without_an_assertion(
    plugin: InsiPlugin, make_ctx: Any, beneficiary: Any, presence: CardPresence
) -> None:
    ctx = make_ctx()
    with pytest.raises(ConfigError) as caught:
        plugin.search_by_card(CardQuery(presence=presence, serial="1001", beneficiary=beneficiary()), ctx)
    assert caught.value.code == "insi.assertion_missing"
    assert ctx.sent == []
