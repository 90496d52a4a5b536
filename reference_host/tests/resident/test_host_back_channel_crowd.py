"""The port at which logouts are heard, when many come, or slowly, or what is around it fails."""

import errno
import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from reference_host.tests.resident.door import PATIENCE_S, TOKEN, Place, heard, post
from segur_host.audit.entries import AuditEntry
from segur_host.broker import doorway
from segur_host.resident import logout_request as said
from segur_host.resident import refusals
from segur_host.resident.back_channel import MAX_AT_ONCE
from segur_sdk.errors import HostError

GET = b"GET /deconnexion HTTP/1.1\r\nHost: h\r\n\r\n"
ELSEWHERE = post(f"logout_token={TOKEN}", path="/other")


def test_a_flood_of_one_kind_is_recorded_by_its_number(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ELSEWHERE
    for _ in range(3):
        place.said(request)
    place.said(GET)
    assert place.reasons() == ["path", "method"]
    monkeypatch.setattr(refusals, "GATHERED_S", 0.0)
    place.said(request)
    place.channel.close()
    assert [(one.facts["reason"], one.facts["number"]) for one in place.recorded] == [
        ("path", 1),
        ("method", 1),
        ("path", 3),
    ]


def test_what_was_gathered_is_recorded_at_the_end(place: Place) -> None:
    for _ in range(3):
        place.said(GET)
    place.channel.close()
    assert [one.facts["number"] for one in place.recorded] == [1, 2]


def test_an_audit_that_cannot_be_written_changes_no_answer(place: Place) -> None:
    def full(entry: AuditEntry) -> None:
        raise HostError("storage.full")

    place.channel._refusals._append = full
    assert place.said(GET) == said.METHOD.answer
    assert place.posted() == said.DONE


def test_who_speaks_too_slowly_is_cut_off_and_holds_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "LOOKED_AFTER_S", 0.01)
    monkeypatch.setattr(doorway, "PEER_S", 60.0)
    with place.connected() as silent:
        silent.sendall(post(f"logout_token={TOKEN}")[:-1])
        assert place.posted() == said.DONE
        monkeypatch.setattr(doorway, "PEER_S", 0.05)
        with place.connected() as slow:
            slow.sendall(b"POST /deco")
            assert heard(slow) == b""
    assert (place.told, place.reasons()) == ([TOKEN], ["slow"])


def test_a_crowd_is_let_go_of_from_its_oldest_member(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "PEER_S", 60.0)
    crowd = [place.connected() for _ in range(doorway.MAX_PEERS)]
    assert place.posted() == said.DONE
    assert heard(crowd[0]) == b""
    for one in crowd:
        one.close()
    assert place.reasons() == ["slow"]


def test_one_that_takes_long_holds_up_nobody_and_too_many_are_sent_away(place: Place) -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def hold(token: str) -> int:
        begun.release()
        assert go_on.wait(PATIENCE_S)
        return 1

    place.end = hold
    answers: list[bytes] = []
    posting = [threading.Thread(target=lambda: answers.append(place.posted())) for _ in range(MAX_AT_ONCE)]
    for one in posting:
        one.start()
        assert begun.acquire(timeout=PATIENCE_S)
    assert place.posted() == said.BUSY.answer
    assert place.said(GET) == said.METHOD.answer
    go_on.set()
    for one in posting:
        one.join()
    assert answers == [said.DONE] * MAX_AT_ONCE
    assert place.reasons() == ["busy", "method"]


def defect(*_: object) -> Any:
    raise RuntimeError(TOKEN)


def test_a_defect_in_hearing_one_ends_that_one_only(place: Place) -> None:
    append, place.channel._refusals._append = place.channel._refusals._append, defect
    assert place.said(GET) == b""
    place.channel._refusals._append = append
    assert place.posted() == said.DONE


def test_a_defect_in_meeting_one_ends_that_one_only(place: Place) -> None:
    meet, place.channel._doorway._meet = place.channel._doorway._meet, defect
    assert place.posted() == b""
    place.channel._doorway._meet = meet
    assert place.posted() == said.DONE


def test_a_defect_in_sending_one_away_ends_that_one_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.channel._doorway._cut_off = defect
    monkeypatch.setattr(doorway, "LOOKED_AFTER_S", 0.01)
    monkeypatch.setattr(doorway, "PEER_S", 0.05)
    with place.connected() as slow:
        slow.sendall(b"POST /deco")
        assert heard(slow) == b""
    monkeypatch.setattr(doorway, "PEER_S", 60.0)
    assert place.posted() == said.DONE


def test_too_many_open_files_are_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    accept, full, slept = socket.socket.accept, [OSError(errno.EMFILE, "")] * 3, list[float]()

    def accept_later(listener: socket.socket) -> Any:
        if full:
            raise full.pop()
        return accept(listener)

    monkeypatch.setattr(doorway, "time", SimpleNamespace(monotonic=time.monotonic, sleep=slept.append))
    monkeypatch.setattr(socket.socket, "accept", accept_later)
    assert place.posted() == said.DONE
    assert slept == [doorway.PAUSE_S] * 3


def test_a_check_that_cannot_begin_is_not_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", defect)
        answers = [place.posted() for _ in range(MAX_AT_ONCE)]
    assert answers == [said.BUSY.answer] * MAX_AT_ONCE
    assert place.posted() == said.DONE
    assert place.told == [TOKEN]


def test_what_was_begun_is_answered_before_the_host_stops(place: Place) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(token: str) -> int:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return 1

    place.end = hold
    with place.connected() as connection:
        connection.sendall(post(f"logout_token={TOKEN}"))
        assert begun.wait(PATIENCE_S)
        closing = threading.Thread(target=place.channel.close)
        closing.start()
        go_on.set()
        closing.join()
        assert heard(connection) == said.DONE


def test_nothing_is_left_of_a_back_channel_that_is_closed(place: Place) -> None:
    port = place.port
    with place.connected() as connection:
        place.channel.close()
        assert heard(connection) == b""
    with socket.create_server(("127.0.0.1", port)):
        assert not [one for one in threading.enumerate() if one.name in ("segur-back-channel", "segur-logout")]


def test_only_this_machine_is_listened_to(place: Place) -> None:
    assert place.channel.address == f"http://127.0.0.1:{place.port}/deconnexion"
    assert place.channel._doorway._listener.getsockname()[0] == "127.0.0.1"
