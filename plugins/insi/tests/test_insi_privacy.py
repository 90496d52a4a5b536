"""Canaries: nothing of a person shows in an error, a representation or the audit, whatever goes wrong."""

import traceback
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from segur_plugin_insi.assertion import VitaleClaim
from segur_plugin_insi.card_person import CardPerson, person_on_card
from segur_plugin_insi.criteria import Criteria
from segur_plugin_insi.exchange import Request
from segur_plugin_insi.namespaces import Operation
from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.replies import read_reply
from segur_plugin_insi.settings import InsiSettings
from segur_plugin_insi.strategy import Step
from segur_sdk.context import HttpReply
from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.hooks.qualify_identity import CandidateSubject, CardSubject, IdentityRequest, TraitsSubject
from segur_sdk.models.identity import CollectionMethod, InsCandidate, MatriculeIns, Sex

CANARIES = ("VANDERMONDE", "ARIANA", "1995-06-17", "19950617", "2950663220123", "1090763220834", "ECETINSI", "63220")
SCRIPTS: dict[str, Callable[[Any, Any, HttpReply], list[Any]]] = {
    "not found": lambda resultat, fault, insi_102: [resultat("01")],
    "several": lambda resultat, fault, insi_102: [resultat("02"), resultat("02")],
    "somebody else": lambda resultat, fault, insi_102: [
        resultat(active="109076322083489", tiq={"NomNaissance": "ECETINSI"})
    ],
    "unavailable": lambda resultat, fault, insi_102: [insi_102, insi_102],
    "fault that repeats the question": lambda resultat, fault, insi_102: [
        fault("ARIANA1995-06-17_2950663220123", "VANDERMONDE 1995-06-17", text="VANDERMONDE ARIANA 2950663220123")
    ],
    "broken answer": lambda resultat, fault, insi_102: [
        HttpReply(status=200, headers={}, body=resultat(tiq={"NomNaissance": "VANDERMONDE"}).body[:-40])
    ],
    "contradictory answer": lambda resultat, fault, insi_102: [resultat(tiq={"Sexe": "VANDERMONDE"})],
    "bad matricule": lambda resultat, fault, insi_102: [resultat(active="10907632208ECETINSI")],
    "no service": lambda resultat, fault, insi_102: [ServiceError("service.unreachable", retryable=True)] * 2,
    "card swapped": lambda resultat, fault, insi_102: [],
    "name that cannot be written": lambda resultat, fault, insi_102: [],
}


def shown(*things: object) -> str:
    return "".join(f"{thing!r}{thing!s}" for thing in things)


@pytest.mark.parametrize("subject", ["traits", "card", "card with assertion", "scanned"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_of_a_person_shows(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    fault: Any,
    insi_102: HttpReply,
    traits: Any,
    beneficiary: Any,
    presence: Any,
    script: str,
    subject: str,
) -> None:
    nom = "VANDERMONDE7" if script == "name that cannot be written" else "VANDERMONDE"
    born = date(1995, 6, 17)
    ctx = make_ctx(*SCRIPTS[script](resultat, fault, insi_102))
    ctx.cards.inserted = "2" if script == "card swapped" else "1"
    subjects: dict[str, Any] = {
        "traits": TraitsSubject(traits=traits(nom, "ARIANA", date_naissance=born, lieu_naissance="63220")),
        "card": CardSubject(
            beneficiary=beneficiary(nom=nom, prenom="ARIANA", date_naissance=born, date_en_carte="19950617"),
            presence=presence,
            serial="1001",
        ),
        "scanned": CandidateSubject(
            candidate=InsCandidate(
                matricule=MatriculeIns(value="295066322012355", oid="1.2.250.1.213.1.4.8"),
                traits=traits(nom, "ARIANA", date_naissance=born, lieu_naissance="63220"),
                method=CollectionMethod.BARCODE,
            )
        ),
    }
    if subject == "card with assertion":
        ctx.plugin_settings = InsiSettings(vitale_assertion="sandbox")
    if script == "card swapped" and not subject.startswith("card"):
        ctx.http_service.script.append(resultat("01"))
    event = IdentityRequest(subject=subjects["card" if subject.startswith("card") else subject])
    try:
        outcome: object = plugin.qualify_identity(event, ctx)
        told = shown(outcome)
    except SegurError as failure:
        told = shown(failure, failure.facts, failure.args) + "".join(traceback.format_exception(failure))
    told += shown(ctx.audit.written, event)
    assert [canary for canary in CANARIES if canary.casefold() in told.casefold()] == []


def test_values_inside_the_plugin_do_not_show_what_they_hold(resultat: Any, beneficiary: Any, make_ctx: Any) -> None:
    criteria = Criteria("VANDERMONDE", ("ARIANA",), Sex.FEMALE, date(1995, 6, 17), "63220")
    person = person_on_card(beneficiary(nom="VANDERMONDE"), make_ctx())
    claim = VitaleClaim("_1", make_ctx().clock.now(), "INSI-MANU", "000000001001", 1)
    values: list[object] = [
        criteria,
        criteria.as_traits(),
        person,
        CardPerson("VANDERMONDE", "1995-06-17", 1, "2950663220123", "55"),
        claim,
        Step(("ARIANA",)),
        Request(Operation.BY_TRAITS, [], criteria.as_traits(), person),  # type: ignore[arg-type]
        read_reply(resultat(active="109076322083489", tiq={"NomNaissance": "ECETINSI"})),
    ]
    told = shown(*values)
    assert [canary for canary in (*CANARIES, "000000001001") if canary in told] == []
    assert "individual" in told
