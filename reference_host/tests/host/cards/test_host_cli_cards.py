"""``segur cards``: what sits in the readers, for programs and for people."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import ATR, CPS_ATR, Bench

VITALE_ATR = "3B751300004309EA9000"
SERIAL = "2800385266"
TOKEN = {"token": "t", "label": f"CPS3v3-{SERIAL}", "serial": SERIAL, "slot": "two"}
Segur = Callable[..., tuple[int, str, str]]
ConfigFile = Callable[..., Path]


@pytest.fixture
def config(bench: Bench, devices: dict[str, Any], config_file: ConfigFile) -> Path:
    """A host with four slots and a token."""
    bench.put("one", VITALE_ATR)
    bench.put("two", CPS_ATR)
    bench.take("three")
    bench.put("four", None)
    bench.put("five", ATR)
    bench.change(tokens=[TOKEN])
    return config_file(devices)


def test_every_slot_and_every_token_is_listed(config: Path, segur: Segur) -> None:
    status, out, _ = segur("cards", "list", "--json", "--config", config)
    assert status == 0
    assert json.loads(out) == {
        "slots": [
            {"slot": "one", "state": "card", "atr": VITALE_ATR, "family": "vitale2"},
            {"slot": "two", "state": "card", "atr": CPS_ATR, "family": "cps3"},
            {"slot": "three", "state": "empty", "atr": None, "family": None},
            {"slot": "four", "state": "mute", "atr": None, "family": None},
            {"slot": "five", "state": "card", "atr": ATR, "family": None},
        ],
        "tokens": [
            {
                "label": f"CPS3v3-{SERIAL}",
                "serial": SERIAL,
                "slot": "two",
                "tries_left": 3,
                "locked": False,
                "unlocked": False,
            }
        ],
        "errors": [],
    }


def test_a_card_that_another_program_holds_is_said(config: Path, bench: Bench, segur: Segur) -> None:
    state = {"present": True, "atr": VITALE_ATR, "insertion": 1, "in_use": True}
    bench.change(slots={"one": state})
    _, out, _ = segur("cards", "list", "--json", "--config", config)
    assert [one["state"] for one in json.loads(out)["slots"]] == ["in_use"]


def test_people_read_what_sits_where(config: Path, segur: Segur) -> None:
    status, out, err = segur("cards", "list", "--config", config)
    assert (status, err) == (0, "")
    for words in ("Vitale 2", "CPS3", "vide", "carte muette", "inconnue", SERIAL, "3 essais"):
        assert words in out


TRIES = {"last": (1, "dernier essai"), "locked": (0, "bloqué"), "two": (2, "2 essais"), "unknown": (None, "inconnus")}


@pytest.mark.parametrize(("tries", "words"), TRIES.values(), ids=TRIES)
def test_people_read_how_many_tries_a_code_has(
    tries: int | None, words: str, config: Path, bench: Bench, segur: Segur
) -> None:
    bench.change(tries=tries)
    _, out, _ = segur("cards", "list", "--config", config)
    assert words in out
    _, out, _ = segur("cards", "list", "--json", "--config", config)
    assert [(one["tries_left"], one["locked"]) for one in json.loads(out)["tokens"]] == [(tries, tries == 0)]


@pytest.mark.parametrize(
    ("change", "slots", "tokens", "codes", "expected"),
    [
        pytest.param({"order": "card.no_reader_service"}, 0, 1, ["card.no_reader_service"], 1, id="no_service"),
        pytest.param({"slots": {}}, 0, 1, [], 0, id="tokens_without_reader"),
        pytest.param({"token_order": "token.module_missing"}, 5, 0, ["token.module_missing"], 1, id="no_module"),
    ],
)
def test_readers_that_fail_hide_no_token_nor_the_reverse(
    change: dict[str, Any],
    slots: int,
    tokens: int,
    codes: list[str],
    expected: int,
    config: Path,
    bench: Bench,
    segur: Segur,
) -> None:
    bench.change(**change)
    status, out, _ = segur("cards", "list", "--json", "--config", config)
    found = json.loads(out)
    assert (status, len(found["slots"]), len(found["tokens"])) == (expected, slots, tokens)
    assert [one["code"] for one in found["errors"]] == codes
    status, out, err = segur("cards", "list", "--config", config)
    assert status == expected
    assert all(code in err for code in codes)


def test_where_there_is_nothing_that_is_the_answer(
    config_file: ConfigFile, segur: Segur, error_of: Callable[[str], dict[str, Any]]
) -> None:
    config = config_file()
    status, out, _ = segur("cards", "list", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (1, "card.no_reader")
    status, out, err = segur("cards", "list", "--config", config)
    assert (status, out) == (1, "")
    assert "Aucun lecteur" in err


# --- reading ----------------------------------------------------------------------------------------------------------

VITALE = """
from datetime import date
from segur_sdk.models.card import Beneficiary, CardFamily, CardNature, CardReading
return CardReading(
    family=CardFamily.VITALE,
    nature=CardNature.TEST,
    beneficiaries=(
        Beneficiary(position=1, nom="ADRUN", prenom="ZOE", date_naissance=date(1975, 12, 31), date_en_carte="19751231"),
        Beneficiary(position=2, nom="CORSE", prenom="ANTHONY", date_en_carte="800013", flags=("lunar_date",)),
    ),
    provenance="apdu",
    presence=event.card,
    read_at=ctx.clock.now(),
)
"""

CPX = """
from datetime import timedelta
from segur_sdk.models.card import CardFamily, CardNature, CardReading
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.professional import CardCertificate, CardHolder
now = ctx.clock.now()
info = CertificateInfo(
    subject_cn="X", issuer_cn="Y", serial="1", not_before=now, not_after=now, client_authentication=True
)
return CardReading(
    family=CardFamily.CPX,
    nature=CardNature.TEST,
    holder=CardHolder(
        card_type="CPE",
        family_name="PHARMACIE DU CENTRE",
        given_name="99700000001",
        named=False,
        profession="21",
        certificates=(CardCertificate(usage="authentication", key="20", info=info),),
        valid_until=now - timedelta(days=1),
    ),
    provenance="token",
    presence=event.card,
    read_at=now,
)
"""

Reader = Callable[..., Path]


@pytest.fixture
def reader(bench: Bench, devices: dict[str, Any], install: Callable[..., str], config_file: ConfigFile) -> Reader:
    """Configure a host with a card in slot ``one`` that a plugin reads as the test says."""

    def reader(body: str) -> Path:
        bench.put("one")
        sha256 = install("alpha", hook="on_card_read", body=body, top="cards = true\nprompts = true")
        return config_file({"alpha": sha256, **devices})

    return reader


def test_a_reading_is_given_whole_with_its_outcomes(reader: Reader, segur: Segur) -> None:
    config = reader(VITALE)
    status, out, _ = segur("cards", "read", "--slot", "one", "--json", "--config", config)
    found = json.loads(out)
    assert status == 0
    assert set(found) == {"value", "outcomes"}
    assert [one["nom"] for one in found["value"]["beneficiaries"]] == ["ADRUN", "CORSE"]
    assert found["value"]["presence"]["slot"] == "one"
    assert [(one["plugin"], one["status"], one["error"]) for one in found["outcomes"]] == [("alpha", "ok", None)]
    called = segur("call", "on_card_read", "--event", "-", "--json", "--config", config, stdin=SLOT)
    other = json.loads(called[1])
    assert set(other["outcomes"][0]) == set(found["outcomes"][0])
    assert other["value"]["beneficiaries"] == found["value"]["beneficiaries"]


SLOT = b'{"card": {"slot": "one"}}'

TOLD: dict[str, tuple[str, list[str]]] = {
    "patients": (
        VITALE,
        ["carte de test", "1. ADRUN ZOE, né(e) le 31/12/1975", "2. CORSE ANTHONY", "date de naissance lunaire"],
    ),
    "professional": (
        CPX,
        ["CPE : 99700000001 PHARMACIE DU CENTRE", "profession : 21", "n’authentifie personne", "carte expirée"],
    ),
}


@pytest.mark.parametrize(("body", "words"), TOLD.values(), ids=TOLD)
def test_people_read_who_is_on_the_card(body: str, words: list[str], reader: Reader, segur: Segur) -> None:
    status, out, _ = segur("cards", "read", "--slot", "one", "--config", reader(body))
    assert status == 0
    told = out.replace("\n", " ")
    for each in words:
        assert each in told


UNREAD: dict[str, tuple[str, str | None, str]] = {
    "declined": ("return None", None, "card.unknown"),
    "failed": (
        "from segur_sdk.errors import CardError\nraise CardError('card.unreadable')",
        "card.unreadable",
        "card.",
    ),
}


@pytest.mark.parametrize(("body", "error", "words"), UNREAD.values(), ids=UNREAD)
def test_a_card_that_nobody_reads_is_no_answer(
    body: str, error: str | None, words: str, reader: Reader, segur: Segur
) -> None:
    config = reader(body)
    status, out, _ = segur("cards", "read", "--slot", "one", "--json", "--config", config)
    found = json.loads(out)
    assert (status, found["value"]) == (1, None)
    assert [(one["error"] or {}).get("code") for one in found["outcomes"]] == [error]
    assert found["error"]["code"] == (error or "card.unknown")
    assert all(found["error"][part] for part in ("message", "cause", "action"))
    status, out, err = segur("cards", "read", "--slot", "one", "--config", config)
    assert status == 1
    assert words in err


@pytest.mark.parametrize(
    ("slot", "code", "expected"),
    [
        pytest.param("two", "card.reader_unavailable", 1, id="no_such_slot"),
        pytest.param("empty", "card.absent", 1, id="empty"),
        pytest.param("", "input.verb", 2, id="no_name"),
        pytest.param("x" * 121, "input.verb", 2, id="too_long"),
    ],
)
def test_what_cannot_be_read_is_said(
    slot: str,
    code: str,
    expected: int,
    reader: Reader,
    bench: Bench,
    segur: Segur,
    error_of: Callable[[str], dict[str, Any]],
) -> None:
    config = reader(VITALE)
    bench.take("empty")
    status, out, _ = segur("cards", "read", "--slot", slot, "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (expected, code)


def test_a_test_card_is_not_read_in_production(
    reader: Reader, segur: Segur, error_of: Callable[[str], dict[str, Any]]
) -> None:
    config = reader(VITALE)
    config.write_text(config.read_text().replace('"sandbox"', '"production"'))
    status, out, err = segur("cards", "read", "--slot", "one", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (1, "card.test_in_production")
    assert "ADRUN" not in out + err


# --- at a terminal ----------------------------------------------------------------------------------------------------

ASK = """
from segur_sdk.errors import CardError
from segur_sdk.models.notice import Choice, Question
secret = ctx.ask(Question(code="a.secret", text="Code secret", pattern="[0-9]{4}", secret=True))
choice = ctx.ask(Question(code="a.choice", text="Lequel ?", choices=(
    Choice(value="v1", label="Le premier"), Choice(value="v2", label="Le second"))))
