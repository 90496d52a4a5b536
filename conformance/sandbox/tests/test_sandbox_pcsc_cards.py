"""Virtual cards as programs of others see them through pcscd: OpenSC's and pcsc-tools'."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable

import pytest

from segur_sandbox.control_client import ControlError
from segur_sandbox.running import RunningSandbox

pytestmark = pytest.mark.pcsc

ThroughPcsc = Callable[..., str]
CPS_SLOT, VITALE_SLOT = "Lecteur bifente PS 00 00", "Lecteur bifente PS 00 01"
SELECT_VITALE = "00A404000BD250000002564954414C45"
READ_IDENTITY = "00B0820000"
PATIENCE_S = 20.0
ATRS = {
    "vitale:single": "3B751300004009EA9000",
    "vitale:family": "3B751300004009EA9000",
    "family": "3B751300004009EA9000",
    "vitale:unreadable": "3B751300004009EA9000",
    "unknown-atr": "3B6500002063CB6600",
    "cps:pharmacist": "3B9B188001001225006480040100009044",
    "cps:pharmacist-cps3": "3BAC00402A001225006480000310009000",
    "cpe": "3B9B188001001225006480040100009044",
}


def atr(program_said: str) -> str:
    """The ATR that `opensc-tool -a` wrote."""
    return program_said.strip().replace(":", "").upper()


def answers(program_said: str) -> list[tuple[str, str]]:
    """Data and status word of each APDU that `opensc-tool -s` sent."""
    found = []
    for part in program_said.split("Received ")[1:]:
        status = re.match(r"\(SW1=0x(..), SW2=0x(..)\)", part)
        assert status is not None
        rows = re.findall(r"^((?:[0-9A-F]{2} )+)", part, re.MULTILINE)
        found.append(("".join(rows).replace(" ", ""), status[1] + status[2]))
    return found


def send(
    through_pcsc: ThroughPcsc, slot: int, *apdus: str, driver: tuple[str, ...] = ("-c", "default")
) -> list[tuple[str, str]]:
    sending = [argument for apdu in apdus for argument in ("-s", apdu)]
    return answers(through_pcsc("opensc-tool", *driver, "-r", str(slot), *sending))


def readers(sandbox: RunningSandbox) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in sandbox.readers_now()}


def process_of(sandbox: RunningSandbox, slot: str) -> int:
    pid = readers(sandbox)[slot]["pid"]
    assert isinstance(pid, int)
    return pid


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_programs_see_a_two_slot_reader_with_a_cps_and_a_carte_vitale(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    assert segur_pcsc_sandbox.pcsc_readers == [CPS_SLOT, VITALE_SLOT]
    assert [readers(segur_pcsc_sandbox)[slot]["card"] for slot in (CPS_SLOT, VITALE_SLOT)] == [
        "cps:pharmacist",
        "vitale:single",
    ]
    # A process comes and goes with its card: who reads the descriptor must not take it for one that is there.
    assert all("pid" not in one for one in segur_pcsc_sandbox.descriptor["services"]["cards"]["readers"])
    listed = through_pcsc("opensc-tool", "-l")
    assert re.findall(r"^\d +(Yes|No) +(.*\S)", listed, re.MULTILINE) == [("Yes", CPS_SLOT), ("Yes", VITALE_SLOT)]


def test_pcsc_scan_sees_readers_and_cards(segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc) -> None:
    assert through_pcsc("pcsc_scan", "-r").splitlines() == [f"0: {CPS_SLOT}", f"1: {VITALE_SLOT}"]
    seen = through_pcsc("pcsc_scan", "-n", "-q", "-t", "1")
    assert re.findall(r"ATR: ([0-9A-F ]+)", seen.replace("\x1b[35m", "").replace("\x1b[0m", "")) == [
        " ".join(re.findall("..", ATRS["cps:pharmacist"])),
        " ".join(re.findall("..", ATRS["vitale:single"])),
    ]


@pytest.mark.parametrize(("card", "expected"), ATRS.items(), ids=ATRS)
def test_an_inserted_card_is_there_at_once(
    card: str, expected: str, segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    segur_pcsc_sandbox.insert(VITALE_SLOT, card)
    assert atr(through_pcsc("opensc-tool", "-a", "-r", "1")) == expected


def test_a_removed_card_is_gone_at_once(segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc) -> None:
    pid = process_of(segur_pcsc_sandbox, VITALE_SLOT)
    segur_pcsc_sandbox.insert(VITALE_SLOT, None)
    assert re.findall(r"^\d +(Yes|No)", through_pcsc("opensc-tool", "-l"), re.MULTILINE) == ["Yes", "No"]
    assert readers(segur_pcsc_sandbox)[VITALE_SLOT] == {"name": VITALE_SLOT, "kind": "pcsc", "card": None, "pid": None}
    assert not runs(pid)


def test_a_card_answers_as_it_does_in_memory(segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc) -> None:
    segur_pcsc_sandbox.insert(VITALE_SLOT, "vitale:nineteen")
    segur_pcsc_sandbox.insert("Vitale 1", "vitale:nineteen")
    memory = readers(segur_pcsc_sandbox)["Vitale 1"]
    apdus = (READ_IDENTITY, "00B0010000", SELECT_VITALE, "00B0820000")
    expected = []
    address = (str(memory["host"]), int(str(memory["port"])))
    with socket.create_connection(address, timeout=20) as connection, connection.makefile("rwb") as stream:
        for apdu in apdus:
            command = bytes.fromhex(apdu)
            stream.write(len(command).to_bytes(2, "big") + command)
            stream.flush()
            answer = stream.read(int.from_bytes(stream.read(2), "big")).hex().upper()
            expected.append((answer[:-4], answer[-4:]))
    assert [status for _, status in expected] == ["9000"] * 4
    assert send(through_pcsc, 1, *apdus) == expected


def test_a_swapped_card_is_another_one_and_another_process(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    pids, contents = [], []
    for card in ("vitale:family", "vitale:twins", "vitale:family"):
        segur_pcsc_sandbox.insert(VITALE_SLOT, card)
        pids.append(process_of(segur_pcsc_sandbox, VITALE_SLOT))
        contents.append(send(through_pcsc, 1, READ_IDENTITY)[0])
    assert contents[0] == contents[2] != contents[1]
    assert len({*pids, process_of(segur_pcsc_sandbox, CPS_SLOT)}) == 4
    assert [runs(pid) for pid in pids] == [False, False, True]


def test_a_card_whose_process_is_killed_was_pulled_out(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    os.kill(process_of(segur_pcsc_sandbox, VITALE_SLOT), 9)
    until = time.monotonic() + PATIENCE_S
    while readers(segur_pcsc_sandbox)[VITALE_SLOT]["card"] and time.monotonic() < until:
        time.sleep(0.02)
    segur_pcsc_sandbox.insert(VITALE_SLOT, None)
    assert re.findall(r"^\d +(Yes|No)", through_pcsc("opensc-tool", "-l"), re.MULTILINE) == ["Yes", "No"]
    segur_pcsc_sandbox.insert(VITALE_SLOT, "vitale:single")
    assert atr(through_pcsc("opensc-tool", "-a", "-r", "1")) == ATRS["vitale:single"]


def test_a_fault_pulls_the_card_out_after_some_apdus(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    segur_pcsc_sandbox.fault("cards", "reset", operation=VITALE_SLOT, after=1, count=1)
    got = send(through_pcsc, 1, SELECT_VITALE, READ_IDENTITY)
    assert [status for _, status in got] == ["9000"]
    assert readers(segur_pcsc_sandbox)[VITALE_SLOT]["card"] is None


def test_an_answer_lost_on_the_way_costs_contact_and_no_card(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    segur_pcsc_sandbox.fault("cards", "answer_lost", operation=VITALE_SLOT, count=1)
    assert send(through_pcsc, 1, SELECT_VITALE) == []
    assert readers(segur_pcsc_sandbox)[VITALE_SLOT]["card"] == "vitale:single"
    until = time.monotonic() + PATIENCE_S
    while not (got := send(through_pcsc, 1, SELECT_VITALE)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [status for _, status in got] == ["9000"]


ALTERED = {"error5xx": ("", "6F00"), "garbage": ("00FF", "1234")}


@pytest.mark.parametrize(("fault", "answer"), ALTERED.items(), ids=ALTERED)
def test_a_fault_alters_what_pcsc_programs_get(
    fault: str, answer: tuple[str, str], segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    segur_pcsc_sandbox.fault("cards", fault, operation=VITALE_SLOT, after=1, count=1)
    got = send(through_pcsc, 1, SELECT_VITALE, READ_IDENTITY)
    assert got[1] == answer


def test_exchanges_name_the_slot_and_hold_every_apdu(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    send(through_pcsc, 1, SELECT_VITALE, READ_IDENTITY)
    found = [
        (one["operation"], one["request"]["body"], one["answer"]["body"][-4:])
        for one in segur_pcsc_sandbox.exchanges("cards")
    ]
    assert found == [(VITALE_SLOT, SELECT_VITALE, "9000"), (VITALE_SLOT, READ_IDENTITY, "9000")]


PINS = {
    "cps4": ("cps:pharmacist", "01A40400088025000001FF0100", "012000010439393939", "012000010431323334"),
    "cps3": ("cps:pharmacist-cps3", "00A404000DE828BD080F8025000001FF0010", "002000010439393939", "002000010431323334"),
}


@pytest.mark.parametrize(("card", "select", "wrong", "right"), PINS.values(), ids=PINS)
def test_three_wrong_pins_lock_the_card_and_only_a_reset_of_the_sandbox_unlocks_it(
    card: str, select: str, wrong: str, right: str, segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    def say(apdu: str) -> str:
        # As anybody would: OpenSC finds out by itself what the card is.
        selected, said = send(through_pcsc, 0, select, apdu, driver=())
        assert selected[1] == "9000"
        return said[1]

    segur_pcsc_sandbox.insert(CPS_SLOT, card)
    assert say(right) == "9000"
    assert [say(wrong) for _ in range(3)] == ["63C2", "63C1", "63C0"]
    assert [say(wrong), say(right)] == ["6983"] * 2
    segur_pcsc_sandbox.insert(CPS_SLOT, None)
    segur_pcsc_sandbox.insert(CPS_SLOT, card)
    assert say(right) == "6983"
    segur_pcsc_sandbox.reset()
    segur_pcsc_sandbox.insert(CPS_SLOT, card)
    assert say(right) == "9000"


def test_the_card_mute_in_one_slot_holds_neither_the_other_nor_its_own_removal(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    segur_pcsc_sandbox.insert(VITALE_SLOT, "vitale:unreadable")
    command = ["opensc-tool", "-c", "default", "-r", "1", "-s", SELECT_VITALE]
    environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(segur_pcsc_sandbox.pcscd_socket)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as waiting:
        until = time.monotonic() + PATIENCE_S
        while not segur_pcsc_sandbox.exchanges("cards") and time.monotonic() < until:
            time.sleep(0.02)
        try:
            segur_pcsc_sandbox.insert(CPS_SLOT, "cpf")
            assert waiting.poll() is None
            segur_pcsc_sandbox.insert(VITALE_SLOT, "vitale:single")
            assert waiting.wait(PATIENCE_S) != 0
        finally:
            waiting.kill()
    assert [status for _, status in send(through_pcsc, 1, SELECT_VITALE)] == ["9000"]


UNKNOWN = {"reader": ("Lecteur bifente PS 00 02", "vitale:single"), "card": (VITALE_SLOT, "vitale:nobody")}


@pytest.mark.parametrize(("reader", "card"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_reader_or_card_changes_nothing(
    reader: str, card: str, segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc
) -> None:
    with pytest.raises(ControlError, match="les noms connus sont"):
        segur_pcsc_sandbox.insert(reader, card)
    assert atr(through_pcsc("opensc-tool", "-a", "-r", "1")) == ATRS["vitale:single"]


def test_reset_puts_the_first_cards_back(segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc) -> None:
    segur_pcsc_sandbox.insert(CPS_SLOT, "cpf")
    segur_pcsc_sandbox.insert(VITALE_SLOT, "vitale:twins")
    segur_pcsc_sandbox.reset()
    assert [readers(segur_pcsc_sandbox)[slot]["card"] for slot in (CPS_SLOT, VITALE_SLOT)] == [
        "cps:pharmacist",
        "vitale:single",
    ]
    assert atr(through_pcsc("opensc-tool", "-a", "-r", "0")) == ATRS["cps:pharmacist"]


def test_opensc_knows_the_cps3_by_itself(segur_pcsc_sandbox: RunningSandbox, through_pcsc: ThroughPcsc) -> None:
    segur_pcsc_sandbox.insert(CPS_SLOT, "cps:pharmacist-cps3")

    assert through_pcsc("opensc-tool", "-r", "0", "-n").strip() == "IAS-ECC"
