"""The VIHF says who calls, about whom and how, and independent software finds its signature right."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import SecretStr
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from plugins.dmp.tests.outside_tools import vihf_verified
from plugins.dmp.tests.scripted_dmp import AUTHOR, MATRICULE, NOW, Context, FileSigner, certified, identity
from segur_plugin_dmp.callers import Caller, Mode, caller_of, mode_of, needs_of
from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.vihf import Habilitation, vihf
from segur_sdk.errors import CardError, ConfigError, IdentityError, SegurError, ServiceError
from segur_sdk.models.actor import Session, SessionMeans
from segur_sdk.models.identity import InsStatus

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
XACML = "urn:oasis:names:tc:xacml:2.0"
XSPA = "urn:oasis:names:tc:xspa:1.0"
ROLE = f"{XACML}:subject:role"


@pytest.fixture
def caller(make_ctx: Callable[..., Context]) -> Caller:
    return caller_of(Mode.INDIRECT, AUTHOR, make_ctx())


def made(caller: Caller, *, secret: bool = False, **changes: Any) -> str:
    about = Habilitation(identity(), secret)
    return vihf(caller, about, Context.software, DmpSettings(**changes), NOW)


def attributes(text: str) -> dict[str, list[str]]:
    root = etree.fromstring(text)
    return {
        str(one.get("Name")): [
            "/".join(child.get("code") or "" for child in value) or (value.text or "")
            for value in one.iterchildren(f"{{{SAML}}}AttributeValue")
        ]
        for one in root.iter(f"{{{SAML}}}Attribute")
    }


def test_indirect_says_all_that_the_examples_do(caller: Caller) -> None:
    assert attributes(made(caller)) == {
        "VIHF_Version": ["3.0"],
        "Authentification_mode": ["INDIRECTE"],
        "Identifiant_Structure": ["10B0152872"],
        "Secteur_Activite": ["SA33^1.2.250.1.71.4.2.4"],
        f"{XACML}:resource:resource-id": [f"{MATRICULE}^^^&1.2.250.1.213.1.4.10&ISO^NH"],
        "Ressource_URN": ["urn:dmp"],
        f"{XSPA}:subject:subject-id": ["MAX LIBRE"],
        ROLE: ["21", "A"],
        f"{XSPA}:subject:purposeofuse": ["normal"],
        "LPS_ID": [Context.software.instance],
        "LPS_Nom": ["LGO"],
        "LPS_Version": ["1.0"],
        "LPS_ID_HOMOLOGATION_DMP": ["TESTSGIE0000"],
    }


def test_direct_names_nobody_beside_the_card(
    make_ctx: Callable[..., Context], card_signer: FileSigner, by_card: Session
) -> None:
    own = caller_of(Mode.DIRECT, AUTHOR, make_ctx(signer=card_signer, session=by_card))
    said = attributes(made(own))
    assert said["Authentification_mode"] == ["DIRECTE"]
    assert f"{XSPA}:subject:subject-id" not in said
    root = etree.fromstring(made(own))
    assert root.findtext(f"{{{SAML}}}Issuer") == "CN=899900063480,GN=MAX,SN=LIBRE,T=Pharmacien,C=FR"
    assert root.findtext(f".//{{{SAML}}}AuthnContextClassRef") == "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"


def test_spellings_and_numbers_are_settings(caller: Caller) -> None:
    said = attributes(
        made(caller, vihf_version="4.0", mode_attribute="Authentification_Mode", approval_number="SECRET-1")
    )
    assert said["VIHF_Version"] == ["4.0"]
    assert said["Authentification_Mode"] == ["INDIRECTE"]
    assert "Authentification_mode" not in said
    assert said["LPS_ID_HOMOLOGATION_DMP"] == ["SECRET-1"]


def test_approval_number_shows_nowhere(caller: Caller) -> None:
    own = DmpSettings(approval_number=SecretStr("SECRET-1"))
    assert "SECRET-1" not in f"{own!r}{own}{own.model_dump_json()}"


def test_secret_connection_of_a_minor_is_said_and_only_then(caller: Caller) -> None:
    name = f"{XSPA}:resource:patient:hl7:confidentiality-code"
    assert name not in attributes(made(caller))
    assert attributes(made(caller, secret=True))[name] == ["INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"]


def test_codes_are_of_their_lists(caller: Caller) -> None:
    root = etree.fromstring(made(caller))
    coded = [
        (one.get("code"), one.get("codeSystem"), one.get("displayName"), one.get(f"{{{XSI}}}type"))
        for one in root.iter("{urn:hl7-org:v3}Role", "{urn:hl7-org:v3}PurposeOfUse")
    ]
    assert coded == [
        ("21", "1.2.250.1.71.1.2.7", "Pharmacien", "CE"),
        ("A", "1.2.250.1.71.4.2.6", "Titulaire d’officine", "CE"),
        ("normal", "1.2.250.1.213.1.1.4.248", "Accès normal", "CE"),
    ]


XSI = "http://www.w3.org/2001/XMLSchema-instance"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("G15_10/SM26", [("10", "1.2.250.1.71.1.2.7"), ("SM26", "1.2.250.1.71.4.2.5")]),
        ("G15_21/D", [("21", "1.2.250.1.71.1.2.7"), ("D", "1.2.250.1.71.4.2.6")]),
        ("G15_60", [("60", "1.2.250.1.71.1.2.7")]),
        ("G16_10", [("10", "1.2.250.1.71.1.2.8")]),
    ],
)
def test_second_role_is_of_the_list_of_its_profession(
    make_ctx: Callable[..., Context], role: str, expected: list[tuple[str, str]]
) -> None:
    own = caller_of(Mode.INDIRECT, AUTHOR.model_copy(update={"role": role}), make_ctx())
    roles = etree.fromstring(made(own)).iter("{urn:hl7-org:v3}Role")
    assert [(one.get("code"), one.get("codeSystem")) for one in roles] == expected


def test_parts_stand_in_the_order_of_the_schema_and_the_issuer_is_the_certificate(caller: Caller) -> None:
    root = etree.fromstring(made(caller))
    assert [etree.QName(one).localname for one in root] == [
        "Issuer",
        "Signature",
        "Subject",
        "AuthnStatement",
        "AttributeStatement",
    ]
    assert root.get("IssueInstant") == "2026-03-02T07:05:06.123Z"
    assert root[0].get("Format") == "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
    assert root[0].text == ('CN=LGO DU BAC A SABLE,OU=10B0152872,O=PHARMACIE \\"DU BAC\\" & FILS,ST=Sarthe (72),C=FR')
    assert root.findtext(f"{{{SAML}}}Subject/{{{SAML}}}NameID") == "899900063480"


@pytest.mark.parametrize(
    ("means", "expected"),
    [(None, "unspecified"), (SessionMeans.LOCAL, "Password"), (SessionMeans.PSC, "MobileTwoFactorUnregistered")],
)
def test_how_the_user_was_authenticated_is_told(
    make_ctx: Callable[..., Context], means: SessionMeans | None, expected: str
) -> None:
    session = None if means is None else Session(session_id="s", means=means)
    own = caller_of(Mode.INDIRECT, AUTHOR, make_ctx(session=session))
    assert own.authenticated_by == f"urn:oasis:names:tc:SAML:2.0:ac:classes:{expected}"


def test_every_exchange_has_an_assertion_of_its_own(caller: Caller) -> None:
    assert len({etree.fromstring(made(caller)).get("ID") for _ in range(5)}) == 5


def enveloped(text: str) -> etree._Element:
    return etree.fromstring(f'<e:E xmlns:e="urn:e" xmlns="urn:d" xmlns:xsi="urn:x"><x>{text}</x></e:E>')


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
    )
    | st.sampled_from(["<&>\"'", "]]>", "<!--x-->", "a\u00a0b\u2028c", "&#13;", "𝄞"])
)
def test_whatever_a_name_is_made_of_signxml_verifies(structure_signer: FileSigner, name: str) -> None:
    author = AUTHOR.model_copy(update={"family_name": name})
    own = Caller(Mode.INDIRECT, author, structure_signer, "CN=x", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
    received = enveloped(made(own))[0][0]
    pem = structure_signer.certificates[0].public_bytes(Encoding.PEM).decode()
    result = XMLVerifier().verify(received, x509_cert=pem, id_attribute="ID", expect_config=SignatureConfiguration())
    assert isinstance(result, VerifyResult)
    assert result.signed_xml is not None
    assert result.signed_xml.tag == f"{{{SAML}}}Assertion"
    assert (
        f"MAX {name}" in attributes(etree.tostring(result.signed_xml, encoding="unicode"))[f"{XSPA}:subject:subject-id"]
    )


def test_signxml_refuses_one_letter_changed(caller: Caller, structure_signer: FileSigner) -> None:
    received = enveloped(made(caller).replace("MAX LIBRE", "MAX LIBRA"))[0][0]
    pem = structure_signer.certificates[0].public_bytes(Encoding.PEM).decode()
    with pytest.raises((InvalidDigest, InvalidSignature)):
        XMLVerifier().verify(received, x509_cert=pem, id_attribute="ID")


def test_xmlsec1_verifies_and_refuses_one_letter_changed(caller: Caller, tmp_path: Path) -> None:
    text = made(caller)
    assert vihf_verified(text.encode(), tmp_path)
    assert not vihf_verified(text.replace("MAX LIBRE", "MAX LIBRA").encode(), tmp_path)


def test_signature_is_enveloped_exclusive_sha256_with_one_certificate(caller: Caller) -> None:
    root = etree.fromstring(made(caller))
    signature = root[1]
    assert [one.get("Algorithm") for one in signature.iter(f"{{{DS}}}*") if one.get("Algorithm")] == [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        f"{DS}enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ]
    assert [one.get("URI") for one in signature.iter(f"{{{DS}}}Reference")] == [f"#{root.get('ID')}"]
    assert len(list(signature.iter(f"{{{DS}}}X509Certificate"))) == 1


@pytest.mark.parametrize("status", [InsStatus.PROVISOIRE, InsStatus.VALIDEE, InsStatus.RECUPEREE])
def test_nobody_is_named_whose_identity_is_not_qualified(caller: Caller, status: InsStatus) -> None:
    own = identity() if status is InsStatus.RECUPEREE else None
    who = identity(status=status, matricule=own.matricule if own else None)
    with pytest.raises(IdentityError, match="not_qualified"):
        vihf(caller, Habilitation(who), Context.software, DmpSettings(), NOW)


WRONG: dict[str, tuple[str, dict[str, Any], type[SegurError], str]] = {
    "direct without a session": ("card", {"session": None}, ServiceError, "service.session_needed"),
    "direct by another means": ("card", {"session": SessionMeans.PSC}, ServiceError, "service.session_needed"),
    "direct by the card of another": ("card", {"cn": "810000000001"}, CardError, "dmp.card_of_another"),
    "card that ended": ("card", {"days": -1}, CardError, "dmp.signature_not_valid"),
    "indirect in a session by card": ("structure", {"session": SessionMeans.CPS}, ConfigError, "dmp.card_signs"),
    "another structure": ("structure", {"structure": "10B0000001"}, ConfigError, "dmp.structure_differs"),
}


@pytest.mark.parametrize(("who", "how", "kind", "code"), WRONG.values(), ids=WRONG)
def test_keys_that_cannot_be_the_caller_s_are_refused_before_anything_is_made(
    make_ctx: Callable[..., Context],
    card_signer: FileSigner,
    structure_signer: FileSigner,
    who: str,
    how: dict[str, Any],
    kind: type[SegurError],
    code: str,
) -> None:
    direct = who == "card"
    signer = card_signer if direct else structure_signer
    if "cn" in how or "days" in how:
        names = ((x.oid, str(x.value)) for x in signer.certificates[0].subject if x.value != AUTHOR.id)
        own = (NameOID.COMMON_NAME, how.get("cn", AUTHOR.id))
        signer = FileSigner(signer.key, (certified(signer.key, *names, own, days=how.get("days", 300)),))
    means = how.get("session", SessionMeans.CPS if direct else SessionMeans.LOCAL)
    session = None if means is None else Session(session_id="s", means=means)
    structure = AUTHOR.structure.model_copy(update={"id": how.get("structure", AUTHOR.structure.id)})
    author = AUTHOR.model_copy(update={"structure": structure})
    with pytest.raises(kind) as caught:
        caller_of(Mode.DIRECT if direct else Mode.INDIRECT, author, make_ctx(signer=signer, session=session))
    assert caught.value.code == code


def test_mode_is_the_session_s_unless_it_is_set() -> None:
    card = Session(session_id="s", means=SessionMeans.CPS, token_serial="3")
    phone = Session(session_id="s", means=SessionMeans.PSC)
    by_session = DmpSettings()
    for settings_, session, expected in (
        (by_session, card, Mode.DIRECT),
        (by_session, phone, Mode.INDIRECT),
        (by_session, None, Mode.INDIRECT),
        (DmpSettings(mode="indirect"), card, Mode.INDIRECT),
    ):
        assert mode_of(settings_, session) is expected


@pytest.mark.parametrize("means", [None, *SessionMeans])
def test_feeding_in_the_mode_indirecte_renforcee_is_refused(means: SessionMeans | None) -> None:
    session = None if means is None else Session(session_id="s", means=means)
    with pytest.raises(ConfigError, match=r"dmp\.air_feeding"):
        mode_of(DmpSettings(mode="indirect_renforcee"), session)


def test_direct_needs_that_very_card_and_indirect_both_keys_of_the_structure(by_card: Session) -> None:
    direct, indirect = needs_of(Mode.DIRECT, by_card), needs_of(Mode.INDIRECT, None)
    assert (direct.means, direct.card, direct.keys, direct.purpose) == (
        SessionMeans.CPS,
        "3000000001",
        ("dmp-cps",),
        "dmp-cps",
    )
    assert (indirect.means, indirect.card, indirect.keys, indirect.purpose) == (
        None,
        None,
        ("dmp-auth", "dmp-sign"),
        "dmp",
    )


def test_representation_of_a_habilitation_shows_nobody() -> None:
    shown = repr(Habilitation(identity(date_naissance=date(1979, 3, 28))))
    assert MATRICULE not in shown
    assert attrs.fields(Habilitation).patient.repr is False
