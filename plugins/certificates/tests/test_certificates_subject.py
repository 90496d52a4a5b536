"""Subjects and identifiers: every form that is published, and no other."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from plugins.certificates.tests.made_pki import name, org_name
from segur_plugin_certificates.identifiers import PersonIdType, read_person, read_structure
from segur_plugin_certificates.subject import Department, read_subject
from segur_sdk.errors import InputError
from segur_sdk.identifiers.structure_id import StructureIdType

FINESS = [
    "750712184",
    "690781810",
    "310781406",
    "330781196",
    "130786049",
    "760021832",
    "670780055",
    "590780193",
    "2A0000014",
    "2B0000020",
    "0B0152872",
]
RPPS = [
    "10002813839",
    "99700218896",
    "99700261797",
    "99700367917",
    "99700234190",
    "99700367909",
    "99700343942",
    "99700075122",
    "99900023351",
    "10100045391",
]
STRUCTURES = [
    *(("1" + value, StructureIdType.FINESS, True) for value in FINESS),
    ("1750712185", StructureIdType.FINESS, False),
    ("1123456789", StructureIdType.FINESS, False),
    ("318751275100020", StructureIdType.SIRET, True),
    ("341930067800069", StructureIdType.SIRET, True),
    ("300000000029751", StructureIdType.SIRET, True),
    ("300000000029752", StructureIdType.SIRET, False),
    ("499700367909006", StructureIdType.RPPS_RANG, True),
    ("499700234190004", StructureIdType.RPPS_RANG, True),
    ("410000000001001", StructureIdType.RPPS_RANG, False),
]


@pytest.mark.req("CERT-04", "CERT-05", "S003-03")
@pytest.mark.parametrize(("unit", "kind", "fits"), STRUCTURES)
def test_structure_is_read_with_its_check(unit: str, kind: StructureIdType, fits: bool) -> None:
    found = read_structure(unit)
    assert (found.type, str(found), found.check_fits) == (kind, unit, fits)


@pytest.mark.req("CERT-04")
@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("", "structure_type"), ("2187512751", "structure_type"), ("9750712184", "structure_type"),
        ("A", "structure_type"), ("175071218", "structure_form"), ("17507121844", "structure_form"),
        ("1750 71218", "structure_form"), ("12C0000014", "structure_form"), ("10b0152872", "structure_form"),
        ("3750712184", "structure_form"), ("49970036790900", "structure_form"),
        ("1\u0667\u0665\u06600712184", "structure_form"),
    ],
    ids=ascii,
)  # fmt: skip
def test_structure_of_another_form_is_refused(unit: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_structure(unit)
    assert refused.value.code == f"certificates.{code}"


@pytest.mark.req("CERT-05")
@pytest.mark.parametrize("value", RPPS)
def test_rpps_of_a_card_passes_without_its_type_digit_and_never_with_it(value: str) -> None:
    found = read_person("8" + value)
    assert (found.type, found.value, found.check_fits) == (PersonIdType.RPPS, value, True)
    with pytest.raises(InputError, match=r"certificates\.person_form"):
        read_person("88" + value)


@pytest.mark.req("CERT-05")
@pytest.mark.parametrize(
    ("common_name", "kind", "value", "internal", "fits"),
    [
        ("00B6087510", PersonIdType.ADELI, "0B6087510", None, True),
        ("00B7010446", PersonIdType.ADELI, "0B7010446", None, True),
        ("00B6087511", PersonIdType.ADELI, "0B6087511", None, False),
        ("810000000001", PersonIdType.RPPS, "10000000001", None, False),
        ("3760021832/000000018", PersonIdType.FINESS_EMPLOYEE, "760021832", "000000018", True),
        ("1760021832/A12", PersonIdType.FINESS_INTERNAL, "760021832", "A12", True),
        ("500000000029751/CPAT0001", PersonIdType.SIRET_INTERNAL, "00000000029751", "CPAT0001", True),
        ("499700367909006", PersonIdType.RPPS_RANG, "99700367909006", None, True),
    ],
)
def test_person_of_a_card_is_read_with_the_check(
    common_name: str, kind: PersonIdType, value: str, internal: str | None, fits: bool
) -> None:
    found = read_person(common_name)
    assert (found.type, found.value, found.internal, found.check_fits) == (kind, value, internal, fits)


@pytest.mark.parametrize(
    ("common_name", "code"),
    [("", "person_type"), ("2x", "person_type"), ("8999", "person_form"), ("3760021832", "person_form"),
     ("500000000029751", "person_form")],
)  # fmt: skip
def test_person_of_another_form_is_refused(common_name: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_person(common_name)
    assert refused.value.code == f"certificates.{code}"


@pytest.mark.req("CERT-04", "S003-02")
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Paris (75)", Department("Paris", "75")),
        ("Hauts-de-Seine (92)", Department("Hauts-de-Seine", "92")),
        ("Rhône (69)", Department("Rhône", "69")),
        ("Corse-du-Sud (2A)", Department("Corse-du-Sud", "2A")),
        ("La Réunion (974)", Department("La Réunion", "974")),
    ],
)
@pytest.mark.parametrize("oid", [NameOID.STATE_OR_PROVINCE_NAME, NameOID.LOCALITY_NAME], ids=["ST", "L"])
def test_department_stands_in_st_or_in_l(state: str, expected: Department, oid: x509.ObjectIdentifier) -> None:
    assert read_subject(name((oid, state))).department == expected


@pytest.mark.parametrize("state", ["Paris", "Paris 75", "(75)", "Paris (7)", "Paris (٧٥)"], ids=ascii)
def test_department_of_another_form_is_told(state: str) -> None:
    found = read_subject(name((NameOID.STATE_OR_PROVINCE_NAME, state)))
    assert (found.department, found.faults) == (None, ("certificates.department_form",))


@pytest.mark.req("CERT-04")
@pytest.mark.parametrize(
    ("common_name", "unit"),
    [("DRIMbox", "10B0152872"), ("Padoa", "341930067800069"), ("sas-aggregator-production", "318751275100020"),
     ("Liste Blanche DRIM-M", "499700367909006"), ("INSI-AUTO", "1760021832")],
)  # fmt: skip
def test_subject_of_a_structure_is_read(common_name: str, unit: str) -> None:
    found = read_subject(org_name(common_name, unit))
    assert (found.country, found.organisation, found.common_name) == ("FR", "CABINET M DOC0036790", common_name)
    assert (str(found.structure), found.person, found.faults) == (unit, None, ())


PERSONAL = (
    x509.NameAttribute(NameOID.COMMON_NAME, "899700075122"),
    x509.NameAttribute(NameOID.SURNAME, "PHARMACH0007512"),
    x509.NameAttribute(NameOID.GIVEN_NAME, "CAROLE"),
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=str)
def test_last_rdn_of_a_card_is_read_in_any_order(order: tuple[int, ...]) -> None:
    rdn = x509.RelativeDistinguishedName([PERSONAL[rank] for rank in order])
    head = [x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")])]
    head.append(x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.TITLE, "Pharmacien")]))
    found = read_subject(x509.Name([*head, rdn]))
    assert (found.surname, found.given_name, found.title) == ("PHARMACH0007512", "CAROLE", "Pharmacien")
    assert found.person is not None
    assert (found.person.value, found.person.check_fits) == ("99700075122", True)


def test_service_card_without_a_name_is_read_by_its_pseudonym() -> None:
    found = read_subject(
        name(
            (NameOID.COUNTRY_NAME, "FR"),
            (NameOID.STATE_OR_PROVINCE_NAME, "Seine-Maritime (76)"),
            (NameOID.ORGANIZATION_NAME, "PHARMACIE CRISTOL - LOUIN"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "1760021832"),
            (NameOID.TITLE, "Carte de service santé ou social"),
            (NameOID.PSEUDONYM, "EMPLOYE000000018"),
            (NameOID.COMMON_NAME, "3760021832/000000018"),
        )
    )
    assert (found.pseudonym, found.surname, str(found.structure)) == ("EMPLOYE000000018", None, "1760021832")
    assert found.person is not None
    assert found.person.internal == "000000018"


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        (((NameOID.COMMON_NAME, "a"), (NameOID.COMMON_NAME, "b")), "subject_twice"),
        (((NameOID.ORGANIZATIONAL_UNIT_NAME, "10B0152872"),) * 2, "subject_twice"),
        (((NameOID.TITLE, "x\u0007"),), "subject_text"),
        (((NameOID.TITLE, "x" * 101),), "subject_text"),
        (((NameOID.ORGANIZATIONAL_UNIT_NAME, "2187512751"),), "structure_type"),
        (((NameOID.ORGANIZATIONAL_UNIT_NAME, "1750712185"),), "structure_check"),
    ],
    ids=["CN twice", "OU twice", "control character", "too long", "SIREN", "wrong check digit"],
)
def test_what_a_subject_says_badly_is_told_and_not_believed(
    attributes: tuple[tuple[x509.ObjectIdentifier, str], ...], fault: str
) -> None:
    found = read_subject(name(*attributes))
    assert f"certificates.{fault}" in found.faults
    assert (found.common_name, found.title) == (None, None)
