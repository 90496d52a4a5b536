"""Accounts of operators: whose they are, linking, agreement, rights."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segur_host.audit.log import AuditLog
from segur_host.operators import accounts as accounts_module
from segur_host.operators.accounts import Account, Accounts
from segur_host.operators.acknowledgements import Acknowledgements, identifier_sent
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
def open_desk(database: Database, accounts: Accounts, clock: MovingClock) -> Callable[..., OperatorDesk]:
    """Make a desk of an installation that wants accounts, or not."""

    def open_desk(*, required: bool) -> OperatorDesk:
        agreed = Acknowledgements(database, clock)
        return OperatorDesk(accounts, agreed, AuditLog(database, clock), required=required)

    return open_desk


@pytest.fixture
def desk(open_desk: Callable[..., OperatorDesk]) -> OperatorDesk:
    return open_desk(required=True)


@pytest.fixture
def noted(database: Database, clock: MovingClock) -> Callable[[], list[dict[str, object]]]:
    """Tell what the audit knows of who agreed, in order."""

    def noted() -> list[dict[str, object]]:
        records = AuditLog(database, clock).records()
        return [json.loads(one.facts) for one in records if one.event == "operator.acknowledgement"]

    return noted


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


def test_where_the_software_keeps_accounts_anybody_proven_is_admitted(open_desk: Callable[..., OperatorDesk]) -> None:
    desk = open_desk(required=False)
    admitted = desk.admit(SessionMeans.CPS, proven(), Answers(session__acknowledge="oui"))
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
@pytest.mark.parametrize("required", [True, False], ids=["accounts of the host", "accounts of the software"])
@pytest.mark.parametrize(
    ("answer", "national"),
    [("oui", True), ("non", False), (None, False), ("peut-être", False)],
    ids=["yes", "no", "no answer", "no such answer"],
)
def test_without_acknowledgement_no_national_call(
    accounts: Accounts,
    open_desk: Callable[..., OperatorDesk],
    noted: Callable[[], list[dict[str, object]]],
    required: bool,
    answer: str | None,
    national: bool,
) -> None:
    desk = open_desk(required=required)
    whose = {"operator": accounts.add("Claire", Role.MEDECIN, RPPS).id} if required else {}
    answers = Answers(**({"session__acknowledge": answer} if answer else {}))
    admitted = desk.admit(SessionMeans.PSC, proven(), answers)
    assert admitted.rights == rights_table()[Role.MEDECIN].strong | ({NATIONAL} if national else set())
    assert [one.code for one in answers.asked] == ["session.acknowledge"]
    assert noted() == [{"national_id": NATIONAL_ID, "agreed": national, **whose}]
    # Who agreed is not asked again; who did not, is.
    again = Answers(session__acknowledge="oui")
    assert NATIONAL in desk.admit(SessionMeans.CPS, proven(RPPS, None), again).rights
    assert bool(again.asked) is not national


BOTH = (RPPS, NATIONAL_ID)


@pytest.mark.parametrize(
    ("first", "then", "asked"),
    [
        pytest.param((RPPS, None), BOTH, False, id="by his card, then by Pro Santé Connect"),
        pytest.param(BOTH, (RPPS, None), False, id="by Pro Santé Connect, then by his card"),
        pytest.param((None, NATIONAL_ID), (RPPS, None), False, id="an authority that tells no RPPS, then his card"),
        pytest.param((None, "3010004321/07"), (None, "3010004321/07"), False, id="somebody without RPPS"),
        pytest.param((RPPS, None), ("99700261797", None), True, id="somebody else"),
        pytest.param((None, "3010004321/07"), (None, "3010004321/08"), True, id="a colleague without RPPS"),
        pytest.param((None, None), (RPPS, None), True, id="somebody of whom nothing is sent, then a professional"),
    ],
)
def test_one_person_agrees_once_whichever_means_he_signs_in_by(
    open_desk: Callable[..., OperatorDesk],
    first: tuple[str | None, str | None],
    then: tuple[str | None, str | None],
    asked: bool,
) -> None:
    open_desk(required=False).admit(SessionMeans.PSC, proven(*first), Answers(session__acknowledge="oui"))
    answers = Answers()
    rights = open_desk(required=False).admit(SessionMeans.CPS, proven(*then), answers).rights
    assert ([one.code for one in answers.asked], NATIONAL in rights) == (
        (["session.acknowledge"], False) if asked else ([], True)
    )


def test_an_agreement_belongs_to_a_person_not_to_an_account(accounts: Accounts, desk: OperatorDesk) -> None:
    accounts.add("Claire", Role.MEDECIN, RPPS, CODE)
    desk.admit(SessionMeans.PSC, proven(), Answers(session__acknowledge="oui"))
    accounts.remove("Claire")
    # Back with another account, and by its code.
    back = accounts.add("Claire B", Role.MEDECIN, RPPS, CODE)
    nobody = Answers()
    assert NATIONAL in desk.admit_locally(back, nobody).rights
    assert nobody.asked == []


def test_who_agreed_in_one_structure_is_asked_in_another(database: Database, clock: MovingClock) -> None:
    identifier = identifier_sent(RPPS, None)
    assert identifier == NATIONAL_ID
    here = Acknowledgements(database, clock)
    here.add(identifier)
    here.add(identifier)
    with Database(database.folder, "other") as elsewhere:
        there = Acknowledgements(elsewhere, clock)
        assert (here.has(identifier), there.has(identifier)) == (True, False)
        there.add(identifier)
        assert there.has(identifier)


def test_nothing_is_asked_nor_noted_of_who_has_no_identifier(
    open_desk: Callable[..., OperatorDesk], noted: Callable[[], list[dict[str, object]]]
) -> None:
    answers = Answers()
    admitted = open_desk(required=False).admit(SessionMeans.CPS, proven(None, None), answers)
    assert NATIONAL in admitted.rights
    assert (answers.asked, noted()) == ([], [])


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
