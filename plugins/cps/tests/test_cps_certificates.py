"""Certificates of a card: read by type of attribute and by usage, never by place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_plugin_cps.certificates import CpxCertificate, read_certificate
from segur_plugin_cps.pair import CardPair, read_pair
from segur_plugin_cps.set_order import with_ordered_sets
from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.drivers import TokenCertificate
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardNature
from segur_sdk.models.professional import CardKeyUsage, CpxType

CLIENT, MAIL = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION
LOGON, ANY = ExtendedKeyUsageOID.SMARTCARD_LOGON, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


def read(bench: Any, leaf: Any, key: str = "01") -> CpxCertificate:
    found = read_certificate(bench.certificate(leaf, key))
    assert found is not None
    return found


def refused(bench: Any, leaf: Any) -> dict[str, Any]:
    with pytest.raises(CardError) as caught:
        read_certificate(bench.certificate(leaf))
    assert caught.value.code == "card.unreadable"
    return dict(caught.value.facts)


@pytest.mark.req("CPS-05")
def test_published_test_certificate_is_read_whole(bench: Any) -> None:
    begins, ends = datetime(2020, 9, 15, 12, 20, tzinfo=UTC), datetime(2023, 9, 15, 12, 20, tzinfo=UTC)
    found = read(bench, bench.signature(subject=bench.olivier, profession=b"\x02\x01\x3c", begins=begins, ends=ends))
    assert (found.ans.card_type, found.ans.nature) == (CpxType.CPS, CardNature.TEST)
    assert (found.ans.profession, found.ans.card_number) == ("60", "2800636234")
    assert (found.subject.common_name, found.subject.surname) == ("00B6087510", "INFIRMCS ADELI8751")
    assert (found.subject.given_name, found.usage) == ("OLIVIER", CardKeyUsage.SIGNATURE)
    assert (found.info.issuer_cn, found.info.subject_cn) == ("TEST AC IGC-SANTE FORT PERSONNES", "00B6087510")
    assert (found.info.not_before, found.info.not_after) == (begins, ends)
    assert (found.info.serial, found.info.client_authentication) == ("63DAFFCFC8034BDCE06765D525029B44", False)


@pytest.mark.req("CPS-03")
@pytest.mark.parametrize(
    ("usages", "extended", "usage"),
    [
        pytest.param(("digital_signature",), (CLIENT,), CardKeyUsage.AUTHENTICATION, id="authentication"),
        pytest.param(
            ("digital_signature", "key_encipherment"),
            (LOGON, CLIENT),
            CardKeyUsage.AUTHENTICATION,
            id="authentication with smart card logon",
        ),
        pytest.param(("digital_signature",), None, CardKeyUsage.AUTHENTICATION, id="no extended usage stated"),
        pytest.param(("digital_signature",), (ANY,), CardKeyUsage.AUTHENTICATION, id="any extended usage"),
        pytest.param(("content_commitment",), (MAIL,), CardKeyUsage.SIGNATURE, id="signature"),
        pytest.param(("content_commitment",), None, CardKeyUsage.SIGNATURE, id="signature, no extended usage"),
        pytest.param(
            ("content_commitment", "digital_signature"), (MAIL,), CardKeyUsage.SIGNATURE, id="signature, both bits"
        ),
        pytest.param(("content_commitment", "digital_signature"), (CLIENT,), None, id="both uses"),
        pytest.param(("content_commitment",), (MAIL, ANY), None, id="signature for any use"),
        pytest.param(("digital_signature",), (MAIL,), None, id="neither: mail only"),
        pytest.param(("key_encipherment",), (CLIENT,), None, id="neither: encryption"),
        pytest.param((), (CLIENT,), None, id="no key usage stated"),
    ],
)
def test_usage_is_told_by_the_usages_stated(
    bench: Any, usages: tuple[str, ...], extended: Any, usage: CardKeyUsage | None
) -> None:
    found = read_certificate(bench.certificate(bench.leaf(usages=usages, extended=extended)))
    assert (None if found is None else found.usage) == usage


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"authority": True}, id="authority"),
        pytest.param({"card_type": None}, id="software certificate without card type"),
        pytest.param({"category": b"\x04\x01\x03"}, id="category of software certificates"),
        pytest.param({"category": b"\x04\x01\x83"}, id="category of test software certificates"),
        pytest.param({"category": b"\x04\x01\x02"}, id="category of security modules"),
    ],
)
def test_certificate_that_is_no_card_s_is_left_alone(bench: Any, changes: dict[str, Any]) -> None:
    assert read_certificate(bench.certificate(bench.authentication(**changes))) is None


@pytest.mark.parametrize(
    ("category", "nature"),
    [(b"\x04\x01\x00", CardNature.REAL), (b"\x04\x01\x80", CardNature.TEST), (None, CardNature.UNKNOWN)],
    ids=["00", "80", "not stated"],
)
def test_category_tells_test_from_real(bench: Any, category: bytes | None, nature: CardNature) -> None:
    assert read(bench, bench.signature(category=category)).ans.nature is nature


@pytest.mark.parametrize(
    ("card_type", "kind"),
    [(0, CpxType.CPS), (1, CpxType.CPF), (2, CpxType.CPE), (3, CpxType.CPA), (4, CpxType.OTHER)],
)
def test_type_of_card_is_that_of_the_code_list(bench: Any, card_type: int, kind: CpxType) -> None:
    assert read(bench, bench.signature(card_type=bytes((2, 1, card_type)))).ans.card_type is kind


@pytest.mark.parametrize(
    ("card_type", "profession", "in_training", "expected"),
    [
        pytest.param(0, b"\x02\x01\x0a", None, "10", id="profession"),
        pytest.param(0, b"\x02\x01\x02", None, "02", id="two digits"),
        pytest.param(1, None, b"\x02\x01\x15", "21", id="in training"),
        pytest.param(1, b"\x02\x01\x0a", b"\x02\x01\x15", "21", id="in training before profession"),
        pytest.param(0, None, b"\x02\x01\x15", None, id="in training is for a CPF"),
        pytest.param(3, None, None, None, id="none"),
    ],
)
def test_profession_comes_from_the_extension_of_that_type_of_card(
    bench: Any, card_type: int, profession: bytes | None, in_training: bytes | None, expected: str | None
) -> None:
    leaf = bench.signature(card_type=bytes((2, 1, card_type)), profession=profession, in_training=in_training)
    assert read(bench, leaf).ans.profession == expected


@pytest.mark.parametrize(
    ("field", "content", "arc"),
    [
        pytest.param("card_type", b"\x02\x02\x00\x01", "2", id="type: two bytes"),
        pytest.param("card_type", b"\x04\x01\x00", "2", id="type: octet string"),
        pytest.param("card_type", b"\x02\x01", "2", id="type: cut"),
        pytest.param("card_type", b"", "2", id="type: empty"),
        pytest.param("card_type", b"\x02\x01\x00\x00", "2", id="type: padded"),
        pytest.param("card_type", b"\x02\x81\x01\x00", "2", id="type: long form"),
        pytest.param("card_type", b"\x02\x01\x80", "2", id="type: negative"),
        pytest.param("category", b"\x02\x01\x80", "5", id="category: integer"),
        pytest.param("category", b"\x04\x02\x80\x00", "5", id="category: two bytes"),
        pytest.param("number", b"\x13\x0a2800636234", "3", id="number: no issuer"),
        pytest.param("number", b"\x13\x0b8025000001/", "3", id="number: no number"),
        pytest.param("number", b"\x13\x0c8025000001/X", "3", id="number: letter"),
        pytest.param("number", b"\x04\x158025000001/2800636234", "3", id="number: octet string"),
        pytest.param("profession", b"\x02\x01\x64", "7", id="profession: 100"),
    ],
)
def test_malformed_extension_names_its_oid(bench: Any, field: str, content: bytes, arc: str) -> None:
    facts = refused(bench, bench.signature(**{field: content}))
    assert facts == {"reason": "extension", "oid": f"1.2.250.1.71.1.2.{arc}"}


@pytest.mark.req("CPS-05")
@pytest.mark.parametrize("name", ["carole", "olivier", "patrice", "employee"])
def test_published_subjects_are_read_whatever_their_layout(bench: Any, name: str) -> None:
    subject = getattr(bench, name)
    reference = read(bench, bench.signature(subject=subject)).subject
    every = tuple(attribute for rdn in subject for attribute in rdn)
    for layout in (tuple((one,) for one in every), tuple((one,) for one in reversed(every)), (every,)):
        assert read(bench, bench.signature(subject=layout)).subject == reference


NAMES = st.text(st.characters(categories=("L", "Nd", "Zs", "Pd")), min_size=1, max_size=40).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)


@pytest.mark.req("CPS-05")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(surname=NAMES, given_name=NAMES, organisation=NAMES, places=st.permutations(range(4)), cut=st.integers(0, 4))
def test_any_name_in_any_order_and_grouping_is_the_same_person(
    bench: Any, surname: str, given_name: str, organisation: str, places: list[int], cut: int
) -> None:
    every = (
        (NameOID.SURNAME, surname),
        (NameOID.GIVEN_NAME, given_name),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.COMMON_NAME, "899700075122"),
    )
    shuffled = tuple(every[place] for place in places)
    subject = tuple(rdn for rdn in (shuffled[:cut], shuffled[cut:]) if rdn)
    found = read(bench, bench.signature(subject=subject)).subject
    assert (found.surname, found.given_name) == (surname.strip(), given_name.strip())
    assert (found.organisation, found.common_name, found.unit) == (organisation.strip(), "899700075122", None)


@pytest.mark.parametrize(
    ("subject", "reason", "attribute"),
    [
        pytest.param((((NameOID.SURNAME, "X"),),), "attribute_missing", "CN", id="no CN"),
        pytest.param((((NameOID.COMMON_NAME, " "),),), "attribute_missing", "CN", id="blank CN"),
        pytest.param(
            (((NameOID.COMMON_NAME, "1"),), ((NameOID.COMMON_NAME, "2"),)), "attribute_twice", "CN", id="two CN"
        ),
        pytest.param(
            (((NameOID.SURNAME, "A"), (NameOID.SURNAME, "B")), ((NameOID.COMMON_NAME, "1"),)),
            "attribute_twice",
            "SN",
            id="two surnames in one RDN",
        ),
        pytest.param(
            (((NameOID.GIVEN_NAME, "A\x07"), (NameOID.COMMON_NAME, "1")),), "not_text", "GN", id="control character"
        ),
        pytest.param(
            (((NameOID.SURNAME, "A" * 101), (NameOID.COMMON_NAME, "1")),), "too_long", "SN", id="endless name"
        ),
    ],
)
def test_subject_that_cannot_be_read_names_the_attribute(bench: Any, subject: Any, reason: str, attribute: str) -> None:
    assert refused(bench, bench.signature(subject=subject)) == {"reason": reason, "attribute": attribute}


def unordered(der: bytes) -> bytes:
    """Return a certificate in which every SET OF stands in the reverse of its order."""

    def turned(node: Tlv) -> Tlv:
        children = [turned(child) for child in node.children]
        if not children:
            return node
        return Tlv.constructed(node.tag, *(reversed(children) if node.tag == 0x31 else children))

    return b"".join(turned(one).encode() for one in parse_tlv(der))


@pytest.mark.req("CPS-05")
def test_certificate_with_unordered_names_is_read_all_the_same(bench: Any) -> None:
    token = bench.certificate(bench.signature())
    der = unordered(token.der)
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        x509.load_der_x509_certificate(der)
    ordered, found = read_certificate(token), read_certificate(TokenCertificate(key="01", der=der))
    assert ordered is not None
    assert found is not None
    assert (found.subject, found.ans, found.info) == (ordered.subject, ordered.ans, ordered.info)


@pytest.mark.parametrize("usage", ["authentication", "signature"])
def test_certificate_of_an_authority_without_name_is_refused(bench: Any, usage: str) -> None:
    assert refused(bench, getattr(bench, usage)(issuer=None)) == {"reason": "certificate", "key": "01"}


def test_certificate_in_order_is_not_touched(bench: Any) -> None:
    assert with_ordered_sets(bench.certificate(bench.signature()).der) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_for_a_certificate_are_an_error_that_names_its_key(der: bytes) -> None:
    with pytest.raises(CardError) as caught:
        read_certificate(TokenCertificate(key="01", der=der))
    assert caught.value.facts == {"reason": "certificate", "key": "01"}
    assert caught.value.__context__ is None


@pytest.mark.filterwarnings("ignore")  # the library warns of oddities that it accepts
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_certificate_is_read_left_alone_or_refused_by_name(bench: Any, data: st.DataObject) -> None:
    der = bytearray(bench.certificate(bench.signature(serial=0x10)).der)
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        found: object = read_certificate(TokenCertificate(key="01", der=bytes(der)))
    except CardError as failure:
        found = failure.code
    assert found in {None, "card.unreadable"} or isinstance(found, CpxCertificate)


def pair_of(bench: Any, *leaves: tuple[str, Any]) -> CardPair | None:
    return read_pair(bench.certificate(leaf, key) for key, leaf in leaves)


@pytest.mark.req("CPS-03")
@pytest.mark.parametrize("reverse", [False, True], ids=["as on real cards", "the other way round"])
@pytest.mark.parametrize("keys", [("1020", "1010"), ("1010", "1020"), ("AA", "BB")], ids=str)
def test_certificates_are_told_apart_by_usage_whatever_order_and_ids(
    bench: Any, reverse: bool, keys: tuple[str, str]
) -> None:
    leaves = [(keys[0], bench.authentication()), (keys[1], bench.signature())]
    pair = pair_of(bench, *(reversed(leaves) if reverse else leaves))
    assert pair is not None
    assert pair.authentication is not None
    assert pair.authentication.key == keys[0]
    assert [one.key for one in pair.certificates] == list(keys)


def test_card_with_one_certificate_only_has_it(bench: Any) -> None:
    signature = pair_of(bench, ("1010", bench.signature()))
    authentication = pair_of(bench, ("1020", bench.authentication()))
    assert signature is not None
    assert signature.authentication is None
    assert authentication is not None
    assert authentication.authentication is not None


def test_token_without_certificates_of_a_card_is_none(bench: Any) -> None:
    assert pair_of(bench) is None
    assert pair_of(bench, ("01", bench.authentication(card_type=None)), ("02", bench.leaf(authority=True))) is None


def test_usual_id_decides_between_certificates_of_one_usage(bench: Any) -> None:
    pair = pair_of(bench, ("AA", bench.authentication(serial=7)), ("FF1020", bench.authentication(serial=8)))
    assert pair is not None
    assert pair.authentication is not None
    assert pair.authentication.key == "FF1020"


@pytest.mark.parametrize("keys", [("AA", "BB"), ("A1020", "B1020")], ids=str)
def test_certificates_that_nothing_tells_apart_are_an_error(bench: Any, keys: tuple[str, str]) -> None:
    with pytest.raises(CardError) as caught:
        pair_of(bench, *((key.rjust(6, "0"), bench.authentication()) for key in keys))
    assert caught.value.code == "cps.certificates_ambiguous"
    assert caught.value.facts == {"usage": "authentication"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"subject": "olivier"}, "subject", id="holder"),
        pytest.param({"issuer": "TEST AC IGC-SANTE STANDARD PERSONNES"}, "issuer", id="issuer"),
        pytest.param({"card_type": b"\x02\x01\x02"}, "card_type", id="type of card"),
        pytest.param({"category": b"\x04\x01\x00"}, "nature", id="test and real"),
        pytest.param({"number": b"\x13\x158025000001/2800636235"}, "card_number", id="number of the card"),
        pytest.param({"profession": b"\x02\x01\x0a"}, "profession", id="profession"),
    ],
)
def test_certificates_that_contradict_each_other_are_refused(bench: Any, changes: dict[str, Any], field: str) -> None:
    changes = changes | ({"subject": bench.olivier} if field == "subject" else {})
    with pytest.raises(CardError) as caught:
        pair_of(bench, ("1020", bench.authentication()), ("1010", bench.signature(**changes)))
    assert (caught.value.code, dict(caught.value.facts)) == ("cps.certificates_differ", {"field": field})


@pytest.mark.parametrize("lacking", ["authentication", "signature"])
def test_one_certificate_may_leave_out_what_the_other_states(bench: Any, lacking: str) -> None:
    silent = {"category": None, "number": None, "profession": None}
    pair = pair_of(
        bench,
        ("1020", bench.authentication(**(silent if lacking == "authentication" else {}))),
        ("1010", bench.signature(**(silent if lacking == "signature" else {}))),
    )
    assert pair is not None
    assert (pair.ans.nature, pair.ans.card_number, pair.ans.profession) == (CardNature.TEST, "2800636234", "21")
