"""The question `RECVITALE`: compares what is asked with what that card really holds.

How `ContexteBAM/COUVERTURE` is filled for this operation is inferred from its schema (UNVERIFIED).
"""

from lxml import etree

from segur_sandbox.cards.catalogue import Beneficiary
from segur_sandbox.insi.envelope import COUVERTURE
from segur_sandbox.insi.names import check_family_name
from segur_sandbox.insi.namespaces import CTXBAM, RECVIT
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.structure import Item, read_sequence, text_of
from segur_sandbox.people import without_diacritics

_QUESTION = (
    Item("MatriculeIndividu"),
    Item("MatriculeOD", True),
    Item("NomNaissance", True),
    Item("DateNaissance", True),
    Item("RangNaissance"),
)
_MATRICULE = (Item("NumIdentifiant", True), Item("Cle", True), Item("TypeMatricule"))
_CENTURY = 2


def check_question(question: etree._Element, beneficiary: Beneficiary) -> str:
    """Refuse a `RECVITALE` that does not describe `beneficiary` as the card does; return the date it gives.

    Raises:
        RequestRefusedError: an element missing or malformed, or name, date, rank or NIR that differ from the card.
    """
    found = read_sequence(question, RECVIT, _QUESTION, "body")
    insured = read_sequence(found["MatriculeOD"], RECVIT, _MATRICULE, "body")
    if "MatriculeIndividu" in found:
        read_sequence(found["MatriculeIndividu"], RECVIT, _MATRICULE, "body")
    name = text_of(found["NomNaissance"])
    check_family_name(name)
    _compare("NomNaissance", name, without_diacritics(beneficiary.nom))
    _compare_date("DateNaissance", text_of(found["DateNaissance"]), beneficiary)
    if "RangNaissance" in found:
        _compare("RangNaissance", text_of(found["RangNaissance"]), str(beneficiary.rang))
    _compare("MatriculeOD", text_of(insured["NumIdentifiant"]) + text_of(insured["Cle"]), beneficiary.nir)
    # The card may lack its century: the question has it.
    return text_of(found["DateNaissance"])


def check_couverture(couverture: etree._Element, beneficiary: Beneficiary) -> None:
    """Refuse a `COUVERTURE` that does not carry the card's insured number and beneficiary.

    Raises:
        RequestRefusedError: `ASSURE/Id` or `BENEFICIAIRE` missing, malformed, or unlike the card.
    """
    found = read_sequence(couverture, CTXBAM, COUVERTURE, "header")
    if not {"ASSURE", "BENEFICIAIRE"} <= set(found):
        raise RequestRefusedError("header", "COUVERTURE has no ASSURE or no BENEFICIAIRE")
    identifier = read_sequence(found["ASSURE"], CTXBAM, (Item("Id", True),), "header")["Id"]
    insured = read_sequence(identifier, CTXBAM, (Item("Num", True), Item("Cle", True)), "header")
    _compare("ASSURE/Id", text_of(insured["Num"]) + text_of(insured["Cle"]), beneficiary.nir)
    person = read_sequence(
        found["BENEFICIAIRE"],
        CTXBAM,
        (Item("Nir"), Item("DateNai", True), Item("Rang"), Item("Porteur")),
        "header",
    )
    _compare_date("BENEFICIAIRE/DateNai", text_of(person["DateNai"]), beneficiary)
    if "Rang" in person:
        _compare("BENEFICIAIRE/Rang", text_of(person["Rang"]), str(beneficiary.rang))


def _compare(what: str, sent: str, on_card: str) -> None:
    if sent != on_card:
        raise RequestRefusedError("vitale_beneficiary", f"{what} is not the card's")


def _compare_date(what: str, sent: str, beneficiary: Beneficiary) -> None:
    digits = sent.replace("-", "")
    if len(digits) != len("YYYYMMDD") or sent != f"{digits[:4]}-{digits[4:6]}-{digits[6:]}":
        raise RequestRefusedError("date", f"{what} is not YYYY-MM-DD")
    # Where the card has no century, the person at the counter said it: only the rest can be compared.
    shown = digits if len(beneficiary.date_naissance) == len(digits) else digits[_CENTURY:]
    _compare(what, shown, beneficiary.date_naissance)
