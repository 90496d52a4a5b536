"""The counter: what checks ask of a target for one person, and what it must say of him."""

from collections.abc import Mapping
from typing import Any, Final, Self

import attrs

from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer

IDENTITY_CARD: Final[Mapping[str, str]] = {"type": "CN"}
NO_DOCUMENT: Final = ("none_presented", "refused", "patient_absent")
"""Answers given instead of a document that leave the traits as they are."""
WITH_INS: Final = frozenset({"RECUP", "QUAL"})


def none_because(reason: str) -> dict[str, str]:
    """Return the answer given instead of a document."""
    return {"none_because": reason}


@attrs.frozen
class Standing:
    """What a target says of a person after one request.

    Attributes:
        ref: reference of the identity; nothing when the person was not recorded.
        status: ``PROV``, ``VALI``, ``RECUP`` or ``QUAL``.
        attributes: among ``HOMONYME``, ``DOUTEUX`` and ``FICTIF``.
        asking: whether a document is still to be asked for: ``ask``, ``confirmed``, ``refused``, ``exhausted``.
        differing: traits on which INSi's answer differs from what is recorded.
        told: whether the user was told anything.
    """

    ref: str | None
    status: str | None
    attributes: frozenset[str]
    asking: str | None
    differing: frozenset[str]
    told: bool

    @classmethod
    def of(cls, answer: Answer, what: str) -> Self:
        """Read an answer.

        Raises:
            CheckFailed: the request was refused, or the answer has not its form.
        """
        if answer.error is not None:
            raise CheckFailed(f"{what} : refusé ({answer.error})")
        try:
            return cls(
                ref=answer.value["identity_ref"],
                status=answer.value["status"],
                attributes=frozenset(answer.value["attributes"]),
                asking=answer.value.get("asking"),
                differing=frozenset(one["trait"] for one in answer.value.get("divergences") or ()),
                told=bool(answer.value.get("notices")),
            )
        except (AttributeError, KeyError, TypeError):
            raise CheckFailed(f"{what} : la réponse n’a pas la forme attendue") from None


class Counter:
    """A target that was started anew, at whose counter people stand.

    Args:
        bench: of the check.
        **tables: of the host's configuration, instead of the sandbox's.
    """

    def __init__(self, bench: Bench, **tables: Any) -> None:
        self._bench = bench
        self.subject = bench.start(**tables)

    @property
    def calls(self) -> int:
        """How often INSi was asked since the check began, whatever came of it."""
        return len(self._bench.sandbox.exchanges("insi"))

    def identify(self, what: str, **given: Any) -> Standing:
        """Identify a person, and read the answer."""
        return Standing.of(self.subject.identify(**given), what)

    def recorded(self, person: Mapping[str, Any], **given: Any) -> Standing:
        """Record a person by typed traits, without asking INSi unless told so."""
        found = self.identify("enregistrement", **{"traits": dict(person), "search": False} | given)
        expect(found.ref, "enregistrement : aucune identité")
        return found

    def again(self, ref: str | None, what: str, **given: Any) -> Standing:
        """Go on with a recorded person, without asking INSi unless told so."""
        return self.identify(what, **{"identity_ref": ref, "search": False} | given)

    def in_status(self, person: Mapping[str, Any], status: str) -> str:
        """Record a person of whom INSi knows, bring the identity to a status, and return its reference."""
        document = IDENTITY_CARD if status in {"VALI", "QUAL"} else None
        found = self.recorded(person, search=status in WITH_INS, document=document)
        expect_equal(found.status, status, "mise en place, statut")
        return str(found.ref)

    def mark(self, ref: str | None, attribute: str, *, present: bool = True) -> Standing:
        """Set or clear an attribute."""
        verb = "pose" if present else "levée"
        return Standing.of(self.subject.mark(str(ref), attribute, present=present), f"{verb} de {attribute}")

    def correct(self, ref: str, traits: Mapping[str, Any], what: str, *, as_super_user: bool = False) -> Standing:
        """Record corrected traits."""
        return Standing.of(self.subject.correct(ref, dict(traits), as_super_user=as_super_user), what)

    def kept(self, ref: str | None) -> Mapping[str, Any]:
        """Return what the reference host keeps of an identity now."""
        revisions = self.subject.ask("history", input={"identity_ref": str(ref)}).value
        expect(revisions, "aucun historique de l’identité")
        record: Mapping[str, Any] = revisions[-1]["record"]
        return record


def expect_refused(answer: Answer, what: str) -> None:
    """End the check as failed unless the request was refused with a code."""
    expect(answer.error, f"{what} : accepté")


def expect_status(found: Standing, wanted: str, what: str) -> None:
    """End the check as failed unless the person is recorded with this status."""
    expect_equal((found.ref is not None, found.status), (True, wanted), f"{what}, enregistrée et statut")
