"""What is told to users, from the plugin's catalogue of French texts."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from segur_sdk.errors import UserMessage, read_catalogue
from segur_sdk.models.notice import Notice


def notice(code: str) -> Notice:
    """Return the notice of a code of the catalogue."""
    text = _catalogue()[code]
    return Notice(code=code, text=text.message, action=text.action)


@cache
def _catalogue() -> Mapping[str, UserMessage]:
    return read_catalogue((files("segur_plugin_dmp") / "messages_fr.toml").read_text("utf-8"))
