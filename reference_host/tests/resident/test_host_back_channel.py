"""The port at which the authority says that its session is over: raw sockets at its door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_host.tests.resident.door import FORM, TOKEN, Place, free_port, post
from segur_host.config.model import BackChannelTable
from segur_host.resident import back_channel
from segur_host.resident import logout_request as said
from segur_host.resident.back_channel import BackChannel
from segur_host.resident.logout_request import MAX_BODY, MAX_FIELDS, MAX_HEAD, LogoutRequest, Refusal
from segur_sdk.errors import HostError, InputError, ServiceError


@pytest.mark.parametrize("ended", [0, 1, 3])
def test_the_answer_does_not_tell_whether_anybody_was_there(place: Place, ended: int) -> None:
    place.end = lambda token: ended
    assert place.posted() == said.DONE
    assert (place.told, place.recorded) == ([TOKEN], [])


def test_an_answer_is_kept_nowhere() -> None:
    assert said.DONE.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nCache-Control: no-store\r\n" in said.DONE
    assert said.DISBELIEVED.answer.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n")
    assert said.DISBELIEVED.answer.endswith(b'\r\n\r\n{"error":"invalid_request"}')


TAKEN = {
    "as_it_is": post(f"logout_token={TOKEN}"),
    "with_what_nobody_knows": post(f"a=1&logout_token={TOKEN}&b="),
    "with_a_query": post(f"logout_token={TOKEN}", path="/deconnexion?app=lgo"),
    "with_a_charset": post(f"logout_token={TOKEN}", "content-type: Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
    "in_chunks": (
        f"POST /deconnexion HTTP/1.1\r\nHost: h\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"d\r\nlogout_token=\r\n{len(TOKEN):x}\r\n{TOKEN}\r\n0\r\n\r\n"
    ).encode(),
    "by_an_old_proxy": (
        f"POST /deconnexion HTTP/1.0\r\n{FORM}\r\nContent-Length: {len(TOKEN) + 13}\r\n\r\nlogout_token={TOKEN}"
    ).encode(),
}


@pytest.mark.parametrize("request_", TAKEN.values(), ids=TAKEN)
def test_what_the_standard_allows_is_taken(place: Place, request_: bytes) -> None:
    assert place.said(request_) == said.DONE
    assert place.told == [TOKEN]


REFUSED: dict[str, tuple[bytes, Refusal]] = {
    "get": (f"GET /deconnexion?logout_token={TOKEN} HTTP/1.1\r\nHost: h\r\n\r\n".encode(), said.METHOD),
    "put": (post("x").replace(b"POST", b"PUT"), said.METHOD),
    "other_path": (post(f"logout_token={TOKEN}", path="/"), said.PATH),
    "longer_path": (post(f"logout_token={TOKEN}", path="/deconnexion/"), said.PATH),
    "absolute": (post(f"logout_token={TOKEN}", path="http://127.0.0.1/deconnexion"), said.PATH),
    "json": (post(f'{{"logout_token": "{TOKEN}"}}', "Content-Type: application/json"), said.TYPE),
    "no_type": (post(f"logout_token={TOKEN}", "Accept: */*"), said.TYPE),
    "two_types": (post(f"logout_token={TOKEN}", FORM, FORM), said.TYPE),
    "nothing": (post(""), said.FIELDS),
    "no_token": (post("token=x"), said.FIELDS),
    "empty_token": (post("logout_token="), said.FIELDS),
    "two_tokens": (post(f"logout_token={TOKEN}&logout_token={TOKEN}"), said.FIELDS),
    "many_fields": (post(f"logout_token={TOKEN}" + "&a=1" * MAX_FIELDS), said.FIELDS),
    "not_ascii": (post("logout_token=xx").replace(b"=xx", b"=\xff\xfe"), said.FIELDS),
    "a_megabyte": (post(f"logout_token={'a' * 1_048_576}"), said.SIZE),
    "one_byte_too_much": (post(f"logout_token={'a' * (MAX_BODY - 12)}"), said.SIZE),
    "chunks_without_end": (
        f"POST /deconnexion HTTP/1.1\r\nHost: h\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 8,
        said.SIZE,
    ),
    "headers_without_end": (b"POST /deconnexion HTTP/1.1\r\nX: " + b"a" * 2 * MAX_HEAD, said.HEAD),
    "asks_first": (post(f"logout_token={TOKEN}", FORM, "Expect: 100-continue")[: -len(TOKEN)], said.EXPECT),
    "two_lengths": (post("logout_token=x", FORM, "Content-Length: 3"), said.HTTP),
    "no_http": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", said.HTTP),
}


@pytest.mark.parametrize(("request_", "refusal"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_logout_is_refused_and_recorded_without_what_it_brought(
    place: Place, request_: bytes, refusal: Refusal
) -> None:
    assert place.said(request_) == refusal.answer
    assert place.told == []
    assert [(one.event, dict(one.facts)) for one in place.recorded] == [
        ("back_channel.refused", {"reason": refusal.reason, "number": 1})
    ]
    assert place.posted() == said.DONE


DISBELIEVED = {
    "forged": (InputError("psc.logout_token", reason="signature"), {"code": "psc.logout_token", "detail": "signature"}),
    "a_refusal": (ServiceError("service.server_certificate"), {"code": "service.server_certificate"}),
    "a_defect": (RuntimeError(TOKEN), {"code": "host.unexpected"}),
}


@pytest.mark.parametrize(("failure", "facts"), DISBELIEVED.values(), ids=DISBELIEVED)
def test_a_token_that_is_not_believed_is_refused_and_recorded_without_it(
    place: Place, failure: Exception, facts: dict[str, str]
) -> None:
    def disbelieve(token: str) -> int:
        raise failure

    place.end = disbelieve
    assert place.posted() == said.DISBELIEVED.answer
    (entry,) = place.recorded
    assert dict(entry.facts) == {"reason": "token", "number": 1, **facts}
    assert TOKEN not in repr(entry)


def test_a_token_that_nobody_could_check_may_come_again(place: Place) -> None:
    def check_later(token: str) -> int:
        raise ServiceError("psc.unavailable", retryable=True, reason="service.timed_out")

    place.end = check_later
    answer = place.posted()
    assert answer == said.UNAVAILABLE.answer
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nRetry-After: 30\r\n" in answer
    (entry,) = place.recorded
    facts = {"reason": "unavailable", "number": 1, "code": "psc.unavailable", "detail": "service.timed_out"}
    assert dict(entry.facts) == facts


@pytest.mark.parametrize("retryable", [False, True])
def test_after_many_tokens_that_were_not_believed_none_is_checked_for_a_while(
    retryable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disbelieve(token: str) -> int:
        raise ServiceError("psc.unavailable", retryable=retryable)

    monkeypatch.setattr(back_channel, "MAX_DISBELIEVED", 2)
    place = Place(end=disbelieve)
    try:
        for _ in range(2):
            place.posted()
        assert [place.posted() for _ in range(3)] == [said.TOO_MANY.answer] * 3
        assert len(place.told) == 2
        monkeypatch.setattr(back_channel, "DISBELIEVED_S", 0.0)
        place.end = lambda token: 1
        assert [place.posted(), place.posted()] == [said.DONE] * 2
    finally:
        place.channel.close()
    gathered = [one.facts["number"] for one in place.recorded if one.facts["reason"] == "too_many"]
    assert gathered == [1, 2]


def opening(rules: BackChannelTable) -> HostError:
    with pytest.raises(HostError) as raised:
        BackChannel(rules, lambda token: 0, lambda entry: None)
    return raised.value


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    refused = opening(BackChannelTable(port=place.port))
    assert (refused.code, dict(refused.facts)) == ("resident.port_in_use", {"port": place.port})
    assert place.posted() == said.DONE


def test_an_address_of_another_machine_is_told() -> None:
    # TEST-NET-1 (RFC 5737) is nobody's.
    refused = opening(BackChannelTable(port=free_port(), address="192.0.2.1"))
    assert (refused.code, refused.facts["reason"]) == ("resident.port_refused", "EADDRNOTAVAIL")


@pytest.mark.parametrize(
    "table",
    [
        {"port": 0},
        {"port": 65536},
        {},
        {"port": 8080, "address": "lgo.example"},
        {"port": 8080, "address": ""},
        {"port": 8080, "path": "deconnexion"},
        {"port": 8080, "path": "/a?b"},
        {"port": 8080, "path": "/a b"},
        {"port": 8080, "token": "x"},
    ],
    ids=str,
)
def test_a_table_that_leads_nowhere_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        BackChannelTable.model_validate(table)


ANSWERS = [value for value in vars(said).values() if isinstance(value, Refusal)]
PIECES = st.sampled_from(
    [
        b"POST ",
        b"GET ",
        b"/deconnexion",
        b" HTTP/1.1\r\nHost: h\r\n",
        b" HTTP/1.0\r\n",
        f"{FORM}\r\n".encode(),
        b"Content-Length: 15\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"f\r\n",
        b"0\r\n\r\n",
        b"logout_token=xy",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(min_size=1, max_size=30)), max_size=16))
def test_whatever_is_said_is_a_token_refused_or_waited_for(parts: list[bytes]) -> None:
    request, heard_so_far = LogoutRequest("/deconnexion"), b""
    for part in parts:
        heard_so_far += part
        found = request.hear(part)
        if isinstance(found, str):
            assert found
            assert b"logout_token" in heard_so_far or b"%" in heard_so_far
            return
        if found is not None:
            assert found in ANSWERS
            return
