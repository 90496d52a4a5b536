"""Pro Santé Connect goes down in mid-sale: what needs it stops with its name, the counter goes on, nothing is lost."""

import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx
import pytest

from segur_host import CheckedAsker, Host
from segur_host.config.model import HostConfig
from segur_host.identities.desk import Identification
from segur_host.operators.rights import Role
from segur_host.sessions.sessions import Login
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import InputError, SegurError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.identity import InsStatus, Traits
from segur_sdk.models.notice import Question
from segur_testing.faults import Faults
from tests.stories.told import Person, ref

TITULAIRE = "99700075122"
CARD = "cps:pharmacist"
EXERCICE_BY_CARD = "10B0152872/SA33/01"
CODES = {"Carole": "un code à elle", "Danièle": "un autre code"}
ACCESS_S = 120
"""A token of Pro Santé Connect lasts two minutes."""
REFRESH_S = 1800
"""And can be renewed for half an hour."""


class Clocks:
    """Those of the host and of the sandbox, moved together."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def pass_by(self, seconds: int) -> None:
        self._ahead += timedelta(seconds=seconds)
        self._sandbox.set_clock(advance_s=seconds)


@attrs.define
class Typed:
    """What whoever is there answers, by the code of a question; the first choice of what he does not care about."""

    answers: dict[str, str]

    def ask(self, question: Question) -> str:
        def given(asked: Question) -> str | None:
            if asked.code in self.answers:
                wanted = self.answers[asked.code]
                return next((one.value for one in asked.choices if one.label == wanted), wanted)
            return asked.choices[0].value if asked.choices else None

        return CheckedAsker(given).ask(question)


@attrs.frozen
class Counter:
    """A pharmacy that calls INSi in the name of who is there."""

    host: Host
    sandbox: RunningSandbox
    clocks: Clocks
    typed: Typed

    def by_psc(self, who: str) -> Login:
        self.sandbox.answer_psc(who)
        return self.host.login(SessionMeans.PSC)

    def by_code(self, name: str) -> Login:
        self.typed.answers["operator.code"] = CODES[name]
        return self.host.login(SessionMeans.LOCAL, operator=name)

    def served(self, who: Login, patient: Traits) -> Identification:
        """A patient comes, and is searched in the name of whoever serves him."""
        with self.host.acting(who.opened.id):
            return self.host.identify(patient)

    def completed(self, who: Login, sale: Identification) -> Identification:
        """The same patient is searched again."""
        with self.host.acting(who.opened.id):
            return self.host.qualify(ref(sale))

    def audited(self, event: str) -> list[Any]:
        return [json.loads(one.facts) for one in self.host.audit.records() if one.event == event]


def refusals(found: Identification) -> list[str]:
    return [one.error.code for one in found.outcomes if one.error is not None]


def code_of(call: Callable[[], Identification]) -> str:
    """Why a patient was not searched: the call was refused, or what a plugin answered."""
    try:
        (code,) = refusals(call())
    except SegurError as failure:
        return failure.code
    return code


def status(found: Identification) -> InsStatus | None:
    return found.identity.status if found.identity is not None else None


@pytest.fixture
def open_counter(segur_sandbox: RunningSandbox, segur_config: HostConfig) -> Iterator[Callable[..., Counter]]:
    context = ssl.create_default_context(cafile=str(segur_config.trust["psc"]))
    opened: list[Host] = []

    def browser(url: str) -> bool:
        return httpx.get(url, verify=context, follow_redirects=True, timeout=20, trust_env=False).is_success

    def open_one(**sessions: str) -> Counter:
        insi = segur_config.plugins["insi"].model_copy(update={"settings": {"authentication": "psc"}})
        tables = {
            "plugins": {**segur_config.plugins, "insi": insi},
            "sessions": segur_config.sessions.model_copy(update=sessions),
        }
        clocks, typed = Clocks(segur_sandbox), Typed({"insi.sexe": "M", "token.pin": "1234"})
        host = Host(segur_config.model_copy(update=tables), asker=typed, clock=clocks, browser=browser)
        opened.append(host)
        return Counter(host, segur_sandbox, clocks, typed)

    yield open_one
    for host in opened:
        host.close()
    segur_sandbox.reset()


@pytest.mark.req("S000-87")
def test_the_sale_goes_on_while_the_authority_is_down_and_is_completed_afterwards(
    open_counter: Callable[..., Counter], person: Person, segur_faults: Faults
) -> None:
    counter = open_counter()
    host = counter.host
    host.operators.add("Danièle", Role.PREPARATEUR, code=CODES["Danièle"])
    people = {"toussaint": counter.by_psc("pharmacien-titulaire"), "dominique": counter.by_psc("pharmacien-adjoint")}

    with segur_faults.during("psc", "refuse"):
        # What was granted still holds.
        found = counter.served(people["toussaint"], person("zoe"))
        assert (refusals(found), status(found)) == ([], InsStatus.RECUPEREE)
        counter.clocks.pass_by(ACCESS_S)
        sales = {patient: counter.served(who, person(patient)) for patient, who in people.items()}
        for found in sales.values():
            assert (refusals(found), status(found)) == (["psc.unavailable"], InsStatus.PROVISOIRE)
        # A line that is down ends nobody's session.
        assert host.sessions == tuple(who.opened for who in people.values())

        with pytest.raises(SegurError) as refused:
            counter.by_psc("preparateur")
        assert refused.value.code == "psc.unavailable"
        local = counter.by_code("Danièle")
        assert [one.code for one in local.notices] == ["session.local"]
        assert not {"dmp.read", "mail.organisation"} & (local.opened.session.rights or set())
        found = counter.served(local, person("ecetinsi"))
        assert (refusals(found), status(found)) == ([], InsStatus.RECUPEREE)
        (by_structure,) = counter.sandbox.exchanges("insi")
        assert by_structure["client"]["cn"] == "INSI-MANU"

    # Nobody signs in again: the tokens of those who were there are renewed.
    for patient, who in people.items():
        later = counter.completed(who, sales[patient])
        assert (refusals(later), status(later)) == ([], InsStatus.RECUPEREE)
    assert host.audit.verify().ok


def forgets(counter: Counter) -> None:
    """The authority was started anew, and knows nobody's session any more."""
    counter.sandbox.end_psc_sessions("pharmacien-titulaire")


