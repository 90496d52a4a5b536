"""The two pluggy markers of this project."""

from typing import Final

from pluggy import HookimplMarker, HookspecMarker

PROJECT: Final = "segur"

hookspec: Final = HookspecMarker(PROJECT)
hookimpl: Final = HookimplMarker(PROJECT)
