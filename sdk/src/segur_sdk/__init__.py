"""Stable, typed contracts for plugins of French healthcare practice software (Ségur).

What a plugin author needs every day is here; models, services and identifiers stand in their own modules.
"""

from typing import Final

from segur_sdk.context import HookContext, PluginSettings
from segur_sdk.errors import SegurError
from segur_sdk.hooks import HOOKS, SegurHooks, hookimpl

__version__: Final = "0.1.0"

__all__ = ["HOOKS", "HookContext", "PluginSettings", "SegurError", "SegurHooks", "__version__", "hookimpl"]
