"""The control API: who may call it, what it takes, what it shows."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Control = Callable[..., tuple[int, Any]]
Curl = Callable[..., tuple[int, int, bytes]]
Build = Callable[..., bytes]

ROUTES = [
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("GET", "/exchanges"),
    ("GET", "/ledger"),
    ("GET", "/clock"),
    ("POST", "/clock"),
    ("POST", "/replay"),
    ("GET", "/cards"),
    ("POST", "/cards"),
    ("POST", "/reset"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(row) for row in ROUTES])
@pytest.mark.parametrize("bearer", [None, "wrong", ""], ids=["none", "wrong", "empty"])
def test_nothing_is_done_without_the_bearer(
    descriptor: dict[str, Any], control: Control, method: str, path: str, bearer: str | None
) -> None:
    status, answer = control(method, path, bearer=bearer)
    assert (status, list(answer)) == (401, ["error"])


def test_the_token_file_is_private_and_curl_can_use_it(descriptor: dict[str, Any]) -> None:
    token_file = Path(descriptor["control"]["token_file"])
    assert token_file.stat().st_mode & 0o777 == 0o600
    done = subprocess.run(
        [
            *("curl", "-s", "--cacert", descriptor["ca"], "-H", f"Authorization: Bearer {token_file.read_text()}"),
            descriptor["control"]["url"] + "/clock",
        ],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert list(json.loads(done.stdout)) == ["now"]


REFUSED = [
    ("/faults", {"service": "insi", "fault": "refuse", "extra": 1}),
    ("/faults", {"service": "insi"}),
    ("/faults", {"service": "insi", "fault": "explode"}),
    ("/faults", {"service": "inconnu", "fault": "refuse"}),
    ("/faults", {"service": "cards", "fault": "expired_certificate"}),
    ("/faults", {"service": "cards", "fault": "drip"}),
    ("/faults", {"service": "insi", "fault": "delay", "count": 0}),
    ("/faults", {"service": "insi", "fault": "delay", "count": "many"}),
    ("/faults", {"service": "insi", "fault": "delay", "seconds": -1}),
    ("/faults", {"service": "insi", "fault": "refuse", "operation": "rechercherInsAvecTraitsIdentite"}),
    ("/faults", {"service": "insi", "fault": "wrong_answer", "variant": "nonsense"}),
    ("/faults", {"service": "insi", "fault": "delay", "variant": "nia"}),
    ("/faults", {"service": "insi", "fault": "delay", "after": 2}),
    ("/faults", b"not json"),
    ("/faults", [1]),
    ("/clock", {"now": "2026-01-01T00:00:00Z", "advance_s": 1}),
    ("/clock", {}),
    ("/clock", {"now": "yesterday"}),
    ("/clock", {"now": "2026-01-01T00:00:00"}),
    ("/clock", {"advance_s": 1, "extra": True}),
    ("/clock", {"advance_s": 1e300}),
    ("/replay", {"service": "cards", "body": "x"}),
    ("/replay", {"service": "insi"}),
    ("/replay", {"service": "insi", "body": "x", "extra": 1}),
    ("/cards", {"reader": "Vitale 9", "card": "single"}),
    ("/cards", {"reader": "Vitale 1", "card": "nobody"}),
    ("/cards", {"reader": "Vitale 1"}),
    ("/cards", {"reader": "Vitale 1", "card": None, "extra": 1}),
]


@pytest.mark.parametrize(("path", "body"), REFUSED, ids=[f"{row[0]}-{row[1]!r}"[:60] for row in REFUSED])
def test_an_order_with_an_unknown_or_wrong_member_is_refused_and_does_nothing(
    descriptor: dict[str, Any], control: Control, curl: Curl, by_traits: Build, path: str, body: object
) -> None:
    status, answer = control("POST", path, body)
    assert (status, list(answer)) == (400, ["error"])
    assert curl(by_traits())[:2] == (0, 200)


@pytest.mark.parametrize("path", ["/exchanges?service=inconnu", "/exchanges?limit=1", "/ledger?service=x"])
def test_an_unknown_filter_is_refused(descriptor: dict[str, Any], control: Control, path: str) -> None:
    assert control("GET", path)[0] == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/autre"), ("GET", "/faults"), ("DELETE", "/ledger")])
def test_an_unknown_route_does_not_exist(descriptor: dict[str, Any], control: Control, method: str, path: str) -> None:
    assert control(method, path)[0] in (404, 405)


def test_an_exchange_shows_everything_that_was_said(curl: Curl, by_traits: Build, control: Control) -> None:
    body = by_traits(message_id="uuid:3b6a55a1-35b1-4a6d-9a0e-0b6b1d9c7f10")
    answer = curl(body)[2]
    (entry,) = control("GET", "/exchanges?service=insi")[1]
    assert entry["sequence"] == 1
    assert entry["request"]["body"].encode() == body
    assert (entry["request"]["method"], entry["request"]["path"]) == ("POST", "/lps")
    assert entry["answer"]["body"].encode() == answer
    assert entry["answer"]["status"] == 200
    assert entry["message_id"] == "uuid:3b6a55a1-35b1-4a6d-9a0e-0b6b1d9c7f10"
    assert entry["operation"] == "rechercherInsAvecTraitsIdentite"
    assert (entry["unexpected"], entry["injected"], entry["fault"]) == (False, False, None)


def test_exchanges_are_in_order_and_filtered(curl: Curl, by_traits: Build, control: Control) -> None:
    names = ["ADRUN", "CORSE", "HERMANN"]
    for name in names:
        curl(by_traits(name))
    bodies = [entry["request"]["body"] for entry in control("GET", "/exchanges")[1]]
    assert [next(name for name in names if name in body) for body in bodies] == names
    assert control("GET", "/exchanges?service=cards") == (200, [])


def test_a_message_received_twice_is_one_effect_with_two_receptions(
    curl: Curl, by_traits: Build, control: Control
) -> None:
    body = by_traits()
    curl(body)
    curl(body)
    curl(by_traits())
    first, second = control("GET", "/ledger?service=insi")[1]
    assert (first["receptions"], second["receptions"]) == (2, 1)
    assert len(set(first["connections"])) == 2
    assert first["kind"] == "rechercherInsAvecTraitsIdentite"


def test_replays_come_in_order_byte_for_byte_marked_and_then_stop(
    curl: Curl, by_traits: Build, control: Control, exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    bodies = ["<a>é premier</a>", "<b>second</b>"]
    for body in bodies:
        assert control("POST", "/replay", {"service": "insi", "body": body})[0] == 200
    assert [curl(by_traits())[2].decode() for _ in bodies] == bodies
    assert b"CodeCR>00" in curl(by_traits())[2]
    assert [entry["injected"] for entry in exchanges()] == [True, True, False]


def test_a_replayed_fault_has_the_status_of_a_fault(curl: Curl, by_traits: Build, control: Control) -> None:
    fault = '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault/></soap:Body></soap:Envelope>'
    control("POST", "/replay", {"service": "insi", "body": fault})
    assert curl(by_traits())[1] == 500


def test_a_replay_answers_a_wrong_request_too_but_marks_it(
    curl: Curl, by_traits: Build, control: Control, exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    control("POST", "/replay", {"service": "insi", "body": "<a/>"})
    assert curl(by_traits("adrun"))[2] == b"<a/>"
    (entry,) = exchanges()
    assert (entry["injected"], entry["unexpected"]) == (True, True)
    assert control("GET", "/ledger?service=insi")[1] == []


def test_the_clock_is_set_advanced_and_reset(
    descriptor: dict[str, Any], control: Control, curl: Curl, by_traits: Build
) -> None:
    now = control("GET", "/clock")[1]["now"]
    year = int(now[:4]) + 1
    assert control("POST", "/clock", {"now": f"{year}-02-01T08:00:00+01:00"})[1]["now"].startswith(
        f"{year}-02-01T07:00:0"
    )
    assert control("POST", "/clock", {"advance_s": 86400})[1]["now"].startswith(f"{year}-02-02T07:00:0")
    curl(by_traits())
    assert control("GET", "/exchanges")[1][0]["at"].startswith(f"{year}-02-02T07:00:0")
    control("POST", "/reset")
    assert control("GET", "/clock")[1]["now"][:4] == now[:4]


def test_reset_forgets_faults_replays_exchanges_ledger_and_puts_the_cards_back(
    curl: Curl, by_traits: Build, control: Control
) -> None:
    curl(by_traits())
    control("POST", "/faults", {"service": "insi", "fault": "error5xx"})
    control("POST", "/replay", {"service": "insi", "body": "<a/>"})
    control("POST", "/cards", {"reader": "Vitale 2", "card": "family"})
    control("POST", "/reset")
    assert control("GET", "/exchanges")[1] == control("GET", "/ledger")[1] == []
    assert [reader["card"] for reader in control("GET", "/cards")[1]["readers"]] == ["vitale:single", None]
    assert b"CodeCR>00" in curl(by_traits())[2]


def test_the_catalogue_holds_the_promised_cards(descriptor: dict[str, Any], control: Control) -> None:
    cards = control("GET", "/cards")[1]["cards"]
    assert all(card["name"] == f"vitale:{alias}" for card in cards for alias in card["aliases"])
    assert {alias for card in cards for alias in card["aliases"]} >= {
        *("family", "single", "twins", "same-birthdate", "lunar", "corsica", "test", "demo", "production"),
        *("unreadable", "unknown-atr", "truncated", "no-century", "nineteen", "accents", "several", "none"),
    }
