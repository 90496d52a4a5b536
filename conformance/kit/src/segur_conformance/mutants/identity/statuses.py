"""Statuses and attributes that follow from something else than the two facts."""

from typing import Final

from segur_conformance.mutants.identity.places import desk, rule
from segur_conformance.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        "identity.third-person-proves",
        "la pièce de celui qui vient à la place du patient valide le patient",
        ("identity.status.provisoire", "identity.status.recuperee", "identity.asking.patient-absent"),
        (
            rule(
                "identity/presenting.py",
                "    if record.document is not None or reason is NoProofReason.PATIENT_ABSENT:\n"
                "        return Change(record=record)\n",
                "    if reason is NoProofReason.PATIENT_ABSENT:\n"
                '        brought = Brought(document=ProofDocument(type="CN"))\n'
                "        return Change(record=move(record, IdentityEvent.DOCUMENT_CHECKED, brought))\n"
                "    if record.document is not None:\n"
                "        return Change(record=record)\n",
            ),
        ),
    ),
    Mutant(
        "identity.document-needs-insi",
        "la pièce n’est prise en compte que si INSi a trouvé la personne",
        ("identity.status.validee",),
        (
            desk(
                "        if wish.document is not None:\n",
                "        if wish.document is not None and found.cr in {None, CrCode.FOUND}:\n",
            ),
        ),
    ),
    Mutant(
        "identity.ins-replaces-document",
        "l’INS trouvée après la pièce efface le contrôle de la pièce",
        ("identity.status.qualifiee", "identity.status.service-down", "identity.proof.automatic-off"),
        (
            rule(
                "identity/status.py",
                "_R(_E.INS_FOUND, _S.VALIDEE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE)",
                "_R(_E.INS_FOUND, _S.VALIDEE, _SOUND, _S.RECUPEREE, ins=_F.TAKE, document=_F.DROP)",
            ),
        ),
    ),
    Mutant(
        "identity.card-proves",
        "la carte Vitale lue vaut contrôle d’une pièce",
        ("identity.status.card-without-document",),
        (
            desk(
                "                self._people.remember(person, known)\n",
                "                self._people.remember(person, known)\n"
                "        if isinstance(person, CardSubject):\n"
                '            wish = attrs.evolve(wish, document=ProofDocument(type="CN"))\n',
            ),
        ),
    ),
    Mutant(
        "identity.fault-downgrades",
        "une panne d’INSi fait perdre le contrôle de la pièce",
        ("identity.status.service-down",),
        (
            desk(
                "                known, found = self._import(known, evidence, found, caller, wish)\n"
                "        return self._after_document(known, found, caller, wish)\n\n"
                "    def change(",
                "                known, found = self._import(known, evidence, found, caller, wish)\n"
                "            elif known.record.document is not None:\n"
                '                differs = NoProof.model_validate({"none_because": "differs"})\n'
                "                today = self._clock.now().date()\n"
                "                lost = present_document(known.record, differs, self._policy, on=today)\n"
                "                known = self._apply(known, lost, caller)\n"
                "        return self._after_document(known, found, caller, wish)\n\n"
                "    def change(",
            ),
        ),
    ),
    Mutant(
        "identity.doubt-keeps-validee",
        "une identité validée que l’on marque douteuse reste validée",
        ("identity.attribute.forces-provisoire",),
        (
            rule(
                "identity/status.py",
                "_R(_E.DOUBT_RAISED, _S.VALIDEE, _SOUND, _S.PROVISOIRE, document=_F.DROP, adds=DOUTEUX)",
                "_R(_E.DOUBT_RAISED, _S.VALIDEE, _SOUND, _S.VALIDEE, adds=DOUTEUX)",
            ),
            rule(
                "identity/record.py",
                "if self.attributes & BLOCKING and self.status is not InsStatus.PROVISOIRE:",
                "if self.attributes & BLOCKING and self.matricule is not None:",
            ),
        ),
    ),
    Mutant(
        "identity.fictif-is-asked-about",
        "seul l’attribut douteux arrête l’appel à INSi",
        ("identity.attribute.blocks",),
        (
            rule(
                "identity/importing.py",
                "    if record.attributes & BLOCKING:\n",
                '    if "DOUTEUX" in record.attributes:\n',
            ),
        ),
    ),
    Mutant(
        "identity.fictif-with-homonyme",
        "un homonyme peut être fictif",
        ("identity.attribute.combinations",),
        (
            rule(
                "identity/status.py",
                "COMBINATIONS: Final = (PLAIN, HOMONYME, DOUTEUX, DOUTEUX_HOMONYME, FICTIF)",
                "COMBINATIONS: Final = (PLAIN, HOMONYME, DOUTEUX, DOUTEUX_HOMONYME, FICTIF, FICTIF | HOMONYME)",
            ),
            rule(
                "identity/status.py",
                "_R(_E.FICTION_DECLARED, _S.PROVISOIRE, (PLAIN,), _S.PROVISOIRE, adds=FICTIF)",
                "_R(_E.FICTION_DECLARED, _S.PROVISOIRE, _SOUND, _S.PROVISOIRE, adds=FICTIF)",
            ),
        ),
    ),
    Mutant(
        "identity.homonyme-drops-ins",
        "une identité récupérée que l’on marque homonyme perd son INS",
        ("identity.attribute.homonyme",),
        (
            rule(
                "identity/status.py",
                "_R(_E.HOMONYM_SET, _S.RECUPEREE, (PLAIN,), _S.RECUPEREE, adds=HOMONYME)",
                "_R(_E.HOMONYM_SET, _S.RECUPEREE, (PLAIN,), _S.PROVISOIRE, ins=_F.DROP, adds=HOMONYME)",
            ),
        ),
    ),
)
