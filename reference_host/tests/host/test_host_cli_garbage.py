"""Whatever is given to the command line: one JSON object, no traceback, and nothing of it repeated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Segur = Callable[..., tuple[int, str, str]]
ERROR_KEYS = {"code", "source", "message", "cause", "action", "retryable"}
CANARY = "TCHITCHI"

WORDS = st.sampled_from(
    ["traits", "card", "ins", "identity_ref", "document", "confirmed", "answers", "automatic", "beneficiary", "slot",
     "atr", "apdus", "kind", "supplied", "component", "nature", "nom_naissance", "premier_prenom", "prenoms_naissance",
     "sexe", "date_naissance", "lieu_naissance", "type", "none_because", "matricule", "value", "oid", "method"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([CANARY, "M", "CN", "refused", "3B6500002063CB6800", "00A4", "1980-03-02", "63220", "\ud800"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
VALID: list[dict[str, Any]] = [
    {"traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["ANTHONY"], "sexe": "M"}},
    {"card": {"atr": "3B6500002063CB6800", "apdus": [["00A4", "9000"]]}, "beneficiary": 1},
    {"card": {"kind": "supplied", "component": "c", "nature": "T", "beneficiaries": [
        {"nom_patronymique": "CORSE", "prenom_usuel": "ANTHONY", "date": "19800302"}]}},
    {"identity_ref": "x", "document": {"type": "CN"}, "confirmed": ["sexe"], "answers": {"a.b": "F"}},
    {"ins": {"matricule": {"value": "180032B02040123", "oid": "1.2.250.1.213.1.4.8"}, "method": "CB",
             "traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["ANTHONY"]}}},
]  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [place for key, one in inner for place in places(one, (*at, key))]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A valid input with one value replaced, one key renamed, or one byte changed."""
    given = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    *path, last = draw(st.sampled_from(places(given)))
    holder = given
    for key in path:
        holder = holder[key]
    if draw(st.booleans()):
        holder[last] = draw(VALUES)
    elif isinstance(holder, dict):
        holder[draw(st.text(max_size=8))] = holder.pop(last)
    data = bytearray(json.dumps(given).encode())
    if draw(st.booleans()):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


GARBAGE = st.one_of(st.binary(max_size=200), VALUES.map(lambda one: json.dumps(one).encode()), spoilt())
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(status: int, out: str, err: str, answer: set[str]) -> None:
    assert status in {0, 1, 2}
    assert "Traceback" not in out + err
    found = json.loads(out)
    assert len(out.splitlines()) == 1
    if "error" in found:
        assert set(found) == {"error"}
        assert set(found["error"]) == ERROR_KEYS
        assert CANARY not in out + err
    else:
        assert answer <= set(found)


@given(data=GARBAGE)
@FUZZ
def test_identify_survives_any_input(data: bytes, config_file: Callable[..., Path], segur: Segur) -> None:
    status, out, err = segur("identify", "--input", "-", "--json", "--config", config_file(), stdin=data)
    check(status, out, err, {"identity_ref", "status", "attributes", "outcomes"})


@given(data=GARBAGE, hook=st.sampled_from(["on_card_read", "qualify_identity", "on_session_login", CANARY, "", "--"]))
@FUZZ
def test_call_survives_any_event(data: bytes, hook: str, config_file: Callable[..., Path], segur: Segur) -> None:
    status, out, err = segur("call", "--json", "--event", "-", "--config", config_file(), "--", hook, stdin=data)
    check(status, out, err, {"hook", "value", "outcomes"})


@given(text=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@FUZZ
def test_a_configuration_of_any_kind_is_status_3(text: bytes, segur: Segur, tmp_path: Path) -> None:
    path = tmp_path / "segur.toml"
    path.write_bytes(text)
    status, out, err = segur("plugins", "list", "--json", "--config", path)
    assert status == 3
    assert set(json.loads(out)["error"]) == ERROR_KEYS
    assert "Traceback" not in err
