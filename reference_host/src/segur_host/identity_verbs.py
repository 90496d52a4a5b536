"""Verbs of a host about who a patient is."""

from datetime import date
from typing import Protocol

from segur_host.broker.ask import Asker
from segur_host.dispatch.context import Caller
from segur_host.identities.desk import Identification, IdentityDesk, Wish
from segur_host.identities.given import attribute_named, held_to_form
from segur_host.identities.person import Person
from segur_host.identities.repository import Revision
from segur_sdk.identity.engine import change_traits, clear_attribute, invalidate_ins, set_attribute
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.identity import IdentityAttribute, Presentation, TraitName, Traits


class IdentityVerbs(Protocol):
    """What a host offers about identities; ``Host`` carries it."""

    _desk: IdentityDesk

    def _caller(self, asker: Asker | None) -> Caller: ...

    def identify(
        self,
        person: Person,
        *,
        document: Presentation | None = None,
        confirmed: frozenset[TraitName] = frozenset(),
        automatic: bool = False,
        search: bool = True,
        validated: bool = False,
        asker: Asker | None = None,
    ) -> Identification:
        """Find a person or record him, ask for his INS, and take his proof of identity.

        Args:
            person: five strict traits; or what is known to search with; or a beneficiary of a card; or a received
                INS to verify.
            document: what was shown, or why nothing was.
            confirmed: traits on which the user, who saw both values, takes the answer's.
            automatic: nobody triggered this by hand.
            search: ask for the INS when it is not known; false for somebody who has none.
            validated: the user asked for the qualification; needed where the structure switched the automatic one
                off.
            asker: instead of the host's.

        Returns:
            The identity with its status. A service that is down shows among the outcomes; the status is as before.

        Raises:
            IdentityError: a rule of identitovigilance says no.
            InputError: ``input.identify``, ``input.matricule_key``.
        """
        wish = Wish(document, confirmed, automatic, search, validated)
        return self._desk.identify(person, self._caller(asker), wish)

    def qualify(
        self,
        identity_ref: str,
        *,
        person: Person | None = None,
        document: Presentation | None = None,
        confirmed: frozenset[TraitName] = frozenset(),
        automatic: bool = False,
        search: bool = True,
        validated: bool = False,
        asker: Asker | None = None,
    ) -> Identification:
        """Bring a recorded identity further: evidence when it has no INS yet, then the proof of identity.

        Args:
            identity_ref: reference given by ``identify``.
            person: by what to search, when not by the recorded traits.
            document: as for ``identify``.
            confirmed: as for ``identify``.
            automatic: as for ``identify``.
            search: as for ``identify``.
            validated: as for ``identify``.
            asker: instead of the host's.

        Raises:
            IdentityError: ``identity.unknown``, or a rule of identitovigilance says no.
        """
        wish = Wish(document, confirmed, automatic, search, validated)
        return self._desk.qualify(identity_ref, self._caller(asker), wish, person=person)

    def correct(self, identity_ref: str, traits: Traits, *, as_super_user: bool = False) -> Identification:
        """Record corrected traits; a changed strict trait drops the INS and the proof of identity."""
        return self._desk.change(
            identity_ref,
            lambda known: change_traits(known.record, held_to_form(traits, Traits), as_super_user=as_super_user),
            self._caller(None),
        )

    def mark(self, identity_ref: str, attribute: IdentityAttribute, *, present: bool = True) -> Identification:
        """Set or clear *homonyme*, *douteux* or *fictif*."""
        engine = set_attribute if present else clear_attribute
        named = attribute_named(attribute)
        return self._desk.change(identity_ref, lambda known: engine(known.record, named), self._caller(None))

    def invalidate_ins(self, identity_ref: str) -> Identification:
        """Drop an INS that its source no longer confirms; the proof of identity remains."""
        return self._desk.change(identity_ref, lambda known: invalidate_ins(known.record), self._caller(None))

    def identity(self, identity_ref: str) -> SealedIdentity:
        """Return an identity as it stands now, sealed.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        return self._desk.sealed(identity_ref)

    def admit(self, identity: object) -> SealedIdentity:
        """Let an identity through the host's door: only one that this host sealed and that is still current.

        Raises:
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``.
        """
        return self._desk.admit(identity)

    def search(self, birth_date: date, name: str = "", given_name: str = "") -> tuple[SealedIdentity, ...]:
        """Search before creating: people born that day whose names begin so, accents and separators aside."""
        return self._desk.search(birth_date, name, given_name)

    def history(self, identity_ref: str) -> tuple[Revision, ...]:
        """Return every revision of an identity with its date, author and events, oldest first."""
        return self._desk.history(identity_ref)
