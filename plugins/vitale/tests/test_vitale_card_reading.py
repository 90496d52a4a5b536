"""Reading a carte Vitale 2: who is on it, joined by place, flagged, never corrected."""

from datetime import date
from typing import Any

import pytest

from segur_sdk.errors import CardError
from segur_sdk.models.actor import Environment
from segur_sdk.models.card import ApcvContext, CardFamily, CardNature, CardReading, ReadingFlag


def test_single_card_is_read_whole(bench: Any, zoe: Any) -> None:
    reading = bench.read(bench.card(zoe))
    assert isinstance(reading, CardReading)
    (person,) = reading.beneficiaries
    assert (person.position, person.nom, person.prenom) == (1, "ADRUN", "ZOE")
    assert (person.date_naissance, person.date_en_carte) == (date(1975, 12, 31), "19751231")
    assert person.nir is not None
    assert person.nir.value == "275126322074974"
    assert (person.rang_naissance, person.sexe, person.nom_usage, person.flags) == (1, None, None, ())
    assert (reading.family, reading.nature) == (CardFamily.VITALE, CardNature.TEST)
    assert (reading.provenance, reading.serial, reading.read_at) == ("apdu", "000000001001", bench.now)
    assert reading.presence == bench.presence()


@pytest.mark.req("CARD-07")
def test_every_beneficiary_is_there_with_the_number_of_his_place(bench: Any) -> None:
    people = [
        bench.person("CORSE", "ANTHONY", "19800302", nir="180032B02040123"),
        bench.person("ADRTROIS", "DOMINIQUE", "19970226", nir="297022A02077878"),
        bench.person("ADRUN", "ZOE", "19751231", nir="275126322074974"),
    ]
    reading = bench.read(bench.card(*people))
    assert [(b.position, b.nom, b.nir.value) for b in reading.beneficiaries] == [
        (1, "CORSE", "180032B02040123"),
        (2, "ADRTROIS", "297022A02077878"),
        (3, "ADRUN", "275126322074974"),
    ]
    assert [b.flags for b in reading.beneficiaries] == [(), (), ()]


def test_commands_are_those_of_programs_that_read_real_cards(bench: Any, zoe: Any) -> None:
    card = bench.card(zoe)
    bench.read(card, serial_file="")
    published = ["00A40000023F00", "00B0820000", "00A404000BD250000002564954414C45", "00B0820000"]
    sent = [command.hex().upper() for command in card.commands]
    # Between the published commands only the question whether a file goes on.
    assert [command for command in sent if command in published] == published
    assert all(command.startswith("00B000") for command in sent if command not in published)


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize("habit", ["plain", "61", "6C"])
@pytest.mark.parametrize("how_many", [1, 2, 3, 8, 19])
def test_files_of_every_size_are_read_whatever_the_card_s_habit(bench: Any, habit: str, how_many: int) -> None:
    people = [bench.person(prenom=f"ZOE-{number}") for number in range(how_many)]
    card = bench.card(*people)
    card.habit = habit
    reading = bench.read(card)
    assert [b.prenom for b in reading.beneficiaries] == [person.prenom for person in people]
    assert reading.serial == "000000001001"


@pytest.mark.parametrize(
    ("how_many", "reason"), [(0, "no_beneficiary"), (20, "too_many_beneficiaries")], ids=["none", "twenty"]
)
def test_number_of_beneficiaries_has_bounds(bench: Any, how_many: int, reason: str) -> None:
    card = bench.card(*[bench.person()] * how_many)
    card.numbers = bench.numbers([bench.person()] * max(how_many, 1))
    with pytest.raises(CardError) as caught:
        bench.read(card)
    assert (caught.value.code, caught.value.facts["reason"]) == ("card.unreadable", reason)


