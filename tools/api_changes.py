"""Breaking changes that griffe does not report: types, required fields, values of enumerations.

A contract may gain an optional field; anything else that these functions find breaks a plugin or a host that
was written against the older version.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD_FUNCTIONS = frozenset({"Field", "field"})
DEFAULT_ARGUMENTS = frozenset({"default", "default_factory", "factory"})


def has_default(value: str | None) -> bool:
    """Tell whether a field declared with this value may be left out of a constructor call."""
    if value is None:
        return False
    node = ast.parse(value, mode="eval").body
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in FIELD_FUNCTIONS:
        return True
    if node.args:
        return not (isinstance(node.args[0], ast.Constant) and node.args[0].value is Ellipsis)
    return any(keyword.arg in DEFAULT_ARGUMENTS for keyword in node.keywords)


def is_field(attribute: griffe.Attribute) -> bool:
    """Tell whether an attribute is a constructor argument of its class: no property, no ClassVar."""
    return attribute.annotation is not None and "instance-attribute" in attribute.labels


def is_required(attribute: griffe.Attribute) -> bool:
    """Tell whether an attribute must be given to the constructor of its class."""
    return is_field(attribute) and not has_default(None if attribute.value is None else str(attribute.value))


def has_base(class_: griffe.Class, ending: str) -> bool:
    """Tell whether a class names a base whose name ends so: ``Enum`` for StrEnum too."""
    return any(str(base).partition("[")[0].endswith(ending) for base in class_.bases)


def changed(path: str, what: str, old: object, new: object) -> Iterator[str]:
    """One line when two values differ as source text."""
    if str(old) != str(new):
        yield f"{path}: {what} changed: {old} -> {new}"


def attribute_changes(old: griffe.Attribute, new: griffe.Attribute) -> Iterator[str]:
    """Changes of one attribute that both versions have."""
    yield from changed(old.path, "type", old.annotation, new.annotation)
    class_ = old.parent
    if isinstance(class_, griffe.Class) and has_base(class_, "Enum"):
        yield from changed(old.path, "value", old.value, new.value)
    elif isinstance(class_, griffe.Class) and is_required(new) and not is_required(old):
        yield f"{old.path}: field became required"


def function_changes(old: griffe.Function, new: griffe.Function) -> Iterator[str]:
    """Changes of one function's types; griffe itself reports its parameters."""
    yield from changed(old.path, "return type", old.returns, new.returns)
    for parameter in old.parameters:
        if parameter.name in new.parameters:
            other = new.parameters[parameter.name]
            yield from changed(f"{old.path}({parameter.name})", "type", parameter.annotation, other.annotation)


def added_required_fields(old: griffe.Class, new: griffe.Class) -> Iterator[str]:
    """Fields without default that the new version of a class asks for."""
    if has_base(new, "Protocol") or has_base(new, "Enum"):
        return
    for name, member in new.members.items():
        if name not in old.members and isinstance(member, griffe.Attribute) and is_required(member):
            yield f"{member.path}: required field added"


def changes(old: griffe.Object | griffe.Alias, new: griffe.Object | griffe.Alias) -> Iterator[str]:
    """One line for each breaking change between two versions of a module or class, members included."""
    if isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        yield from added_required_fields(old, new)
    for name, before in old.members.items():
        after = new.members.get(name)
        if not before.is_public:
            continue
        if isinstance(before, griffe.Attribute) and isinstance(after, griffe.Attribute):
            yield from attribute_changes(before, after)
        elif isinstance(before, griffe.Function) and isinstance(after, griffe.Function):
            yield from function_changes(before, after)
        elif isinstance(before, griffe.Object) and isinstance(after, griffe.Object):
            yield from changes(before, after)
