"""A PIN goes from the person to the driver, once, and to nobody else."""

import json
import logging
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.host.cards.bench import Bench, Call, code_of, eventually, is_running
from reference_host.tests.host.cards.software_token import KEY, PIN, ROOT, Make, Person, Token
from reference_host.tests.keys.issuing import issue, name
from segur_host import CheckedAsker, Host
from segur_host.storage.daybook import DAYBOOK_NAME
from segur_sdk.errors import CardError, SegurError

TRIES: dict[str, tuple[int | None, str]] = {
    "three": (3, "Code porteur de la carte « CPS3v3-2800385266 » (3 essais)"),
    "two": (2, "Code porteur de la carte « CPS3v3-2800385266 » (2 essais)"),
    "last": (1, "Code porteur de la carte « CPS3v3-2800385266 » — dernier essai : une erreur bloque la carte"),
    "not_told": (None, "Code porteur de la carte « CPS3v3-2800385266 »"),
}


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(("tries", "text"), TRIES.values(), ids=TRIES)
def test_the_pin_is_asked_once_with_what_is_left_of_tries(tries: int | None, text: str, make: Make) -> None:
    token, person, call = Token(tries=tries), Person(PIN), Call()
    broker = make(token)
    broker.unlock(broker.at("one", call), person, call)
    [question] = person.questions
    assert (question.code, question.text, question.secret) == ("token.pin", text, True)
    assert token.asked == [("unlock", "first", PIN)]
    assert call.records == [("broker.token.unlock", {"token": "2800385266"})]


def test_tries_are_those_of_the_moment_in_which_the_pin_is_asked(make: Make) -> None:
    token, person = Token(), Person(PIN)
    broker = make(token)
    found = broker.at("one", Call())
    token.tries = 1
    broker.unlock(found, person, Call())
    assert "dernier essai" in person.questions[0].text


def test_a_locked_token_is_neither_asked_about_nor_sent_anything(make: Make) -> None:
    token, person, call = Token(tries=0), Person(PIN), Call()
    broker = make(token)
    assert code_of(lambda: broker.unlock(broker.at("one", call), person, call)) == "token.pin_locked"
    assert (person.questions, token.asked, call.records) == ([], [], [])


def test_a_wrong_pin_is_told_with_what_is_left_and_never_tried_again(make: Make) -> None:
    token, person = Token(), Person("0000", PIN)
    broker = make(token)
    with pytest.raises(CardError) as raised:
        broker.unlock(broker.at("one", Call()), person, Call())
    assert (raised.value.code, raised.value.facts) == ("token.pin_wrong", {"tries_left": 2})
    assert token.asked == [("unlock", "first", "0000")]


@pytest.mark.parametrize("answer", ["", "123", "1234567890123", "12a4", "1234\n", "١٢٣٤", " 1234"])
def test_what_cannot_be_a_pin_costs_no_try(answer: str, make: Make) -> None:
    token = Token()
    broker = make(token)
    with pytest.raises(SegurError) as raised:
        broker.unlock(broker.at("one", Call()), Person(answer), Call())
    assert raised.value.code == "input.no_answer"
    assert token.asked == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"gone": True}, "token.absent", id="taken_out"),
        pytest.param({"serial": "1"}, "token.absent", id="swapped"),
        pytest.param({"failing": "card.driver_stopped"}, "card.driver_stopped", id="driver_fails"),
    ],
)
def test_the_pin_of_one_token_is_never_asked_for_another(change: dict[str, Any], code: str, make: Make) -> None:
    token, person = Token(), Person(PIN)
    broker = make(token)
    found = broker.at("one", Call())
    for field, value in change.items():
        setattr(token, field, value)
    assert code_of(lambda: broker.unlock(found, person, Call())) == code
    assert (person.questions, token.asked) == ([], [])


def test_a_token_is_locked_again_by_its_serial_number(make: Make) -> None:
    token = Token(unlocked=True)
    make(token).lock("2800385266")
    assert token.asked == [("lock", "first")]
    assert code_of(lambda: make(token).lock("1")) == "token.absent"