@pytest.mark.req("CARD-08")
@pytest.mark.parametrize(
    ("on_card", "complete", "flags"),
    [
        pytest.param("19751231", date(1975, 12, 31), (), id="complete"),
        pytest.param("20000229", date(2000, 2, 29), (), id="leap day"),
        pytest.param("19752000", None, (ReadingFlag.LUNAR_DATE,), id="lunar month"),
        pytest.param("19750000", None, (ReadingFlag.LUNAR_DATE,), id="neither month nor day"),
        pytest.param("19750631", None, (ReadingFlag.LUNAR_DATE,), id="31 June"),
        pytest.param("751231", None, (ReadingFlag.CENTURY_MISSING,), id="no century"),
        pytest.param("000229", None, (ReadingFlag.CENTURY_MISSING,), id="leap day without century"),
        pytest.param("752000", None, (ReadingFlag.LUNAR_DATE, ReadingFlag.CENTURY_MISSING), id="lunar without century"),
    ],
)
def test_date_is_kept_as_on_the_card_and_completed_by_nobody(
    bench: Any, on_card: str, complete: date | None, flags: tuple[ReadingFlag, ...]
) -> None:
    (person,) = bench.read(bench.card(bench.person(date=on_card))).beneficiaries
    assert (person.date_en_carte, person.date_naissance, person.flags) == (on_card, complete, flags)


@pytest.mark.req("CARD-08")
@pytest.mark.parametrize(
    ("nir", "flags"),
    [
        pytest.param("275126322074974", (), id="right key"),
        pytest.param("160012B02077713", (), id="2B"),
        pytest.param("297022A02077878", (), id="2A"),
        pytest.param("275126322074975", (ReadingFlag.NIR_KEY,), id="wrong key"),
        pytest.param("160012A02077713", (ReadingFlag.NIR_KEY,), id="2A with the key of 2B"),
        pytest.param("181036322045660", (ReadingFlag.NIR_KEY,), id="published number with a wrong key"),
        pytest.param("2751263220749", (ReadingFlag.NIR_KEY,), id="no key"),
        pytest.param("555555000000176", (ReadingFlag.NIR_PROVISIONAL,), id="provisional"),
        pytest.param(
            "555555000000100", (ReadingFlag.NIR_KEY, ReadingFlag.NIR_PROVISIONAL), id="provisional, wrong key"
        ),
    ],
)
def test_number_is_flagged_never_corrected(bench: Any, nir: str, flags: tuple[ReadingFlag, ...]) -> None:
    (person,) = bench.read(bench.card(bench.person(nir=nir))).beneficiaries
    assert (person.nir.value, person.flags) == (nir, flags)


@pytest.mark.parametrize("nir", [None, "", "000000000000000", " " * 15], ids=["absent", "empty", "zeroes", "blank"])
def test_missing_number_is_flagged_on_its_bearer_only(bench: Any, nir: str | None) -> None:
    first, second = bench.read(
        bench.card(bench.person("NESSI", "RUTH", "19770714", nir=nir), bench.person())
    ).beneficiaries
    assert (first.nir, first.flags) == (None, (ReadingFlag.NIR_MISSING,))
    assert (second.nir.value, second.flags) == ("275126322074974", ())


def test_same_date_of_birth_is_flagged_on_all_who_bear_it(bench: Any) -> None:
    people = [
        bench.person("NESSI", "RUTH", "19770714"),
        bench.person("NESSI", "MICHELANGELO", "20100807"),
        bench.person("NESSI", "MICHELANGELO", "20100807", extra=bench.data_object("C2", b"2")),
    ]
    reading = bench.read(bench.card(*people))
    same = (ReadingFlag.SAME_BIRTH_DATE,)
    assert [(b.rang_naissance, b.flags) for b in reading.beneficiaries] == [(1, ()), (1, same), (2, same)]


@pytest.mark.parametrize(("setting", "rank"), [("65/C2", 1), ("65/DF21", 2), ("", 1)])
def test_rank_is_read_from_the_configured_object(bench: Any, setting: str, rank: int) -> None:
    card = bench.card(bench.person(extra=bench.data_object("DF21", b"2")))
    assert bench.read(card, rank_object=setting).beneficiaries[0].rang_naissance == rank


