"""``on_card_read``: what a professional's card shows without its PIN, bound to one insertion."""

from collections.abc import Sequence
from typing import Any

import pytest

from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError
from segur_sdk.models.actor import Environment
from segur_sdk.models.card import ApcvContext, CardFamily, CardNature, CardReading, HostSuppliedReading
from segur_sdk.models.professional import CardKeyUsage, CpxType

CPS_ATRS = {
    "CPS2ter": "3BAC00402A001225006480820212009000",
    "CPS3": "3BAC00402A001225006480000310009000",
    "CPS3 contactless": "3B8F80010031B86404B0ECC1739401808290000E",
    "CPS4": "3B9B188001001225006480040100009044",
    "CPS4, release candidate": "3B9B188001001225006480000401009044",
    "CPS4, T=0": "3BDC18FF00001225006480000401009000",
}


@pytest.mark.req("CPS-01", "CPS-05")
def test_card_is_read_without_its_pin(bench: Any) -> None:
    token = bench.card(bench.info(b"CAROLE", b"SM26"), bench.situation(1))
    reading = bench.read(bench.context(token))
    assert isinstance(reading, CardReading)
    assert (reading.family, reading.nature, reading.provenance) == (CardFamily.CPX, CardNature.TEST, "token")
    assert (reading.serial, reading.presence, reading.read_at) == ("2800636234", bench.presence(), bench.now)
    holder = reading.holder
    assert holder is not None
    assert (holder.card_type, holder.national_id, holder.rpps) == (CpxType.CPS, "899700075122", "99700075122")
    assert (holder.family_name, holder.given_name, holder.named) == ("PHARMACH0007512", "CAROLE", True)
    assert (holder.adeli, holder.profession, holder.speciality) == (None, "21", "SM26")
    assert holder.situations is None
    assert [(one.usage, one.key) for one in holder.certificates] == [
        (CardKeyUsage.AUTHENTICATION, bench.aut_key),
        (CardKeyUsage.SIGNATURE, bench.sig_key),
    ]
    assert {name for name, *_ in token.calls} == {"certificates", "data"}


@pytest.mark.parametrize("atr", CPS_ATRS.values(), ids=CPS_ATRS.keys())
def test_every_generation_that_a_driver_knows_is_read(bench: Any, atr: str) -> None:
    assert bench.read(bench.context(bench.card()), bench.presence(atr)) is not None


@pytest.mark.parametrize(
    "atr", ["3B751300004309EA9000", "3F6525002209F99000", "3B00", "3BFF"], ids=["Vitale 2", "Vitale 1", "?", "??"]
)
def test_other_cards_are_left_to_other_plugins(bench: Any, atr: str) -> None:
    token = bench.card()
    assert bench.read(bench.context(token), bench.presence(atr)) is None
    assert token.calls == []


def test_patients_are_left_to_other_plugins(bench: Any) -> None:
    person = {"nom_patronymique": "ADRUN", "prenom_usuel": "ZOE", "date": "19751231"}
    supplied = HostSuppliedReading.model_validate({"component": "API", "nature": "R", "beneficiaries": [person]})
    for card in (supplied, ApcvContext(payload="opaque")):
        assert bench.read(bench.context(bench.card()), card) is None


@pytest.mark.req("CPS-01", "CPS-04")
def test_situations_are_read_when_the_pin_was_verified_before(
    bench: Any, situations_with_gaps: Sequence[TokenData]
) -> None:
    token = bench.card(*situations_with_gaps)
    token.unlocked = True
    holder = bench.read(bench.context(token)).holder
    assert [one.number for one in holder.situations] == [1, 4, 16]


@pytest.mark.req("CPS-05")
def test_employee_who_is_not_named_is_shown_by_structure_and_number(bench: Any) -> None:
    token = bench.card(subject=bench.employee, card_type=b"\x02\x01\x02", profession=None)
    holder = bench.read(bench.context(token)).holder
    assert (holder.card_type, holder.named) == (CpxType.CPE, False)
    assert (holder.family_name, holder.given_name) == ("PHARMACIE CRISTOL - LOUIN", "3760021832-000000018")
    assert (holder.national_id, holder.rpps, holder.profession) == ("3760021832/000000018", None, None)
    assert {one.info.subject_ou for one in holder.certificates} == {"1760021832"}


@pytest.mark.req("CPS-05")
def test_administrator_is_named(bench: Any) -> None:
    token = bench.card(subject=bench.patrice, card_type=b"\x02\x01\x03", profession=None)
    holder = bench.read(bench.context(token)).holder
    assert (holder.card_type, holder.named, holder.family_name) == (CpxType.CPA, True, "MAITRE")
    assert (holder.given_name, holder.rpps, holder.adeli) == ("PATRICE", None, None)


