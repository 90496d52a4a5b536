"""Which tests prove which requirements, read from ``@pytest.mark.req("…")`` without running anything."""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from segur_sdk.errors import InputError

_TEST_FILES: Final = ("test_*.py", "*_test.py")
_PACKAGE: Final = Path(__file__).resolve().parent


def workspace_of(folder: Path) -> Path | None:
    """Return the workspace around a folder: where the sources of this kit and their tests stand together.

    Anybody else's tests are not in the committed coverage, so that only the kit's own workspace counts.
    """
    for one in (folder.resolve(), *folder.resolve().parents):
        if _PACKAGE.is_relative_to(one) and _test_paths(one):
            return one
    return None


def folders_of_tests(workspace: Path) -> tuple[Path, ...]:
    """Return the test folders that the settings of a workspace name."""
    return tuple(sorted(path for pattern in _test_paths(workspace) for path in workspace.glob(pattern)))


def _test_paths(folder: Path) -> tuple[str, ...]:
    try:
        settings = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(settings.get("tool", {}).get("pytest", {}).get("ini_options", {}).get("testpaths", ()))


def marked_tests(folders: Iterable[Path], root: Path) -> Iterator[tuple[str, str]]:
    """Yield (requirement, test) for every mark.

    Args:
        folders: where tests stand.
        root: folder that the names of tests are relative to.

    Raises:
        InputError: ``input.tests_folder``; ``input.tests_unreadable`` names the file and the line.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError("input.tests_folder", folder=folder.name)
        for file in sorted({found for pattern in _TEST_FILES for found in folder.rglob(pattern)}):
            if not any(part.startswith(".") for part in file.relative_to(folder).parts):
                yield from _marks_in(file, root)


def _marks_in(file: Path, root: Path) -> Iterator[tuple[str, str]]:
    resolved = file.resolve()
    name = resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else file.as_posix()
    try:
        tree = ast.parse(file.read_bytes().decode("utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError) as failure:
        line = getattr(failure, "lineno", None) or 1
        raise InputError("input.tests_unreadable", file=name, line=line) from None
    for test, node in _marked(tree, name):
        for argument in node.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise InputError("input.tests_unreadable", file=name, line=argument.lineno)
            yield argument.value, test


def _marked(tree: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Give the marks below a module or a class, each with what bears it."""
    for child in tree.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own = f"{name}::{child.name}"
            for decorator in child.decorator_list:
                yield from ((own, mark) for mark in _calls(decorator))
            if isinstance(child, ast.ClassDef):
                yield from _marked(child, own)
        else:
            yield from ((name, mark) for mark in _calls(child))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    for one in ast.walk(node):
        called = one.func if isinstance(one, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "req" and ast.unparse(called.value).endswith("mark"):
            assert isinstance(one, ast.Call)
            yield one
