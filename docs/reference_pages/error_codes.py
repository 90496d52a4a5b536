"""Every error code that the source raises, with the class that bears it, found without running anything.

A code may be written in the call or in the constructor of a derived class, come from a name or a table of the same
module, be handed to a function that makes the error, or cross the pipe of a driver as ``{"code": …}``. What a check
finds in a document bears such a code too: the first one that stops is raised.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

CODE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_CLASSES = {
    "SegurError",
    "InputError",
    "ConfigError",
    "PluginError",
    "CardError",
    "IdentityError",
    "ServiceError",
    "HostError",
    "Finding",
}
_DEPTH = 4
Definition = tuple[str, str, int]
"""Class made, name of the function that makes it, place of the parameter that is the code."""


class Module:
    """One module and what its names stand for."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text("utf-8"))
        self.functions = [one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef)]
        self._bases = {
            id(function): {ast.unparse(base) for base in owner.bases}
            for owner in ast.walk(self.tree)
            if isinstance(owner, ast.ClassDef)
            for function in owner.body
        }

    def scopes(self) -> Iterator[tuple[ast.FunctionDef | None, ast.AST]]:
        """Give the functions of the module, then the module."""
        yield from ((one, one) for one in self.functions)
        yield None, self.tree

    def calls(self) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
        """Give every call with the innermost function around it."""
        seen: set[int] = set()
        # Inner functions come after outer ones in a walk: from the last, each call is met first in its innermost.
        for function, scope in [*reversed(list(self.scopes())[:-1]), (None, self.tree)]:
            for node in ast.walk(scope):
                if isinstance(node, ast.Call) and id(node) not in seen:
                    seen.add(id(node))
                    yield function, node

    def made(self, call: ast.Call, function: ast.FunctionDef | None) -> str | None:
        """Return the class of the error that a call makes, by its name or as ``super().__init__`` of an error."""
        if ast.unparse(call.func) == "super().__init__" and function is not None:
            return next(iter(_CLASSES & self._bases.get(id(function), set())), None)
        return _name(call) if _name(call) in _CLASSES else None

    def codes(self, expression: ast.expr, function: ast.FunctionDef | None, depth: int = _DEPTH) -> Iterator[str]:
        """Give every code that an expression may stand for."""
        for node in ast.walk(expression):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value
            elif isinstance(node, ast.Name) and depth:
                for assigned in self._assigned(node.id, function):
                    yield from self.codes(assigned, function, depth - 1)

    def piped(self) -> Iterator[str]:
        """Give every code written as ``{"code": …}``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                        yield from self.codes(value, None)

    def unpacking(self) -> Iterator[str]:
        """Give the class of every error made from such a member."""
        for _, call in self.calls():
            member = call.args[0] if call.args else None
            named = member.slice if isinstance(member, ast.Subscript) else None
            if isinstance(named, ast.Constant) and named.value == "code" and _name(call) in _CLASSES:
                yield _name(call)

    def _assigned(self, name: str, function: ast.FunctionDef | None) -> Iterator[ast.expr]:
        local = list(_assignments(function, name)) if function is not None else []
        yield from local or _assignments(self.tree, name, deep=False)


def _assignments(scope: ast.AST, name: str, *, deep: bool = True) -> Iterator[ast.expr]:
    for node in ast.walk(scope) if deep else ast.iter_child_nodes(scope):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            yield node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            if node.value is not None:
                yield node.value
        elif isinstance(node, ast.For | ast.comprehension):
            targets = [one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)]
            if name in targets:
                yield node.iter


def raised_codes(sources: Iterable[Path]) -> Mapping[str, frozenset[str]]:
    """Return the names of the classes that bear each code raised in these folders."""
    modules = [Module(path) for source in sources for path in sorted(source.rglob("*.py"))]
    found: defaultdict[str, set[str]] = defaultdict(set)
    makers: set[Definition] = set()
    for module in modules:
        for function, call in module.calls():
            made = module.made(call, function)
            if made is not None and call.args:
                for code in module.codes(call.args[0], function):
                    found[code].add(made)
                makers.update(_handed(call.args[0], function, made))
    handed = _handed_codes(modules, makers)
    for code in handed.keys() - found.keys():
        # Who raises a code by itself knows its class better than what was only used on the way: hence the rest alone.
        found[code] = handed[code]
    return {code: frozenset(classes) for code, classes in sorted(found.items())}


def _handed_codes(modules: Sequence[Module], makers: Iterable[Definition]) -> dict[str, set[str]]:
    """Return the codes given to functions that make errors, or sent through a pipe, with the classes made of them."""
    handed: defaultdict[str, set[str]] = defaultdict(set)
    by_name: defaultdict[str, list[Definition]] = defaultdict(list)
    for definition in makers:
        by_name[definition[1]].append(definition)
    for module in modules:
        for function, call in module.calls():
            for made, _, place in by_name.get(_name(call), ()):
                for argument in call.args[place : place + 1]:
                    for code in module.codes(argument, function):
                        handed[code].add(made)
        for code in module.piped():
            handed[code] |= {made for one in modules for made in one.unpacking()}
    return handed


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _handed(expression: ast.expr, function: ast.FunctionDef | None, made: str) -> Iterator[Definition]:
    """Give the parameters of ``function`` that the code of an error comes from, by themselves or through a name."""
    if function is None or function.name == "__init__":
        return
    parameters = [one.arg for one in function.args.args]
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    for name in tuple(names):
        for assigned in _assignments(function, name):
            names |= {node.id for node in ast.walk(assigned) if isinstance(node, ast.Name)}
    for name in names & set(parameters):
        yield made, function.name, parameters.index(name) - (parameters[0] == "self")


def audit_events(source: Path) -> frozenset[str]:
    """Return every name under which a host writes an audit record, as far as it is written out."""
    events: set[str] = set()
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in {"AuditEntry", "record", "note"}:
                given = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "event")]
                events |= {str(one.value) for one in given if isinstance(one, ast.Constant)}
    return frozenset(events)


def written_codes(sources: Iterable[Path]) -> frozenset[str]:
    """Return every text of the source that has the form of a code, comments and docstrings apart."""
    texts: set[str] = set()
    for source in sources:
        for path in source.rglob("*.py"):
            texts |= {
                node.value
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
            }
    return frozenset(texts)