@pytest.mark.parametrize("value", [b"", b"0", b"12", b"A"], ids=repr)
def test_rank_that_is_no_digit_is_an_error(bench: Any, value: bytes) -> None:
    with pytest.raises(CardError) as caught:
        bench.read(bench.card(bench.person(extra=bench.data_object("C2", value))))
    assert (caught.value.facts["reason"], caught.value.facts["tag"]) == ("rank", "C2")


@pytest.mark.parametrize(
    ("on_card", "nature"),
    [
        ("R", CardNature.REAL),
        ("T", CardNature.TEST),
        ("D", CardNature.DEMONSTRATION),
        ("X", CardNature.UNKNOWN),
        (None, CardNature.UNKNOWN),
    ],
)
def test_nature_is_exposed_and_unknown_when_absent(
    bench: Any, zoe: Any, on_card: str | None, nature: CardNature
) -> None:
    assert bench.read(bench.card(zoe, nature=on_card)).nature is nature


def test_nature_is_unknown_when_no_object_is_configured(bench: Any, zoe: Any) -> None:
    assert bench.read(bench.card(zoe, nature="R"), nature_object="").nature is CardNature.UNKNOWN


@pytest.mark.req("CARD-10")
@pytest.mark.parametrize("nature", ["T", "D"])
def test_test_and_demonstration_cards_are_refused_in_production(bench: Any, zoe: Any, nature: str) -> None:
    card = bench.card(zoe, nature=nature)
    ctx = bench.context(card)
    ctx.environment = Environment.PRODUCTION
    with pytest.raises(CardError) as caught:
        bench.call(bench.presence(), ctx)
    assert (caught.value.code, caught.value.facts["nature"]) == ("card.test_in_production", nature)


def test_a_real_card_is_read_in_production(bench: Any, zoe: Any) -> None:
    ctx = bench.context(bench.card(zoe, nature="R"))
    ctx.environment = Environment.PRODUCTION
    assert bench.call(bench.presence(), ctx).beneficiaries[0].nom == "ADRUN"


@pytest.mark.parametrize(
    ("nature", "environment", "code"),
    [
        pytest.param(None, Environment.PRODUCTION, "card.nature_unknown", id="unknown in production"),
        pytest.param("R", Environment.TEST, "card.real_outside_production", id="real in test"),
    ],
)
def test_a_card_of_another_world_is_refused(
    bench: Any, zoe: Any, nature: str | None, environment: Environment, code: str
) -> None:
    ctx = bench.context(bench.card(zoe, nature=nature))
    ctx.environment = environment
    with pytest.raises(CardError) as caught:
        bench.call(bench.presence(), ctx)
    assert caught.value.code == code


@pytest.mark.parametrize("encoding", ["iso-8859-1", "iso-8859-15", "utf-8"])
def test_accents_are_read_in_the_configured_encoding(bench: Any, encoding: str) -> None:
    card = bench.card(bench.person("D'ARTAGNAN DE L'HÉRAULT", "Zoë"), encoding=encoding)
    (person,) = bench.read(card, encoding=encoding).beneficiaries
    assert (person.nom, person.prenom) == ("D'ARTAGNAN DE L'HÉRAULT", "Zoë")


@pytest.mark.parametrize(("written", "read"), [("utf-8", "iso-8859-1"), ("iso-8859-1", "utf-8")])
def test_names_in_another_encoding_are_refused_not_garbled(bench: Any, written: str, read: str) -> None:
    with pytest.raises(CardError) as caught:
        bench.read(bench.card(bench.person("HÉRAULT"), encoding=written), encoding=read)
    facts = caught.value.facts
    assert (facts["reason"], facts["file"], facts["tag"], facts["template"]) == ("not_text", "identities", "80", 1)


