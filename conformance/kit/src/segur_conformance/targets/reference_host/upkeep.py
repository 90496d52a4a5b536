"""Words by which the reference host keeps things up: jobs of plugins, the revocation lists of its data folder."""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs

from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host.broker.ask import NobodyToAsk
from segur_host.broker.tls.crl_folder import CRL_FOLDER
from segur_host.json_forms import outcome_as_json
from segur_host.scheduler import scheduler
from segur_host.scheduler.declared import job_named
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice, Question

Request = Mapping[str, Any]


class Upkeep:
    """The words; see ``Subject.ask``.

    Args:
        host: gives the open host.
    """

    def __init__(self, host: Callable[[], WatchedHost]) -> None:
        self._host = host
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {"run_job": self._run_job, "lists": self._lists}

    def _run_job(self, request: Request) -> Any:
        """Run a job now, as when somebody asks for it.

        With ``seconds``, it may take no longer; with ``told``, its plugin is told that name instead of its own.
        """
        nobody = _NobodyWhoCounts()
        changed = {"deadline_s": request.get("seconds"), "name": request.get("told")}
        with _declared_otherwise(self._host(), request["job"], changed), _deaf(nobody):
            done = self._host().jobs.run(request["job"])
        return {
            "outcome": outcome_as_json(done.outcome, self._host().messages),
            "notices": [one.model_dump(mode="json") for one in done.state.notices],
            "asked": nobody.codes,
        }

    def _lists(self, request: Request) -> None:
        """Have these revocation lists, DER in base 64 by name, where an administrator puts them."""
        folder = self._host().config.data / CRL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in request["lists"].items():
            (folder / f"{name}.crl").write_bytes(base64.b64decode(content))


class _NobodyWhoCounts(NobodyToAsk):
    """Nobody is there, and it is known what he was asked and shown: a plugin may hide that it failed."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def ask(self, question: Question) -> str:
        self.codes.append(question.code)
        return super().ask(question)

    def show(self, notice: Notice) -> None:
        self.codes.append(notice.code)
        raise InputError("input.nobody_to_show", notice=notice.code)


@contextmanager
def _deaf(nobody: NobodyToAsk) -> Iterator[None]:
    setattr(scheduler, "NobodyToAsk", lambda: nobody)  # noqa: B010 - a name of another module
    try:
        yield
    finally:
        setattr(scheduler, "NobodyToAsk", NobodyToAsk)  # noqa: B010 - a name of another module


@contextmanager
def _declared_otherwise(host: WatchedHost, name: str, changed: Mapping[str, Any]) -> Iterator[None]:
    """Have a job be declared otherwise than it is, in what is not ``None``."""
    known = host.jobs._jobs  # noqa: SLF001 - what is declared is read once, from the manifest
    job = job_named(known, name)
    update = {member: value for member, value in changed.items() if value is not None}
    known[job.key] = attrs.evolve(job, use=job.use.model_copy(update=update))
    try:
        yield
    finally:
        known[job.key] = job
