"""What a certificate is, and whether it fits a purpose: asked before any call."""

from importlib.resources import files

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from plugins.certificates.tests.made_pki import (
    CRL_URL,
    OCSP_URL,
    USAGES,
    Pki,
    authority_name,
    key_usage,
    make,
    make_leaf,
    name,
    org_name,
)
from segur_plugin_certificates.ans_extensions import AnsExtensions, CardType, Product, read_ans_extensions
from segur_plugin_certificates.authorities import Tree, read_authority, tree_of
from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.findings import catalogue
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.purposes import Purpose, insi_name_fault, misfits
from segur_plugin_certificates.usages import Usage, read_usages
from segur_sdk.errors import InputError, read_catalogue
from segur_sdk.models.actor import Environment

CARD = x509.ObjectIdentifier("1.2.250.1.71.1.2.2")
NUMBER = x509.ObjectIdentifier("1.2.250.1.71.1.2.3")
CATEGORY = x509.ObjectIdentifier("1.2.250.1.71.1.2.5")
PROFESSION = x509.ObjectIdentifier("1.2.250.1.71.1.2.7")
IN_TRAINING = x509.ObjectIdentifier("1.2.250.1.71.1.2.8")
CODE = "certificates."


@pytest.mark.parametrize(
    ("environment", "tree"),
    [(Environment.PRODUCTION, Tree.PRODUCTION), (Environment.TEST, Tree.TEST), (Environment.SANDBOX, Tree.TEST)],
)
def test_an_installation_has_one_tree(environment: Environment, tree: Tree) -> None:
    assert tree_of(environment) is tree


@pytest.mark.parametrize(
    ("common_name", "unit"),
    [
        ("TEST AC RACINE IGC-SANTE ELEMENTAIRE", "IGC-SANTE"),
        ("AC RACINE IGC-SANTE ELEMENTAIRE", "IGC-SANTE TEST"),
        ("AC IGC-SANTE ELEMENTAIRE", "IGC-SANTE"),
        ("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS 2", "IGC-SANTE"),
        ("ac racine igc-sante elementaire", "IGC-SANTE"),
    ],
)
def test_a_name_that_contradicts_itself_is_no_authority(common_name: str, unit: str) -> None:
    assert read_authority(authority_name(common_name, unit)) is None


@pytest.mark.parametrize("kind", list(USAGES))
def test_usage_is_concluded_from_the_extensions(pki: Pki, kind: str) -> None:
    facts = read_facts(make_leaf(pki.organisations, kind).der)
    assert Usage(kind) in facts.kind.usages
    assert not facts.kind.certain
    assert facts.kind.offer is (Offer.SERV if kind in {"SSL_SERV", "SMIME"} else Offer.ORG)
    assert facts.issuer is not None
    assert facts.issuer.tree is Tree.TEST


def test_certificate_without_usages_is_excluded_from_none() -> None:
    usages = read_usages(None, None)
    assert usages.probable() == tuple(Usage)
    assert not any(usages.point_to(usage) for usage in Usage)


@pytest.mark.parametrize(
    ("bits", "extended", "usage", "allowed"),
    [
        (("digital_signature",), (), Usage.AUTH_CLI, True),
        (("digital_signature",), (), Usage.SIGN, True),
        (("digital_signature",), (ExtendedKeyUsageOID.CLIENT_AUTH,), Usage.SIGN, False),
        (("digital_signature",), (ExtendedKeyUsageOID.EMAIL_PROTECTION,), Usage.AUTH_CLI, False),
        (("digital_signature",), (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), Usage.AUTH_CLI, True),
        (("content_commitment",), (), Usage.AUTH_CLI, False),
        (("content_commitment",), (ExtendedKeyUsageOID.EMAIL_PROTECTION,), Usage.SIGN, True),
        (("key_encipherment",), (), Usage.CONF, True),
        (("key_encipherment",), (), Usage.SIGN, False),
        (("key_encipherment",), (ExtendedKeyUsageOID.SERVER_AUTH,), Usage.CONF, False),
        (("data_encipherment",), (), Usage.SSL_SERV, False),
    ],
)
def test_only_what_rfc_5280_excludes_is_excluded(
    bits: tuple[str, ...], extended: tuple[x509.ObjectIdentifier, ...], usage: Usage, allowed: bool
) -> None:
    usages = read_usages(key_usage(*bits), x509.ExtendedKeyUsage(extended) if extended else None)
    assert usages.allow(usage) is allowed


