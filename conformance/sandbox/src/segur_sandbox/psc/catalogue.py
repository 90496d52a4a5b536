"""The named professionals: published test identities of the ANS, and people whose names say that they do not exist.

Claims are those of public captures of userinfo. UNVERIFIED, ours: section D of the adjoint, category E of the student,
and what Pro Santé Connect says of people registered by a structure.
"""

from typing import Any

from segur_sandbox.pki.store import FINESS, ORGANISATION
from segur_sandbox.psc.numbers import fictitious_rpps
from segur_sandbox.psc.professionals import Professional

_ROLE_OID = "1.2.250.1.213.1.1.5.5"
_SECTOR_OID = "1.2.250.1.71.4.2.4"
_OFFICINE, _HOSPITAL, _PRACTICE = "SA33", "SA01", "SA07"
_ORDER = "CNOPP/CNOPP/CNOPP"
_ACTIVITY_MEMBERS = (
    "codeModeExercice",
    "codeSecteurDactivite",
    "codeSectionPharmacien",
    "codeRole",
    "codeGenreActivite",
    "numeroSiretSite",
    "numeroSirenSite",
    "numeroFinessSite",
    "numeroFinessetablissementJuridique",
    "identifiantTechniqueDeLaStructure",
    "raisonSocialeSite",
    "enseigneCommercialeSite",
    "complementDestinataire",
    "complementPointGeographique",
    "numeroVoie",
    "indiceRepetitionVoie",
    "codeTypeDeVoie",
    "libelleVoie",
    "mentionDistribution",
    "bureauCedex",
    "codePostal",
    "codeCommune",
    "codePays",
    "telephone",
    "telephone2",
    "telecopie",
    "adresseEMail",
    "codeDepartement",
    "ancienIdentifiantDeLaStructure",
    "autoriteDenregistrement",
)


def _activity(mode: str, sector: str, finess: str, name: str, **others: str) -> dict[str, str]:
    members = {
        "codeModeExercice": mode,
        "codeSecteurDactivite": sector,
        "codeGenreActivite": "GENR01",
        "numeroFinessSite": finess,
        "identifiantTechniqueDeLaStructure": f"F{finess}" if finess else "",
        "raisonSocialeSite": name,
        "codePays": "99000",
        "ancienIdentifiantDeLaStructure": f"1{finess}" if finess else "",
    }
    return dict.fromkeys(_ACTIVITY_MEMBERS, "") | members | others


def _exercice(
    profession: str, family_name: str, given_name: str, *activities: dict[str, str], **others: str
) -> dict[str, Any]:
    members = {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "",
        "nomDexercice": family_name,
        "prenomDexercice": given_name,
        "codeTypeSavoirFaire": "",
        "codeSavoirFaire": "",
    }
    return members | others | {"activities": list(activities)}


def _claims(
    profession: str, national_id: str, exercices: list[dict[str, Any]], *, organisation: tuple[str, str, str]
) -> dict[str, Any]:
    name, identifier, sector = organisation
    origin = {"8": "RPPS", "3": "FINESS", "5": "SIRET"}.get(national_id[0], "EDIT")
    return {
        "codeCivilite": "M",
        "SubjectRole": [f"{profession}^{_ROLE_OID}"] if profession else [],
        "SubjectOrganization": name,
        "SubjectOrganizationID": identifier,
        "Secteur_Activite": f"{sector}^{_SECTOR_OID}" if sector else "",
        "Mode_Acces_Raison": "",
        "Acces_Regulation_Medicale": "FAUX",
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "UITVersion": "1.0",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "codeGenreActivite": "GENR01",
        "otherIds": [{"identifiant": national_id, "origine": origin, "qualite": 1}],
        "SubjectRefPro": {"codeCivilite": "M", "exercices": exercices},
    }


def _pharmacist(
    name: str, description: str, national_id: str, family_name: str, given_name: str, *, section: str
) -> Professional:
    work = _activity(
        "L" if section == "A" else "S",
        _OFFICINE,
        FINESS,
        ORGANISATION,
        codeSectionPharmacien=section,
        autoriteDenregistrement=_ORDER,
    )
    return Professional(
        name=name,
        description=description,
        national_id=national_id,
        given_name=given_name,
        family_name=family_name,
        claims=_claims(
            "21",
            national_id,
            [_exercice("21", family_name, given_name, work)],
            organisation=(ORGANISATION, f"F{FINESS}", _OFFICINE),
        ),
    )