UNLOCK = """
from segur_sdk.hooks.session_login import SessionContribution
ctx.tokens.at("one").unlock()
ctx.tokens.of_serial("2800385266").prove("20", "igc")
return SessionContribution(mailboxes=("done",))
"""


@pytest.fixture
def token_host(
    bench: Bench,
    devices: dict[str, Any],
    install: Callable[..., str],
    open_host: Callable[..., Host],
    tmp_path: Path,
) -> Callable[..., Host]:
    """Open a host with a real driver process, on which ``on_session_login`` unlocks a token and proves its key."""

    def token_host(*answers: str) -> Host:
        (tmp_path / "igc.pem").write_bytes(ROOT.pem())
        certificate = issue(name("PORTEUR"), ROOT, (), KEY)
        bench.change(
            pin=PIN,
            tokens=[{"token": "t", "label": "CPS3v3-2800385266", "serial": "2800385266", "slot": "one"}],
            certificate=certificate.certificate.public_bytes(Encoding.DER).hex(),
            private=certificate.key_pem().decode(),
        )
        sha256 = install("alpha", body=UNLOCK, top="tokens = true\nprompts = true")
        waiting = list(answers)
        asker = CheckedAsker(lambda _: waiting.pop(0))
        return open_host({"alpha": sha256, **devices}, trust={"igc": tmp_path / "igc.pem"}, asker=asker)

    return token_host


def traces_of(secret: str, folder: Path) -> list[str]:
    """Return the files of a folder in which a secret stands, in any usual form."""
    forms = {secret.encode(), secret.encode().hex().encode(), secret.encode("utf-16-le")}
    return [str(path) for path in folder.rglob("*") if path.is_file() and any(f in path.read_bytes() for f in forms)]


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize("wrong", [False, True], ids=["right", "wrong"])
def test_a_pin_is_seen_by_the_driver_and_by_nobody_else(
    wrong: bool,
    token_host: Callable[..., Host],
    bench: Bench,
    login: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    typed = "90817263" if wrong else PIN
    host = token_host(typed)
    [outcome] = host.call("on_session_login", login).outcomes
    assert [words[2] for _, words in bench.asked("unlock")] == [typed]
    if wrong:
        assert outcome.error is not None
        assert (outcome.error.code, outcome.error.facts["tries_left"]) == ("token.pin_wrong", 2)
        assert typed not in f"{outcome.error!r}{outcome.error.facts}{host.plugins['alpha'].last_error!r}"
    else:
        assert outcome.error is None
    children = subprocess.run(["ps", "eww", "-o", "args", "--ppid", str(os.getpid())], capture_output=True, check=True)
    assert b"segur_host.drivers.child" in children.stdout
    assert typed.encode() not in children.stdout
    records = [one for one in host.audit.records() if one.event.startswith("broker.token")]
    assert [one.event for one in records] == ["broker.token.unlock"] + ([] if wrong else ["broker.token.prove"])
    assert typed not in "".join(str(attrs.astuple(one)) for one in host.audit.records())
    host.close()
    assert traces_of(typed, tmp_path / "data") == []
    assert traces_of("broker.token.unlock", tmp_path / "data") == []  # encrypted, whatever it holds
    out, err = capfd.readouterr()
    assert typed not in out + err + caplog.text + json.dumps(dict(os.environ))
    assert (tmp_path / "data" / DAYBOOK_NAME).exists()


def test_what_was_unlocked_is_locked_by_the_end_of_its_driver(
    token_host: Callable[..., Host], bench: Bench, login: Any
) -> None:
    host = token_host(PIN, PIN)
    assert host.call("on_session_login", login).all_well
    assert [state.pin.unlocked for state in host.tokens()] == [True]
    [pid] = {pid for pid, _ in bench.asked("tokens")}
    os.kill(pid, 9)
    assert eventually(lambda: not is_running(pid))
    assert [state.pin.unlocked for state in host.tokens()] == [False]