CARD_SUBJECT = name((NameOID.COUNTRY_NAME, "FR"), (NameOID.TITLE, "Pharmacien"), (NameOID.COMMON_NAME, "899700218896"))


def test_offers_are_told_apart(pki: Pki) -> None:
    card = (x509.UnrecognizedExtension(CARD, b"\x02\x01\x00"), False)
    standard = make(pki.root.certificate.subject, key_name="x", ca=True, usage=("key_cert_sign",))
    assert read_facts(standard.der).kind.offer is Offer.AUTHORITY
    by_card = read_facts(make_leaf(pki.persons, "SIGN", CARD_SUBJECT, extras=(card,)).der).kind
    by_issuer = read_facts(make_leaf(pki.persons, "SIGN", CARD_SUBJECT).der).kind
    assert (by_card.offer, by_card.certain) == (Offer.CPX, True)
    assert (by_issuer.offer, by_issuer.certain) == (Offer.CPX, False)
    assert read_facts(make(org_name(), key_name="leaf").der).kind.offer is Offer.FOREIGN


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, AnsExtensions()),
        ({CATEGORY: "040183"}, AnsExtensions(product=Product.SOFTWARE, test=True)),
        ({CATEGORY: "040103"}, AnsExtensions(product=Product.SOFTWARE, test=False)),
        ({CATEGORY: "040100", CARD: "020102"}, AnsExtensions(product=Product.CARD, test=False, card=CardType.CPE)),
        ({CARD: "020101", IN_TRAINING: "020115", PROFESSION: "02010a"},
         AnsExtensions(card=CardType.CPF, profession=21)),
        ({CARD: "020109"}, AnsExtensions()),
        ({NUMBER: "1315" + b"8025000001/2800636234".hex()},
         AnsExtensions(issuer_number="8025000001", card_number="2800636234")),
    ],
    ids=["none", "software test", "software", "CPE", "in training", "unknown type", "number"],
)  # fmt: skip
def test_extensions_of_the_ans_are_read(values: dict[x509.ObjectIdentifier, str], expected: AnsExtensions) -> None:
    held = {oid: x509.UnrecognizedExtension(oid, bytes.fromhex(value)) for oid, value in values.items()}
    assert read_ans_extensions(held) == expected


@pytest.mark.parametrize(
    ("oid", "value"),
    [(CARD, ""), (CARD, "02"), (CARD, "0200"), (CARD, "0201"), (CARD, "040100"), (CARD, "0201ff"), (CARD, "02010000"),
     (CATEGORY, "04020000"), (CATEGORY, "020100"), (NUMBER, "130161"),
      (NUMBER, "13158025000001"), (CARD, "0203000001")],
)  # fmt: skip
def test_extension_of_another_form_is_refused(oid: x509.ObjectIdentifier, value: str) -> None:
    with pytest.raises(InputError, match=r"certificates\.extension"):
        read_ans_extensions({oid: x509.UnrecognizedExtension(oid, bytes.fromhex(value))})


@pytest.mark.req("CERT-06", "S003-14")
@pytest.mark.parametrize(
    ("common_name", "code"),
    [
        ("INSI-AUTO", None), ("INSI-MANU", "insi_name_other"),
        ("insi-auto", "insi_name_case"), ("Insi-Manu", "insi_name_case"),
        ("INSI AUTO", "insi_name_space"), ("INSI-AUTO ", "insi_name_space"), (" INSI-AUTO", "insi_name_space"),
        ("INSI - AUTO", "insi_name_space"), ("INSI\u00a0AUTO", "insi_name_space"),
        ("INSI-AUTO\u200b", "insi_name_space"),
        ("INSIAUTO", "insi_name_space"),
        ("INSI\u2011AUTO", "insi_name_hyphen"), ("INSI\u2013AUTO", "insi_name_hyphen"),
        ("INSI\u2212AUTO", "insi_name_hyphen"),
        ("INSI_AUTO", "insi_name"), ("INSI-AUTO-2", "insi_name"), ("Padoa", "insi_name"),
        ("", "insi_name"), (None, "insi_name"),
    ],
    ids=ascii,
)  # fmt: skip
def test_name_for_insi_is_exact(common_name: str | None, code: str | None) -> None:
    assert insi_name_fault(common_name, "INSI-AUTO") == (code and CODE + code)


