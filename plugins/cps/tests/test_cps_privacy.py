"""Nothing of a professional in errors, their chain, or audit notes; no PIN anywhere near the plugin."""

import traceback
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from segur_plugin_cps.situations import read_situations
from segur_sdk.drivers import TokenData
from segur_sdk.errors import SegurError

CANARIES = ("PHARMACH0007512", "CAROLE", "99700075122", "CRISTOL", "1760021832")


def traces_of(text: str) -> list[str]:
    lowered = text.lower()
    return [one for one in CANARIES if one.lower() in lowered or one.encode("ascii").hex() in lowered]


def everything_said(failure: BaseException | None) -> str:
    """Return all that a log or a crash report may show of a failure and of what stands behind it."""
    said = []
    while failure is not None:
        said += [str(failure), repr(failure), repr(vars(failure)), "".join(traceback.format_exception(failure))]
        failure = failure.__cause__ or failure.__context__
    return "\n".join(said)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"subject": ("PHARMACH0007512 CAROLE\x07",)}, id="control character in the name"),
        pytest.param({"subject": ("CAROLE PHARMACH0007512" * 5,)}, id="endless name"),
        pytest.param({"number": b"\x13\x0bCAROLE-8025"}, id="number of the card"),
    ],
)
def test_error_about_a_card_tells_nothing_of_its_holder(bench: Any, changes: dict[str, Any]) -> None:
    if "subject" in changes:
        *others, last = bench.carole
        names = tuple((kind, value if value.isdigit() else changes["subject"][0]) for kind, value in last)
        changes = {"subject": (*others, names)}
    ctx = bench.context(bench.card(**changes))
    for use in (bench.read, bench.sign_in):
        with pytest.raises(SegurError) as caught:
            use(ctx)
        assert traces_of(everything_said(caught.value)) == []


def test_error_about_a_wrong_check_digit_does_not_repeat_the_number(bench: Any) -> None:
    subject = tuple(
        tuple((kind, "899700075123" if value == "899700075122" else value) for kind, value in rdn)
        for rdn in bench.carole
    )
    with pytest.raises(SegurError) as caught:
        bench.read(bench.context(bench.card(subject=subject)))
    assert "9970007512" not in everything_said(caught.value)


def test_error_about_a_cut_situation_tells_nothing_of_it(bench: Any) -> None:
    whole = bench.situation(1)
    failures = 0
    for length in range(1, len(whole.value)):
        cut = TokenData(label=whole.label, private=True, value=whole.value[:length])
        with pytest.raises(SegurError) as caught:
            read_situations([cut], "auto")
        failures += 1
        assert traces_of(everything_said(caught.value)) == [], length
    assert failures == len(whole.value) - 1


def test_error_about_a_text_in_another_encoding_keeps_no_bytes_behind_it(bench: Any) -> None:
    content = bench.data_object("EE", bench.data_object("84", "PHARMACIE CRISTOL É".encode("iso-8859-1")))
    with pytest.raises(SegurError) as caught:
        read_situations([TokenData(label="CPS_ACTIVITY_01_PS", private=True, value=content)], "utf-8")
    assert traces_of(everything_said(caught.value)) == []


def test_error_about_a_damaged_certificate_tells_nothing_of_it(bench: Any) -> None:
    token = bench.card()
    broken = token.found[0].model_copy(update={"der": token.found[0].der[:-300]})
    token.found = (broken, token.found[1])
    with pytest.raises(SegurError) as caught:
        bench.read(bench.context(token))
    assert traces_of(everything_said(caught.value)) == []


@pytest.mark.req("CPS-02")
def test_no_question_is_the_plugin_s_own() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(str(files("segur_plugin_cps"))).glob("*.py"))
    assert "ctx.ask" not in sources


def test_notes_name_neither_card_nor_holder(bench: Any) -> None:
    ctx = bench.context(bench.card())
    bench.sign_in(ctx)
    bench.ended(ctx)
    assert ctx.audit.written == []
    assert all("2800636234" not in key for key in ctx.store.values)
    assert traces_of(repr(ctx.store.values)) == []
