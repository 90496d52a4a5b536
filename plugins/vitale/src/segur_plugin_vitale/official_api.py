"""The slot for the *API de lecture Vitale* of the GIE SESAM-Vitale.

The component is licensed and its functions are not public: whoever holds it writes an adapter, a class with
``read(slot: str) -> segur_sdk.drivers.OfficialReading``, and names it in the settings. This module runs that adapter,
in the process of a driver, and says plainly what is missing.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from segur_sdk.drivers import OfficialReading, ReadingSource
from segur_sdk.errors import CardError, SegurError


class OfficialApi:
    """Implements ``ReadingSource`` by the adapter that the settings name.

    Args:
        official_adapter: ``module:Class``; empty when there is none.
        official_options: its keyword arguments.
        **_: the other settings of the plugin.
    """

    def __init__(self, official_adapter: str, official_options: Mapping[str, str], **_: Any) -> None:
        self._name = official_adapter
        self._options = dict(official_options)
        self._adapter: ReadingSource | None = None

    def read(self, slot: str) -> OfficialReading:
        """Read the card in a reader.

        Raises:
            CardError: ``card.official_api_missing``: no adapter is named, or it or its library is not there
                (``reason``); ``card.official_api_failed``; what the adapter says.
        """
        reason = "answer"
        try:
            if self._adapter is None:
                self._adapter = self._made()
            reading = self._adapter.read(slot)
        except SegurError:
            raise
        except Exception as failure:  # noqa: BLE001 - the adapter is somebody else's
            # Its message may hold what it read: it must not become the context of an error.
            reason = type(failure).__name__
        else:
            if isinstance(reading, OfficialReading):
                return reading
        raise CardError("card.official_api_failed", reason=reason)

    def _made(self) -> ReadingSource:
        if not self._name:
            raise CardError("card.official_api_missing", reason="no_adapter")
        module, _, name = self._name.partition(":")
        try:
            adapter: ReadingSource = getattr(import_module(module), name)(**self._options)
        except ImportError:
            raise CardError("card.official_api_missing", reason="no_module") from None
        except AttributeError:
            raise CardError("card.official_api_missing", reason="no_class") from None
        except OSError:
            # What ctypes raises when a library, or one that it needs, cannot be loaded.
            raise CardError("card.official_api_missing", reason="no_library") from None
        return adapter
