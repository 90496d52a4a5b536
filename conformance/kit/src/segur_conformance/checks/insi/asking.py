"""Ask the target about published test people, and read what it answers."""

from collections.abc import Mapping
from typing import Any, Final

from segur_conformance.outcomes import CheckBlocked
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Answer, Subject

HOOK: Final = "qualify_identity"

# Published with the approval tests, and unknown to the register: INSi answers 01 to some or all of their names.
TCHITCHI: Final = {
    "nom_naissance": "TCHITCHI",
    "prenoms_naissance": ["OLA", "CATARINA", "BELLA"],
    "sexe": "F",
    "date_naissance": "1936-06-21",
}
HOUILLES: Final = {
    "nom_naissance": "HOUILLES",
    "prenoms_naissance": ["PIERRE", "PAUL", "JACQUES"],
    "sexe": "M",
    "date_naissance": "1993-01-27",
}


def criteria(name: str, given_name: str, **changes: Any) -> dict[str, Any]:
    """Return what INSi is asked for one published person: names, sex and date of birth."""
    one = published(name, given_name)
    known = {
        "nom_naissance": one["nom_naissance"],
        "prenoms_naissance": one["prenoms"],
        "sexe": one["sexe"],
        "date_naissance": one["date_naissance"],
    }
    return {**known, **changes}


def matricule(name: str, given_name: str) -> str:
    """Return the 15 characters of one published person's active matricule."""
    found = published(name, given_name)["matricule"]
    return f"{found['numero']}{found['cle']}"


def ask_by_traits(subject: Subject, traits: Mapping[str, Any], *, automatic: bool = False) -> Answer:
    """Ask for somebody's INS by traits."""
    return subject.call(HOOK, {"subject": {"kind": "traits", "traits": traits}, "automatic": automatic})


def ask_about(subject: Subject, candidate: Mapping[str, Any]) -> Answer:
    """Ask to verify an INS that was scanned or received."""
    return subject.call(HOOK, {"subject": {"kind": "ins", "candidate": candidate}})


def card_person(subject: Subject, reader: str, position: int = 1) -> dict[str, Any]:
    """Read the card in a reader and choose somebody on it.

    Raises:
        CheckBlocked: ``companion:on_card_read``: nothing here reads cards.
    """
    reading = subject.call("on_card_read", {"card": {"slot": reader}}).value
    if not reading:
        raise CheckBlocked("companion:on_card_read")
    person = next(one for one in reading["beneficiaries"] if one["position"] == position)
    return {"kind": "card", "beneficiary": person, "presence": reading["presence"], "serial": reading["serial"]}


def ask_by_card(subject: Subject, person: Mapping[str, Any]) -> Answer:
    """Ask for the INS of somebody on a card."""
    return subject.call(HOOK, {"subject": person})


def individual(answer: Answer) -> dict[str, Any]:
    """Return the person that was found; the check fails when nobody was."""
    value = answer.value or {}
    expect(
        value.get("cr") == "00" and value.get("individual"),
        f"la personne n’a pas été retrouvée (code {value.get('cr')}, erreur {answer.failure})",
    )
    found: dict[str, Any] = value["individual"]
    return found


def told(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return a matricule and its OID as they are told."""
    return found["matricule"]["value"], found["matricule"]["oid"]


def errors(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the errors that plugins ended with, whether of a hook or of an identification."""
    outcomes = answer.outcomes or (answer.value or {}).get("outcomes", ())
    return [one["error"] for one in outcomes if one.get("error")]


def expect_refused(answer: Answer, what: str) -> None:
    """End the check as failed unless the hook ended with a typed error and no value."""
    expect(answer.value is None, f"{what} : une réponse a été rendue alors qu’aucune n’est possible")
    expect(answer.failure, f"{what} : aucune erreur typée n’a été rendue")
    code = str(answer.failure)
    expect(not code.startswith("plugin."), f"{what} : l’erreur est un accident ({code}), pas un refus motivé")


def expect_temporary(answer: Answer, what: str, *, temporary: bool = True) -> None:
    """End the check as failed unless every error says that asking again later may help, or that it will not."""
    wanted = "temporaire" if temporary else "durable"
    expect(
        all(bool(one.get("retryable")) is temporary for one in errors(answer)), f"{what} : l’erreur n’est pas {wanted}"
    )


def expect_unchanged(answer: Answer, what: str, status: str = "PROV") -> None:
    """End the check as failed unless an identification left the identity as it was, at ``status``."""
    value = answer.value or {}
    expect(answer.error is None, f"{what} : l’identification a échoué ({answer.error})")
    found = value.get("status")
    expect(found == status, f"{what} : l’identité est passée au statut {found}, attendu {status}")


def person_known(bench: Bench, subject: Subject, traits: Mapping[str, Any]) -> str:
    """Record somebody without asking INSi, and return the reference of the identity."""
    answer = subject.identify(traits=traits, search=False)
    reference = (answer.value or {}).get("identity_ref")
    expect(reference, f"l’identité n’a pas été enregistrée ({answer.failure})")
    expect(not bench.sandbox.exchanges("insi"), "INSi a été interrogé alors que la recherche n’était pas demandée")
    return str(reference)
