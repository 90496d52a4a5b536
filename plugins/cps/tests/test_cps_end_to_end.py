"""The plugin in the reference host, on the sandbox's virtual cards: host, token driver, card channel, card."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.card import CardReading

if TYPE_CHECKING:
    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_host.sessions.sessions import Login
    from segur_sandbox.running import RunningSandbox
    from segur_testing.answers import ScriptedAnswers
    from segur_testing.recorder import HookRecorder

ONE, TWO = "Vitale 1", "Vitale 2"
PATIENCE_S = 20.0
PHARMACY = "10B0152872/SA33/01"
SIXTEENTH = "10B0000006/SA33/16"


@attrs.frozen
class Counter:
    """A host on the sandbox, somebody who answers its questions, and cards to put into its readers."""

    host: "Host"
    sandbox: "RunningSandbox"
    answers: dict[str, str]
    asker: "ScriptedAnswers"

    def insert(self, card: str | None, reader: str = ONE) -> None:
        self.sandbox.insert(reader, card)
        # The keys of a professional's card are made when it is first powered: on a busy machine the first look at it
        # may find no card yet.
        wait_for(lambda: {one.slot: one.present for one in self.host.slots()}[reader] is (card is not None))

    def read(self, reader: str = ONE) -> CardReading:
        return self.host.read_card(reader)

    def login(self, slot: str | None = None) -> "Login":
        return self.host.login(SessionMeans.CPS, slot=slot)

    def refusal(self, slot: str | None = None) -> SegurError:
        with pytest.raises(SegurError) as caught:
            self.login(slot)
        assert self.host.session is None
        return caught.value

    def questions(self) -> list[str]:
        return [question.code for question in self.asker.asked]

    def offered(self) -> list[str]:
        """Ids of the situations in the last question."""
        return [choice.value for choice in self.asker.asked[-1].choices]


@pytest.fixture
def open_counter(
    segur_sandbox: "RunningSandbox", segur_config: "HostConfig", segur_recorder: "HookRecorder"
) -> Iterator[Callable[..., Counter]]:
    from segur_host import Host
    from segur_testing.answers import ScriptedAnswers

    opened = []

    def open_one(**settings: str) -> Counter:
        answers = {"token.pin": "1234", "session.acknowledge": "oui", "session.exercice": PHARMACY}
        asker = ScriptedAnswers(answers)
        table = segur_config.plugins["cps"].model_copy(update={"settings": settings})
        config = segur_config.model_copy(update={"plugins": {**segur_config.plugins, "cps": table}})
        host = Host(config, asker=asker)
        opened.append(host)
        return Counter(host, segur_sandbox, answers, asker)

    yield open_one
    for host in opened:
        host.close()


@pytest.fixture
def counter(open_counter: Callable[..., Counter]) -> Counter:
    return open_counter()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def facts_of(reading: CardReading) -> dict[str, Any]:
    """What does not depend on the card that bears it."""
    assert reading.holder is not None
    holder = reading.holder.model_dump(exclude={"certificates", "valid_until"})
    usages = [(one.usage, one.info.subject_cn, one.info.issuer_cn) for one in reading.holder.certificates]
    return {"holder": holder, "usages": usages, "nature": reading.nature, "family": reading.family}


@pytest.mark.req("S000-28", "CPS-01", "CPS-08")
def test_cps4_is_read_like_cps3(counter: Counter) -> None:
    found = []
    for card in ("cps:pharmacist", "cps:pharmacist-cps3"):
        counter.insert(card)
        reading = counter.read()
        found.append((facts_of(reading), reading.serial))
    assert found[0][0] == found[1][0]
    assert [serial for _, serial in found] == ["2800901100", "2800901200"]
    assert counter.questions() == []


@pytest.mark.req("CPS-01", "CPS-05")
@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("cps:pharmacist", ("CPS", "PHARMACH0007512", "CAROLE", True, "99700075122", "21", None)),
        ("cps:physician", ("CPS", "DOC0036624", "KIT", True, "99700366240", "10", "SM26")),
        ("cpf", ("CPF", "ETUDIANT FICTIF", "CAMILLE", True, "99700000013", "21", None)),
        ("cpe", ("CPE", "PHARMACIE DU BAC A SABLE", "30B0152872-000000001", False, None, None, None)),
        ("cpa", ("CPA", "ADMINISTRATEUR FICTIF", "PATRICE", True, None, None, None)),
    ],
)
def test_every_kind_of_card_says_who_holds_it(counter: Counter, card: str, expected: tuple[object, ...]) -> None:
    counter.insert(card)
    holder = counter.read().holder
    assert holder is not None
    assert (
        holder.card_type,
        holder.family_name,
        holder.given_name,
        holder.named,
        holder.rpps,
        holder.profession,
        holder.speciality,
    ) == expected
    assert holder.situations is None


@pytest.mark.req("S000-77", "S002-38")
@pytest.mark.parametrize("card", ["cps:pharmacist", "cps:pharmacist-cps3"])
def test_pharmacist_signs_in_and_her_name_rpps_and_finess_can_be_shown(counter: Counter, card: str) -> None:
    counter.insert(card)
    login = counter.login(slot=ONE)
    actor = login.opened.actor
    assert (actor.name, actor.rpps, actor.exercice) == ("CAROLE PHARMACH0007512", "99700075122", PHARMACY)
    assert counter.questions() == ["token.pin", "session.acknowledge", "session.exercice"]
    holder = counter.read().holder
    assert holder is not None
    assert (holder.family_name, holder.given_name, holder.rpps) == ("PHARMACH0007512", "CAROLE", "99700075122")
    assert [(one.number, one.structure_id) for one in holder.situations or ()] == [
        (1, "10B0152872"),
        (3, "10B0307377"),
        (16, "10B0000006"),
    ]


@pytest.mark.req("S003-01", "CPS-04")
def test_physician_chooses_one_of_his_situations(counter: Counter) -> None:
    counter.insert("cps:physician")
    counter.answers["session.exercice"] = "10B0307377/SA01/02"
    login = counter.login()
    assert login.opened.actor.exercice == "10B0307377/SA01/02"
    assert [(one.id, one.label) for one in login.opened.exercices] == [
        ("499700366240007/SA07/01", "CABINET M DOC0036624 · cabinet individuel · Médecin"),
        ("10B0307377/SA01/02", "HOPITAL GENERIQUE · établissement public de santé · Médecin"),
    ]
    assert login.contributions.value[0].exercices == login.opened.exercices


@pytest.mark.req("CPS-04")
def test_choice_is_remembered_for_that_card_only(counter: Counter) -> None:
    counter.insert("cps:pharmacist")
    counter.answers["session.exercice"] = SIXTEENTH
    counter.login()
    assert counter.offered() == [PHARMACY, "10B0307377/SA01/03", SIXTEENTH]
    counter.host.logout()
    counter.login()
    assert counter.offered() == [SIXTEENTH, PHARMACY, "10B0307377/SA01/03"]
    counter.host.logout()
    counter.insert("cps:pharmacist-cps3")
    counter.login()
    assert counter.offered() == [PHARMACY, "10B0307377/SA01/03", SIXTEENTH]


@pytest.mark.req("S004-49")
def test_card_that_names_nobody_opens_no_session(counter: Counter) -> None:
    counter.insert("cpe")
    assert counter.refusal(slot=ONE).code == "cps.not_nominative"
    assert counter.questions() == []


@pytest.mark.parametrize(
    ("card", "name"), [("cpf", "CAMILLE ETUDIANT FICTIF"), ("cpa", "PATRICE ADMINISTRATEUR FICTIF")]
)
def test_card_without_situations_opens_a_session_without_choice(counter: Counter, card: str, name: str) -> None:
    counter.insert(card)
    assert (counter.login().opened.actor.name, counter.questions()) == (name, ["token.pin", "session.acknowledge"])


@pytest.mark.parametrize(("card", "code"), [("cps:expired", "cps.card_expired"), ("cps:locked", "token.pin_locked")])
@pytest.mark.req("CPS-02")
def test_card_that_opens_nothing_is_refused_before_any_question(counter: Counter, card: str, code: str) -> None:
    counter.insert(card)
    assert counter.refusal(slot=ONE).code == code
    assert counter.questions() == []


@pytest.mark.req("CPS-02")
def test_wrong_pin_costs_one_try_and_is_not_tried_again(counter: Counter) -> None:
    counter.insert("cps:pharmacist")
    counter.answers["token.pin"] = "0000"
    failure = counter.refusal()
    assert (failure.code, failure.facts["tries_left"]) == ("token.pin_wrong", 2)
    assert counter.refusal().facts["tries_left"] == 1
    assert counter.questions() == ["token.pin", "token.pin"]
    counter.answers["token.pin"] = "1234"
    assert counter.login().opened.actor.rpps == "99700075122"


def test_certificate_that_leads_to_no_anchor_of_cards_opens_no_session(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(trust="igc-sante")
    counter.insert("cps:pharmacist")
    assert counter.refusal().code == "token.certificate_untrusted"


def test_two_cards_need_a_choice_of_reader(counter: Counter) -> None:
    counter.insert("cps:pharmacist", ONE)
    counter.insert("cps:physician", TWO)
    failure = counter.refusal()
    assert (failure.code, dict(failure.facts)) == ("cps.several_cards", {"cards": 2})
    counter.answers["session.exercice"] = "499700366240007/SA07/01"
    assert counter.login(slot=TWO).opened.actor.name == "KIT DOC0036624"


@pytest.mark.req("S000-28")
def test_card_that_cannot_be_read_says_so_beside_one_that_can(
    counter: Counter, segur_faults: Callable[..., None]
) -> None:
    counter.insert("cps:pharmacist", ONE)
    counter.insert("cps:physician", TWO)
    assert counter.read(TWO).serial == "2800901300"
    segur_faults("cards", "garbage", operation=ONE)
    with pytest.raises(CardError) as caught:
        counter.read(ONE)
    for failure in (caught.value, counter.refusal(slot=ONE)):
        assert failure.code.startswith("card.")
        assert failure.facts["slot"] == ONE
    assert counter.questions() == []


def test_carte_vitale_beside_the_card_does_not_matter(counter: Counter) -> None:
    counter.insert("vitale:single", ONE)
    counter.insert("cpa", TWO)
    assert counter.login().opened.actor.name == "PATRICE ADMINISTRATEUR FICTIF"
    assert counter.read(ONE).beneficiaries


@pytest.mark.parametrize("card", [None, "vitale:single"])
def test_no_professional_s_card_is_said(counter: Counter, card: str | None) -> None:
    counter.insert(card)
    assert counter.refusal().code == "cps.no_card"


@pytest.mark.req("CPS-06")
def test_pulled_card_ends_its_session_and_is_recalled_at_the_next(
    counter: Counter, segur_recorder: "HookRecorder"
) -> None:
    counter.insert("cpa")
    assert counter.login().contributions.value[0].warnings == ()
    counter.insert(None)
    wait_for(lambda: counter.host.session is None)
    wait_for(lambda: bool(segur_recorder.of("on_session_ended")))
    counter.insert("cpa")
    (notice,) = counter.login().contributions.value[0].warnings
    assert notice.code == "cps.last_session_card_removed"
    counter.host.logout()
    wait_for(lambda: len(segur_recorder.of("on_session_ended")) == 2)
    assert counter.login().contributions.value[0].warnings == ()


@pytest.mark.req("CPS-06")
def test_session_that_ended_left_the_card_locked(counter: Counter) -> None:
    counter.insert("cps:pharmacist")
    counter.login()
    counter.host.logout()
    holder = counter.read().holder
    assert holder is not None
    assert holder.situations is None
    counter.login()
    assert counter.questions().count("token.pin") == 2


@pytest.mark.req("CPS-06")
def test_session_ends_with_the_process_in_which_the_code_was_verified(
    counter: Counter, segur_recorder: "HookRecorder"
) -> None:
    counter.insert("cps:pharmacist-cps3")
    counter.login()
    for driver in counter.host._devices.tokens._drivers:
        child = driver._process._child
        if child is not None:
            child.kill()
    wait_for(lambda: bool(segur_recorder.of("on_session_ended")))
    assert counter.host.session is None
    holder = counter.read().holder
    assert holder is not None
    assert holder.situations is None
    counter.login()
    assert counter.questions().count("token.pin") == 2


def test_card_read_where_nothing_knows_tokens_is_said(
    segur_sandbox: "RunningSandbox", segur_host_with: Callable[..., "Host"]
) -> None:
    segur_sandbox.insert(ONE, "cps:pharmacist")
    host = segur_host_with("cps", sandbox=segur_sandbox)
    with pytest.raises(CardError) as caught:
        host.read_card(ONE)
    assert (caught.value.code, caught.value.facts["generation"]) == ("cps.no_driver", "cps4")
    assert host.messages[caught.value.code].action


@pytest.mark.pcsc
@pytest.mark.req("S000-28", "S002-38", "CPS-08")
@pytest.mark.parametrize("card", ["cps:pharmacist", "cps:pharmacist-cps3"])
def test_the_same_through_a_pcsc_reader(segur_pcsc_sandbox: "RunningSandbox", tmp_path: Path, card: str) -> None:
    from segur_host import Host
    from segur_host.config.loading import load_config
    from segur_testing.answers import ScriptedAnswers

    reader, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(reader, card)
    config = load_config(segur_pcsc_sandbox.config).model_copy(update={"data": tmp_path / "host"})
    asker = ScriptedAnswers({"token.pin": "1234", "session.exercice": SIXTEENTH})
    with Host(config, asker=asker) as host:
        read = host.read_card(reader)
        assert read.holder is not None
        assert (read.holder.rpps, read.holder.given_name, read.provenance) == ("99700075122", "CAROLE", "token")
        assert host.login(SessionMeans.CPS, slot=reader).opened.actor.exercice == SIXTEENTH
        segur_pcsc_sandbox.insert(reader, None)
        wait_for(lambda: host.session is None)
