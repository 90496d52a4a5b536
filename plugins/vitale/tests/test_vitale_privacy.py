"""Nothing of a patient in errors, their chain, printed values, or audit notes."""

import traceback
from typing import Any

import pytest

from segur_plugin_vitale.files import VitaleFiles
from segur_sdk.errors import CardError, InputError, SegurError
from segur_sdk.models.card import HostSuppliedReading

CANARIES = ("TCHITCHI", "CATARINA", "236066322083656", "2360663220836", "19360621", "360621")


def traces_of(text: str) -> list[str]:
    lowered = text.lower()
    return [canary for canary in CANARIES if canary.lower() in lowered or canary.encode("ascii").hex() in lowered]


def everything_said(failure: BaseException | None) -> str:
    """Return all that a log or a crash report may show of a failure and of what stands behind it."""
    said = []
    while failure is not None:
        said += [str(failure), repr(failure), repr(vars(failure)), "".join(traceback.format_exception(failure))]
        failure = failure.__cause__ or failure.__context__
    return "\n".join(said)


@pytest.fixture
def patient(bench: Any) -> Any:
    return bench.person("TCHITCHI", "CATARINA", "19360621", nir="236066322083656")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"nir": "236066322083656X"}, id="number"),
        pytest.param({"nir": "236066322083656é"}, id="number that is not ASCII"),
        pytest.param({"date": "19360621X"}, id="date"),
        pytest.param({"nom": "TCHITCHI" * 20}, id="name too long"),
        pytest.param({"nom": "TCHITCHI\x07"}, id="name that is not text"),
        pytest.param({"prenom": ""}, id="given name missing"),
    ],
)
def test_error_about_one_beneficiary_tells_nothing_of_him(bench: Any, patient: Any, changes: dict[str, Any]) -> None:
    fields = {"nom": patient.nom, "prenom": patient.prenom, "date": patient.date, "nir": patient.nir} | changes
    with pytest.raises(CardError) as caught:
        bench.read(bench.card(patient, bench.person(**fields)))
    assert traces_of(everything_said(caught.value)) == []


def test_error_about_undecodable_name_keeps_no_bytes_behind_it(bench: Any, patient: Any) -> None:
    card = bench.card(bench.person("TCHITCHI É", patient.prenom, patient.date, nir=patient.nir))
    with pytest.raises(CardError) as caught:
        bench.read(card, encoding="utf-8")
    assert caught.value.__context__ is None
    assert traces_of(everything_said(caught.value)) == []


@pytest.mark.parametrize("file", ["identities", "numbers"])
def test_error_about_a_cut_file_tells_nothing_of_its_content(bench: Any, patient: Any, file: str) -> None:
    whole = getattr(bench.card(patient, patient), file)
    for length in range(len(whole)):
        card = bench.card(patient, patient)
        setattr(card, file, whole[:length])
        ctx = bench.context(card, tries=2)
        try:
            bench.call(bench.presence(), ctx)
        except SegurError as failure:
            said = everything_said(failure) + repr(ctx.audit.written)
            assert traces_of(said) == [], length


def test_reading_and_files_print_without_content(bench: Any, patient: Any) -> None:
    card = bench.card(patient)
    files = VitaleFiles(card.identities, card.numbers, b"1001")
    assert traces_of(repr(bench.read(card)) + repr(files)) == []


@pytest.mark.parametrize(
    "changes",
    [{"nir": "236066322083"}, {"date_en_carte": "360622"}, {"date": None, "date_en_carte": None}],
    ids=["number", "dates that differ", "no date"],
)
def test_error_about_a_supplied_reading_tells_nothing_of_it(bench: Any, changes: dict[str, Any]) -> None:
    person = {"nom_patronymique": "TCHITCHI", "prenom_usuel": "CATARINA", "date": "19360621", "nir": "236066322083656"}
    reading = HostSuppliedReading.model_validate(
        {"component": "API", "nature": "R", "beneficiaries": [person | changes]}
    )
    with pytest.raises(InputError) as caught:
        bench.call(reading, bench.context())
    assert traces_of(everything_said(caught.value)) == []
