"""Asks for what an action still lacks, field by field; without anybody to ask, says which fields those are."""

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import attrs

from segur_plugin_certificates.findings import text_of
from segur_plugin_certificates.ordering.actions import Action
from segur_plugin_certificates.ordering.machine import possible
from segur_plugin_certificates.ordering.people import Doer
from segur_plugin_certificates.ordering.state import OrderState
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.base import Value
from segur_sdk.models.notice import Choice, Notice, Question

_MODELS: Final[Mapping[str, type[Value]]] = {one.model_fields["kind"].default: one for one in get_args(Action)}
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TEXT: Final = r".*\S.*"
_YES: Final = "oui"
_MAX_NOTICE: Final = 500
_Given = Mapping[str, Any]


def _of_finess(_state: OrderState, found: _Given) -> bool:
    return found.get("type") == StructureIdType.FINESS


def _of_editor(state: OrderState, _found: _Given) -> bool:
    return state.doer is Doer.EDITOR


_WANTED: Final[Mapping[str, Callable[[OrderState, _Given], bool]]] = {
    "delegated_on": lambda _state, found: found.get("doer") == Doer.EDITOR,
    "structure.finess_nature": _of_finess,
    "structure.attributed_on": _of_finess,
    "administrator.editor_contract": _of_editor,
    "new.editor_contract": _of_editor,
}
"""Fields that may be left out, and when a step lacks them all the same."""


def filled(state: OrderState, given: _Given, ctx: HookContext) -> dict[str, Any]:
    """Return an action with what was asked besides; what was given is not asked again, and not looked at here.

    Nothing is asked of an action that the order does not take now. Where nobody can be asked, a notice names the
    fields, and the action stays as it is.

    Raises:
        InputError: ``input.no_answer``: a question (``certificates.order.`` and the name of the field) stayed open.
    """
    kind = given.get("kind")
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None or kind not in possible(state):
        return dict(given)
    try:
        return _Form(str(kind), state, ctx.ask).filled(model, given)
    except InputError as failure:
        if failure.code != "input.nobody_to_ask":
            raise
    _tell_missing(model, _Form(str(kind), state, lambda _: ""), given, ctx)
    return dict(given)


def _tell_missing(model: type[Value], form: "_Form", given: _Given, ctx: HookContext) -> None:
    form.filled(model, given)
    text = text_of("certificates.order_fields")
    told = f"{text.message.rstrip('.')} : {', '.join(form.asked)}."
    with suppress(InputError):
        ctx.show(Notice(code="certificates.order_fields", text=told[:_MAX_NOTICE], action=text.action))


@attrs.define
class _Form:
    kind: str
    state: OrderState
    ask: Callable[[Question], str]
    asked: list[str] = attrs.field(factory=list)
    """Names of the fields, as ``structure.name``."""

    def filled(self, model: type[Value], given: _Given, above: str = "") -> dict[str, Any]:
        found = dict(given)
        for name, field in model.model_fields.items():
            path, kind = f"{above}{name}", _plain(field.annotation)
            if isinstance(kind, type) and issubclass(kind, Value):
                inner = found.get(name, {})
                if isinstance(inner, Mapping) and (field.is_required() or name in found):
                    found[name] = self.filled(kind, inner, f"{path}.")
            elif name not in found and self._lacks(path, found, required=field.is_required()):
                self.asked.append(path)
                answer = self.ask(_question(self.kind, path, kind))
                found[name] = answer == _YES if kind is bool else answer
        return found

    def _lacks(self, path: str, found: _Given, *, required: bool) -> bool:
        wanted = _WANTED.get(path)
        return required if wanted is None else wanted(self.state, found)


def _plain(annotation: Any) -> Any:
    """Return what a field holds when it holds something."""
    if get_origin(annotation) in {Union, UnionType}:
        return next(one for one in get_args(annotation) if one is not NoneType)
    return annotation


def _question(kind: str, path: str, held: Any) -> Question:
    texts = _texts()
    name = path.rpartition(".")[2]
    labels = texts["fields"]
    text = labels.get(f"{kind}.{path}") or labels.get(path) or labels[name]
    code = f"certificates.order.{path}"
    values: tuple[str, ...] = ()
    if held is bool:
        values = (_YES, "non")
    elif get_origin(held) is Literal:
        values = get_args(held)
    elif isinstance(held, type) and issubclass(held, StrEnum):
        values = tuple(str(one) for one in held)
    if values:
        choices = tuple(Choice(value=one, label=texts["choices"].get(f"{name}.{one}", one)) for one in values)
        return Question(code=code, text=text, choices=choices)
    if held is date:
        return Question(code=code, text=f"{text} (AAAA-MM-JJ)", pattern=_DATE)
    return Question(code=code, text=text, pattern=_TEXT)


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("segur_plugin_certificates.ordering") / "fields_fr.toml").read_text("utf-8"))
