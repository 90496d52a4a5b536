"""What the template has for one hook."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import attrs

from segur_sdk.errors import InputError, UserMessage
from segur_sdk.hooks import HOOKS, HookInfo

_HOOKS: Final = "hooks"


@attrs.frozen
class HookPart:
    """A rule that answers one hook, and what it needs around it.

    Attributes:
        info: contract data of the hook.
        module: name of the module with the rule.
        function: name of the function there that answers.
        summary: one English sentence about what the rule does, for docstrings and the README.
        description: one French sentence about it, for the manifest.
        replace: what the author puts in the place of the example.
        raises: class and code of the error on bad input; the code without the plugin's id.
        texts: French texts by code, without the plugin's id.
        reads: kinds of patient data that the manifest declares.
        settings: statements of the settings class.
        settings_imports: ``module:name`` that they need.
        settings_rows: name, default and meaning of each setting, for the README.
        cards: the rule opens cards.
        before: plugins that are asked later.
    """

    info: HookInfo
    module: str
    function: str
    summary: str
    description: str
    replace: str
    raises: tuple[str, str]
    texts: Mapping[str, UserMessage]
    reads: tuple[str, ...]
    settings: str
    settings_imports: tuple[str, ...]
    settings_rows: tuple[tuple[str, str, str], ...]
    cards: bool = False
    before: tuple[str, ...] = ()

    @property
    def folder(self) -> Traversable:
        """Where its templates are: ``rule.py.in`` and ``test.py.in``."""
        return files(__package__) / _HOOKS / self.info.name


def hook_part(hook: str) -> HookPart:
    """Return what the template has for a hook.

    Raises:
        InputError: ``input.hook_unknown``.
    """
    info = HOOKS.get(hook)
    if info is None:
        raise InputError("input.hook_unknown")
    text = (files(__package__) / _HOOKS / hook / "hook.toml").read_text("utf-8")
    return HookPart(info=info, **_converted(tomllib.loads(text)))


def _converted(given: dict[str, Any]) -> dict[str, Any]:
    texts = {code: UserMessage.model_validate(entry) for code, entry in given.pop("texts").items()}
    rows = tuple(tuple(row) for row in given.pop("settings_rows"))
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return given | lists | {"texts": texts, "settings_rows": rows}
