"""What the source says of each field: read when pages are made, so that no program pays for it at import."""

import ast
import inspect
import re
import textwrap
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_MISSING = Path(__file__).with_name("missing_texts.toml")
_ATTRIBUTE = re.compile(r"^ {4}(?P<name>\w+): (?P<text>.+(?:\n {8}.+)*)", re.MULTILINE)


def class_node(described: type) -> ast.ClassDef:
    """Return the class statement of a class."""
    node = ast.parse(textwrap.dedent(inspect.getsource(described))).body[0]
    assert isinstance(node, ast.ClassDef)
    return node


def field_texts(model: type) -> Mapping[str, str]:
    """Return the text of each field of a class, inherited ones included.

    It stands after the field, in the ``Attributes`` of the class, in ``Field(description=…)``, or, where the source
    has none, in ``missing_texts.toml`` under ``Class.field``.
    """
    texts: dict[str, str] = {}
    for ancestor in reversed(model.__mro__):
        if "__annotations__" in vars(ancestor) and not ancestor.__module__.startswith(("pydantic", "attr")):
            texts |= _own(ancestor)
    return texts


def _own(described: type) -> dict[str, str]:
    node = class_node(described)
    fields = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
    supplied = {name: text for name in fields if (text := supplied_texts().get(f"{described.__name__}.{name}"))}
    declared: Mapping[str, Any] = getattr(described, "model_fields", {})
    described_in_field = {name: str(declared[name].description) for name in fields if _description(declared, name)}
    return supplied | _attributes(ast.get_docstring(node, clean=False) or "") | described_in_field | _after(node)


def _description(declared: Mapping[str, Any], name: str) -> str | None:
    field = declared.get(name)
    return field.description if field is not None else None


def _attributes(docstring: str) -> dict[str, str]:
    _, _, section = inspect.cleandoc(docstring).partition("Attributes:\n")
    return {found["name"]: " ".join(found["text"].split()) for found in _ATTRIBUTE.finditer(section)}


def _after(node: ast.ClassDef) -> dict[str, str]:
    texts: dict[str, str] = {}
    for field, text in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign):
            target: ast.expr = field.target
        elif isinstance(field, ast.Assign):
            target = field.targets[0]
        else:
            continue
        if isinstance(target, ast.Name) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            texts[target.id] = " ".join(str(text.value.value).split())
    return texts


@cache
def supplied_texts() -> Mapping[str, str]:
    """Return what ``missing_texts.toml`` holds."""
    texts: dict[str, str] = tomllib.loads(_MISSING.read_text("utf-8"))
    return texts


def signature(function: ast.FunctionDef) -> str:
    """Return ``def name(…) -> …`` exactly as it is written, on one line."""
    answer = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"def {function.name}({ast.unparse(function.args)}){answer}"


def methods(described: type) -> dict[str, ast.FunctionDef]:
    """Return the methods that a class itself defines, by name."""
    return {one.name: one for one in class_node(described).body if isinstance(one, ast.FunctionDef)}
