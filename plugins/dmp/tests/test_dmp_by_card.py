"""Feeding in the mode *directe*: the author's card opens the connection, signs the set and the VIHF."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from plugins.dmp.tests.at_the_sandbox import in_words, settled, zoe
from plugins.dmp.tests.outside_tools import lot_verified, vihf_verified
from plugins.dmp.tests.scripted_dmp import draft
from segur_sdk.hooks.dmp_send import Validation
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.document import CareStructure, DocumentProfessional

if TYPE_CHECKING:
    from segur_host import Host
    from segur_sandbox.running import RunningSandbox

READER: Final = "Vitale 1"
CARD: Final = "2800901100"
PHARMACY: Final = "10B0152872/SA33/01"
CAROLE: Final = DocumentProfessional(
    id="899700075122",
    family_name="PHARMACH0007512",
    given_name="CAROLE",
    role="G15_21/A",
    structure=CareStructure(id="10B0152872", name="PHARMACIE DU BAC A SABLE"),
)


def by_carole(host: "Host", **changes: Any) -> Any:
    validated = Validation(validator="99700075122", validated_at=draft().validation.validated_at)  # type: ignore[union-attr]
    return draft(identity=zoe(host), author=CAROLE, validator=CAROLE, validation=validated, **changes)


@pytest.fixture
def signed_in(open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox") -> "Host":
    host = open_host(card=CARD)
    segur_sandbox.insert(READER, "cps:pharmacist")
    host.login(SessionMeans.CPS, exercice=PHARMACY)
    return host


def calls(sandbox: "RunningSandbox") -> list[tuple[str, str, str]]:
    return [(one["transaction"], one["mode"], one["outcome"]) for one in sandbox.dmp_now()["audit"]]


def test_card_feeds_in_its_holder_s_name_and_xmlsec1_knows_whose_it_is(
    signed_in: "Host", segur_sandbox: "RunningSandbox", tmp_path: Path
) -> None:
    given = by_carole(signed_in)
    assert in_words(settled(signed_in, given)) == ("sent", [])
    assert calls(segur_sandbox) == [("TD0.2", "DIRECTE", "accepted"), ("TD2.1", "DIRECTE", "accepted")]
    shown = {one.name: one.data for one in signed_in.rehearse(given).parts}
    anchors = Path(segur_sandbox.descriptor["services"]["cards"]["ca"])
    assert vihf_verified(shown["vihf.xml"], tmp_path, anchors)
    assert lot_verified(shown["signature.xml"], tmp_path, anchors)
    assert b"SmartcardPKI" in shown["vihf.xml"]


def test_document_waits_for_the_very_card_that_signed_it(signed_in: "Host", segur_sandbox: "RunningSandbox") -> None:
    receipt = signed_in.send(by_carole(signed_in))
    assert receipt.intent is not None
    signed_in.logout()
    signed_in.outbox.run()
    assert in_words(signed_in.outbox.show(receipt.intent.id)) == ("waiting", ["outbox.waits_for_session"])
    segur_sandbox.insert(READER, "cps:pharmacist-cps3")
    signed_in.login(SessionMeans.CPS, exercice=PHARMACY)
    signed_in.outbox.run()
    assert in_words(signed_in.outbox.show(receipt.intent.id))[0] == "waiting"
    assert calls(segur_sandbox) == []
    signed_in.logout()
    segur_sandbox.insert(READER, "cps:pharmacist")
    signed_in.login(SessionMeans.CPS, exercice=PHARMACY)
    signed_in.outbox.run()
    assert in_words(signed_in.outbox.show(receipt.intent.id)) == ("sent", [])


def test_lost_answer_is_found_out_about_once_the_card_is_back(
    signed_in: "Host", segur_sandbox: "RunningSandbox"
) -> None:
    segur_sandbox.fault("dmp", "answer_lost", operation="TD2.1", count=1)
    doubted = settled(signed_in, by_carole(signed_in))
    assert in_words(doubted)[0] == "in_doubt"
    signed_in.logout()
    signed_in.retry(doubted.id)
    signed_in.outbox.run()
    assert in_words(signed_in.outbox.show(doubted.id)) == ("in_doubt", ["outbox.waits_for_session"])
    signed_in.login(SessionMeans.CPS, exercice=PHARMACY)
    signed_in.outbox.run()
    assert in_words(signed_in.outbox.show(doubted.id)) == ("sent", [])
    assert [one[0] for one in calls(segur_sandbox)] == ["TD0.2", "TD2.1", "TD3.1"]
    assert len(segur_sandbox.dmp_now()["entries"]) == 2
