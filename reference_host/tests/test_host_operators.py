"""Accounts of operators: codes, waiting, linking, agreement, rights."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_host.audit.log import AuditLog
from segur_host.operators import accounts as accounts_module
from segur_host.operators.accounts import Account, Accounts
from segur_host.operators.codes import LONGEST_WAIT, NOBODYS, fits, still_waits, wait_after
from segur_host.operators.desk import NOT_LINKED, OperatorDesk
from segur_host.operators.rights import NATIONAL, Role, rights_table
from segur_host.storage.database import Database
from segur_sdk.errors import InputError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Question
from segur_sdk.services.session_provider import Authenticated

CODE = "un-code-assez-long"
RPPS = "99700427885"
NATIONAL_ID = "899700427885"
STARTED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class MovingClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.instant = STARTED

    def now(self) -> datetime:
        return self.instant


class Answers:
    """Answers by question code; what was asked is kept."""

    def __init__(self, **answers: str) -> None:
        self._answers = {code.replace("__", "."): answer for code, answer in answers.items()}
        self.asked: list[Question] = []

    def ask(self, question: Question) -> str:
        self.asked.append(question)
        if question.code not in self._answers:
            raise InputError("input.no_answer", question=question.code)
        return self._answers[question.code]


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data", "default") as database:
        yield database


@pytest.fixture
def accounts(database: Database, clock: MovingClock) -> Accounts:
    return Accounts(database, clock)


@pytest.fixture
def desk(database: Database, accounts: Accounts, clock: MovingClock) -> OperatorDesk:
    return OperatorDesk(accounts, AuditLog(database, clock), required=True)


def refusal(call: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as raised:
        call()
    return raised.value


def test_a_code_is_kept_as_an_argon2id_hash_only(accounts: Accounts, database: Database) -> None:
    accounts.add("Claire", Role.ADJOINT, RPPS, CODE)
    with database.reading() as connection:
        row = connection.execute(accounts_module.operators.select()).one()
    assert row.code.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert all(CODE not in str(value) for value in row)
    assert accounts.by_code("Claire", CODE).rpps == RPPS


@pytest.mark.parametrize(("name", "code"), [("Claire", "un-autre-code"), ("Paul", CODE), ("Sans code", CODE)])
def test_a_refusal_does_not_tell_which_part_was_wrong(accounts: Accounts, name: str, code: str) -> None:
    accounts.add("Claire", Role.ADJOINT, None, CODE)
    accounts.add("Sans code", Role.SECRETAIRE)
    refused = refusal(lambda: accounts.by_code(name, code))
    assert (refused.code, dict(refused.facts)) == ("operator.refused", {})


NO_TEXT = "un code \ud800 à elle"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        pytest.param(lambda one: one.by_code("Claire", NO_TEXT), "operator.refused", id="code"),
        pytest.param(lambda one: one.by_code(NO_TEXT, CODE), "operator.refused", id="name"),
        pytest.param(lambda one: one.named(NO_TEXT), "operator.unknown", id="named"),
        pytest.param(lambda one: one.set_code("Claire", NO_TEXT), "operator.code_form", id="new code"),
        pytest.param(lambda one: one.add("Paul", Role.ADJOINT, None, NO_TEXT), "operator.code_form", id="first code"),
        pytest.param(lambda one: one.add(NO_TEXT, Role.ADJOINT), "operator.name_form", id="new name"),
        pytest.param(lambda one: one.add("", Role.ADJOINT), "operator.name_form", id="no name"),
        pytest.param(lambda one: one.add("x" * 101, Role.ADJOINT), "operator.name_form", id="long name"),
    ],
)
def test_what_is_no_text_is_refused_without_being_repeated_or_counted(
    accounts: Accounts, database: Database, call: Callable[[Accounts], object], code: str
) -> None:
    accounts.add("Claire", Role.ADJOINT, None, CODE)
    refused = refusal(lambda: call(accounts))
    assert (refused.code, refused.__context__, refused.__cause__) == (code, None, None)
    assert "elle" not in str(refused)
    with database.reading() as connection:
        assert [row.failures for row in connection.execute(accounts_module.operators.select())] == [0]


@pytest.mark.parametrize("typed", ["operator.name", "operator.code"])
def test_a_person_who_types_no_text_answers_nothing(accounts: Accounts, desk: OperatorDesk, typed: str) -> None:
    accounts.add("Claire", Role.ADJOINT, None, CODE)
    given = {"operator.name": "Claire", "operator.code": CODE, typed: NO_TEXT}
    answers = Answers(**{code.replace(".", "__"): answer for code, answer in given.items()})
    refused = refusal(lambda: desk.by_code(None, answers))
    assert (refused.code, refused.facts["reason"], refused.__context__) == ("input.no_answer", "unfitting", None)


def test_the_hash_of_nobody_can_be_checked_and_fits_nothing() -> None:
    assert not fits(NOBODYS, CODE)


def test_wrong_codes_make_wait_and_a_right_one_forgets_them(accounts: Accounts, clock: MovingClock) -> None:
    accounts.add("Claire", Role.ADJOINT, None, CODE)
    for _ in range(3):
        assert refusal(lambda: accounts.by_code("Claire", "faux-faux")).code == "operator.refused"
    waits = refusal(lambda: accounts.by_code("Claire", CODE))
    assert (waits.code, waits.facts["seconds"]) == ("operator.wait", 31)
    clock.instant += timedelta(seconds=30)
    assert refusal(lambda: accounts.by_code("Claire", "faux-faux")).code == "operator.refused"
    clock.instant += timedelta(seconds=59)
    assert refusal(lambda: accounts.by_code("Claire", CODE)).code == "operator.wait"
    clock.instant += timedelta(seconds=1)
    accounts.by_code("Claire", CODE)
    assert refusal(lambda: accounts.by_code("Claire", "faux-faux")).code == "operator.refused"


def test_a_new_code_forgets_failures(accounts: Accounts) -> None:
    accounts.add("Claire", Role.ADJOINT, None, CODE)
    for _ in range(3):
        refusal(lambda: accounts.by_code("Claire", "faux-faux"))
    accounts.set_code("Claire", "un-nouveau-code")
    assert accounts.by_code("Claire", "un-nouveau-code").name == "Claire"


@given(failures=st.integers(min_value=0, max_value=10**9))
def test_waiting_grows_and_ends(failures: int) -> None:
    assert timedelta(0) <= wait_after(failures) <= wait_after(failures + 1) <= LONGEST_WAIT


@given(failures=st.integers(0, 100), moved=st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_clock_that_is_moved_never_makes_wait_longer(failures: int, moved: timedelta) -> None:
    assert timedelta(0) <= still_waits(STARTED, failures, STARTED + moved) <= wait_after(failures)


@pytest.mark.parametrize("code", ["court", "x" * 129])
def test_a_code_of_another_length_is_refused(accounts: Accounts, code: str) -> None:
    assert refusal(lambda: accounts.add("Claire", Role.ADJOINT, None, code)).code == "operator.code_form"
    assert accounts.all() == ()


@pytest.mark.parametrize(("name", "rpps"), [("Claire", None), ("Paul", RPPS)], ids=["name", "rpps"])
def test_one_person_has_one_account(accounts: Accounts, name: str, rpps: str | None) -> None:
    accounts.add("Claire", Role.ADJOINT, RPPS)
    assert refusal(lambda: accounts.add(name, Role.MEDECIN, rpps)).code == "operator.exists"


def proven(rpps: str | None = RPPS, national_id: str | None = NATIONAL_ID) -> Authenticated:
    return Authenticated(name="KIT DOC0042788", rpps=rpps, national_id=national_id, profession="10")


@pytest.mark.req("S000-90")
def test_a_professional_gets_the_account_of_his_rpps_and_it_learns_his_identifier(
    accounts: Accounts, desk: OperatorDesk
) -> None:
    mine = accounts.add("Claire", Role.MEDECIN, RPPS)
    admitted = desk.admit(SessionMeans.PSC, proven(), Answers(session__acknowledge="oui"))
    assert admitted.account is not None
    assert admitted.account.id == mine.id
    assert accounts.named("Claire").national_id == NATIONAL_ID
    assert admitted.rights == rights_table()[Role.MEDECIN].strong | {NATIONAL}


@pytest.mark.req("S000-90", "R16")
def test_a_professional_without_account_is_refused_and_none_is_made(accounts: Accounts, desk: OperatorDesk) -> None:
    accounts.add("Claire", Role.ADJOINT, "99700261797", CODE)
    assert refusal(lambda: desk.admit(SessionMeans.PSC, proven(), Answers())).code == "session.not_linked"
    assert [one.name for one in accounts.all()] == ["Claire"]


def test_where_the_software_keeps_accounts_anybody_proven_is_admitted(
    accounts: Accounts, database: Database, clock: MovingClock
) -> None:
    desk = OperatorDesk(accounts, AuditLog(database, clock), required=False)
    admitted = desk.admit(SessionMeans.CPS, proven(), Answers())
    assert admitted.account is None
    assert admitted.rights == rights_table()[Role.MEDECIN].strong | {NATIONAL}


@pytest.mark.req("SC.PSC.02", "R16")
def test_somebody_without_rpps_links_his_account_by_its_code(accounts: Accounts, desk: OperatorDesk) -> None:
    mine = accounts.add("Paul", Role.PREPARATEUR, None, CODE)
    answers = Answers(session__link=mine.id, operator__code=CODE, session__acknowledge="oui")
    admitted = desk.admit(SessionMeans.PSC, proven(None, "3010004321/07"), answers)
    assert admitted.account is not None
    assert [one.secret for one in answers.asked] == [False, True, False]
    # The next time nothing is asked.
    again = Answers()
    assert desk.admit(SessionMeans.PSC, proven(None, "3010004321/07"), again).account == accounts.named("Paul")
    assert again.asked == []


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"session__link": NOT_LINKED}, "session.not_linked"),
        ({"session__link": "ID", "operator__code": "faux-faux"}, "operator.refused"),
        ({}, "input.no_answer"),
    ],
)
def test_nothing_is_linked_without_the_code(
    accounts: Accounts, desk: OperatorDesk, answers: dict[str, str], code: str
) -> None:
    mine = accounts.add("Paul", Role.PREPARATEUR, None, CODE)
    given_answers = {one: mine.id if answer == "ID" else answer for one, answer in answers.items()}
    refused = refusal(lambda: desk.admit(SessionMeans.PSC, proven(None), Answers(**given_answers)))
    assert refused.code == code
    assert accounts.named("Paul").national_id is None


def test_an_account_of_somebody_else_is_not_offered_nor_linked(accounts: Accounts, desk: OperatorDesk) -> None:
    taken = accounts.add("Claire", Role.ADJOINT, None, CODE)
    accounts.link(taken, None, "899700261797")
    assert refusal(lambda: desk.admit(SessionMeans.PSC, proven(), Answers())).code == "session.not_linked"
    assert refusal(lambda: accounts.link(accounts.named("Claire"), None, NATIONAL_ID)).code == "operator.linked"
    other = accounts.add("Paul", Role.ADJOINT)
    assert refusal(lambda: accounts.link(other, None, "899700261797")).code == "operator.linked"


def test_who_linked_his_account_has_it_by_card_too(accounts: Accounts, desk: OperatorDesk) -> None:
    mine = accounts.add("Claire", Role.MEDECIN, None, CODE)
    answers = Answers(session__link=mine.id, operator__code=CODE, session__acknowledge="oui")
    desk.admit(SessionMeans.PSC, proven(), answers)
    # A card tells no more than the RPPS.
    admitted = desk.admit(SessionMeans.CPS, proven(RPPS, None), Answers())
    assert admitted.account == accounts.named("Claire")


def test_what_another_account_bears_is_not_taken_from_it(accounts: Accounts, desk: OperatorDesk) -> None:
    mine = accounts.add("Claire", Role.MEDECIN, None, CODE)
    accounts.add("Paul", Role.MEDECIN, RPPS)
    accounts.link(mine, None, NATIONAL_ID)
    admitted = desk.admit(SessionMeans.PSC, proven(), Answers(session__acknowledge="oui"))
    assert admitted.account is not None
    assert admitted.account.id == mine.id
    assert {one.name: one.rpps for one in accounts.all()} == {"Claire": None, "Paul": RPPS}


@pytest.mark.req("PD-06")
@pytest.mark.parametrize(("answer", "national"), [("oui", True), ("non", False), (None, False)])
def test_without_acknowledgement_no_national_call(
    accounts: Accounts, desk: OperatorDesk, database: Database, clock: MovingClock, answer: str | None, national: bool
) -> None:
    accounts.add("Claire", Role.MEDECIN, RPPS)
    answers = Answers(**({"session__acknowledge": answer} if answer else {}))
    assert (NATIONAL in desk.admit(SessionMeans.PSC, proven(), answers).rights) is national
    noted = [
        json.loads(one.facts)["agreed"]
        for one in AuditLog(database, clock).records()
        if one.event == "operator.acknowledgement"
    ]
    assert noted == [national]
    # Who agreed is not asked again; who did not, is.
    again = Answers(session__acknowledge="oui")
    desk.admit(SessionMeans.CPS, proven(), again)
    assert bool(again.asked) is not national


@pytest.mark.parametrize("role", list(Role))
def test_a_code_alone_opens_neither_mailboxes_nor_the_dmp(role: Role) -> None:
    row = rights_table()[role]
    assert row.local <= row.strong
    assert not row.local & {"dmp.read", "mail.personal", "mail.organisation"}


@pytest.mark.parametrize(
    ("account", "asked"),
    [({"rpps": RPPS}, ["session.acknowledge"]), ({}, [])],
    ids=["with an identifier", "without one"],
)
def test_a_local_session_has_reduced_rights(
    accounts: Accounts, desk: OperatorDesk, account: dict[str, str], asked: list[str]
) -> None:
    mine: Account = accounts.add("Paul", Role.PREPARATEUR, account.get("rpps"), CODE)
    answers = Answers(operator__name="Paul", operator__code=CODE, session__acknowledge="oui")
    found = desk.by_code(None, answers)
    assert found == mine
    answers.asked.clear()
    assert desk.admit_locally(found, answers).rights == rights_table()[Role.PREPARATEUR].local | {NATIONAL}
    assert [one.code for one in answers.asked] == asked
