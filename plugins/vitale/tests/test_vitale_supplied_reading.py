"""A reading that the practice software supplies: the same checks and flags, another provenance."""

from datetime import date
from typing import Any

import pytest

from segur_sdk.errors import CardError, InputError
from segur_sdk.models.actor import Environment
from segur_sdk.models.card import CardNature, CardReading, HostSuppliedReading, ReadingFlag
from segur_sdk.models.identity import Sex

ZOE = {
    "nom_patronymique": "ADRUN",
    "prenom_usuel": "ZOE",
    "date": "19751231",
    "date_en_carte": "751231",
    "nir": "275126322074974",
}


def supplied(*changes: dict[str, Any], nature: str = "R", component: str = "API lecture 6.30") -> HostSuppliedReading:
    return HostSuppliedReading.model_validate(
        {
            "component": component,
            "nature": nature,
            "serial": "1001",
            "beneficiaries": [ZOE | change for change in changes],
        }
    )


def test_supplied_reading_becomes_a_reading(bench: Any) -> None:
    reading = bench.call(supplied({"nom_usuel": "TCHITCHI", "sexe": "F", "rang_de_naissance": 2}), bench.context())
    assert isinstance(reading, CardReading)
    (person,) = reading.beneficiaries
    assert (person.nom, person.nom_usage, person.prenom) == ("ADRUN", "TCHITCHI", "ZOE")
    assert (person.date_naissance, person.date_en_carte) == (date(1975, 12, 31), "751231")
    assert person.nir is not None
    assert (person.nir.value, person.sexe, person.rang_naissance) == ("275126322074974", Sex.FEMALE, 2)
    assert (person.position, person.flags) == (1, ())
    assert (reading.provenance, reading.serial) == ("supplied:API lecture 6.30", "1001")
    assert (reading.nature, reading.presence, reading.read_at) == (CardNature.REAL, None, bench.now)


def test_no_reader_is_touched_for_a_supplied_reading(bench: Any) -> None:
    ctx = bench.context()
    bench.call(supplied({}), ctx)
    assert (ctx.reader.opened, ctx.reader.closed) == (0, 0)


@pytest.mark.req("CARD-07")
def test_nineteen_supplied_beneficiaries_keep_their_places(bench: Any) -> None:
    reading = bench.call(supplied(*({"prenom_usuel": f"ZOE-{n}"} for n in range(1, 20))), bench.context())
    assert [(b.position, b.prenom) for b in reading.beneficiaries] == [(n, f"ZOE-{n}") for n in range(1, 20)]


