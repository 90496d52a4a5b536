"""A counter from which documents are fed: who is served, what is written of him, and where it stands."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs

from segur_conformance.outcomes import CheckBlocked, CheckFailed
from segur_conformance.people import traits
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

Row = dict[str, Any]
INSI: Final = "insi"
FEED: Final = "dmp-feed"
INTERVIEW: Final = "78601-2"
"""Type of a *compte rendu d’entretien pharmaceutique*."""
VACCINATION: Final = "87273-9"
"""Type of a *note de vaccination*."""
RPPS: Final = "99900063480"
STRUCTURE: Final = "10B0152872"
"""``Struct_IdNat`` of the structure whose certificates the services' configuration names."""
CERTIFICATE_NAME: Final = "LGO DU BAC A SABLE"
"""``CN`` of these certificates."""
IDENTITY_CARD: Final = {"type": "CN"}
LONGEST_PAUSE: Final = timedelta(minutes=16)
"""What waits is tried again within that time."""
SETTLED: Final = frozenset({"sent", "rejected", "cancelled"})

AUTHOR: Final = {
    "id": f"8{RPPS}",
    "family_name": "LIBRE",
    "given_name": "MAX",
    "role": "G15_21/A",
    "structure": {"id": STRUCTURE, "name": "PHARMACIE DU BAC A SABLE"},
}
_VACCINE: Final = {
    "name": "VACCIN D’ESSAI",
    "code": {"code": "60004277", "system": "1.2.250.1.213.2.3.1", "label": "VACCIN D’ESSAI, suspension injectable"},
    "translations": [{"code": "J07BB02", "system": "2.16.840.1.113883.6.73", "label": "Vaccin grippal inactivé"}],
}


@attrs.define
class Counter:
    """A target that runs, and one patient.

    Attributes:
        bench: of the check.
        subject: the target.
        identity_ref: of the patient, ADRUN ZOE.
    """

    bench: Bench
    subject: Subject
    identity_ref: str

    @classmethod
    def opened(cls, bench: Bench, *, qualified: bool = True, informed: bool = True, **tables: Any) -> "Counter":
        """Start the target anew and have somebody come: known to INSi, and as told her card of identity was seen.

        Raises:
            CheckBlocked: ``companion:qualify_identity``: nothing here asks INSi.
        """
        if INSI not in bench.product.companions:
            raise CheckBlocked("companion:qualify_identity")
        subject = bench.start(**tables)
        shown = {"document": IDENTITY_CARD} if qualified else {}
        found = subject.identify(traits=traits("ADRUN", "ZOE"), **shown).value
        expect(found is not None, "l’identité n’est pas enregistrée")
        counter = cls(bench, subject, found["identity_ref"])
        if informed:
            counter.informs()
        return counter

    def verb(self, name: str, **given: Any) -> Answer:
        """Have a verb of the host carried out."""
        return self.subject.ask("verb", name=name, given=given)

    def done(self, name: str, **given: Any) -> Any:
        """Have a verb carried out that must not be refused, and return its value."""
        answer = self.verb(name, **given)
        expect(answer.error is None, f"{name} : refusé ({answer.error})")
        return answer.value

    def informs(self) -> None:
        """Tell the patient that her DMP is fed."""
        self.done("consents.inform", identity_ref=self.identity_ref, channel="oral")

    def draft(self, **changes: Any) -> Row:
        """Return an *entretien pharmaceutique* of today; members of ``content`` may be changed by name too."""
        now = datetime.now(UTC).replace(microsecond=0)
        content = {
            "author": AUTHOR,
            "authored_at": now.isoformat(),
            "validator": AUTHOR,
            "act": {"start": (now - timedelta(hours=1)).isoformat()},
            "body": {"kind": "written", "sections": [{"heading": "Bilan", "paragraphs": ["Bonne observance."]}]},
            **changes.pop("content", {}),
        }
        return {
            "kind": "dmp",
            "identity": {"identity_ref": self.identity_ref},
            "document_type": INTERVIEW,
            "title": "Entretien pharmaceutique asthme",
            "validation": {"validator": RPPS, "validated_at": now.isoformat()},
            "consents": {"informed": True, "opposed": False},
            "content": content,
            **changes,
        }

    def sends(self, draft: Row | None = None, **given: Any) -> Row:
        """Give a document to be sent, and return the receipt."""
        receipt: Row = self.done("sending.send", input=json.dumps(draft or self.draft()), **given)
        return receipt

    def let_in(self, draft: Row | None = None, **given: Any) -> str:
        """Give a document that the gate must let in, and return the id of what was let in."""
        receipt = self.sends(draft, **given)
        expect(receipt["id"], f"un document en règle est refusé ({codes(receipt)})")
        return str(receipt["id"])

    def withdraws(self, draft: Row) -> str:
        """Have the version withdrawn that a draft would replace, and return the id of what was let in."""
        given = {name: value for name, value in draft.items() if name != "kind"}
        answer = self.subject.ask("withdraw", draft=given)
        expect(answer.error is None, f"retrait d’un document : refusé ({answer.error})")
        expect(answer.value["id"], f"le retrait d’un document est refusé ({codes(answer.value)})")
        return str(answer.value["id"])

    def runs(self) -> None:
        """Have everything that is due sent."""
        self.done("outbox.run")

    def later(self) -> None:
        """Have everything sent that is due once every pause has passed, for the target and for the services."""
        self._step += LONGEST_PAUSE
        self.bench.sandbox.set_clock(advance_s=LONGEST_PAUSE.total_seconds())
        self.subject.ask("clock", step_s=self._step.total_seconds())
        self.runs()

    _step: timedelta = attrs.field(factory=timedelta, init=False)

    def row(self, intent_id: str) -> Row:
        """Return where something that was let in stands."""
        rows: list[Row] = self.done("outbox.list", settled=True)
        found = [one for one in rows if one["id"] == intent_id]
        expect_equal(len(found), 1, "nombre de lignes de cet envoi dans la liste")
        return found[0]

    def fed(self, draft: Row | None = None, **given: Any) -> Row:
        """Feed a document, and return all that is told of it."""
        intent_id = self.let_in(draft, **given)
        self.runs()
        self.expect_state(intent_id, "sent")
        found: Row = self.done("outbox.show", id=intent_id)
        return found

    def expect_state(self, intent_id: str, *states: str) -> Row:
        """Expect something to stand so, with a reason in words as long as it is not sent, and return its row."""
        row = self.row(intent_id)
        if row["state"] not in states:
            raise CheckFailed(f"l’envoi est à l’état {row['state']} ({row['reason']}), attendu {' ou '.join(states)}")
        if row["state"] not in {"sent", "queued"}:
            expect(row["reasons"], f"rien ne dit pourquoi l’envoi est à l’état {row['state']}")
            expect(all(one["text"] and one["action"] for one in row["reasons"]), "une raison sans texte ni conseil")
        return row


def vaccination() -> Row:
    """Return what a draft says otherwise that is a *note de vaccination* of now."""
    dose = {"given_at": datetime.now(UTC).isoformat(), "vaccine": _VACCINE}
    body = {"kind": "vaccination", "vaccinations": [dose]}
    return {"document_type": VACCINATION, "title": "Note de vaccination", "content": {"body": body}}


def codes(told: Row) -> str:
    """Name the reasons of a receipt."""
    return " ".join(one["code"] for one in told["reasons"]) or "sans raison"