@pytest.mark.req("R17")
def test_adeli_is_read(bench: Any) -> None:
    holder = bench.read(bench.context(bench.card(subject=bench.olivier, profession=b"\x02\x01\x3c"))).holder
    assert (holder.adeli, holder.rpps, holder.national_id) == ("0B6087510", None, "00B6087510")


def test_card_that_names_neither_person_nor_structure_is_refused(bench: Any) -> None:
    common_name = bench.employee[-1]
    with pytest.raises(CardError) as caught:
        bench.read(bench.context(bench.card(subject=(common_name,))))
    assert caught.value.facts == {"reason": "attribute_missing", "attribute": "SN"}


def test_expired_card_is_read_and_says_until_when_it_held(bench: Any, days: Any) -> None:
    ended = bench.now - days(1)
    holder = bench.read(bench.context(bench.card(ends=ended))).holder
    assert holder.valid_until == ended


def test_card_ends_with_the_first_of_its_certificates(bench: Any, days: Any) -> None:
    token = bench.card()
    first = bench.now + days(40)
    token.found = (bench.certificate(bench.signature(ends=first), bench.sig_key), token.found[1])
    assert bench.read(bench.context(token)).holder.valid_until == first


@pytest.mark.parametrize(
    ("environment", "category", "code"),
    [
        pytest.param(Environment.PRODUCTION, b"\x04\x01\x80", "card.test_in_production", id="test in production"),
        pytest.param(Environment.PRODUCTION, None, "card.nature_unknown", id="unknown in production"),
        pytest.param(Environment.TEST, b"\x04\x01\x00", "card.real_outside_production", id="real in test"),
    ],
)
def test_card_of_another_world_is_refused(
    bench: Any, environment: Environment, category: bytes | None, code: str
) -> None:
    ctx = bench.context(bench.card(category=category))
    ctx.environment = environment
    with pytest.raises(CardError) as caught:
        bench.read(ctx)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("environment", "category"),
    [(Environment.PRODUCTION, b"\x04\x01\x00"), (Environment.TEST, b"\x04\x01\x80"), (Environment.SANDBOX, None)],
    ids=["real in production", "test in test", "any in the sandbox"],
)
def test_card_of_this_world_is_read(bench: Any, environment: Environment, category: bytes | None) -> None:
    ctx = bench.context(bench.card(category=category))
    ctx.environment = environment
    assert bench.read(ctx) is not None


def test_card_that_no_driver_knows_says_so(bench: Any) -> None:
    with pytest.raises(CardError) as caught:
        bench.read(bench.context())
    assert caught.value.code == "cps.no_driver"
    assert caught.value.facts == {"slot": "Lecteur 1", "generation": "cps4"}


@pytest.mark.parametrize(("removed", "insertion"), [(True, "7"), (False, "8")], ids=["removed", "swapped"])
@pytest.mark.parametrize("known", [True, False], ids=["known to a driver", "unknown to every driver"])
def test_card_that_is_not_the_one_inserted_is_never_reported(
    bench: Any, removed: bool, insertion: str, known: bool
) -> None:
    ctx = bench.context(*([bench.card()] if known else []))
    ctx.workstation.removed, ctx.workstation.insertion = removed, insertion
    with pytest.raises(CardError) as caught:
        bench.read(ctx)
    assert caught.value.code == ("card.removed" if removed else "card.swapped")


@pytest.mark.parametrize("call", ["certificates", "data"])
@pytest.mark.parametrize("code", ["card.removed", "card.mute", "token.failed", "token.absent"])
def test_failure_of_the_token_passes_unchanged(bench: Any, call: str, code: str) -> None:
    token = bench.card()
    token.fails[call] = CardError(code, slot="Lecteur 1")
    with pytest.raises(CardError) as caught:
        bench.read(bench.context(token))
    assert caught.value is token.fails[call]


@pytest.mark.parametrize("code", ["token.module_missing", "token.module_unusable", "card.no_reader_service"])
def test_failure_of_the_driver_passes_unchanged(bench: Any, code: str) -> None:
    ctx = bench.context()
    ctx.workstation.failure = CardError(code)
    with pytest.raises(CardError) as caught:
        bench.read(ctx)
    assert caught.value.code == code


def test_token_that_is_no_professional_s_card_is_refused_by_name(bench: Any) -> None:
    token = bench.card(card_type=None)
    with pytest.raises(CardError) as caught:
        bench.read(bench.context(token))
    assert (caught.value.code, dict(caught.value.facts)) == ("cps.not_cpx", {"slot": "Lecteur 1"})
