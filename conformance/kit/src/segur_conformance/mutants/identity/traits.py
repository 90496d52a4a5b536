"""Strict traits that give way, and people recorded by less, more or other than five of them."""

from typing import Final

from segur_conformance.mutants.identity.places import rule
from segur_conformance.mutants.mutant import Change, Mutant

MUTANTS: Final = (
    Mutant(
        "identity.recuperee-unlocked",
        "les traits stricts ne sont verrouillés qu’une fois l’identité qualifiée",
        ("identity.trait.locked",),
        (
            rule(
                "identity/record.py",
                "        return self.matricule is not None\n",
                "        return self.status is InsStatus.QUALIFIEE\n",
            ),
        ),
    ),
    Mutant(
        "identity.changed-trait-keeps-ins",
        "un trait strict modifié garde le statut et l’INS",
        ("identity.trait.change-downgrades",),
        (
            rule(
                "identity/correcting.py",
                "moved = move(record, IdentityEvent.STRICT_TRAIT_CHANGED, traits=traits, collection=method)",
                "moved = with_fields(record, traits=traits, collection=method)",
            ),
        ),
    ),
    Mutant(
        "identity.any-first-given-name",
        "le premier prénom se modifie librement, quelle que soit la liste",
        ("identity.trait.first-given-name", "identity.trait.locked", "identity.trait.change-downgrades"),
        (
            rule(
                "identity/correcting.py",
                "if not changed or (changed == (TraitName.PREMIER_PRENOM,) and fits):",
                "if not changed or changed == (TraitName.PREMIER_PRENOM,):",
            ),
        ),
    ),
    Mutant(
        "identity.first-given-name-by-letter",
        "le premier prénom n’est reconnu qu’écrit comme dans la liste, à n’importe quelle place",
        ("identity.trait.first-given-name",),
        (
            rule(
                "identity/correcting.py",
                "    fits = bool(whole) and start_that_fits(traits.premier_prenom, whole) is not None\n",
                "    fits = traits.premier_prenom in traits.prenoms_naissance\n",
            ),
        ),
    ),
    Mutant(
        "identity.typed-name-kept",
        "le nom saisi est gardé à la place de celui d’INSi",
        ("identity.trait.insi-overwrites",),
        (
            rule(
                "identity/importing.py",
                '"nom_naissance": answer.nom_naissance,',
                '"nom_naissance": ours.nom_naissance if ours else answer.nom_naissance,',
            ),
        ),
    ),
    Mutant(
        "identity.birthplace-supplied",
        "un lieu de naissance absent est remplacé par « inconnu »",
        ("identity.creation.five-traits",),
        (
            rule(
                "models/identity.py",
                "    lieu_naissance: Patient[CogCode]\n",
                "    lieu_naissance: Patient[CogCode] = UNKNOWN_BIRTHPLACE\n",
            ),
        ),
    ),
    Mutant(
        "identity.list-of-given-names-needed",
        "la liste des prénoms de naissance est exigée pour créer une identité",
        ("identity.creation.five-traits",),
        (
            rule(
                "models/identity.py",
                "    prenoms_naissance: Patient[tuple[Name, ...]] = ()\n",
                "    prenoms_naissance: Patient[tuple[Name, ...]] = Field(min_length=1)\n",
            ),
        ),
    ),
    Mutant(
        "identity.birthplace-not-taken",
        "le lieu de naissance rendu par INSi n’entre jamais dans l’identité",
        ("identity.creation.from-insi", "identity.insi.field-by-field"),
        (
            rule(
                "identity/importing.py",
                "answer.lieu_naissance or (ours.lieu_naissance if ours else UNKNOWN_BIRTHPLACE)",
                "ours.lieu_naissance if ours else UNKNOWN_BIRTHPLACE",
            ),
        ),
    ),
    Mutant(
        "identity.names-by-letter",
        "la même personne saisie avec une autre typographie ouvre une deuxième fiche",
        ("identity.creation.unusual-names",),
        (
            Change(
                "segur_host",
                "identities/person.py",
                "    names = fold(ours.nom_naissance), for_comparison(ours.premier_prenom)\n"
                "    if names != (fold(traits.nom_naissance), for_comparison(traits.premier_prenom)):\n",
                "    names = ours.nom_naissance, ours.premier_prenom\n"
                "    if names != (traits.nom_naissance, traits.premier_prenom):\n",
            ),
        ),
    ),
    Mutant(
        "identity.double-hyphen-halved",
        "un double trait d’union devient simple dans le nom et le prénom qui partent",
        ("identity.creation.unusual-names",),
        (
            rule(
                "identity/names.py",
                "    name = _transliterated(text)\n",
                '    name = _transliterated(text).replace("--", "-")\n',
            ),
        ),
    ),
    Mutant(
        "identity.birth-date-guessed",
        "un jour ou un mois de naissance inconnu devient 01 sans qu’on le dise",
        ("identity.creation.complete-birth-date",),
        (
            rule(
                "models/identity.py",
                "from pydantic import Field, StringConstraints",
                "from pydantic import BeforeValidator, Field, StringConstraints",
            ),
            rule(
                "models/identity.py",
                "    date_naissance: Patient[date]\n",
                "    date_naissance: Patient[\n"
                '        Annotated[date, BeforeValidator(lambda given: str(given).replace("-00", "-01"))]\n'
                "    ]\n",
            ),
        ),
    ),
)
