"""Hooks as JSON: for hosts in other languages, for the conformance kit and for review of every contract change."""

import ast
import inspect
import textwrap
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.hooks.info import HookInfo
from segur_sdk.models.base import models_within


def describe_hooks() -> dict[str, Any]:
    """Return the contract data, documentation and JSON schemas of every hook.

    ``x-patient-data`` marks the properties that are patient data.
    """
    models = list(dict.fromkeys(model for info in HOOKS.values() for model in (info.event, info.result)))
    _, schemas = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = schemas["$defs"]
    for model in models:
        for inner in models_within(model):
            _describe_fields(inner, definitions.get(inner.__name__, {}))
    return {
        "hooks": [_describe(info) for info in HOOKS.values()],
        "schemas": dict(sorted(definitions.items())),
    }


def _describe(info: HookInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "mode": str(info.mode),
        "deadline_s": info.deadline_s,
        "stability": str(info.stability),
        "traced": info.traced,
        "requirements": list(info.requirements),
        "event": info.event.__name__,
        "result": info.result.__name__,
        "documentation": inspect.getdoc(getattr(SegurHooks, info.name)),
    }


def _describe_fields(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """Add the text that follows each field in the source; reading it at every import would double its time."""
    for ancestor in reversed(model.__mro__):
        if not (issubclass(ancestor, BaseModel) and ancestor is not BaseModel):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(ancestor))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                described = schema.get("properties", {}).get(field.target.id)
                if described is not None and isinstance(text.value, ast.Constant):
                    described["description"] = inspect.cleandoc(str(text.value.value))
