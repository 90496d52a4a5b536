"""The profile ``dmp``: what it reads of a message, what it makes of the clock, what it accepts as said."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter as Tally
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from segur_conformance.checks import checks_of
from segur_conformance.checks.dmp.counter import LONGEST_PAUSE, Counter
from segur_conformance.checks.dmp.registry import FEEDING, Message, expect_fed_once, there
from segur_conformance.mutants.dmp import MUTANTS, VARIANTS
from segur_conformance.outcomes import CheckBlocked, CheckFailed
from segur_conformance.runner.bench import Bench
from segur_conformance.targets.reference_host.verbs import Verbs
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_conformance.targets.subject import Answer, Subject
from segur_host.outbox.outbox import Receipt
from segur_sdk.errors import InputError
from segur_sdk.models.decision import Verdict

ENVELOPE = (
    b'<e xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"><s:Attribute Name="Identifiant_Structure">'
    b"<s:AttributeValue>10B0152872</s:AttributeValue></s:Attribute></e>"
)
RELATED = 'multipart/related; type="application/xop+xml"; boundary="b"; start="<r@x>"'


def exchange(content_type: str, body: bytes, *, in_base64: bool = False) -> dict[str, Any]:
    """Return what the journal says of a request."""
    written = b64encode(body).decode() if in_base64 else body.decode()
    return {
        "operation": FEEDING,
        "client": {"cn": "LGO DU BAC A SABLE"},
        "request": {
            "path": "/x",
            "headers": {"content-type": content_type},
            "body": written,
            "body_encoding": "base64" if in_base64 else "utf-8",
        },
    }


def related(*parts: bytes) -> bytes:
    """Return parts put together, the envelope first."""
    heads = [b"application/xop+xml", *[b"text/xml"] * len(parts)]
    pieces = [
        b"--b\r\nContent-Type: " + head + b"\r\nContent-Transfer-Encoding: binary\r\n\r\n" + one + b"\r\n"
        for head, one in zip(heads, (ENVELOPE, *parts), strict=False)
    ]
    return b"".join(pieces) + b"--b--\r\n"


@pytest.mark.parametrize("in_base64", [False, True], ids=["text", "base64"])
def test_a_message_is_taken_apart_as_it_was_sent(*, in_base64: bool) -> None:
    read = Message(exchange(RELATED, related("<é/>".encode(), b"<b/>"), in_base64=in_base64))

    assert (read.media, read.root_media) == ("multipart/related", "application/xop+xml")
    assert read.attached == ["<é/>".encode(), b"<b/>"]
    assert read.habilitation == {"Identifiant_Structure": "10B0152872"}
    assert read.client["cn"] == "LGO DU BAC A SABLE"


def test_a_message_without_attachments_is_its_envelope() -> None:
    read = Message(exchange("application/soap+xml; charset=UTF-8", ENVELOPE))

    assert (read.media, read.attached) == ("application/soap+xml", [])


def test_a_message_that_is_no_xml_fails_the_check() -> None:
    with pytest.raises(CheckFailed, match="pas du XML"):
        Message(exchange("application/soap+xml", b"<e"))


def test_what_is_not_in_the_document_is_named() -> None:
    root = Message(exchange("application/soap+xml", ENVELOPE)).envelope

    with pytest.raises(CheckFailed, match="le type manque dans le document"):
        there(root, "code", "le type")


class Registry:
    """A DMP that took a document so many times, and holds documents that stand so."""

    def __init__(self, acceptances: int, *stand: str) -> None:
        self._acceptances = acceptances
        self._stand = stand

    def ledger(self, _: str) -> list[dict[str, Any]]:
        return [{"kind": "lot"}, {"kind": "document", "acceptances": self._acceptances}]

    def dmp_now(self) -> dict[str, Any]:
        found = [{"unique_id": str(n), "status": f"urn:x:{one}"} for n, one in enumerate(self._stand)]
        signed = {"unique_id": "s", "status": "urn:x:Approved", "signature": True}
        return {"entries": [*({**one, "signature": False} for one in found), signed]}


@pytest.mark.parametrize(
    ("registry", "held"),
    [
        pytest.param(Registry(1, "Approved"), True, id="once"),
        pytest.param(Registry(2, "Approved"), False, id="taken-twice"),
        pytest.param(Registry(1, "Approved", "Approved"), False, id="two-documents"),
        pytest.param(Registry(1, "Deleted"), False, id="withdrawn"),
    ],
)
def test_a_document_is_there_once_or_the_check_fails(registry: Registry, *, held: bool) -> None:
    bench = cast("Bench", SimpleNamespace(sandbox=registry))
    if held:
        expect_fed_once(bench, "essai")
    else:
        with pytest.raises(CheckFailed, match=r"^essai"):
            expect_fed_once(bench, "essai")


class Target:
    """A target with one intent, which stands as it is told."""

    def __init__(self, **row: Any) -> None:
        self._row = {"id": "1", "reason": None, "reasons": [], **row}
        self.steps: list[float] = []

    def ask(self, op: str, **given: Any) -> Answer:
        if op == "clock":
            self.steps.append(given["step_s"])
        return Answer([self._row] if given.get("name") == "outbox.list" else None)


def at(target: Target) -> Counter:
    """Return the counter of a target."""
    sandbox = SimpleNamespace(set_clock=lambda **_: None)
    return Counter(cast("Bench", SimpleNamespace(sandbox=sandbox)), cast("Subject", target), "ref")


TOLD = [{"code": "a.b", "text": "Le DMP est coupé.", "action": "Attendez."}]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        pytest.param({"state": "waiting", "reasons": TOLD}, None, id="waits-and-says-why"),
        pytest.param({"state": "waiting"}, "rien ne dit pourquoi", id="silent"),
        pytest.param({"state": "waiting", "reasons": [{**TOLD[0], "action": ""}]}, "sans texte", id="without-advice"),
        pytest.param({"state": "sent"}, "à l’état sent", id="another-state"),
    ],
)
def test_what_waits_has_to_say_why(row: dict[str, Any], fault: str | None) -> None:
    counter = at(Target(**row))
    if fault is None:
        assert counter.expect_state("1", "waiting")["state"] == "waiting"
    else:
        with pytest.raises(CheckFailed, match=fault):
            counter.expect_state("1", "waiting")


def test_time_passes_further_each_time() -> None:
    target = Target(state="waiting")
    counter = at(target)
    counter.later()
    counter.later()

    assert [timedelta(seconds=one) for one in target.steps] == [LONGEST_PAUSE, 2 * LONGEST_PAUSE]


def test_without_anybody_who_asks_insi_nothing_can_be_judged() -> None:
    bench = cast("Bench", SimpleNamespace(product=SimpleNamespace(companions=())))

    with pytest.raises(CheckBlocked, match="companion:qualify_identity"):
        Counter.opened(bench)


def test_every_check_of_feeding_is_noticed_by_a_mutant() -> None:
    ids = [one.id for one in checks_of("dmp")]

    assert [one for one, times in Tally(ids).items() if times > 1] == []
    assert {name for one in MUTANTS for name in one.expected} == set(ids)
    assert len(VARIANTS) > 3


def words(**parts: Any) -> Verbs:
    """Return the words of a target whose host has these parts."""
    return Verbs(lambda: cast("WatchedHost", SimpleNamespace(**parts)))


def test_a_verb_of_the_host_is_carried_out_by_its_name() -> None:
    said = words(outbox=SimpleNamespace(run=lambda: 3)).ops["verb"]

    assert said({"name": "outbox.run"}) == {"steps": 3}
    with pytest.raises(InputError, match=r"input\.verb"):
        said({"name": "outbox.run", "given": {"nothing": 1}})


def test_a_withdrawal_is_given_as_what_it_is() -> None:
    given: list[Any] = []

    def send(draft: str, *, kind: str) -> Receipt:
        given.append((draft, kind))
        return Receipt(Verdict.BLOCK)

    told = words(send=send).ops["withdraw"]({"draft": {"title": "x"}})

    assert given == [('{"title": "x"}', "dmp-delete")]
    assert (told["id"], told["verdict"]) == (None, "block")
