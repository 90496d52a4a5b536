"""Mutants of what goes out: documents, what is told of them, versions."""

from typing import Final

from segur_conformance.mutants.dmp.places import host, plugin, sdk
from segur_conformance.mutants.mutant import Mutant

_AS_A_CONSULTATION: Final = 'kind_of(draft.document_type.replace("78601-2", "11488-4")).type'

MUTANTS: Final = (
    Mutant(
        "dmp.as-a-consultation",
        "dépose un entretien comme un compte rendu de consultation",
        ("dmp.feeding.once",),
        (plugin("feeding.py", "kind_of(draft.document_type).type", _AS_A_CONSULTATION),),
    ),
    Mutant(
        "dmp.keys-forgotten",
        "oublie les clés d’idempotence",
        ("dmp.feeding.once", "dmp.outages.killed", "dmp.validating.by-itself", "dmp.validating.corrected"),
        (
            host(
                "outbox/outbox.py",
                "            idempotency_key=idempotency_key,\n",
                "            idempotency_key=None,\n",
            ),
        ),
    ),
    Mutant(
        "dmp.another-custodian",
        "confie le document à une autre structure",
        ("dmp.feeding.structure",),
        (
            sdk(
                "formats/cda/people.py",
                "def custodian(structure: CareStructure) -> Xml:\n",
                "def custodian(structure: CareStructure) -> Xml:\n"
                '    structure = structure.model_copy(update={"id": "12A0000014"})\n',
            ),
        ),
    ),
    Mutant(
        "dmp.no-existence-test",
        "alimente sans demander si le DMP existe",
        ("dmp.feeding.nothing-more",),
        (plugin("attempts.py", 'if self.settings.existence_test == "never":', "if self.settings.existence_test:"),),
    ),
    Mutant(
        "dmp.asks-for-access",
        "demande une autorisation d’accès avant d’alimenter",
        ("dmp.feeding.nothing-more",),
        (
            plugin(
                "attempts.py",
                "        self._require_open_record()\n",
                "        self._require_open_record()\n"
                "        access = self.ctx.http(self.caller.mode.purpose)\n"
                '        access.request("POST", "/Habilitation", headers={}, body=b"")\n',
            ),
        ),
    ),
    Mutant(
        "dmp.documents-in-the-envelope",
        "écrit le document en base64 dans l’enveloppe",
        ("dmp.feeding.mtom",),
        (
            plugin(
                "submission.py",
                'node("xop:Include", attributes={"xmlns:xop": XOP, "href": f"cid:{one.content_id}"}),\n',
                'Xml(__import__("base64").b64encode(one.data).decode("ascii")),\n',
            ),
            plugin("attempts.py", "lot.body, self._about, lot.attachments)", "lot.body, self._about)"),
        ),
    ),
    Mutant(
        "dmp.dated-when-written",
        "date l’acte du moment où le document est écrit",
        ("dmp.feeding.act-date",),
        (
            plugin(
                "feeding.py",
                "        act=content.act,\n",
                '        act=content.act.model_copy(update={"start": content.authored_at}),\n',
            ),
        ),
    ),
    Mutant(
        "dmp.seen-by-everybody",
        "dépose visible de tous un document masqué",
        ("dmp.feeding.visibility",),
        (
            plugin(
                "attempts.py",
                "entry(document, self.given.draft.confidentiality, self.settings)",
                "entry(document, frozenset(), self.settings)",
            ),
        ),
    ),
    Mutant(
        "dmp.first-recipient-only",
        "ne nomme que le premier destinataire",
        ("dmp.feeding.recipients",),
        (plugin("feeding.py", "recipients=content.recipients,", "recipients=content.recipients[:1],"),),
    ),
    Mutant(
        "dmp.telephones-misspelt",
        "écrit un numéro de téléphone sous un attribut que le schéma n’a pas",
        ("dmp.schemas.documents",),
        (sdk("formats/cda/people.py", '{"value": address, "use": "WP"}', '{"number": address, "use": "WP"}'),),
    ),
    Mutant(
        "dmp.beside-the-former",
        "dépose une version corrigée à côté de la première",
        ("dmp.versions.replaced",),
        (plugin("feeding.py", "    if before is None:\n", "    if before is None or before.number > 0:\n"),),
    ),
    Mutant(
        "dmp.withdrawn-in-words",
        "dit un document retiré sans le demander",
        ("dmp.versions.withdrawn",),
        (plugin("attempts.py", "        if not found and self.given.number > 1:\n", "        if found:\n"),),
    ),
)
