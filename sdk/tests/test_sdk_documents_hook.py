"""``on_document_validated``: a document is told of by its kind, never by its patient."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from segur_sdk.hooks import HOOKS, HookMode, SegurHooks, Stability
from segur_sdk.hooks.dmp_send import Validation
from segur_sdk.hooks.document_validated import DocumentRouting, DocumentValidatedEvent
from segur_sdk.hooks.export import describe_hooks
from segur_sdk.models.base import models_within
from segur_sdk.models.channels import Channel, Circumstance, ProposedChannel
from segur_sdk.privacy import is_marked

VALIDATION = Validation(validator="10000000001", validated_at=datetime(2026, 3, 2, 9, tzinfo=UTC))


def test_hook_collects_and_is_experimental() -> None:
    info = HOOKS["on_document_validated"]
    assert (info.mode, info.stability, info.version) == (HookMode.COLLECT, Stability.EXPERIMENTAL, "1.0")
    assert (info.event, info.result) == (DocumentValidatedEvent, DocumentRouting)
    assert callable(SegurHooks.on_document_validated)


def test_hook_is_exported_with_its_schemas() -> None:
    described = describe_hooks()
    (hook,) = [one for one in described["hooks"] if one["name"] == "on_document_validated"]
    assert hook["documentation"].startswith("Propose the channels of a document")
    assert {"DocumentValidatedEvent", "DocumentRouting", "ProposedChannel"} <= set(described["schemas"])


def test_neither_event_nor_result_says_about_whom_it_is() -> None:
    models = {one for model in (DocumentValidatedEvent, DocumentRouting) for one in models_within(model)}
    marked = [name for model in models for name, field in model.model_fields.items() if is_marked(field)]
    assert marked == ["document_date"]
    assert {one.__name__ for one in models} == {
        "DocumentValidatedEvent",
        "DocumentRouting",
        "ProposedChannel",
        "Validation",
        "Notice",
    }


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [
        pytest.param({"document_type": "78601-2"}, True, id="type"),
        pytest.param({"label": "Entretien"}, True, id="name"),
        pytest.param({"document_type": "78601-2", "label": "Entretien"}, True, id="both"),
        pytest.param({}, False, id="neither"),
        pytest.param({"label": ""}, False, id="empty name"),
    ],
)
def test_document_is_named_by_type_or_label(kind: dict[str, str], accepted: bool) -> None:
    given = {"document_ref": "1", "document_date": "2026-03-02", "validation": VALIDATION, **kind}
    try:
        event = DocumentValidatedEvent.model_validate(given)
    except ValidationError:
        assert not accepted
    else:
        assert accepted
        assert event.document_date == date(2026, 3, 2)


def test_event_survives_json() -> None:
    event = DocumentValidatedEvent(
        document_ref="1",
        document_type="57833-6",
        document_date=date(2026, 3, 2),
        circumstances=frozenset({Circumstance.PRIOR_AGREEMENT}),
        validation=VALIDATION,
    )
    assert DocumentValidatedEvent.model_validate_json(event.model_dump_json()) == event


def test_channel_is_proposed_under_a_rule() -> None:
    assert ProposedChannel(channel=Channel.DMP, rules=("r",)).rules == ("r",)
    with pytest.raises(ValidationError):
        ProposedChannel(channel=Channel.DMP, rules=())
