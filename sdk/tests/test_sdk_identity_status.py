"""The table of transitions: each state and event, written out independently, and each row load-bearing."""

from itertools import product

import pytest

from segur_sdk.errors import IdentityError
from segur_sdk.identity import status as table
from segur_sdk.identity.status import (
    COMBINATIONS,
    TRANSITIONS,
    Effect,
    IdentityEvent,
    derive_status,
    transition,
)
from segur_sdk.models.identity import IdentityAttribute, InsStatus

D, F, H = IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF, IdentityAttribute.HOMONYME
E = IdentityEvent

# One line per state: status and attributes, then for each event what the state becomes ("-" is a refusal).
COLUMNS = (
    E.INS_FOUND, E.APCV_INS, E.INS_INVALIDATED, E.DOCUMENT_CHECKED, E.DOCUMENT_DIFFERS, E.STRICT_TRAIT_CHANGED,
    E.DOUBT_RAISED, E.DOUBT_LIFTED, E.FICTION_DECLARED, E.FICTION_LIFTED, E.HOMONYM_SET, E.HOMONYM_UNSET,
)  # fmt: skip
EXPECTED = """
PROV     RECUP    QUAL    -       VALI    PROV    PROV    PROV+D   -     PROV+F  -     PROV+H   -
PROV+H   RECUP+H  QUAL+H  -       VALI+H  PROV+H  PROV+H  PROV+DH  -     -       -     -        PROV
PROV+D   -        -       -       -       PROV+D  PROV+D  -        PROV  -       -     PROV+DH  -
PROV+DH  -        -       -       -       PROV+DH PROV+DH -        PROV+H -      -     -        PROV+D
PROV+F   -        -       -       -       PROV+F  PROV+F  -        -     -       PROV  -        -
VALI     QUAL     QUAL    -       VALI    PROV    PROV    PROV+D   -     PROV+F  -     VALI+H   -
VALI+H   QUAL+H   QUAL+H  -       VALI+H  PROV+H  PROV+H  PROV+DH  -     -       -     -        VALI
RECUP    RECUP    QUAL    PROV    QUAL    PROV    PROV    PROV+D   -     PROV+F  -     RECUP+H  -
RECUP+H  RECUP+H  QUAL+H  PROV+H  QUAL+H  PROV+H  PROV+H  PROV+DH  -     -       -     -        RECUP
QUAL     QUAL     QUAL    VALI    QUAL    PROV    PROV    PROV+D   -     PROV+F  -     QUAL+H   -
QUAL+H   QUAL+H   QUAL+H  VALI+H  QUAL+H  PROV+H  PROV+H  PROV+DH  -     -       -     -        QUAL
"""
State = tuple[InsStatus, frozenset[IdentityAttribute]]
LETTERS = {"D": D, "F": F, "H": H}
FACTS = {
    InsStatus.PROVISOIRE: (False, False),
    InsStatus.VALIDEE: (False, True),
    InsStatus.RECUPEREE: (True, False),
    InsStatus.QUALIFIEE: (True, True),
}


def _state(text: str) -> State:
    status, _, letters = text.partition("+")
    return InsStatus(status), frozenset(LETTERS[letter] for letter in letters)


CASES = [
    (before, event, after)
    for before, *row in (line.split() for line in EXPECTED.strip().splitlines())
    for event, after in zip(COLUMNS, row, strict=True)
]


def _outcome(before: str, event: IdentityEvent) -> State | None:
    status, attributes = _state(before)
    try:
        row = transition(status, attributes, event)
    except IdentityError:
        return None
    return row.after, (attributes | row.adds) - row.removes


def _broken() -> list[tuple[str, str]]:
    """Return the cases of the written table that the engine's table does not fulfil."""
    return [
        (before, event.value)
        for before, event, after in CASES
        if _outcome(before, event) != (None if after == "-" else _state(after))
    ]


@pytest.mark.parametrize(("before", "event", "after"), CASES, ids=[f"{b}-{e.value}" for b, e, _ in CASES])
@pytest.mark.req("SC.INS/va1.54")
def test_transition(before: str, event: IdentityEvent, after: str) -> None:
    assert _outcome(before, event) == (None if after == "-" else _state(after))