def _preparateur() -> Professional:
    national_id, family_name, given_name = f"8{fictitious_rpps('0001234')}", "PREPARATEUR0001234", "DANIELE"
    employers = (
        _activity("S", _OFFICINE, FINESS, ORGANISATION),
        _activity("S", _OFFICINE, "0B0000006", "PHARMACIE FICTIVE DU SEIZE"),
    )
    return Professional(
        name="preparateur",
        description="préparatrice en pharmacie, deux employeurs",
        national_id=national_id,
        given_name=given_name,
        family_name=family_name,
        means=("MOBILE",),
        claims=_claims(
            "39",
            national_id,
            [_exercice("39", family_name, given_name, *employers)],
            organisation=(ORGANISATION, f"F{FINESS}", _OFFICINE),
        ),
    )


def _medecin() -> Professional:
    national_id, family_name, given_name = "899700366240", "DOC0036624", "KIT"
    practice = _activity(
        "L",
        _PRACTICE,
        "",
        "CABINET M DOC0036624",
        identifiantTechniqueDeLaStructure="R102670",
        ancienIdentifiantDeLaStructure="499700366240007",
        autoriteDenregistrement="CNOM/CNOM/CNOM",
    )
    hospital = _activity("S", _HOSPITAL, "0B0307377", "HOPITAL GENERIQUE", autoriteDenregistrement="CNOM/CNOM/ARS")
    return Professional(
        name="medecin",
        description="médecin généraliste, en cabinet et à l'hôpital",
        national_id=national_id,
        given_name=given_name,
        family_name=family_name,
        claims=_claims(
            "10",
            national_id,
            [
                _exercice(
                    "10",
                    family_name,
                    given_name,
                    practice,
                    hospital,
                    codeCiviliteDexercice="DR",
                    codeTypeSavoirFaire="S",
                    codeSavoirFaire="SM26",
                )
            ],
            organisation=("CABINET M DOC0036624", "R102670", _PRACTICE),
        ),
    )


def _infirmier() -> Professional:
    national_id, family_name, given_name = f"8{fictitious_rpps('0001235')}", "INFIRMIER0001235", "CLAUDE"
    work = _activity("L", _PRACTICE, "", "CABINET INFIRMIER FICTIF", identifiantTechniqueDeLaStructure="R900001")
    return Professional(
        name="infirmier",
        description="infirmier libéral",
        national_id=national_id,
        given_name=given_name,
        family_name=family_name,
        claims=_claims(
            "60",
            national_id,
            [_exercice("60", family_name, given_name, work)],
            organisation=("CABINET INFIRMIER FICTIF", "R900001", _PRACTICE),
        ),
    )


def _without_exercice(
    name: str, description: str, national_id: str, family_name: str, given_name: str, **others: Any
) -> Professional:
    organisation = others.pop("organisation", ("", "", ""))
    profession = others.pop("profession", "")
    return Professional(
        name=name,
        description=description,
        national_id=national_id,
        given_name=given_name,
        family_name=family_name,
        claims=_claims(profession, national_id, [], organisation=organisation),
        **others,
    )


CATALOGUE: tuple[Professional, ...] = (
    _pharmacist(
        "pharmacien-titulaire",
        "pharmacienne titulaire de l'officine",
        "899700075122",
        "PHARMACH0007512",
        "CAROLE",
        section="A",
    ),
    _pharmacist(
        "pharmacien-adjoint",
        "pharmacien adjoint de l'officine",
        "899700261797",
        "ADJOINTPHARM RPPS0026179",
        "ALEX",
        section="D",
    ),
    _preparateur(),
    _medecin(),
    _infirmier(),
    _without_exercice(
        "etudiant",
        "étudiante en pharmacie, sans exercice",
        "899700000013",
        "ETUDIANT FICTIF",
        "CAMILLE",
        profession="21",
    ),
    _without_exercice(
        "secretaire",
        "secrétaire, enregistrée par la structure",
        f"3{FINESS}/000000002",
        "SECRETAIRE FICTIVE",
        "SACHA",
        organisation=(ORGANISATION, f"F{FINESS}", _OFFICINE),
    ),
    _without_exercice(
        "administrateur",
        "administrateur technique d'un éditeur (CPA)",
        "500000000029751/CPAT0001",
        "ADMINISTRATEUR FICTIF",
        "PATRICE",
        means=("CARD",),
    ),
    _without_exercice(
        "editeur", "compte de test d'un éditeur", "ANS20231122132732", "EDITEUR FICTIF", "MORGAN", means=("MOBILE",)
    ),
    Professional(
        name="minimal",
        description="userinfo réduit à sub et SubjectNameID",
        national_id=f"8{fictitious_rpps('0001236')}",
        given_name="ANONYME",
        family_name="MINIMAL0001236",
        named=False,
    ),
)
