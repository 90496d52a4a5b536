"""A person as the counter may speak of him: by traits, by a beneficiary of a card, by an INS received."""

import hashlib

from segur_host.identities.repository import Revision
from segur_sdk.hooks.qualify_identity import CandidateSubject, CardSubject, Subject, TraitsSubject
from segur_sdk.identity.names import fold, for_comparison
from segur_sdk.models.card import Beneficiary
from segur_sdk.models.identity import InsCandidate, SearchTraits, Traits

Person = Traits | SearchTraits | CardSubject | InsCandidate


def subject_of(person: Person) -> Subject:
    """Return the person as ``qualify_identity`` is asked about him."""
    if isinstance(person, CardSubject):
        return person
    if isinstance(person, InsCandidate):
        return CandidateSubject(candidate=person)
    return TraitsSubject(traits=search_traits_of(person))


def search_traits_of(person: Person) -> SearchTraits:
    """Return what is known of the person to search with."""
    if isinstance(person, SearchTraits):
        return person
    if isinstance(person, Traits):
        return person.for_search()
    return person.traits if isinstance(person, InsCandidate) else person.beneficiary.for_search()


def same_names(known: Revision, traits: SearchTraits) -> bool:
    """Tell whether name of birth and first given name are equal, typography aside."""
    ours = known.record.traits
    return fold(ours.nom_naissance) == fold(traits.nom_naissance) and (
        for_comparison(ours.premier_prenom) == for_comparison(traits.prenoms_naissance[0])
    )


def same_traits(known: Revision, traits: Traits) -> bool:
    """Tell whether the five strict traits are equal, typography of names aside."""
    ours = known.record.traits
    names = fold(ours.nom_naissance), for_comparison(ours.premier_prenom)
    if names != (fold(traits.nom_naissance), for_comparison(traits.premier_prenom)):
        return False
    return all(getattr(ours, name) == getattr(traits, name) for name in ("sexe", "date_naissance", "lieu_naissance"))


def card_digest(beneficiary: Beneficiary) -> str:
    """Stand for what the card says of the person: another text under the same number is another person."""
    text = f"{beneficiary.nom}|{beneficiary.prenom}|{beneficiary.date_en_carte}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