@pytest.mark.parametrize("deleted", range(len(TRANSITIONS)))
def test_each_row_is_load_bearing(deleted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _broken() == []
    row = TRANSITIONS[deleted]
    monkeypatch.setattr(table, "TRANSITIONS", TRANSITIONS[:deleted] + TRANSITIONS[deleted + 1 :])
    broken = _broken()
    assert broken
    assert {(before.partition("+")[0], event) for before, event in broken} == {(row.before.value, row.event.value)}


@pytest.mark.parametrize("index", range(len(TRANSITIONS)))
@pytest.mark.req("SC.INS/va1.54")
def test_status_always_follows_from_ins_and_document(index: int) -> None:
    row = TRANSITIONS[index]
    had_ins, had_document = FACTS[row.before]
    has_ins = {Effect.KEEP: had_ins, Effect.DROP: False, Effect.TAKE: True}[row.ins]
    has_document = {Effect.KEEP: had_document, Effect.DROP: False, Effect.TAKE: True}[row.document]
    assert row.after is derive_status(ins_retrieved=has_ins, document_checked=has_document)


@pytest.mark.parametrize("index", range(len(TRANSITIONS)))
def test_a_drop_drops_something(index: int) -> None:
    row = TRANSITIONS[index]
    had_ins, had_document = FACTS[row.before]
    assert row.ins is not Effect.DROP or had_ins
    assert row.document is not Effect.DROP or had_document


@pytest.mark.parametrize("status", InsStatus)
@pytest.mark.req("SC.INS/va1.54")
def test_two_facts_make_the_status(status: InsStatus) -> None:
    ins, document = FACTS[status]
    assert derive_status(ins_retrieved=ins, document_checked=document) is status


@pytest.mark.req("SC.INS/va1.20", "SC.INS/va1.44")
def test_doubt_and_fiction_leave_provisoire_only_and_no_way_up() -> None:
    for row in TRANSITIONS:
        for attributes in row.during:
            after = (attributes | row.adds) - row.removes
            assert after in COMBINATIONS
            assert not after & {D, F} or row.after is InsStatus.PROVISOIRE
            assert not attributes & {D, F} or row.before is row.after is InsStatus.PROVISOIRE


def test_no_two_rows_answer_the_same_case() -> None:
    answered = [(row.event, row.before, attributes) for row in TRANSITIONS for attributes in row.during]
    assert len(answered) == len(set(answered))


@pytest.mark.parametrize(
    ("before", "event", "code"),
    [
        ("PROV+D", E.INS_FOUND, "identity.doubtful_or_fictitious"),
        ("PROV+F", E.APCV_INS, "identity.doubtful_or_fictitious"),
        ("PROV+DH", E.DOCUMENT_CHECKED, "identity.doubtful_or_fictitious"),
        ("VALI", E.INS_INVALIDATED, "identity.no_ins"),
        ("PROV+F", E.DOUBT_RAISED, "identity.attribute_combination"),
        ("PROV+D", E.FICTION_DECLARED, "identity.attribute_combination"),
        ("QUAL+H", E.FICTION_DECLARED, "identity.attribute_combination"),
        ("PROV+F", E.HOMONYM_SET, "identity.attribute_combination"),
        ("QUAL", E.HOMONYM_UNSET, "identity.attribute_absent"),
        ("PROV", E.DOUBT_LIFTED, "identity.attribute_absent"),
        ("PROV+D", E.FICTION_LIFTED, "identity.attribute_absent"),
        ("QUAL+D", E.STRICT_TRAIT_CHANGED, "identity.transition_refused"),
        ("VALI+FH", E.DOCUMENT_DIFFERS, "identity.transition_refused"),
    ],
)
def test_refusal_says_why(before: str, event: IdentityEvent, code: str) -> None:
    status, attributes = _state(before)
    with pytest.raises(IdentityError) as refusal:
        transition(status, attributes, event)
    assert refusal.value.code == code
    assert refusal.value.facts == {"event": event.value, "status": status.value}


IMPOSSIBLE = [
    (status, frozenset(letters))
    for status, letters in product(InsStatus, [{D}, {F}, {D, H}, {D, F}, {F, H}, {D, F, H}])
    if status is not InsStatus.PROVISOIRE or frozenset(letters) not in COMBINATIONS
]


@pytest.mark.parametrize(
    ("status", "attributes"), IMPOSSIBLE, ids=[f"{s.value}-{'-'.join(sorted(a))}" for s, a in IMPOSSIBLE]
)
def test_nothing_happens_to_a_state_that_cannot_be(status: InsStatus, attributes: frozenset[IdentityAttribute]) -> None:
    for event in IdentityEvent:
        with pytest.raises(IdentityError):
            transition(status, attributes, event)
