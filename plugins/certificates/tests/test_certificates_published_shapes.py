"""What authorities publish in unusual shapes, made up here: a chain file in BER with an unsorted set, a whole card."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID, ObjectIdentifier

from plugins.certificates.tests.made_pki import Pki, make_leaf, published
from segur_plugin_certificates.anchors import read_anchors
from segur_plugin_certificates.ans_extensions import CardType, Product
from segur_plugin_certificates.authorities import Authority, Domain, Gamme, Tree, read_authority
from segur_plugin_certificates.ber import read_ber
from segur_plugin_certificates.chain import build_chain
from segur_plugin_certificates.containers import read_certificates
from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.identifiers import PersonIdType
from segur_plugin_certificates.kind import Offer


def chain_file(pki: Pki) -> bytes:
    """Return every authority in one PKCS#7 under PEM armour, of indefinite length, its set against the order of DER."""
    authorities = [pki.root, pki.organisations, pki.fort_root, pki.persons]
    strict = pkcs7.serialize_certificates([one.certificate for one in authorities], Encoding.DER)
    outer = read_ber(strict)
    signed = outer.parts[1].parts[0]
    backwards = sorted((one.der for one in authorities), reverse=True)
    parts = [part.der() if part.tag != 0xA0 else b"\xa0\x80" + b"".join(backwards) + b"\0\0" for part in signed.parts]
    loose = outer.parts[0].der() + b"\xa0\x80\x30\x80" + b"".join(parts) + b"\0\0\0\0"
    text = base64.encodebytes(b"\x30\x80" + loose + b"\0\0")
    return b"-----BEGIN PKCS7-----\n" + text + b"-----END PKCS7-----\n"


@pytest.mark.req("CERT-01")
def test_chain_file_in_ber_with_an_unsorted_set_loads_and_leads_to_its_roots(pki: Pki) -> None:
    found = read_certificates(chain_file(pki)).certificates
    assert {read_authority(x509.load_der_x509_certificate(der).subject) for der in found} == {
        Authority(Tree.TEST, Gamme.ELEMENTAIRE, None),
        Authority(Tree.TEST, Gamme.ELEMENTAIRE, Domain.ORGANISATIONS),
        Authority(Tree.TEST, Gamme.FORT, None),
        Authority(Tree.TEST, Gamme.FORT, Domain.PERSONNES),
    }
    anchors = read_anchors(found, Tree.TEST)
    assert (len(anchors.roots), len(anchors.intermediates)) == (2, 2)
    leaf = make_leaf(pki.organisations)
    chain = build_chain(leaf.der, (), anchors, leaf.certificate.not_valid_before_utc)
    assert [one.subject for one in chain.path[1:]] == [
        pki.organisations.certificate.subject,
        pki.root.certificate.subject,
    ]


def test_authority_of_the_same_names_and_another_key_is_refused(pki: Pki) -> None:
    leaf = make_leaf(pki.organisations)
    anchors = read_anchors([pki.impostor.der], Tree.TEST)
    with pytest.raises(Exception, match=r"certificates\.chain_root"):
        build_chain(leaf.der, [pki.organisations.der], anchors, leaf.certificate.not_valid_before_utc)


@pytest.mark.req("CERT-03")
def test_card_is_read_whole_whatever_the_order_of_its_name(pki: Pki) -> None:
    person = [
        x509.NameAttribute(NameOID.GIVEN_NAME, "KIT"),
        x509.NameAttribute(NameOID.COMMON_NAME, "899700366240"),
        x509.NameAttribute(NameOID.SURNAME, "DOC0036624"),
    ]
    subject = x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.TITLE, "Infirmier")]),
            x509.RelativeDistinguishedName(person),
        ]
    )
    extensions = {"1.2.250.1.71.1.2.2": "020100", "1.2.250.1.71.1.2.5": "040180", "1.2.250.1.71.1.2.7": "02013c"}
    extras = [
        (x509.UnrecognizedExtension(ObjectIdentifier(oid), bytes.fromhex(value)), False)
        for oid, value in extensions.items()
    ]
    facts = read_facts(make_leaf(pki.persons, "SIGN", subject, extras=(*extras, *published("ACI-FO-PP-TEST"))).der)
    assert facts.subject.person is not None
    assert (facts.subject.person.type, facts.subject.person.value) == (PersonIdType.RPPS, "99700366240")
    assert (facts.subject.title, facts.subject.given_name, facts.subject.surname) == (
        "Infirmier",
        "KIT",
        "DOC0036624",
    )
    assert (facts.ans.card, facts.ans.product, facts.ans.test, facts.ans.profession) == (
        CardType.CPS,
        Product.CARD,
        True,
        60,
    )
    assert (facts.kind.offer, facts.kind.certain) == (Offer.CPX, True)
    assert facts.crl == ("http://igc-sante.esante.gouv.fr/CRL/ACI-FO-PP-TEST.crl",)
