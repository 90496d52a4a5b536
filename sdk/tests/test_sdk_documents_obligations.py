"""Where regulation wants a document to go: each row from its day on, for whom it concerns, and for nobody else."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from segur_sdk.documents import (
    AUTOMATIC_RULE,
    Circumstance,
    Obligation,
    channels_for,
    kinds,
    obligations,
    obligations_on,
)
from segur_sdk.errors import InputError
from segur_sdk.models.channels import Channel

DMP, PRO, PATIENT = Channel
ALL = (DMP, PRO, PATIENT)
STAY, AGREEMENT, PAPER, OTHER = (
    Circumstance.IN_STAY,
    Circumstance.PRIOR_AGREEMENT,
    Circumstance.ON_PAPER,
    Circumstance.OTHER_THAN_TREATING_DOCTOR,
)
END = {year: date(year, 12, 31) for year in (2022, 2023, 2024, 2025)}
ACTS = ("PRESC-KINE", "PRESC-INF", "PRESC-PEDI", "PRESC-ORTHOPHO", "PRESC-ORTHOPTIE")
ROWS: dict[str, tuple[date, tuple[str, ...], tuple[Channel, ...], set[Circumstance], set[Circumstance]]] = {
    "liaison-entree-2022": (END[2022], ("18761-7",), ALL, set(), {PAPER}),
    "liaison-sortie-2022": (END[2022], ("11490-0",), ALL, set(), set()),
    "documents-sortie-2022": (END[2022], ("34112-3",), (DMP,), set(), set()),
    "biologie-sejour-2022": (END[2022], ("11502-2",), (DMP, PRO), {STAY}, set()),
    "synthese-2022": (END[2022], ("60591-5",), (DMP,), set(), {OTHER}),
    "biologie-hors-sejour-2022": (END[2022], ("11502-2",), ALL, set(), {STAY}),
    "radiologie-hors-sejour-2022": (END[2022], ("18748-4",), ALL, set(), {STAY}),
    "prescription-produits-2022": (END[2022], ("57833-6",), ALL, set(), {AGREEMENT, STAY}),
    "operatoire-2023": (END[2023], ("34874-8",), ALL, set(), set()),
    "prescription-biologie-2023": (END[2023], ("PRESC-BIO",), ALL, set(), {STAY}),
    "demande-radiologie-2023": (END[2023], ("55115-0",), ALL, set(), {STAY}),
    "certificats-2023": (END[2023], ("89601-9", "CERT_DECL"), ALL, set(), set()),
    "lettres-2023": (END[2023], ("96349-6",), ALL, set(), {STAY}),
    "prescription-actes-2024": (END[2024], ACTS, ALL, set(), {STAY}),
    "demande-radiologie-2025": (END[2025], ("55115-0",), ALL, set(), {STAY}),
    "lettres-2025": (END[2025], ("96349-6",), ALL, set(), {STAY}),
}
"""First day, types, channels, what must be true, what must not: written by hand from the printed table."""
PRINTED = [(name, code) for name, (_, types, *_) in ROWS.items() for code in types]


def untrue(rows: Iterable[Obligation]) -> set[str]:
    found = {row.id: (row.since, row.types, row.channels, set(row.only), set(row.exclusions)) for row in rows}
    return {name for name in found.keys() | ROWS.keys() if found.get(name) != ROWS.get(name)}


def rules(code: str, day: date, circumstances: Iterable[Circumstance] = ()) -> dict[Channel, tuple[str, ...]]:
    return {one.channel: one.rules for one in channels_for(code, day, circumstances)}


def test_no_row_can_be_left_out() -> None:
    rows = obligations()
    assert len({row.id for row in rows}) == len(rows)
    assert untrue(rows) == set()
    assert [row.id for row in rows if not untrue(one for one in rows if one is not row)] == []


def test_no_row_was_read_in_the_journal_officiel() -> None:
    assert [row.id for row in obligations() if row.verified] == []
    assert [row.id for row in obligations() if "S004-5" not in row.source] == []


def test_every_row_is_of_known_kinds() -> None:
    assert {code for row in obligations() for code in row.types} <= set(kinds())


@pytest.mark.req("S004-51", "S004-52", "S004-53", "S004-54", "S004-55")
@pytest.mark.parametrize(("name", "code"), PRINTED)
def test_row_holds_from_its_day_on(name: str, code: str) -> None:
    since, _, channels, only, _ = ROWS[name]
    before, after = since - timedelta(days=1), since + timedelta(days=1)

    assert name not in {row.id for row in obligations_on(before, code, only)}
    for day in (since, after, date(2040, 1, 1)):
        assert name in {row.id for row in obligations_on(day, code, only)}
        found = rules(code, day, only)
        assert [channel for channel in Channel if name in found.get(channel, ())] == list(channels)
    assert name not in {rule for ruling in rules(code, before, only).values() for rule in ruling}


@pytest.mark.req("S004-56")
@pytest.mark.parametrize(
    ("name", "code", "excluded"), [(name, code, one) for name, code in PRINTED for one in sorted(ROWS[name][4])]
)
def test_row_does_not_concern_what_it_excludes(name: str, code: str, excluded: Circumstance) -> None:
    day = date(2030, 1, 1)
    assert name in {row.id for row in obligations_on(day, code)}
    assert name not in {row.id for row in obligations_on(day, code, {excluded})}


@pytest.mark.req("S004-51", "S004-55")
def test_biology_in_a_stay_does_not_go_to_the_patient() -> None:
    day = date(2023, 6, 1)
    assert set(rules("11502-2", day, {STAY})) == {DMP, PRO}
    assert set(rules("11502-2", day)) == {DMP, PRO, PATIENT}


@pytest.mark.req("S004-54")
@pytest.mark.parametrize(("code", "name"), [("55115-0", "demande-radiologie"), ("96349-6", "lettres")])
def test_row_printed_with_two_dates_stands_twice(code: str, name: str) -> None:
    assert rules(code, date(2023, 12, 30)) == {}
    assert set(rules(code, date(2025, 12, 30)).values()) == {(f"{name}-2023",)}
    assert set(rules(code, date(2025, 12, 31)).values()) == {(f"{name}-2023", f"{name}-2025")}


@pytest.mark.req("S004-55")
@pytest.mark.parametrize("code", ["34112-3", "60591-5"])
def test_some_documents_go_to_the_dmp_alone(code: str) -> None:
    assert [one.channel for one in channels_for(code, date(2026, 1, 1))] == [DMP]


@pytest.mark.req("S000-34", "S000-35", "S000-36")
@pytest.mark.parametrize("code", ["78601-2", "87273-9", "56445-0"])
def test_documents_of_the_pharmacy_leave_by_themselves_under_no_regulation(code: str) -> None:
    (proposed,) = channels_for(code, date(2026, 1, 1))
    assert (proposed.channel, proposed.rules) == (DMP, (AUTOMATIC_RULE,))
    assert (proposed.automatic, proposed.held, proposed.verified) == (True, False, False)


@pytest.mark.parametrize("code", ["89601-9", "CERT_DECL"])
def test_certificates_are_held_by_default(code: str) -> None:
    assert {(one.automatic, one.held) for one in channels_for(code, date(2026, 1, 1))} == {(False, True)}


def test_document_of_which_no_rule_speaks_goes_nowhere() -> None:
    assert channels_for("REMB", date(2026, 1, 1)) == ()
    assert channels_for("11490-0", date(2022, 12, 30)) == ()


@pytest.mark.parametrize("code", sorted(kinds()))
def test_nothing_leaves_by_itself_by_regulation(code: str) -> None:
    for proposed in channels_for(code, date(2030, 1, 1)):
        assert proposed.automatic == (AUTOMATIC_RULE in proposed.rules)
        assert not proposed.verified


def test_unknown_type_has_no_channels() -> None:
    with pytest.raises(InputError, match=r"input\.document_type_unknown"):
        channels_for("99999-9", date(2026, 1, 1))


def test_without_a_type_every_row_of_the_day_is_returned() -> None:
    assert {row.id for row in obligations_on(END[2022])} == {name for name in ROWS if name.endswith("-2022")}
    assert len(obligations_on(date(2026, 1, 1))) == len(ROWS)
    assert obligations_on(date(2022, 12, 30)) == ()
