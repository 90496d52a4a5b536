"""Well-formed answers that are wrong, or right in an unusual shape, asked for with the fault `wrong_answer`."""

from typing import Any

import attrs

from segur_sandbox.insi import soap_faults
from segur_sandbox.insi.answer import SoapAnswer
from segur_sandbox.insi.replies import ReplyStyle, envelope, resultat
from segur_sandbox.people import OID_NIA, Matricule, Person, Register

_STYLES: dict[str, dict[str, Any]] = {
    "with_prenom": {"with_prenom": True},
    "without_birthplace": {"with_birthplace": False},
    "history_none": {"history": "none"},
    "history_one": {"history": "one"},
    "history_many": {"history": "many"},
    "body_prefix_s": {"body_prefix": "S"},
    "body_prefix_soap": {"body_prefix": "soap"},
}


def wrong_answer(
    variant: str, people: tuple[Person, ...], register: Register, style: ReplyStyle, message_id: str
) -> SoapAnswer:
    """Return the answer that `variant` (empty: `other_person`) gives to a question that found `people`."""
    whole = {
        "insi_102": lambda: SoapAnswer(500, soap_faults.insi_102()),
        "desir_1020": lambda: SoapAnswer(500, soap_faults.desir_1020(message_id)),
        "none": lambda: SoapAnswer(200, resultat("01", None, style)),
        "several": lambda: SoapAnswer(200, resultat("02", None, style)),
        "empty_body": lambda: SoapAnswer(200, envelope("", style)),
    }
    if variant in whole:
        return whole[variant]()
    known = next((person for person in people if person.matricule), None)
    if variant in ("", "other_person"):
        return SoapAnswer(200, resultat("00", register.other_than(known), style))
    person = known or register.other_than(None)
    style = attrs.evolve(style, **_STYLES.get(variant, {}))
    return SoapAnswer(200, resultat("00", *_distorted(variant, person, style)))


def _distorted(variant: str, person: Person, style: ReplyStyle) -> tuple[Person, ReplyStyle]:
    matricule = person.matricule
    if matricule is None:
        raise ValueError("only somebody with a matricule can be distorted")
    if variant == "wrong_key":
        wrong = matricule.model_copy(update={"cle": f"{(int(matricule.cle) % 97) + 1:02d}"})
        return person.model_copy(update={"matricule": wrong}), style
    if variant == "nia":
        return person.model_copy(update={"matricule": matricule.model_copy(update={"oid": OID_NIA})}), style
    if variant == "divergent_traits":
        year = int(person.date_naissance[:4]) + 1
        return person.model_copy(update={"date_naissance": f"{year}{person.date_naissance[4:]}"}), style
    if variant == "history_cnda_order":
        older = Matricule(
            numero=matricule.numero, cle=matricule.cle, oid=matricule.oid, debut="2019-03-01", fin="2019-02-28"
        )
        history = person.historique or (older,)
        return person.model_copy(update={"historique": history}), attrs.evolve(style, cnda_order=True)
    return person, style