def stays_away(counter: Counter) -> None:
    """The authority was away for longer than what was granted can be renewed."""
    counter.clocks.pass_by(REFRESH_S)


@pytest.mark.parametrize(
    ("what", "said", "reason"),
    [
        pytest.param(forgets, "psc.session_over", "refused", id="authority_forgot"),
        pytest.param(stays_away, "session.unknown", "expired", id="away_for_too_long"),
    ],
)
def test_who_signs_in_again_finds_the_patients_of_the_session_that_is_over(
    open_counter: Callable[..., Counter],
    person: Person,
    segur_faults: Faults,
    what: Callable[[Counter], None],
    said: str,
    reason: str,
) -> None:
    counter = open_counter()
    before, other = counter.by_psc("pharmacien-titulaire"), counter.by_psc("pharmacien-adjoint")
    with segur_faults.during("psc", "refuse"):
        counter.clocks.pass_by(ACCESS_S)
        sale = counter.served(before, person("toussaint"))
        assert refusals(sale) == ["psc.unavailable"]
    what(counter)
    assert code_of(lambda: counter.completed(before, sale)) == said
    assert before.opened not in counter.host.sessions
    assert counter.audited("session.ended")[0] == {"reason": reason}
    # The other one's is his own affair.
    assert (other.opened in counter.host.sessions) is (reason == "refused")

    again = counter.by_psc("pharmacien-titulaire")
    assert status(counter.completed(again, sale)) is InsStatus.RECUPEREE


@pytest.mark.parametrize("accounts", ["software", "host"])
@pytest.mark.parametrize("answer", ["oui", "non"])
def test_no_national_call_before_he_knows_that_his_identifier_is_sent(
    open_counter: Callable[..., Counter], person: Person, accounts: str, answer: str
) -> None:
    counter = open_counter(accounts=accounts)
    whose = {"national_id": f"8{TITULAIRE}"}
    if accounts == "host":
        account = counter.host.operators.add("Carole", Role.TITULAIRE, rpps=TITULAIRE, code=CODES["Carole"])
        whose |= {"operator": account.id}
    counter.typed.answers["session.acknowledge"] = answer
    found = counter.served(counter.by_psc("pharmacien-titulaire"), person("zoe"))
    agreed = answer == "oui"
    assert refusals(found) == ([] if agreed else ["session.not_acknowledged"])
    assert status(found) is (InsStatus.RECUPEREE if agreed else InsStatus.PROVISOIRE)
    assert len(counter.sandbox.exchanges("insi-ps")) == int(agreed)
    assert counter.audited("operator.acknowledgement") == [{**whose, "agreed": agreed}]
    # He is asked until he says yes, and never again.
    counter.host.logout()
    counter.typed.answers["session.acknowledge"] = "oui"
    again = counter.by_psc("pharmacien-titulaire")
    assert [one["agreed"] for one in counter.audited("operator.acknowledgement")] == (
        [True] if agreed else [False, True]
    )
    assert status(counter.served(again, person("toussaint"))) is InsStatus.RECUPEREE
    counter.host.logout()
    # Nor by his card, which is another means of the same person.
    counter.typed.answers |= {"session.acknowledge": "non", "session.exercice": EXERCICE_BY_CARD}
    counter.sandbox.insert(counter.sandbox.readers[0], CARD)
    assert counter.host.login(SessionMeans.CPS, slot=counter.sandbox.readers[0]).notices == ()


def test_one_person_has_one_account_whichever_means_and_a_stranger_none(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(accounts="host")
    host = counter.host
    account = host.operators.add("Carole", Role.TITULAIRE, code=CODES["Carole"])
    host.operators.add("Danièle", Role.PREPARATEUR, code=CODES["Danièle"])
    counter.typed.answers |= {
        "session.acknowledge": "oui",
        "session.link": "Carole",
        "operator.code": CODES["Carole"],
        "session.exercice": EXERCICE_BY_CARD,
    }
    counter.sandbox.insert(counter.sandbox.readers[0], CARD)

    def by_card() -> Login:
        return host.login(SessionMeans.CPS, slot=counter.sandbox.readers[0])

    whose = []
    ways: tuple[Callable[[], Login], ...] = (
        lambda: counter.by_psc("pharmacien-titulaire"),
        lambda: counter.by_code("Carole"),
        by_card,
    )
    for sign_in in ways:
        login = sign_in()
        whose.append(login.opened.operator and login.opened.operator.id)
        host.logout()
        assert host.session is None
    assert whose == [account.id] * 3
    assert counter.audited("operator.linked") == [{"operator": account.id}]

    counter.typed.answers["session.link"] = "Aucun : ne pas rattacher"
    with pytest.raises(InputError) as refused:
        counter.by_psc("medecin")
    assert refused.value.code == "session.not_linked"
    assert host.sessions == ()
