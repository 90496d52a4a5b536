"""Every target holds on what the sandbox's cards say, on damaged versions of it, and on anything."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_sdk.errors import CardError, SegurError
from tests.fuzz.oracle import ToldError, judge
from tests.fuzz.parts import joined, split
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

Seeds = dict[str, list[bytes]]
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    return seeds(tmp_path_factory.mktemp("fuzz"))


@st.composite
def damaged(draw: st.DrawFn, sound: list[bytes]) -> bytes:
    """Change a sound input as a faulty card, or a malicious one, would."""
    data = draw(st.sampled_from(sound))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        put = draw(st.one_of(st.binary(max_size=8), st.just(data[start : start + 40] * 2)))
        data = data[:start] + put + data[end:]
    return data


def test_every_target_has_seeds(known: Seeds) -> None:
    assert known.keys() == TARGETS.keys()
    assert all(known.values())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_understands_what_sound_cards_say(name: str, known: Seeds) -> None:
    for data in known[name]:
        assert judge(TARGETS[name], data) is None
        assert TARGETS[name](data) not in (None, False, ())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_on_damaged_inputs(name: str, known: Seeds) -> None:
    @given(st.one_of(damaged(known[name]), st.binary(max_size=200)))
    @FEW
    def hold(data: bytes) -> None:
        judge(TARGETS[name], data)

    hold()


@given(st.lists(st.binary(max_size=40), max_size=6))
@FEW
def test_parts_that_were_joined_are_found_again(parts: list[bytes]) -> None:
    assert split(joined(parts)) == parts


NAME = "DUPONTEL"
TELLING: dict[str, Callable[[bytes], SegurError]] = {
    "as it is": lambda data: CardError("card.unreadable", reason=data.decode("utf-16-be" if data[0] == 0 else "utf-8")),
    "within": lambda data: CardError("card.unreadable", file=f"EF of {data.replace(bytes(1), b'').decode()[1:]}"),
    "in hexadecimal": lambda data: CardError("card.unreadable", file=data.hex()),
}


@pytest.mark.parametrize("telling", TELLING.values(), ids=TELLING)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-be"])
def test_a_parser_that_tells_its_input_is_found(telling: Callable[[bytes], SegurError], encoding: str) -> None:
    def parse(data: bytes) -> None:
        raise telling(data)

    with pytest.raises(ToldError):
        judge(parse, NAME.encode(encoding))


def test_what_stands_behind_an_error_is_looked_at_as_a_traceback_shows_it() -> None:
    def parse(data: bytes, *, hidden: bool) -> None:
        try:
            raise ValueError(data.decode())
        except ValueError as failure:
            raise CardError("card.unreadable") from None if hidden else failure

    with pytest.raises(ToldError):
        judge(lambda data: parse(data, hidden=False), NAME.encode())
    assert judge(lambda data: parse(data, hidden=True), NAME.encode()) is not None


def test_any_other_exception_is_a_finding() -> None:
    with pytest.raises(ZeroDivisionError):
        judge(lambda data: 1 // len(data), b"")
