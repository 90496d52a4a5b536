"""Documents that prove too much or too little, and a question that comes too often or not at all."""

from typing import Final

from segur_conformance.mutants.identity.places import desk, rule
from segur_conformance.mutants.mutant import Change, Mutant

_POLICY: Final = "identities/policy.py"

MUTANTS: Final = (
    Mutant(
        "identity.france-identite-refused",
        "la carte d’identité électronique (France Identité) n’est pas admise",
        ("identity.proof.accepted",),
        (
            rule(
                "identity/proofs.py",
                '(France Identité)", high_trust=True, electronic=True)',
                '(France Identité)", high_trust=False, electronic=True)',
            ),
        ),
    ),
    Mutant(
        "identity.driving-licence-proves",
        "le permis de conduire est admis",
        ("identity.proof.refused",),
        (
            rule(
                "identity/proofs.py",
                'label_fr="Permis de conduire", high_trust=False',
                'label_fr="Permis de conduire", high_trust=True',
            ),
        ),
    ),
    Mutant(
        "identity.site-list-only-grows",
        "une pièce que le site refuse reste admise",
        ("identity.proof.site-list",),
        (
            Change(
                "segur_host",
                _POLICY,
                "kind.code not in refused and (kind.high_trust or kind.code in accepted)",
                "kind.high_trust or kind.code in accepted",
            ),
        ),
    ),
    Mutant(
        "identity.identity-card-preselected",
        "sans choix de l’utilisateur, la pièce est une carte d’identité",
        ("identity.proof.none-preselected",),
        (rule("models/identity.py", "    type: ProofType\n", '    type: ProofType = "CN"\n'),),
    ),
    Mutant(
        "identity.proof-kind-lost",
        "toute pièce contrôlée est enregistrée comme carte d’identité",
        ("identity.proof.recorded",),
        (
            rule(
                "identity/presenting.py",
                "Brought(document=presentation)",
                'Brought(document=ProofDocument(type="CN"))',
            ),
        ),
    ),
    Mutant(
        "identity.qualifies-by-itself",
        "la qualification automatique ne se désactive pas",
        ("identity.proof.automatic-off",),
        (
            rule(
                "identity/importing.py",
                "by_itself = policy.automatic_qualification or validated_by_user",
                "by_itself = True",
            ),
        ),
    ),
    Mutant(
        "identity.once-too-often",
        "la question est posée une fois de plus que le nombre réglé",
        ("identity.asking.three-times", "identity.asking.configurable"),
        (
            rule(
                "identity/presenting.py",
                "record.proof_requests >= policy.max_requests",
                "record.proof_requests > policy.max_requests",
            ),
        ),
    ),
    Mutant(
        "identity.number-not-configurable",
        "le nombre de demandes est toujours de trois",
        ("identity.asking.configurable",),
        (Change("segur_host", _POLICY, "max_requests=table.max_document_requests", "max_requests=3"),),
    ),
    Mutant(
        "identity.absence-counts",
        "l’absence du patient compte parmi les demandes",
        ("identity.asking.patient-absent",),
        (
            rule(
                "identity/presenting.py",
                "    if record.document is not None or reason is NoProofReason.PATIENT_ABSENT:\n",
                "    if record.document is not None:\n",
            ),
        ),
    ),
    Mutant(
        "identity.refusal-forgotten",
        "après un refus, la question revient",
        ("identity.asking.refusal",),
        (
            rule(
                "identity/presenting.py",
                "    if record.proof_refused:\n",
                "    if record.proof_refused and record.proof_requests:\n",
            ),
        ),
    ),
    Mutant(
        "identity.differing-keeps-ins",
        "une récupérée dont la pièce diffère garde son INS",
        ("identity.asking.information-differs",),
        (
            rule(
                "identity/status.py",
                "_R(_E.DOCUMENT_DIFFERS, _S.RECUPEREE, _SOUND, _S.PROVISOIRE, ins=_F.DROP)",
                "_R(_E.DOCUMENT_DIFFERS, _S.RECUPEREE, _SOUND, _S.RECUPEREE)",
            ),
        ),
    ),
    Mutant(
        "identity.asks-insi-at-each-visit",
        "INSi est interrogé à chaque passage, même quand l’INS est connue",
        ("identity.asking.once",),
        (
            desk(
                "        if known.record.matricule is None and wish.search:\n",
                "        if wish.search:\n",
            ),
        ),
    ),
)
