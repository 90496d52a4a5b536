"""Mutants of what may leave."""

from typing import Final

from segur_conformance.mutants.dmp.places import host, plugin, sdk
from segur_conformance.mutants.mutant import Mutant

_LET_IN: Final = "        held = hold or decision.verdict is Verdict.HOLD\n"

MUTANTS: Final = (
    Mutant(
        "dmp.lost-unless-qualified",
        "refuse pour de bon le document d’une identité qui n’est pas encore qualifiée",
        ("dmp.rules.qualified",),
        (
            host(
                "gate/rules.py",
                '    return _hold(\n        "gate.identity_not_qualified",\n',
                '    return _block(\n        "gate.identity_not_qualified",\n',
            ),
        ),
    ),
    Mutant(
        "dmp.retrieved-is-enough",
        "alimente dès que l’INS est récupérée",
        ("dmp.rules.qualified",),
        (
            host(
                "gate/rules.py",
                "    if view.identity.status is InsStatus.QUALIFIEE:\n",
                "    if view.identity.matricule is not None:\n",
            ),
            host(
                "gate/gate.py",
                "        if identity.status is not InsStatus.QUALIFIEE:\n",
                "        if identity.matricule is None and identity.status is not InsStatus.QUALIFIEE:\n",
            ),
            sdk(
                "formats/cda/patient.py",
                "    if identity.status is not InsStatus.QUALIFIEE or matricule is None:\n",
                "    if matricule is None:\n",
            ),
        ),
    ),
    Mutant(
        "dmp.deaf-to-oppositions",
        "ne lit pas le registre des oppositions",
        ("dmp.rules.opposed", "dmp.rules.opposed-meanwhile"),
        (
            host(
                "gate/rules.py",
                "(view.draft.consents.opposed or view.consents.opposes(view.draft.document_ref))",
                "(view.draft.consents.opposed or view.consents.opposes(view.draft.document_ref) is None)",
            ),
        ),
    ),
    Mutant(
        "dmp.sure-of-everybody",
        "ne regarde pas si l’identité est douteuse",
        ("dmp.rules.doubtful",),
        (
            host(
                "gate/rules.py",
                "    if IdentityAttribute.DOUTEUX in attributes:\n",
                "    if IdentityAttribute.DOUTEUX in attributes and view.draft.content is None:\n",
            ),
        ),
    ),
    Mutant(
        "dmp.judged-once",
        "ne rejuge pas avant d’envoyer",
        ("dmp.rules.opposed-meanwhile", "dmp.rules.doubtful"),
        (
            host(
                "outbox/sending.py", "found, _ = self.gate.standing(draft)", "found = self.gate.standing(draft)[0][:0]"
            ),
        ),
    ),
    Mutant(
        "dmp.believes-the-software",
        "croit le logiciel qui dit le patient informé",
        ("dmp.rules.informed",),
        (
            host(
                "gate/rules.py",
                "view.draft.consents.informed if view.consents_by_software else False",
                "view.draft.consents.informed if not view.consents_by_software else False",
            ),
        ),
    ),
    Mutant(
        "dmp.drafts-wait",
        "garde dans la file un document non validé",
        ("dmp.rules.validated",),
        (
            host(
                "gate/rules.py",
                '    return _block(\n        "gate.not_validated",',
                '    return _hold(\n        "gate.not_validated",',
            ),
        ),
    ),
    Mutant(
        "dmp.notes-leave",
        "laisse partir les notes personnelles",
        ("dmp.rules.validated",),
        (
            host(
                "gate/rules.py",
                "    if not view.draft.personal_note:\n",
                "    if not view.draft.personal_note or view.draft.content is not None:\n",
            ),
            plugin("rules.py", "    return case.draft.personal_note\n", "    return False\n"),
        ),
    ),
    Mutant(
        "dmp.never-held",
        "envoie le document que l’utilisateur retient",
        ("dmp.rules.held-by-hand",),
        (host("outbox/outbox.py", _LET_IN, _LET_IN.replace("hold or ", "")),),
    ),
    Mutant(
        "dmp.held-ever-after",
        "retient aussi les documents qui suivent",
        ("dmp.rules.held-by-hand",),
        (
            host(
                "outbox/outbox.py",
                _LET_IN,
                _LET_IN.replace("hold or ", "hold or next(self._table.all(IntentState.HELD), None) is not None or "),
            ),
        ),
    ),
    Mutant(
        "dmp.nothing-is-sensitive",
        "envoie d’eux-mêmes les certificats médicaux",
        ("dmp.rules.sensitive",),
        (
            plugin(
                "rules.py",
                "    return (kind is not None and kind.sensitive) or kind_for_label(case.draft.title).sensitive\n",
                "    return kind is None and kind_for_label(case.draft.title).sensitive\n",
            ),
        ),
    ),
)
