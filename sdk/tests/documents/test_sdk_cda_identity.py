"""No document names a person whose identity is not qualifiée, and no test identity meets production."""

from collections.abc import Callable
from typing import Any

import pytest

from segur_sdk.errors import IdentityError
from segur_sdk.formats.cda import build_cda, check_document
from segur_sdk.formats.pdfa import make_pdf
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.actor import Environment
from segur_sdk.models.document import ClinicalDocument
from segur_sdk.models.identity import IdentityAttribute, InsOid, InsStatus, MatriculeIns, Sex

Make = Callable[..., ClinicalDocument]
Sealed = Callable[..., SealedIdentity]


def ins(oid: str) -> MatriculeIns:
    return MatriculeIns(value="275126322074974", oid=oid)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "récupérée": ({"status": InsStatus.RECUPEREE}, "identity.not_qualified"),
    "validée": ({"status": InsStatus.VALIDEE, "matricule": None}, "identity.not_qualified"),
    "provisoire": ({"status": InsStatus.PROVISOIRE, "matricule": None}, "identity.not_qualified"),
    "douteux": ({"attributes": frozenset({IdentityAttribute.DOUTEUX})}, "identity.doubtful_or_fictitious"),
    "fictif": ({"attributes": frozenset({IdentityAttribute.FICTIF})}, "identity.doubtful_or_fictitious"),
    "test matricule in production": ({"matricule": ins(InsOid.NIR_TEST)}, "identity.oid_refused"),
    "demonstration in production": ({"matricule": ins(InsOid.NIR_DEMO)}, "identity.oid_refused"),
    "demonstration in test": (
        {"matricule": ins(InsOid.NIR_DEMO), "environment": Environment.TEST},
        "identity.oid_refused",
    ),
    "unknown authority": ({"matricule": ins("1.2.250.1.213.1.4.2")}, "identity.oid_refused"),
    "undetermined sex": ({"traits": {"sexe": Sex.UNDETERMINED}}, "identity.sex_for_document"),
}


@pytest.mark.parametrize("door", [build_cda, make_pdf])
@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED)
@pytest.mark.req("S000-05", "SC.INS/va1.53")
def test_identity_that_no_document_may_bear(
    document: Make, identity: Sealed, changes: dict[str, Any], code: str, door: Callable[[ClinicalDocument], bytes]
) -> None:
    refused = document(patient=identity(**changes))

    with pytest.raises(IdentityError) as raised:
        door(refused)

    assert raised.value.code == code
    assert "275126322074974" not in str(raised.value)
    assert [one.code for one in check_document(refused)] == [code]


ACCEPTED = {
    "NIR": (InsOid.NIR, Environment.PRODUCTION),
    "NIA": (InsOid.NIA, Environment.PRODUCTION),
    "test NIR in test": (InsOid.NIR_TEST, Environment.TEST),
    "test NIR in sandbox": (InsOid.NIR_TEST, Environment.SANDBOX),
}


@pytest.mark.parametrize(("oid", "environment"), ACCEPTED.values(), ids=ACCEPTED)
def test_qualified_identity_is_named_under_its_own_authority(
    document: Make, identity: Sealed, small_pdf: bytes, oid: str, environment: Environment
) -> None:
    accepted = document(patient=identity(matricule=ins(oid), environment=environment))

    assert f'<id root="{oid}" extension="275126322074974">'.encode() in build_cda(accepted, small_pdf)


def test_homonym_is_a_person_like_another(document: Make, identity: Sealed) -> None:
    assert check_document(document(patient=identity(attributes=frozenset({IdentityAttribute.HOMONYME})))) == ()


def test_what_only_looks_like_a_sealed_identity_is_refused(document: Make, identity: Sealed) -> None:
    class Forged(SealedIdentity):
        pass

    genuine = document()
    forged = genuine.model_copy(update={"patient": Forged.model_construct(**dict(vars(identity())))})

    with pytest.raises(IdentityError) as raised:
        build_cda(forged)

    assert raised.value.code == "identity.not_sealed"


@pytest.mark.parametrize(
    ("traits", "listed"),
    [({}, b"<given>ZOE MARIE-ANNE</given>"), ({"prenoms_naissance": ()}, b"<given>ZOE</given>")],
    ids=["list known", "list unknown"],
)
def test_first_names_are_the_list_when_it_is_known(
    document: Make, identity: Sealed, small_pdf: bytes, traits: dict[str, Any], listed: bytes
) -> None:
    one = document(patient=identity(traits=traits))

    assert listed in build_cda(one, small_pdf)
    assert [found.code for found in check_document(one)] == ["identity.first_names_missing"] * (not listed.count(b" "))
