"""What one search by traits puts on the wire."""

from datetime import date
from typing import Self

import attrs

from segur_plugin_insi.strategy import Step
from segur_sdk.errors import IdentityError, InputError
from segur_sdk.identity.names import NameProfile, normalise_name
from segur_sdk.models.identity import UNKNOWN_BIRTHPLACE, SearchTraits, Sex


@attrs.frozen
class SendableNames:
    """Names in their lexical profiles. Nothing of them shows in ``repr``."""

    nom_naissance: str = attrs.field(repr=False)
    prenoms: tuple[str, ...] = attrs.field(repr=False)


@attrs.frozen
class Criteria:
    """Traits in the lexical profile of INSi, ready to be sent.

    Nothing of it shows in ``repr``: it is patient data.
    """

    nom_naissance: str = attrs.field(repr=False)
    prenoms: tuple[str, ...] = attrs.field(repr=False)
    """Given names that go, joined by spaces, into the one ``Prenom`` element."""
    sexe: Sex = attrs.field(repr=False)
    """``F`` or ``M``: INSi knows no other."""
    date_naissance: date = attrs.field(repr=False)
    lieu_naissance: str | None = attrs.field(repr=False)
    """COG of the birthplace; left out when ``None``."""

    @classmethod
    def from_traits(cls, traits: SearchTraits, names: SendableNames) -> Self:
        """Return what is sent for ``traits``.

        Args:
            traits: the person.
            names: his, from :func:`sendable_names`.

        Raises:
            InputError: ``insi.traits_incomplete`` without sex or date of birth.
        """
        if traits.sexe is None or traits.date_naissance is None:
            missing = "sexe" if traits.sexe is None else "date_naissance"
            raise InputError("insi.traits_incomplete", field=missing)
        return cls(
            nom_naissance=names.nom_naissance,
            prenoms=names.prenoms,
            sexe=traits.sexe,
            date_naissance=traits.date_naissance,
            lieu_naissance=None if traits.lieu_naissance == UNKNOWN_BIRTHPLACE else traits.lieu_naissance,
        )

    def for_step(self, step: Step) -> "Criteria":
        """Return what one search of a whole strategy sends."""
        return attrs.evolve(
            self, prenoms=step.prenoms, lieu_naissance=self.lieu_naissance if step.with_birthplace else None
        )

    def as_traits(self) -> SearchTraits:
        """Return what was sent, for the trace of the attempt."""
        return SearchTraits(
            nom_naissance=self.nom_naissance,
            prenoms_naissance=self.prenoms,
            sexe=self.sexe,
            date_naissance=self.date_naissance,
            lieu_naissance=self.lieu_naissance,
        )


def sendable_names(traits: SearchTraits) -> SendableNames:
    """Return the names of a person whom INSi may be asked for, whatever else is still to become known.

    Raises:
        IdentityError: ``identity.sex_undetermined``: *indéterminé* is a local value.
        InputError: ``identity.name_*`` when a name cannot be written in its profile; a character without
            equivalent is refused, never dropped.
    """
    if traits.sexe is Sex.UNDETERMINED:
        raise IdentityError("identity.sex_undetermined")
    return SendableNames(
        nom_naissance=normalise_name(traits.nom_naissance, NameProfile.FAMILY_NAME),
        prenoms=tuple(normalise_name(name, NameProfile.GIVEN_NAME) for name in traits.prenoms_naissance),
    )
