"""Commands beside a resident host: it carries them out, in the session that is named."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from reference_host.tests.host.cards.bench import Bench
from segur_host import CheckedAsker, Host
from segur_host.operators.rights import Role
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_host.resident.server import Resident
from segur_host.sessions.open_sessions import OpenSession
from segur_host.verbs import verbs_of
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.identity import Traits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no resident host there")

CODE = "un-code-assez-long"
ANSWERS = {"operator.code": CODE, "session.acknowledge": "oui"}
WHO_READS = """
from segur_sdk.errors import CardError
raise CardError("alpha.read", reader=ctx.actor.name, asked=ctx.ask(QUESTION) if QUESTION else None)
"""
NO_QUESTION = "QUESTION = None" + WHO_READS
SLOT = b'{"card": {"slot": "one"}}'


@attrs.frozen
class Workstation:
    """A resident host, and its commands."""

    host: Host
    run: Callable[..., tuple[int, str, str]]
    config: Path

    def signed_in(self, *names: str) -> list[OpenSession]:
        for name in names:
            self.host.operators.add(name, Role.TITULAIRE, None, CODE)
        asker = CheckedAsker(lambda question: ANSWERS.get(question.code))
        return [self.host.login(SessionMeans.LOCAL, operator=name, asker=asker).opened for name in names]

    def segur(self, *words: str, stdin: bytes = b"") -> tuple[int, Any]:
        status, out, _ = self.run(*words, "--json", "--config", self.config, stdin=stdin)
        return status, json.loads(out)


@pytest.fixture
def workstation(
    bench: Bench,
    devices: dict[str, Any],
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workstation]:
    bench.put("one")
    sha256 = install("alpha", hook="on_card_read", body=NO_QUESTION, top="cards = true")
    config = config_file({"alpha": sha256, **devices})
    # The name of a socket is short.
    with tempfile.TemporaryDirectory(prefix="segur-") as runtime:
        monkeypatch.setenv(RUNTIME_VARIABLE, runtime)
        with Host(config) as host:
            resident = Resident(host.config.data, verbs_of(host), host.messages)
            try:
                yield Workstation(host, segur, config)
            finally:
                resident.close()


READINGS: dict[str, tuple[tuple[str, ...], bytes]] = {
    "cards_read": (("cards", "read", "--slot", "one"), b""),
    "call": (("call", "on_card_read", "--event", "-"), SLOT),
}


@pytest.mark.parametrize(("words", "stdin"), READINGS.values(), ids=READINGS)
def test_a_card_is_read_in_the_session_that_is_named(
    words: tuple[str, ...], stdin: bytes, workstation: Workstation
) -> None:
    first, second = workstation.signed_in("Nadège", "Ahmed")
    status, unnamed = workstation.segur(*words, stdin=stdin)
    assert (status, unnamed["error"]["code"]) == (2, "session.unnamed")
    for session, name in ((first, "Nadège"), (second, "Ahmed")):
        status, found = workstation.segur(*words, "--session", session.id, stdin=stdin)
        (outcome,) = found["outcomes"]
        assert (status, outcome["error"]["code"]) == (1, "alpha.read")
        assert f"reader = {name}" in outcome["error"]["cause"]
    status, gone = workstation.segur(*words, "--session", "nobody", stdin=stdin)
    assert (status, gone["error"]["code"]) == (2, "session.unknown")


def test_a_person_is_identified_by_who_is_signed_in(workstation: Workstation, anthony: Traits) -> None:
    workstation.signed_in("Nadège")
    traits = anthony.model_dump(mode="json", exclude={"date_interpretee"})
    _, found = workstation.segur("identify", "--input", "-", stdin=json.dumps({"traits": traits}).encode())
    assert found["status"] == "PROV"
    recorded = {one.actor for one in workstation.host.audit.records() if one.event.startswith("identity.")}
    assert [json.loads(one or "{}")["name"] for one in recorded] == ["Nadège"]


def test_readers_and_plugins_are_those_of_the_resident_host(workstation: Workstation, bench: Bench) -> None:
    active = {one["id"] for one in workstation.segur("plugins", "list")[1] if one["state"] == "active"}
    assert active == {"alpha", "devices"}
    workstation.segur("cards", "list")
    bench.put("two")
    status, found = workstation.segur("cards", "list")
    assert (status, [one["slot"] for one in found["slots"]]) == (0, ["one", "two"])
    # One process asks the readers: the commands bring none of their own.
    assert len({process for process, _ in bench.asked("slots")}) == 1


def test_plugins_are_shown_without_loading_them_beside_a_resident_host(workstation: Workstation) -> None:
    rows = workstation.segur("plugins", "list", "--safe-mode")[1]
    assert {one["id"]: one["state"] for one in rows}["alpha"] == "disabled"


def test_accounts_are_shown_with_what_their_people_agreed_to(workstation: Workstation) -> None:
    workstation.host.operators.add("Zoé", Role.ADJOINT, "10000000001", CODE)
    workstation.host.operators.add("Paul", Role.PREPARATEUR, "10000000002", CODE)
    (nobodys,) = workstation.signed_in("Nadège")
    workstation.host.logout(nobodys.id)
    asker = CheckedAsker(lambda question: ANSWERS.get(question.code))
    workstation.host.login(SessionMeans.LOCAL, operator="Zoé", asker=asker)
    status, rows = workstation.segur("operators", "list")
    agreed = {one["name"]: one["acknowledged"] for one in rows}
    # Of Nadège, who signed in as well, nothing is sent.
    assert (status, agreed) == (0, {"Nadège": False, "Paul": False, "Zoé": True})