@pytest.mark.req("CERT-06")
def test_wrong_name_reads_like_the_refusal_of_the_service() -> None:
    service = read_catalogue((files("segur_plugin_insi") / "messages_fr.toml").read_text("utf-8"))
    ours, theirs = catalogue()["certificates.insi_name"], service["insi.certificate_level"]
    assert (ours.message, ours.cause) == (theirs.message, theirs.cause)


@pytest.mark.req("CERT-09", "CERT-10", "SC.MSS/CONF.27")
@pytest.mark.parametrize(
    ("purpose", "kind", "common_name", "unit", "issuer", "expected"),
    [
        (Purpose.INSI_AUTO, "AUTH_CLI", "INSI-AUTO", "10B0152872", "organisations", ()),
        (Purpose.INSI_MANU, "AUTH_CLI", "INSI-MANU", "10B0152872", "organisations", ()),
        (Purpose.INSI_AUTO, "SIGN", "INSI-AUTO", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.INSI_AUTO, "AUTH_CLI", "INSI-AUTO", None, "organisations", ("structure_missing",)),
        (Purpose.INSI_AUTO, "AUTH_CLI", "INSI-AUTO", "10B0152872", "persons",
         ("offer_misfit", "issuer_misfit")),
        (Purpose.INSI_AUTO, "AUTH_CLI", "DRIMbox", "10B0152872", "organisations", ("insi_name",)),
        (Purpose.DMP_AUTH, "AUTH_CLI", "DRIMbox", "10B0152872", "organisations", ()),
        (Purpose.DMP_AUTH, "SIGN", "DRIMbox", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.DMP_SIGN, "SIGN", "DRIMbox", "10B0152872", "organisations", ()),
        (Purpose.DMP_SIGN, "AUTH_CLI", "DRIMbox", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.MSS_SERVER, "SSL_SERV", "sonde1.mssante.fr", "10B0152872", "organisations", ()),
        (Purpose.MSS_SERVER, "SSL_SERV", "sonde1.mssante.fr", "10B0152872", "persons",
         ("offer_misfit", "issuer_misfit")),
        (Purpose.MSS_SERVER, "AUTH_CLI", "sonde1.mssante.fr", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.ENCRYPTION, "CONF", "DRIMbox", "10B0152872", "organisations", ()),
        (Purpose.ENCRYPTION, "SIGN", "DRIMbox", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.CLIENT, "AUTH_CLI", "DRIMbox", "10B0152872", "organisations", ()),
        (Purpose.SERVER, "SSL_SERV", "serveur.exemple", "10B0152872", "organisations", ()),
        (Purpose.SIGNATURE, "CONF", "DRIMbox", "10B0152872", "organisations", ("usage_misfit",)),
        (Purpose.CARD_CLIENT, "AUTH_CLI", "899700218896", None, "persons", ()),
        (Purpose.CARD_CLIENT, "SIGN", "899700218896", None, "persons", ("usage_misfit",)),
    ],
)  # fmt: skip
def test_certificate_fits_its_purpose_or_says_why_not(
    pki: Pki, purpose: Purpose, kind: str, common_name: str, unit: str | None, issuer: str, expected: tuple[str, ...]
) -> None:
    leaf = make_leaf(getattr(pki, issuer), kind, org_name(common_name, unit))
    assert misfits(read_facts(leaf.der), purpose) == tuple(CODE + code for code in expected)


def test_addresses_are_read(pki: Pki) -> None:
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("ldap://127.0.0.1/x"), x509.UniformResourceIdentifier(CRL_URL)],
        None,
        None,
        None,
    )
    access = [
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(OCSP_URL))
    ]
    extras = (
        (x509.CRLDistributionPoints([point]), False),
        (x509.AuthorityInformationAccess(access), False),
        (x509.SubjectAlternativeName([x509.DNSName("serveur.exemple")]), False),
    )
    facts = read_facts(make_leaf(pki.organisations, "SSL_SERV", extras=extras).der)
    assert (facts.crl, facts.ocsp, facts.issuers, facts.names) == ((CRL_URL,), (OCSP_URL,), (), ("serveur.exemple",))


def test_facts_become_those_of_the_contract(pki: Pki) -> None:
    info = read_facts(make_leaf(pki.organisations).der).info()
    assert (info.subject_cn, info.subject_ou, info.client_authentication) == ("INSI-AUTO", "10B0152872", True)
    assert info.issuer_cn == "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
