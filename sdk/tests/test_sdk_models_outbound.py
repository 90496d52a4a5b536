"""What only establishes a right or a status has no place in what goes out."""

from collections.abc import Callable
from typing import Annotated, Any, Optional, Union

import pytest
from pydantic import BaseModel, Field, create_model

from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.hooks.qualify_identity import CandidateSubject, CardSubject, TraitsSubject
from segur_sdk.models.base import Inbound, Outbound, Value
from segur_sdk.models.card import Beneficiary, CardReading
from segur_sdk.models.identity import InsCandidate, MatriculeIns, NirFacturation, Traits
from segur_sdk.services.ins_lookup import CardQuery, TraitsQuery

INBOUND = (NirFacturation, InsCandidate, TraitsQuery, CardQuery, TraitsSubject, CardSubject, CandidateSubject)


class _Deeper(Value):
    billing: tuple[NirFacturation | None, ...] = ()


class _Deep(Value):
    deeper: dict[str, _Deeper] = Field(default_factory=dict)


def _held(annotation: Any) -> Any:
    return create_model("Holder", __base__=Value, inner=(annotation, ...))


WRAPPINGS: list[tuple[str, Callable[[Any], Any]]] = [
    ("itself", lambda model: model),
    ("optional", lambda model: Optional[model]),  # noqa: UP045 - made from a variable
    ("tuple", lambda model: tuple.__class_getitem__((model, ...))),
    ("mapping", lambda model: dict.__class_getitem__((str, model))),
    ("annotated", lambda model: Annotated[Union[model, str], Field(union_mode="left_to_right")]),  # noqa: UP007
    ("in a value", _held),
    ("in a list in a value", lambda model: list.__class_getitem__(_held(Optional[model]))),  # noqa: UP045
]


@pytest.mark.parametrize("model", INBOUND, ids=lambda model: model.__name__)
@pytest.mark.parametrize(("where", "wrap"), WRAPPINGS, ids=[where for where, _ in WRAPPINGS])
def test_outbound_refuses_what_establishes(
    model: type[BaseModel], where: str, wrap: Callable[[type[BaseModel]], Any]
) -> None:
    with pytest.raises(TypeError, match=f"would let {model.__name__} go out"):
        create_model("Draft", __base__=Outbound, field=(wrap(model), ...))


@pytest.mark.parametrize("holder", [_Deep, Beneficiary, CardReading], ids=lambda holder: holder.__name__)
def test_outbound_refuses_it_however_deep(holder: type[BaseModel]) -> None:
    with pytest.raises(TypeError, match="would let NirFacturation go out"):
        create_model("Draft", __base__=Outbound, field=(holder, ...))


def test_a_draft_that_grows_is_checked_again() -> None:
    with pytest.raises(TypeError, match="would let NirFacturation go out"):
        create_model("Draft", __base__=DmpDraft, billing=(NirFacturation | None, None))


@pytest.mark.parametrize("model", [Traits, MatriculeIns], ids=lambda model: model.__name__)
def test_what_may_go_out_is_accepted(model: type[BaseModel]) -> None:
    assert "field" in create_model("Draft", __base__=Outbound, field=(model, ...)).model_fields


def test_everything_inbound_says_so() -> None:
    assert all(issubclass(model, Inbound) and model.never_outbound for model in INBOUND)
    assert not getattr(Traits, "never_outbound", False)