raise CardError("alpha.answers", secret=len(secret), choice=choice)
"""


class Terminal:
    """A person at a terminal where a command runs."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.master, worker = pty.openpty()
        self._worker = worker
        self.shown = b""
        # In a session of its own: whoever runs the tests at a terminal must not be asked there.
        self.process = subprocess.Popen(
            command, stdin=worker, stdout=worker, stderr=worker, env=environment, start_new_session=True
        )

    def until(self, words: str, times: int = 1) -> None:
        """Read until something is shown, so many times in all."""
        end = time.monotonic() + 60
        while self.shown.count(words.encode()) < times:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, self.shown
            self.shown += os.read(self.master, 4096)

    def type(self, line: str) -> None:
        os.write(self.master, line.encode() + b"\n")

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._worker)[3] & termios.ECHO)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._worker)
        os.close(self.master)


@pytest.fixture
def terminal(reader: Reader, environment: dict[str, str]) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "segur_host.cli", "cards", "read", "--slot", "one", "--config", str(reader(ASK))]
    opened = Terminal(command, environment)
    yield opened
    opened.close()


def test_a_secret_is_not_shown_while_it_is_typed(terminal: Terminal) -> None:
    terminal.until("Code secret")
    assert not terminal.echoes()
    terminal.type("12x4")
    terminal.until("Code secret", times=2)
    assert "Cette réponse ne convient pas." in terminal.shown.decode()
    terminal.type("9876")
    terminal.until("2. Le second")
    terminal.type("2")
    terminal.until("= v2]")
    assert terminal.process.wait(60) == 1
    assert b"9876" not in terminal.shown
    assert b"12x4" not in terminal.shown
    assert terminal.echoes()


def test_a_terminal_that_was_interrupted_at_a_secret_shows_again_what_is_typed(terminal: Terminal) -> None:
    terminal.until("Code secret")
    assert not terminal.echoes()
    os.kill(terminal.process.pid, 2)
    assert terminal.process.wait(60) == 130
    assert terminal.echoes()


def test_nobody_is_asked_when_a_program_waits_for_the_answer(reader: Reader, segur: Segur) -> None:
    status, out, _ = segur("cards", "read", "--slot", "one", "--json", "--config", reader(ASK))
    assert status == 1
    assert [one["error"]["code"] for one in json.loads(out)["outcomes"]] == ["input.nobody_to_ask"]
