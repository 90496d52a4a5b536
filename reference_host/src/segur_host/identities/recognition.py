"""Who a person is among those recorded: beyond doubt, or similar enough that a human must know."""

from segur_host.identities.person import Person, card_digest, same_names, same_traits
from segur_host.identities.repository import IdentityRepository, Revision
from segur_sdk.errors import IdentityError
from segur_sdk.hooks.qualify_identity import CardSubject
from segur_sdk.identity.engine import search_permission
from segur_sdk.models.identity import InsIndividual, SearchTraits, Traits
from segur_sdk.models.notice import Notice

SAME_INS = Notice(
    code="identity.several_files",
    text="Plusieurs dossiers portent ce matricule INS.",
    action="Vérifiez s’il s’agit d’un doublon ; rien n’est fusionné automatiquement.",
)
SIMILAR = Notice(
    code="identity.similar_files",
    text="Un autre dossier porte le même nom, le même prénom et la même date de naissance.",
    action="Vérifiez s’il s’agit de la même personne ; sinon, marquez les homonymes.",
)


class Recognition:
    """Finds people again.

    Args:
        repository: those recorded.
    """

    def __init__(self, repository: IdentityRepository) -> None:
        self._repository = repository

    def known(self, person: Person) -> Revision | None:
        """Return who it is beyond doubt: the same beneficiary of the same card, or five equal strict traits.

        Raises:
            IdentityError: ``identity.several_files``.
        """
        if isinstance(person, CardSubject):
            linked = self._linked(person)
            return self._repository.current(linked) if linked is not None else None
        if not isinstance(person, Traits):
            return None
        born, name, given = person.date_naissance, person.nom_naissance, person.premier_prenom
        return _only(tuple(one for one in self._repository.search(born, name, given) if same_traits(one, person)))

    def holder(self, individual: InsIndividual) -> Revision | None:
        """Return who is recorded under the matricule that a source answered.

        Raises:
            IdentityError: ``identity.several_files``.
        """
        return _only(self._repository.holding(individual.matricule.value))

    def refuse_doubtful(self, traits: SearchTraits) -> None:
        """Refuse a search about somebody who may be a person recorded as *douteux* or *fictif* (SC.INS/va1.20).

        Raises:
            IdentityError: ``identity.doubtful_or_fictitious``.
        """
        for similar in self._similar(traits):
            search_permission(similar.record)

    def warnings(self, known: Revision) -> tuple[Notice, ...]:
        """Return what a human must know of other files; nothing is merged."""
        matricule = known.record.matricule
        shared = matricule is not None and len(self._repository.holding(matricule.value)) > 1
        others = [
            one for one in self._similar(known.record.traits.for_search()) if one.identity_ref != known.identity_ref
        ]
        return (*((SAME_INS,) if shared else ()), *((SIMILAR,) if others and not shared else ()))

    def remember(self, person: Person, known: Revision) -> None:
        """Keep who a beneficiary of a card was found to be."""
        if isinstance(person, CardSubject) and person.serial is not None:
            digest = card_digest(person.beneficiary)
            self._repository.link(person.serial, person.beneficiary.position, digest, known.identity_ref)

    def _linked(self, person: CardSubject) -> str | None:
        if person.serial is None:
            return None
        digest = card_digest(person.beneficiary)
        return self._repository.linked(person.serial, person.beneficiary.position, digest)

    def _similar(self, traits: SearchTraits) -> tuple[Revision, ...]:
        if traits.date_naissance is None:
            return ()
        found = self._repository.search(traits.date_naissance, traits.nom_naissance, traits.prenoms_naissance[0])
        return tuple(one for one in found if same_names(one, traits))


def _only(found: tuple[Revision, ...]) -> Revision | None:
    if len(found) > 1:
        raise IdentityError("identity.several_files", count=len(found))
    return found[0] if found else None
