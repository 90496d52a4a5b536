"""What the teleservice sends back."""

import attrs

from segur_sandbox.insi import soap_faults
from segur_sandbox.insi.replies import ReplyStyle, resultat
from segur_sandbox.people import Person


@attrs.frozen
class SoapAnswer:
    """A SOAP answer and its HTTP status: 200 for the return codes 00, 01 and 02, 500 for a fault."""

    status: int
    body: bytes


def reply(people: tuple[Person, ...], style: ReplyStyle, message_id: str) -> SoapAnswer:
    """Turn what the register holds into the answer: a fault, or the return code 00, 01 or 02."""
    published = next((person.reponse for person in people if person.reponse), None)
    if published == "insi_102":
        return SoapAnswer(500, soap_faults.insi_102())
    if published == "desir_1020":
        return SoapAnswer(500, soap_faults.desir_1020(message_id))
    if published == "02" or len(people) > 1:
        return SoapAnswer(200, resultat("02", None, style))
    if not people:
        return SoapAnswer(200, resultat("01", None, style))
    return SoapAnswer(200, resultat("00", people[0], style))
