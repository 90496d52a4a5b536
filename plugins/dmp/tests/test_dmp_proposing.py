"""A validated document is proposed the channels of its day; what is unknown is shown, never dropped."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from plugins.dmp.tests.scripted_dmp import NOW, Context
from segur_plugin_dmp.plugin import DmpPlugin
from segur_sdk.hooks.dmp_send import Validation
from segur_sdk.hooks.document_validated import DocumentRouting, DocumentValidatedEvent
from segur_sdk.models.channels import Channel, Circumstance

MakeContext = Callable[..., Context]


@pytest.fixture
def routed(make_ctx: MakeContext) -> Callable[..., DocumentRouting]:
    def route(**changes: Any) -> DocumentRouting:
        given: dict[str, Any] = {
            "document_ref": "d-1",
            "document_date": date(2026, 3, 2),
            "validation": Validation(validator="99900063480", validated_at=NOW),
        }
        answer = DmpPlugin().on_document_validated(DocumentValidatedEvent(**(given | changes)), make_ctx())
        assert answer is not None
        return answer

    return route


@pytest.mark.parametrize("document_type", ["78601-2", "87273-9", "56445-0"])
@pytest.mark.req("S000-34", "S000-35", "S000-36")
def test_the_three_documents_of_a_pharmacy_leave_by_themselves(
    routed: Callable[..., DocumentRouting], document_type: str
) -> None:
    (dmp,) = (one for one in routed(document_type=document_type).channels if one.channel is Channel.DMP)
    assert (dmp.automatic, dmp.held) == (True, False)
    assert "automatic-feeding" in dmp.rules


def test_a_letter_goes_where_the_rules_of_its_day_say(routed: Callable[..., DocumentRouting]) -> None:
    letter = {"label": "Certificat médical", "document_type": "89601-9"}
    before = routed(**letter, document_date=date(2023, 12, 30)).channels
    after = routed(**letter, document_date=date(2023, 12, 31)).channels
    assert before == ()
    assert [one.channel for one in after] == [Channel.DMP, Channel.MSS_PRO, Channel.MSS_PATIENT]


@pytest.mark.req("S001-12")
def test_unknown_kinds_are_shown_with_a_notice_and_no_channel(routed: Callable[..., DocumentRouting]) -> None:
    by_type, by_name = routed(document_type="0-0", label="Fiche bleue"), routed(label="Fiche bleue")
    assert (by_type.document_type, by_type.shown) == ("0-0", "Fiche bleue (0-0)")
    assert (by_name.document_type, by_name.shown) == (None, "Fiche bleue")
    for routing in (by_type, by_name):
        assert routing.channels == ()
        assert [one.code for one in routing.notices] == ["dmp.kind_unknown"]


def test_sensitive_names_are_held_and_a_death_certificate_has_no_way(routed: Callable[..., DocumentRouting]) -> None:
    held = routed(label="Certificat de soins psychiatriques")
    assert {one.held for one in held.channels} == {True}
    assert not any(one.automatic for one in held.channels)
    for more in ({}, {"document_type": "CERT_DECL"}):
        death = routed(label="Certificat de décès", **more)
        assert Channel.DMP not in [one.channel for one in death.channels]
        assert [one.code for one in death.notices] == ["dmp.no_way"]


def test_circumstances_count(routed: Callable[..., DocumentRouting]) -> None:
    prescription = routed(document_type="57833-6")
    inside = routed(document_type="57833-6", circumstances=frozenset({Circumstance.IN_STAY}))
    assert len(inside.channels) < len(prescription.channels)
