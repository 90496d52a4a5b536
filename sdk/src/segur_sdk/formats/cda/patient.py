"""The person a document is about: INS and the five strict traits, and only of a *qualifiée* identity."""

from typing import Final

from segur_sdk.errors import IdentityError
from segur_sdk.formats.cda.moments import hl7_date
from segur_sdk.formats.cda.vocabulary import coded, identifier
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.identity.importing import ACCEPTED_OIDS
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.identity import IdentityAttribute, InsStatus, MatriculeIns, Sex

_GENDERS: Final = {Sex.FEMALE: "Féminin", Sex.MALE: "Masculin"}
_GENDER_LIST: Final = "2.16.840.1.113883.5.1"
_NEVER: Final = frozenset({IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF})


def shareable(identity: SealedIdentity) -> MatriculeIns:
    """Return the matricule under which documents about this person may be shared.

    The seal itself is the host's to check, who alone holds its key.

    Raises:
        IdentityError: ``identity.not_sealed``, ``identity.not_qualified``, ``identity.doubtful_or_fictitious``,
            ``identity.oid_refused``, ``identity.sex_for_document``.
    """
    if type(identity) is not SealedIdentity:
        raise IdentityError("identity.not_sealed")
    matricule = identity.matricule
    if identity.status is not InsStatus.QUALIFIEE or matricule is None:
        raise IdentityError("identity.not_qualified", status=str(identity.status))
    if identity.attributes & _NEVER:
        raise IdentityError("identity.doubtful_or_fictitious")
    if matricule.oid not in ACCEPTED_OIDS[identity.environment]:
        raise IdentityError("identity.oid_refused", environment=identity.environment.value)
    if identity.traits.sexe not in _GENDERS:
        raise IdentityError("identity.sex_for_document")
    return matricule


def record_target(identity: SealedIdentity) -> Xml:
    """Return who the document is about.

    Raises:
        IdentityError: as :func:`shareable`.
    """
    matricule = shareable(identity)
    traits = identity.traits
    names = node(
        "name",
        leaf("family", traits.nom_naissance, {"qualifier": "BR"}),
        leaf("given", " ".join(traits.prenoms_naissance) or traits.premier_prenom),
        leaf("given", traits.premier_prenom, {"qualifier": "BR"}),
    )
    born_in = node("birthplace", node("place", node("addr", leaf("county", traits.lieu_naissance))))
    person = node(
        "patient",
        names,
        coded("administrativeGenderCode", traits.sexe.value, _GENDER_LIST, _GENDERS[traits.sexe]),
        node("birthTime", attributes={"value": hl7_date(traits.date_naissance)}),
        born_in,
        attributes={"classCode": "PSN"},
    )
    not_asked = {"nullFlavor": "NASK"}
    role = node(
        "patientRole",
        identifier(matricule.oid, matricule.value),
        node("addr", attributes=not_asked),
        node("telecom", attributes=not_asked),
        person,
    )
    return node("recordTarget", role)
