"""What is printed of a document, in words: who, about whom, what, when."""

from datetime import datetime
from typing import Final

from segur_sdk.errors import InputError
from segur_sdk.formats.cda.patient import shareable
from segur_sdk.formats.cda.vocabulary import role_label
from segur_sdk.identifiers.nir import format_nir
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import (
    ClinicalDocument,
    DocumentProfessional,
    Recipient,
    Section,
    Vaccination,
    VaccinationBody,
    WrittenBody,
)
from segur_sdk.models.identity import UNKNOWN_BIRTHPLACE, InsOid, Sex

Line = tuple[str, str]
"""A label and what it says."""

_NATURES: Final = {
    InsOid.NIR: "NIR",
    InsOid.NIA: "NIA",
    InsOid.NIR_TEST: "NIR de test",
    InsOid.NIR_DEMO: "NIR de démonstration",
}
_SEXES: Final = {Sex.FEMALE: "féminin", Sex.MALE: "masculin", Sex.UNDETERMINED: "indéterminé"}


def patient_lines(identity: SealedIdentity) -> tuple[Line, ...]:
    """Return the strict traits, and the matricule with its nature.

    Raises:
        IdentityError: an identity under which no document is shared.
    """
    matricule = shareable(identity)
    traits = identity.traits
    born = f"{traits.date_naissance:%d/%m/%Y}" + (" (date interprétée)" if traits.date_interpretee else "")
    unknown = traits.lieu_naissance == UNKNOWN_BIRTHPLACE
    return (
        ("Nom de naissance", traits.nom_naissance),
        ("Prénoms de naissance", " ".join(traits.prenoms_naissance) or traits.premier_prenom),
        ("Né(e) le", born),
        ("Sexe", _SEXES[traits.sexe]),
        ("Lieu de naissance", "inconnu" if unknown else f"code INSEE {traits.lieu_naissance}"),
        ("Matricule INS", f"{format_nir(matricule.value)} ({_NATURES[InsOid(matricule.oid)]})"),
    )


def short_identity(identity: SealedIdentity) -> str:
    """Return whom every page names."""
    traits = identity.traits
    return f"{traits.nom_naissance} {traits.premier_prenom}, né(e) le {traits.date_naissance:%d/%m/%Y}"


def circumstance_lines(document: ClinicalDocument) -> tuple[Line, ...]:
    """Return when it happened, who wrote, who answers for it, and every recipient."""
    performer = document.act.performer
    return (
        ("Date de l’acte", _interval(document.act.start, document.act.stop)),
        *((("Réalisé par", _professional(performer)),) if performer is not None else ()),
        ("Auteur", _professional(document.author)),
        ("Validé par", f"{_professional(document.validator)}, le {_moment(document.validated_at)}"),
        *(("Destinataire", _recipient(recipient)) for recipient in document.recipients),
    )


def sections(document: ClinicalDocument) -> tuple[Section, ...]:
    """Return the written parts.

    Raises:
        InputError: ``input.document_pdf_given``: the practice software made a PDF itself.
    """
    body = document.body
    if isinstance(body, WrittenBody):
        return body.sections
    if isinstance(body, VaccinationBody):
        return tuple(_vaccination(one, document.author) for one in body.vaccinations)
    raise InputError("input.document_pdf_given")


def _vaccination(one: Vaccination, author: DocumentProfessional) -> Section:
    vaccine = one.vaccine
    codes = (*((vaccine.code,) if vaccine.code is not None else ()), *vaccine.translations)
    told = (
        ("Vaccin", vaccine.name),
        *(("Code", f"{code.code} ({code.label})") for code in codes),
        ("Numéro de lot", vaccine.lot),
        ("Péremption", f"{vaccine.expires_on:%d/%m/%Y}" if vaccine.expires_on else None),
        ("Rang de la dose", str(one.dose_rank) if one.dose_rank else None),
        ("Voie", one.route.label if one.route else None),
        ("Site", one.site.label if one.site else None),
        ("Remarque", one.comment),
        ("Administré par", _professional(one.performer or author)),
    )
    paragraphs = tuple(f"{label} : {text}" for label, text in told if text is not None)
    return Section(heading=f"Vaccination du {_moment(one.given_at)}", paragraphs=paragraphs)


def _professional(one: DocumentProfessional) -> str:
    role = role_label(one.role)
    return f"{one.given_name} {one.family_name}" + (f", {role}" if role else "") + f" ({one.structure.name})"


def _recipient(one: Recipient) -> str:
    name = f"{one.given_name} {one.family_name}" if one.given_name else one.family_name
    return f"{name} ({one.structure_name})" if one.structure_name else name


def _moment(moment: datetime) -> str:
    return f"{moment:%d/%m/%Y à %H:%M}"


def _interval(start: datetime, stop: datetime | None) -> str:
    if stop is None or stop == start:
        return _moment(start)
    if stop.date() == start.date():
        return f"{start:%d/%m/%Y, de %H:%M} à {stop:%H:%M}"
    return f"du {_moment(start)} au {_moment(stop)}"
