"""Calls in a professional's name: what his assertion says, when it is made, and what is found out before."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.professional_assertion import professional_assertion
from segur_plugin_insi.professionals import Professional
from segur_plugin_insi.settings import AttributeNames, InsiSettings, ProfessionalTable
from segur_sdk.errors import CardError, SegurError, ServiceError
from segur_sdk.formats.saml import SUBJECT_NAME
from segur_sdk.models.actor import ActorKind, SessionMeans, Structure
from segur_sdk.services.ins_lookup import CardQuery, TraitsQuery

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
CAROLE: Final = "899700075122"
DOCTOR: Final = "899700366240"
CABINET: Final = Structure(name="CABINET M DOC0036624")
PRACTICE: Final = "499700366240007/SA07/01"
PRACTICE_BY_PSC: Final = "499700366240007/SA07/10C/L/-"
TABLE: Final = {"national_id": DOCTOR, "identifiant_facturation": "991366242", "code_specialite": "01"}
MOMENT: Final = datetime(2026, 3, 2, 7, 5, tzinfo=UTC)
ASSERTION_ID: Final = "_1d7bfb56-0d1c-4b6e-9f2e-111111111111"
XML_TEXT: Final = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)


def assertion_in(ctx: Any, number: int = 0) -> etree._Element:
    (security,) = ctx.sent[number].root.iter("{*}Security")
    found: etree._Element = security[0]
    assert found.tag == f"{{{SAML}}}Assertion"
    return found


def attributes_in(assertion: etree._Element) -> dict[str | None, str | None]:
    return {one.get("Name"): one[0].text for one in assertion.iter(f"{{{SAML}}}Attribute")}


def refusal(plugin: InsiPlugin, ctx: Any, request_for: Any) -> SegurError:
    with pytest.raises(SegurError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert ctx.sent == []
    return caught.value


def test_assertion_by_card_has_the_form_of_the_published_one(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any
) -> None:
    ctx = professional(resultat())
    plugin.qualify_identity(request_for(), ctx)
    (sent,) = ctx.sent
    assert (sent.purpose, set(sent.texts("Emetteur"))) == ("insi-cps", {CAROLE})
    assertion = assertion_in(ctx)
    assert [etree.QName(one).localname for one in assertion] == ["Issuer", "Signature", "Subject", "AttributeStatement"]
    assert re.fullmatch("_[0-9a-f-]{36}", assertion.get("ID") or "")
    assert (assertion.get("IssueInstant"), assertion.get("Version")) == ("2026-03-02T07:05:06.123Z", "2.0")
    issuer = assertion[0]
    assert issuer.get("Format") == SUBJECT_NAME
    assert issuer.text == f"2.5.4.42=CAROLE+CN={CAROLE}+SN=PHARMACH0007512,T=Pharmacien,C=FR"
    signature = assertion[1]
    algorithms = [one.get("Algorithm") for one in signature.iter(etree.Element) if one.get("Algorithm")]
    assert algorithms == [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ]
    (reference,) = signature.iter(f"{{{DS}}}Reference")
    assert reference.get("URI") == f"#{assertion.get('ID')}"
    assert [etree.QName(one).localname for one in signature[2].iter(etree.Element)] == [
        "KeyInfo",
        "X509Data",
        "X509Certificate",
    ]
    assert dict(signature.attrib) == {}
    name_id = assertion[2][0]
    assert (name_id.get("NameQualifier"), name_id.text) == ("CPS", CAROLE)
    assert attributes_in(assertion) == {"identifiantFacturation": "0B0152872", "secteurActivite": "SA33"}


def test_signed_assertion_fits_its_official_schema(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any, official_schema: etree.XMLSchema
) -> None:
    for means in (SessionMeans.CPS, SessionMeans.PSC):
        ctx = professional(resultat(), means=means)
        plugin.qualify_identity(request_for(), ctx)
        (security,) = ctx.sent[0].root.iter("{*}Security")
        official_schema.assertValid(security)


def test_every_exchange_has_an_assertion_of_its_own(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any
) -> None:
    ctx = professional(resultat("01"), resultat("01"), resultat("01"))
    plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    identifiers = {assertion_in(ctx, number).get("ID") for number in range(3)}
    assert len(identifiers) == len(ctx.keys.signers["insi_assertion"].signed) == 3


@pytest.mark.req("INS/PSC.01")
def test_assertion_by_psc_is_not_signed_and_says_whose_it_is(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any
) -> None:
    ctx = professional(resultat(), means=SessionMeans.PSC)
    ctx.keys.signers.clear()
    plugin.qualify_identity(request_for(), ctx)
    (sent,) = ctx.sent
    assert (sent.purpose, set(sent.texts("Emetteur"))) == ("insi-psc", {CAROLE})
    assertion = assertion_in(ctx)
    assert [etree.QName(one).localname for one in assertion] == ["Issuer", "Subject", "AttributeStatement"]
    assert (assertion[0].text, assertion[0].get("Format")) == (CAROLE, None)
    assert (assertion[1][0].get("NameQualifier"), assertion[1][0].text) == ("PSC", CAROLE)


@pytest.mark.parametrize("authentication", ["cps", "psc"])
@pytest.mark.parametrize(("kind", "automatic"), [(ActorKind.AUTOMATON, False), (ActorKind.PROFESSIONAL, True)])
def test_what_nobody_triggered_calls_by_certificate(
    plugin: InsiPlugin,
    professional: Any,
    resultat: Any,
    request_for: Any,
    authentication: str,
    kind: ActorKind,
    automatic: bool,
) -> None:
    ctx = professional(resultat(), means=SessionMeans(authentication))
    ctx.actor = ctx.actor.model_copy(update={"kind": kind})
    plugin.qualify_identity(request_for(automatic=automatic), ctx)
    (sent,) = ctx.sent
    assert (sent.purpose, list(sent.root.iter("{*}Security"))) == ("insi-auto", [])


def test_audit_says_by_what_the_professional_called_and_names_nobody(
    plugin: InsiPlugin, professional: Any, resultat: Any, traits: Any
) -> None:
    ctx = professional(resultat())
    plugin.search_by_traits(TraitsQuery(traits=traits(), automatic=False), ctx)
    ((event, facts),) = ctx.audit.written
    assert (event, facts["professional"], "certificate" in facts) == ("exchange", "CPS", False)
    assert CAROLE not in str(facts)


def test_search_by_card_bears_both_assertions_the_professional_s_first(
    plugin: InsiPlugin, professional: Any, resultat: Any, presence: Any, beneficiary: Any
) -> None:
    ctx = professional(resultat(), vitale_assertion="sandbox")
    query = CardQuery(presence=presence, serial="000000000001", beneficiary=beneficiary(), automatic=False)
    plugin.search_by_card(query, ctx)
    (security,) = ctx.sent[0].root.iter("{*}Security")
    assert [one.find(f".//{{{SAML}}}NameID").get("NameQualifier") for one in security] == ["CPS", "VITALE-SIMULATEUR"]
    assert security[1][0].text == CAROLE


@pytest.mark.parametrize(
    ("means", "exercice", "structure", "tables", "expected"),
    [
        pytest.param(
            "psc",
            "10B0152872/SA33/21C/L/-",
            Structure(siret="12345678900011", name="Officine"),
            (),
            {"identifiantFacturation": "12345678900011", "secteurActivite": "SA33"},
            id="SIRET without FINESS",
        ),
        pytest.param(
            "psc",
            PRACTICE_BY_PSC,
            CABINET,
            (TABLE,),
            {"identifiantFacturation": "991366242", "secteurActivite": "SA07", "codeSpecialiteAMO": "01"},
            id="physician by PSC",
        ),
        pytest.param(
            "cps",
            PRACTICE,
            CABINET,
            (TABLE,),
            {"identifiantFacturation": "991366242", "secteurActivite": "SA07", "codeSpecialite": "01"},
            id="physician by CPS",
        ),
        pytest.param(
            "psc",
            PRACTICE_BY_PSC,
            CABINET,
            ({**TABLE, "profession": "10"},),
            {
                "identifiantFacturation": "991366242",
                "secteurActivite": "SA07",
                "codeSpecialiteAMO": "01",
                "gipProfessionCode": "10",
            },
            id="one of several professions",
        ),
        pytest.param(
            "cps",
            PRACTICE,
            CABINET,
            (TABLE, {"national_id": DOCTOR, "exercice": PRACTICE, "secteur_activite": "SA05"}),
            {"identifiantFacturation": "991366242", "secteurActivite": "SA05", "codeSpecialite": "01"},
            id="that situation first, then the professional",
        ),
        pytest.param(
            "cps",
            PRACTICE,
            Structure(finess="0B0152872", name="Maison de santé"),
            (TABLE, {"national_id": DOCTOR, "exercice": "autre", "identifiant_facturation": "1"}),
            {"identifiantFacturation": "991366242", "secteurActivite": "SA07", "codeSpecialite": "01"},
            id="his own number before his structure's, another situation's never",
        ),
    ],
)
def test_attributes_come_from_settings_situation_and_structure(
    plugin: InsiPlugin,
    professional: Any,
    card_signer: Any,
    resultat: Any,
    request_for: Any,
    means: str,
    exercice: str,
    structure: Structure,
    tables: tuple[dict[str, str], ...],
    expected: dict[str, str],
) -> None:
    signer = card_signer(DOCTOR, profession=10)
    rest = {"rpps": DOCTOR[1:], "exercice": exercice, "structure": structure, "signer": signer}
    ctx = professional(resultat(), means=SessionMeans(means), professionals=tables, **rest)
    plugin.qualify_identity(request_for(), ctx)
    assert attributes_in(assertion_in(ctx)) == expected


def test_names_of_attributes_and_issuer_can_be_set(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any
) -> None:
    names = {"secteur_activite": "SecteurActivite"}
    ctx = professional(resultat(), cps_attributes=names)
    plugin.qualify_identity(request_for(), ctx)
    assert list(attributes_in(assertion_in(ctx))) == ["identifiantFacturation", "SecteurActivite"]
    ctx = professional(resultat(), means=SessionMeans.PSC, psc_issuer="LGO", psc_issuer_format="urn:f")
    plugin.qualify_identity(request_for(), ctx)
    assert (assertion_in(ctx)[0].text, assertion_in(ctx)[0].get("Format")) == ("LGO", "urn:f")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"structure": CABINET}, "insi.billing_number_missing", id="neither FINESS nor SIRET nor setting"),
        pytest.param({"exercice": None}, "insi.sector_missing", id="no situation"),
        pytest.param({"exercice": "SA33"}, "insi.sector_missing", id="id that begins like a sector"),
        pytest.param({"exercice": "10B0152872/-/01"}, "insi.sector_missing", id="situation without sector"),
        pytest.param({"means": SessionMeans.PSC, "rpps": None}, "insi.national_id_missing", id="no RPPS"),
        pytest.param(
            {"means": SessionMeans.PSC, "exercice": PRACTICE_BY_PSC}, "insi.speciality_missing", id="physician by PSC"
        ),
        pytest.param({"rpps": "99700366240"}, "insi.card_of_another", id="card of another"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_signed_asked_or_sent(
    plugin: InsiPlugin, professional: Any, request_for: Any, changes: dict[str, Any], code: str
) -> None:
    ctx = professional(**changes)
    assert refusal(plugin, ctx, request_for).code == code
    assert (ctx.keys.signers["insi_assertion"].signed, ctx.asked) == ([], [])


@pytest.mark.parametrize("training", [False, True], ids=["physician", "in training"])
def test_card_of_a_physician_wants_a_speciality(
    plugin: InsiPlugin, professional: Any, card_signer: Any, request_for: Any, training: bool
) -> None:
    signer = card_signer(DOCTOR, profession=10, training=training)
    ctx = professional(rpps=DOCTOR[1:], signer=signer)
    assert refusal(plugin, ctx, request_for).code == "insi.speciality_missing"


@pytest.mark.parametrize(
    ("authentication", "means"), [(SessionMeans.CPS, SessionMeans.PSC), (SessionMeans.PSC, SessionMeans.CPS)]
)
def test_session_by_the_other_national_means_calls_nobody(
    plugin: InsiPlugin, professional: Any, request_for: Any, authentication: SessionMeans, means: SessionMeans
) -> None:
    ctx = professional(means=authentication)
    ctx.session = ctx.session.model_copy(update={"means": means})
    failure = refusal(plugin, ctx, request_for)
    assert (failure.code, failure.retryable) == ("insi.session_needed", False)


@pytest.mark.parametrize("days", [-301, 301], ids=["too early", "expired"])
def test_signature_certificate_out_of_date_signs_nothing(
    plugin: InsiPlugin, professional: Any, request_for: Any, days: int
) -> None:
    ctx = professional()
    ctx.clock.moment += timedelta(days=days)
    assert refusal(plugin, ctx, request_for).code == "insi.signature_not_valid"


def test_certificate_that_nobody_can_read_is_said(plugin: InsiPlugin, professional: Any, request_for: Any) -> None:
    ctx = professional()
    ctx.keys.signers["insi_assertion"].chain = (b"\x30\x03\x02\x01\x01",)
    failure = refusal(plugin, ctx, request_for)
    assert (failure.code, dict(failure.facts), failure.__cause__) == (
        "card.unreadable",
        {"reason": "certificate"},
        None,
    )


@pytest.mark.parametrize(
    "failure",
    [CardError("token.absent"), CardError("token.pin_needed"), ServiceError("service.session_needed")],
    ids=lambda failure: failure.code,
)
def test_card_that_fails_between_two_exchanges_stops_the_search(
    plugin: InsiPlugin, professional: Any, resultat: Any, request_for: Any, failure: SegurError
) -> None:
    ctx = professional()

    def pulled() -> Any:
        ctx.keys.signers["insi_assertion"].failure = failure
        return resultat("01")

    ctx.http_service.script.append(pulled)
    with pytest.raises(type(failure)) as caught:
        plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    assert (caught.value.code, len(ctx.sent)) == (failure.code, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"authentication": "cpe"},
        {"professionals": [{}]},
        {"professionals": [{"national_id": "x"}]},
        {"professionals": [{"national_id": DOCTOR, "code_specialite": "0 1"}]},
        {"professionals": [{"national_id": DOCTOR}, {"national_id": DOCTOR}]},
        {"cps_attributes": {"secteur_activite": "codeSpecialite"}},
        {"cps_attributes": {"secteur_activite": "a b"}},
        {"psc_issuer": ""},
    ],
)
def test_settings_of_professionals_that_mean_nothing_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        InsiSettings.model_validate(given)


def test_defaults_call_by_certificate_with_the_published_names() -> None:
    defaults = InsiSettings()
    assert (defaults.authentication, defaults.professionals) == ("certificate", ())
    assert defaults.cps_attributes == AttributeNames()
    assert defaults.psc_attributes.code_specialite == "codeSpecialiteAMO"
    assert ProfessionalTable(national_id=DOCTOR).exercice is None


def whole(card_signer: Any, given: str) -> Professional:
    signer = card_signer(surname=given)
    return Professional("CPS", given, given, SUBJECT_NAME, (("identifiantFacturation", given),), signer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=XML_TEXT | st.sampled_from(["<&>\"'", "]]>", "<!--x-->", "a\u00a0b\u2028c", "é&#13;œ", "𝄞"]))
def test_whatever_a_name_is_made_of_its_signature_holds(card_signer: Any, text: str) -> None:
    from segur_sandbox.insi.xml_signature import verified

    made = professional_assertion(whole(card_signer, text), ASSERTION_ID, MOMENT)
    enveloped = f'<e:E xmlns:e="urn:e" xmlns:x="urn:x"><x:S>{made}</x:S></e:E>'
    received = etree.fromstring(enveloped.encode("utf-8"))[0][0]
    content = verified(received).content
    assert content[0].text == text
    assert content[1][0].text == text


@pytest.mark.parametrize("text", ["<&>\"'", "a\u00a0b\u2028c", "DOC0036624, + = é\\", "𝄞"])
def test_xmlsec1_verifies_what_the_card_signed(card_signer: Any, tmp_path: Path, text: str) -> None:
    made = professional_assertion(whole(card_signer, text), ASSERTION_ID, MOMENT)
    file = tmp_path / "assertion.xml"
    verify = ["xmlsec1", "--verify", "--insecure", "--id-attr:ID", f"{SAML}:Assertion", str(file)]
    assert _run(verify, file, made) == 0
    assert _run(verify, file, made.replace("identifiantFacturation", "identifiantFacturatioN")) != 0


def _run(command: list[str], file: Path, content: str) -> int:
    file.write_text(content, "utf-8")
    return subprocess.run(command, capture_output=True, check=False).returncode
