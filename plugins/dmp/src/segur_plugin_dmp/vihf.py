"""The VIHF (*vecteur d'identification et d'habilitation formelles*): who calls the DMP, about whom, and why.

An assertion of SAML 2.0, made for each exchange and signed by the professional's card or by the structure's *cachet*.

Sources: published examples of the DMP, direct and indirect; NOS TRE_R248 (access modes); SAML 2.0 core; XSPA 1.0.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import uuid4

import attrs

from segur_plugin_dmp.callers import Caller, Mode
from segur_plugin_dmp.namespaces import HL7, XSI
from segur_plugin_dmp.roles import Role, roles_of
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import Software
from segur_sdk.formats.cda.patient import shareable
from segur_sdk.formats.saml import SUBJECT_NAME, assertion, utc_milliseconds
from segur_sdk.formats.xds.components import identifier
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.identity.seal import SealedIdentity

SECTORS: Final = "1.2.250.1.71.4.2.4"
_ACCESS_MODES: Final = "1.2.250.1.213.1.1.4.248"
"""The OID that VIHF use; the list itself moved since."""
_UNSEEN_BY_PARENTS: Final = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
_NORMAL: Final = {
    "xmlns": HL7,
    "xsi:type": "CE",
    "code": "normal",
    "codeSystem": _ACCESS_MODES,
    "codeSystemName": "mode acces VIHF 2.0",
    "displayName": "Accès normal",
}
"""The only access mode of a practice: the two of emergencies are unreachable here."""


@attrs.frozen
class Habilitation:
    """What a call is about."""

    patient: SealedIdentity = attrs.field(repr=False)
    secret: bool = False
    """*Connexion secrète* of a minor: his legal representatives learn nothing of it."""


def ins_of(patient: SealedIdentity) -> str:
    """Return a person's INS as a value of the type CX.

    Raises:
        IdentityError: those of :func:`segur_sdk.formats.cda.patient.shareable`: he has none that may go out.
    """
    matricule = shareable(patient)
    return identifier(matricule.value, matricule.oid, "NH")


def vihf(caller: Caller, about: Habilitation, software: Software, settings: DmpSettings, moment: datetime) -> Xml:
    """Return the VIHF of one exchange, signed.

    Args:
        caller: in whose name.
        about: whose record, and how.
        software: the practice software.
        settings: spellings and numbers.
        moment: instant of this exchange.

    Raises:
        IdentityError: those of :func:`ins_of`.
        ValueError: a character that XML 1.0 cannot express.
        SegurError: what ``Signer.sign`` raises: nothing was sent.
    """
    professional = caller.professional
    return assertion(
        f"_{uuid4()}",
        moment,
        leaf("Issuer", caller.issuer, {"Format": SUBJECT_NAME}),
        node("Subject", leaf("NameID", professional.id)),
        node(
            "AuthnStatement",
            node("AuthnContext", leaf("AuthnContextClassRef", caller.authenticated_by)),
            attributes={"AuthnInstant": utc_milliseconds(moment)},
        ),
        node("AttributeStatement", *_attributes(caller, about, software, settings)),
        signer=caller.signer,
        namespaces={"xsi": XSI},
    )


def _attributes(caller: Caller, about: Habilitation, software: Software, settings: DmpSettings) -> Iterable[Xml]:
    professional = caller.professional
    structure = professional.structure
    yield _attribute("VIHF_Version", settings.vihf_version)
    yield _attribute(settings.mode_attribute, caller.mode.value)
    yield _attribute("Identifiant_Structure", structure.id)
    yield _attribute("Secteur_Activite", f"{structure.sector}^{SECTORS}")
    yield _attribute("urn:oasis:names:tc:xacml:2.0:resource:resource-id", ins_of(about.patient))
    yield _attribute("Ressource_URN", "urn:dmp")
    if caller.mode is Mode.INDIRECT:
        name = f"{professional.given_name} {professional.family_name}"
        yield _attribute("urn:oasis:names:tc:xspa:1.0:subject:subject-id", name)
    yield _coded("urn:oasis:names:tc:xacml:2.0:subject:role", map(_role, roles_of(professional.role)))
    yield _coded("urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", [node("PurposeOfUse", attributes=_NORMAL)])
    if about.secret:
        yield _attribute("urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code", _UNSEEN_BY_PARENTS)
    yield _attribute("LPS_ID", software.instance)
    yield _attribute("LPS_Nom", software.name)
    yield _attribute("LPS_Version", software.version)
    yield _attribute("LPS_ID_HOMOLOGATION_DMP", _approval(software, settings))


def _approval(software: Software, settings: DmpSettings) -> str:
    own = settings.approval_number
    return software.authorisation if own is None else own.get_secret_value()


def _role(role: Role) -> Xml:
    return node(
        "Role",
        attributes={
            "xmlns": HL7,
            "xsi:type": "CE",
            "code": role.code,
            "codeSystem": role.system,
            "displayName": role.label,
        },
    )


def _attribute(name: str, value: str) -> Xml:
    return node("Attribute", leaf("AttributeValue", value), attributes={"Name": name})


def _coded(name: str, values: Iterable[Xml]) -> Xml:
    return node("Attribute", *(node("AttributeValue", one) for one in values), attributes={"Name": name})
