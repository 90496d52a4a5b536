"""Verbs of the reference host, as its commands and the clients of the resident host have them carried out."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host.broker.ask import NobodyToAsk
from segur_host.broker.cancelling import Cancellation
from segur_host.verbs import VERBS
from segur_host.verbs.sending import receipt_as_json
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice

Request = Mapping[str, Any]
WITHDRAWAL: Final = "dmp-delete"
"""Kind of the effect of withdrawing a document from the DMP."""


class Verbs:
    """The words ``verb`` and ``withdraw``; see ``Subject.ask``.

    Args:
        host: gives the open host.
    """

    def __init__(self, host: Callable[[], WatchedHost]) -> None:
        self._host = host
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "verb": self._verb,
            "withdraw": self._withdraw,
        }

    def _verb(self, request: Request) -> Any:
        """Have the verb ``name`` carried out with ``given``, as long as it asks nobody."""
        return VERBS[request["name"]](self._host(), request.get("given", {}), _Nobody())

    def _withdraw(self, request: Request) -> Any:
        """Have the version withdrawn that ``draft`` would replace, which no verb does."""
        return receipt_as_json(self._host().send(json.dumps(request["draft"]), kind=WITHDRAWAL))


class _Nobody(NobodyToAsk):
    """Whoever has a verb carried out and went away."""

    @property
    def cancellation(self) -> Cancellation:
        """Never cancelled."""
        return Cancellation()

    def show(self, notice: Notice) -> None:
        """Refuse, naming the notice by its code."""
        raise InputError("input.nobody_to_show", notice=notice.code)

    def tell(self, event: Any) -> None:
        """Tell nobody."""
