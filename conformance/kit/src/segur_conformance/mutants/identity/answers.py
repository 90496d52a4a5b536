"""Answers of INSi, received numbers and references that are believed too soon, or not told."""

from typing import Final

from segur_conformance.mutants.identity.places import desk, rule
from segur_conformance.mutants.mutant import Change, Mutant

_IDENTIFY: Final = "verbs/identities.py"

MUTANTS: Final = (
    Mutant(
        "identity.asks-about-the-validated",
        "INSi est interrogé pour toute identité validée, même quand la personne n’a pas d’INS",
        ("identity.insi.no-loop", "identity.attribute.homonyme"),
        (
            desk(
                "        if known.record.matricule is None and wish.search:\n",
                "        if known.record.matricule is None and (wish.search or known.record.document is not None):\n",
            ),
        ),
    ),
    Mutant(
        "identity.several-not-told",
        "plusieurs identités trouvées pour une saisie partielle : l’utilisateur n’en est pas informé",
        ("identity.insi.several",),
        (
            desk(
                "notices=(told, INCOMPLETE))",
                "notices=() if evidence.cr is CrCode.SEVERAL else (told, INCOMPLETE))",
            ),
        ),
    ),
    Mutant(
        "identity.one-confirmed-is-all",
        "confirmer un champ confirme tous ceux qui diffèrent",
        ("identity.insi.field-by-field",),
        (
            rule(
                "identity/importing.py",
                "tuple(each for each in differences if each.trait not in confirmed)",
                "tuple(each for each in differences if not confirmed)",
            ),
        ),
    ),
    Mutant(
        "identity.birthplace-not-compared",
        "un lieu de naissance différent n’est pas vu",
        (
            "identity.insi.field-by-field",
            "identity.insi.differs-from-document",
            "identity.asking.information-differs",
        ),
        (rule("identity/comparison.py", "    if place and place !=", "    if place == UNKNOWN_BIRTHPLACE !="),),
    ),
    Mutant(
        "identity.document-survives-values",
        "la pièce contrôlée vaut encore quand l’utilisateur confirme les valeurs d’INSi",
        ("identity.insi.differs-from-document",),
        (
            rule(
                "identity/importing.py",
                "    if differences and record.status is not InsStatus.PROVISOIRE:\n",
                "    if differences and record.status is InsStatus.QUALIFIEE:\n",
            ),
        ),
    ),
    Mutant(
        "identity.received-ins-proves",
        "une INS reçue vaut contrôle d’une pièce",
        ("identity.insi.received-ins",),
        (
            desk(
                "            return self._newcomer(person, caller, wish)\n",
                "            if isinstance(person, InsCandidate):\n"
                '                wish = attrs.evolve(wish, document=ProofDocument(type="CN"))\n'
                "            return self._newcomer(person, caller, wish)\n",
            ),
        ),
    ),
    Mutant(
        "identity.received-key-unchecked",
        "la clé d’un matricule scanné n’est pas vérifiée avant l’appel",
        ("identity.insi.received-ins",),
        (
            desk(
                "if isinstance(person, InsCandidate) and not person.matricule.key_is_valid:",
                'if isinstance(person, InsCandidate) and person.method == "SM" and not person.matricule.key_is_valid:',
            ),
        ),
    ),
    Mutant(
        "identity.zero-day-completed",
        "le jour « 00 » d’une réponse d’INSi devient 01 et l’INS est intégrée",
        ("identity.insi.unusable-answer",),
        (
            rule(
                "identity/comparison.py",
                '        return date.fromisoformat(answer.date_naissance or "")\n',
                '        return date.fromisoformat((answer.date_naissance or "").replace("-00", "-01"))\n',
            ),
        ),
    ),
    Mutant(
        "identity.any-reference",
        "une référence inconnue désigne la première identité venue",
        ("identity.number.unknown-reference",),
        (
            Change(
                "segur_host",
                "identities/repository.py",
                "order_by(revisions.c.revision.desc()).limit(1)).one_or_none()\n",
                "order_by(revisions.c.revision.desc()).limit(1)).one_or_none()\n"
                "            row = row or connection.execute(self._select().where(revisions.c.is_current)).first()\n",
            ),
        ),
    ),
    Mutant(
        "identity.claimed-matricule-believed",
        "le matricule joint à la demande devient l’INS de l’identité",
        ("identity.number.claimed-status",),
        (
            Change(
                "segur_host",
                "inputs.py",
                "    identity_ref: str | None = Field(default=None, min_length=1, max_length=64)\n",
                "    identity_ref: str | None = Field(default=None, min_length=1, max_length=64)\n"
                "    matricule: MatriculeIns | None = None\n",
            ),
            Change(
                "segur_host",
                "inputs.py",
                "import InsCandidate, Presentation,",
                "import InsCandidate, MatriculeIns, Presentation,",
            ),
            Change(
                "segur_host",
                _IDENTIFY,
                "        return host.identify(person, **options)\n    with",
                "        found = host.identify(person, **options)\n"
                "        return found if wanted.matricule is None else _believed(host, found, wanted.matricule)\n"
                "    with",
            ),
            Change(
                "segur_host",
                _IDENTIFY,
                "def identify_on(",
                "def _believed(host: Host, found: Identification, matricule: Any) -> Identification:\n"
                "    from segur_sdk.identity.engine import Change, IdentityEvent\n"
                "    from segur_sdk.identity.moving import Brought, move\n\n"
                "    assert found.identity is not None\n"
                "    return host._desk.change(\n"
                "        found.identity.identity_ref,\n"
                "        lambda one: Change(record=move(one.record, IdentityEvent.INS_FOUND, Brought(matricule))),\n"
                "        host._caller(None),\n"
                "    )\n\n\n"
                "def identify_on(",
            ),
        ),
    ),
    Mutant(
        "identity.billing-number-is-the-ins",
        "le numéro de facturation de la carte remplace le matricule rendu par INSi",
        ("identity.number.billing-number",),
        (
            desk(
                "            self._people.refuse_doubtful(created.record.traits.for_search())\n",
                "            self._people.refuse_doubtful(created.record.traits.for_search())\n"
                "            taken = created.record.matricule\n"
                "            if isinstance(person, CardSubject) and person.beneficiary.nir and taken:\n"
                '                billed = taken.model_copy(update={"value": person.beneficiary.nir.value})\n'
                '                record = created.record.model_copy(update={"matricule": billed})\n'
                '                created = created.model_copy(update={"record": record})\n',
            ),
        ),
    ),
)