def test_padding_of_names_is_trimmed(bench: Any) -> None:
    (person,) = bench.read(bench.card(bench.person("ADRUN     ", "ZOE\x00\x00"))).beneficiaries
    assert (person.nom, person.prenom) == ("ADRUN", "ZOE")


@pytest.mark.parametrize(
    ("content", "serial"),
    [
        (b"000000001001", "000000001001"),
        (b"1001\x00\x00\x00\x00", "1001"),
        (b"  1001", "1001"),
        (b"0000000010010", None),
        (bytes.fromhex("5A0A80250000010000000001"), None),
        (b"\x00\x00", None),
        (b"", None),
    ],
    ids=["digits", "padded with zero bytes", "padded with blanks", "too long", "not text", "zero bytes", "empty"],
)
def test_serial_is_digits_or_nothing(bench: Any, zoe: Any, content: bytes, serial: str | None) -> None:
    card = bench.card(zoe)
    card.serial = content
    assert bench.read(card).serial == serial


@pytest.mark.parametrize(
    ("protected", "setting"), [(frozenset({"serial"}), "2F02"), (frozenset(), "2F09"), (frozenset(), "")]
)
def test_serial_that_is_not_readable_does_not_spoil_the_reading(
    bench: Any, zoe: Any, protected: frozenset[str], setting: str
) -> None:
    card = bench.card(zoe)
    card.protected = protected
    reading = bench.read(card, serial_file=setting)
    assert (reading.serial, reading.beneficiaries[0].nom) == (None, "ADRUN")


def test_other_objects_of_the_files_are_left_alone(bench: Any) -> None:
    other = bench.data_object("7F21", bench.data_object("5F37", b"\x01" * 128), bench.data_object("5F38", b"\x02"))
    card = bench.card(bench.person(extra=bench.data_object("5F20", b"other")))
    card.identities = other + card.identities
    assert len(bench.read(card).beneficiaries) == 1


@pytest.mark.parametrize(
    "atr",
    [
        pytest.param("3BAC00402A001225006480000310009000", id="CPS3"),
        pytest.param("3B9B188001001225006480040100009044", id="CPS4"),
        pytest.param("3B8F80010031B86404B0ECC1739401808290000E", id="CPS3 contactless"),
    ],
)
@pytest.mark.req("CARD-01")
def test_professional_s_card_is_left_to_others_without_touching_it(bench: Any, zoe: Any, atr: str) -> None:
    card = bench.card(zoe)
    card.atr = atr
    assert bench.read(card) is None
    assert card.commands == []


@pytest.mark.parametrize("atr", ["3B6500002063CB6600", "3B751300004309EA9000"], ids=["unknown ATR", "Vitale 2 ATR"])
@pytest.mark.parametrize("applications", [frozenset(), frozenset({"MF"})], ids=["nothing", "MF only"])
@pytest.mark.req("CARD-01")
def test_card_without_the_application_is_not_a_vitale(
    bench: Any, zoe: Any, atr: str, applications: frozenset[str]
) -> None:
    card = bench.card(zoe)
    card.atr, card.applications = atr, applications
    assert bench.read(card) is None


def test_card_of_unknown_atr_is_read_when_it_has_the_application(bench: Any, zoe: Any) -> None:
    card = bench.card(zoe)
    card.atr = "3B6500002063CB6600"
    assert bench.read(card).beneficiaries[0].nom == "ADRUN"


def test_vitale_1_is_refused_by_name_without_touching_it(bench: Any, zoe: Any) -> None:
    card = bench.card(zoe)
    card.atr = "3F6525002C09F99000"
    with pytest.raises(CardError) as caught:
        bench.read(card)
    assert (caught.value.code, card.commands) == ("card.vitale1", [])


def test_appli_carte_vitale_is_left_to_its_own_plugin(bench: Any) -> None:
    assert bench.call(ApcvContext(payload="opaque"), bench.context()) is None
