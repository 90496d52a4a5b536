"""Other choices that the public texts leave open."""

from typing import Final

from segur_conformance.mutants.identity.places import rule
from segur_conformance.mutants.mutant import Change, Variant

VARIANTS: Final = (
    Variant("identity.without-retry", "INSi n’est pas rappelé après un échec", settings={"insi": {"retries": 0}}),
    Variant(
        "identity.card-by-traits",
        "le bénéficiaire d’une carte est cherché par les traits lus",
        settings={"insi": {"vitale_assertion": "none"}},
    ),
    Variant(
        "identity.correction-keeps-document",
        "un trait modifié retire l’INS et laisse l’identité validée",
        (
            rule(
                "identity/status.py",
                "_R(_E.STRICT_TRAIT_CHANGED, _S.QUALIFIEE, _SOUND, _S.PROVISOIRE, ins=_F.DROP, document=_F.DROP)",
                "_R(_E.STRICT_TRAIT_CHANGED, _S.QUALIFIEE, _SOUND, _S.VALIDEE, ins=_F.DROP)",
            ),
        ),
    ),
    Variant(
        "identity.first-given-name-refused",
        "un premier prénom hors de la liste est refusé à la création au lieu d’être signalé",
        (
            rule(
                "identity/importing.py",
                "    return Change(record=record, notices=() if fits else",
                "    if not fits:\n"
                '        raise IdentityError("identity.first_name_not_in_list")\n'
                "    return Change(record=record, notices=() if fits else",
            ),
        ),
    ),
    Variant(
        "identity.other-codes",
        "d’autres codes d’erreur et d’autres phrases",
        (
            rule("identity/correcting.py", '"identity.traits_locked"', '"identity.read_only"'),
            Change("segur_host", "identities/repository.py", '"identity.unknown"', '"identity.not_here"'),
            rule("identity/notices.py", "INSi a trouvé plusieurs identités ; aucune", "Plusieurs réponses ; aucune"),
        ),
    ),
    Variant(
        "identity.more-proofs",
        "le site d’un EHPAD admet aussi le livret de famille avec la carte Vitale à photo",
        (
            rule(
                "identity/proofs.py",
                'label_fr="Livret de famille et carte Vitale avec photo", high_trust=False',
                'label_fr="Livret de famille et carte Vitale avec photo", high_trust=True',
            ),
        ),
    ),
)
