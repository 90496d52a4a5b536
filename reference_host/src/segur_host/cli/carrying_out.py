"""Have a verb carried out: by the resident host when one runs, else by a host of this command's own."""

from pathlib import Path
from typing import Any

from segur_host.broker.ask import Asker, show
from segur_host.broker.cancelling import Cancellation
from segur_host.cli.options import config_path
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_host.host import Host
from segur_host.messages import as_json
from segur_host.resident.client import ResidentClient, ToldError
from segur_host.verbs import VERBS, Asked
from segur_sdk.errors import HostError, SegurError
from segur_sdk.models.notice import Notice, Question

NOT_THERE = frozenset({"resident.not_running", "resident.unsupported"})


class AtThisTerminal:
    """Implements ``segur_host.verbs.Asked`` for a command that works alone.

    Args:
        asker: at its terminal.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.cancellation = Cancellation()

    def ask(self, question: Question) -> str:
        """Ask whoever sits there."""
        return self._asker.ask(question)

    def show(self, notice: Notice) -> None:
        """Show it to whoever sits there."""
        show(self._asker, notice)

    def tell(self, event: Any) -> None:
        """Nothing goes on in a command that works alone."""


def carried_out(config: Path | None, verb: str, arguments: dict[str, Any], asker: Asker) -> Any:
    """Return the value of a verb in JSON, from whichever host there is.

    Raises:
        ToldError: what the verb raised, with the texts of the host's plugins.
        SegurError: there is no host to be had.
    """
    loaded = load_config(config_path(config))
    client = _resident(loaded)
    if client is None:
        with Host(loaded, asker=asker) as host:
            return _carried_out_by(host, verb, arguments, AtThisTerminal(asker))
    with client:
        return client.call(verb, arguments, asker=asker, show=lambda notice: show(asker, notice))


def _carried_out_by(host: Host, verb: str, arguments: dict[str, Any], asked: Asked) -> Any:
    try:
        return VERBS[verb](host, arguments, asked)
    except SegurError as failure:
        raise ToldError(as_json(failure, host.messages), type(failure).__name__) from None


def resident_of(config: Path | None) -> ResidentClient:
    """Return the resident host of a configuration.

    Raises:
        HostError: ``resident.not_running``, ``resident.unsupported``.
    """
    return ResidentClient(load_config(config_path(config)).data)


def refuse_resident(config: Path | None) -> None:
    """Refuse what must not be done beside a host that runs by the configuration of before.

    Raises:
        HostError: ``resident.running``.
    """
    client = _resident(load_config(config_path(config)))
    if client is not None:
        client.close()
        raise HostError("resident.running")


def _resident(config: HostConfig) -> ResidentClient | None:
    try:
        return ResidentClient(config.data)
    except HostError as failure:
        if failure.code in NOT_THERE:
            return None
        raise