@pytest.mark.req("CARD-08")
@pytest.mark.parametrize(
    ("whole", "on_card", "complete", "kept", "flags"),
    [
        pytest.param("19751231", None, date(1975, 12, 31), "19751231", (), id="whole date only"),
        pytest.param(None, "19751231", date(1975, 12, 31), "19751231", (), id="card's date only, with century"),
        pytest.param("19751231", "19751231", date(1975, 12, 31), "19751231", (), id="the same twice"),
        pytest.param(None, "751231", None, "751231", (ReadingFlag.CENTURY_MISSING,), id="no century anywhere"),
        pytest.param("19752000", None, None, "19752000", (ReadingFlag.LUNAR_DATE,), id="lunar whole date"),
        pytest.param(None, "19752000", None, "19752000", (ReadingFlag.LUNAR_DATE,), id="lunar card's date"),
        pytest.param(
            "19750101", "19752000", None, "19752000", (ReadingFlag.LUNAR_DATE,), id="lunar, brought to 1 January"
        ),
        pytest.param(
            "19750101",
            "752000",
            None,
            "752000",
            (ReadingFlag.LUNAR_DATE, ReadingFlag.CENTURY_MISSING),
            id="lunar without century, brought to 1 January",
        ),
    ],
)
def test_supplied_dates_are_joined_and_never_completed(
    bench: Any,
    whole: str | None,
    on_card: str | None,
    complete: date | None,
    kept: str,
    flags: tuple[ReadingFlag, ...],
) -> None:
    reading = bench.call(supplied({"date": whole, "date_en_carte": on_card}), bench.context())
    (person,) = reading.beneficiaries
    assert (person.date_naissance, person.date_en_carte, person.flags) == (complete, kept, flags)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"date": None, "date_en_carte": None}, "date_en_carte", id="no date at all"),
        pytest.param({"date_en_carte": "751230"}, "date", id="another day"),
        pytest.param({"date_en_carte": "19741231"}, "date", id="another year"),
        pytest.param({"date_en_carte": "742000"}, "date", id="another lunar year"),
        pytest.param({"nir": "27512632207"}, "nir", id="short number"),
        pytest.param({"nir": "27512632207497X"}, "nir", id="letter in the number"),
        pytest.param({"nir_certifie": "X"}, "nir_certifie", id="certified number without its form"),
    ],
)
def test_incoherent_supplied_reading_names_place_and_field(bench: Any, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        bench.call(supplied({}, changes), bench.context())
    assert (caught.value.code, dict(caught.value.facts)) == (
        "vitale.supplied_invalid",
        {"position": 2, "field": field},
    )


@pytest.mark.req("CARD-07", "CARD-08")
@pytest.mark.parametrize(
    ("nir", "certified", "kept", "own", "flags"),
    [
        pytest.param("275126322074974", "297022A02077878", "275126322074974", "297022A02077878", (), id="both numbers"),
        pytest.param("275126322074974", None, "275126322074974", None, (), id="the insured's number"),
        pytest.param("275126322074974", "000000000000000", "275126322074974", None, (), id="own number of zeroes"),
        pytest.param("2751263220749", None, "2751263220749", None, (ReadingFlag.NIR_KEY,), id="no key"),
        pytest.param("275126322074975", None, "275126322074975", None, (ReadingFlag.NIR_KEY,), id="wrong key"),
        pytest.param(
            "275126322074974",
            "297022A02077879",
            "275126322074974",
            "297022A02077879",
            (ReadingFlag.NIR_KEY,),
            id="wrong key of the own number",
        ),
        pytest.param(None, None, None, None, (ReadingFlag.NIR_MISSING,), id="none"),
        pytest.param("297022a02077878", None, "297022A02077878", None, (), id="lower case"),
    ],
)
def test_supplied_numbers_are_kept_apart_flagged_never_corrected(
    bench: Any,
    nir: str | None,
    certified: str | None,
    kept: str | None,
    own: str | None,
    flags: tuple[ReadingFlag, ...],
) -> None:
    (person,) = bench.call(supplied({"nir": nir, "nir_certifie": certified}), bench.context()).beneficiaries
    assert (person.nir.value if person.nir else None) == kept
    assert (person.nir_certifie.value if person.nir_certifie else None) == own
    assert person.flags == flags


def test_same_supplied_date_of_birth_is_flagged(bench: Any) -> None:
    other = {"date": "19800302", "date_en_carte": "800302"}
    reading = bench.call(supplied({}, other, {"rang_de_naissance": 2}), bench.context())
    same = (ReadingFlag.SAME_BIRTH_DATE,)
    assert [b.flags for b in reading.beneficiaries] == [same, (), same]


@pytest.mark.req("CARD-10")
@pytest.mark.parametrize("nature", ["T", "D"])
def test_supplied_test_card_is_refused_in_production(bench: Any, nature: str) -> None:
    ctx = bench.context()
    ctx.environment = Environment.PRODUCTION
    with pytest.raises(CardError) as caught:
        bench.call(supplied({}, nature=nature), ctx)
    assert caught.value.code == "card.test_in_production"


def test_long_component_name_fits_the_provenance(bench: Any) -> None:
    reading = bench.call(supplied({}, component="C" * 100), bench.context())
    assert reading.provenance == "supplied:" + "C" * 100
