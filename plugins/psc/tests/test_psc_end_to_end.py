"""The plugin in the reference host, at the sandbox's Pro Santé Connect: browser, device, certificate, secret."""

import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from segur_sdk.errors import SegurError
from segur_sdk.models.actor import SessionMeans

if TYPE_CHECKING:
    from pathlib import Path

    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_host.sessions.sessions import Login
    from segur_sandbox.running import RunningSandbox
    from segur_sdk.models.notice import Notice, Question

DOCTOR = "99700366240"
PRACTICE = "499700366240007/SA07/10C/L/-"


@attrs.define
class Person:
    """Answers by the code of a question, and does something when a notice is shown."""

    answers: dict[str, str] = attrs.field(
        factory=lambda: {"session.acknowledge": "oui", "session.exercice": PRACTICE, "psc.national_id": DOCTOR}
    )
    asked: "list[Question]" = attrs.field(factory=list)
    reads: "Callable[[Notice], object]" = attrs.field(default=lambda notice: None)

    def ask(self, question: "Question") -> str:
        from segur_host import CheckedAsker

        self.asked.append(question)
        return CheckedAsker(lambda asked: self.answers.get(asked.code)).ask(question)

    def show(self, notice: "Notice") -> None:
        self.reads(notice)


@attrs.frozen
class Counter:
    """A host at the sandbox, its browser, and somebody who answers its questions."""

    host: "Host"
    sandbox: "RunningSandbox"
    person: Person

    def login(self) -> "Login":
        return self.host.login(SessionMeans.PSC)

    def refusal(self) -> SegurError:
        with pytest.raises(SegurError) as caught:
            self.login()
        assert self.host.session is None
        return caught.value

    def operations(self) -> list[str]:
        return [str(one["operation"]) for one in self.sandbox.exchanges("psc")]


@attrs.define
class Browser:
    """Somebody's browser: goes where it is sent, and back."""

    context: ssl.SSLContext
    statuses: list[int] = attrs.field(factory=list)
    came_back: Callable[[], object] = attrs.field(default=lambda: None)

    def __call__(self, url: str) -> bool:
        import httpx

        with httpx.Client(verify=self.context, follow_redirects=True, timeout=20) as client:
            self.statuses.append(client.get(url).status_code)
        self.came_back()
        return True


@pytest.fixture
def browser(segur_config: "HostConfig") -> Browser:
    return Browser(ssl.create_default_context(cafile=str(segur_config.trust["psc"])))


@pytest.fixture
def open_counter(
    segur_sandbox: "RunningSandbox", segur_config: "HostConfig", browser: Browser
) -> Iterator[Callable[..., Counter]]:
    from segur_host import Host

    opened = []
    segur_sandbox.psc_settings(ciba_interval_s=1)

    def open_one(config: "HostConfig | None" = None, **settings: str) -> Counter:
        config = config or segur_config
        person = Person()
        table = config.plugins["psc"]
        table = table.model_copy(update={"settings": {**table.settings, **settings}})
        config = config.model_copy(update={"plugins": {"psc": table}})
        host = Host(config, asker=person, browser=browser)
        opened.append(host)
        return Counter(host, segur_sandbox, person)

    yield open_one
    for host in opened:
        host.close()


@pytest.fixture
def counter(open_counter: Callable[..., Counter]) -> Counter:
    return open_counter()


@pytest.mark.req("SC.PSC.01", "SC.PSC.08", "EX PSC 16", "EX PSC 19", "S000-82", "S000-89")
def test_doctor_signs_in_through_the_browser_with_the_structure_s_certificate(counter: Counter) -> None:
    counter.sandbox.answer_psc("medecin", means="CARD")
    login = counter.login()
    assert (login.opened.actor.name, login.opened.actor.rpps) == ("KIT DOC0036624", DOCTOR)
    assert login.opened.actor.exercice == PRACTICE
    assert [one.code for one in counter.person.asked] == ["session.acknowledge", "session.exercice"]
    assert login.opened.session.means is SessionMeans.PSC
    assert counter.operations() == ["discovery", "token:authorization_code", "certs", "userinfo"]


def test_software_that_has_a_secret_signs_in_by_it(
    open_counter: Callable[..., Counter], segur_sandbox: "RunningSandbox", segur_config: "HostConfig", tmp_path: "Path"
) -> None:
    from segur_host.config.model import ClientTable

    (client,) = (
        one for one in segur_sandbox.descriptor["services"]["psc"]["clients"] if one["client_id"] == "segur-lps-secret"
    )
    keys = {use: table for use, table in segur_config.keys.items() if use != "psc"}

    def with_secret(secret: str) -> Counter:
        file = tmp_path / secret
        file.write_text(secret)
        file.chmod(0o600)
        as_client = ClientTable.model_validate({"id": client["client_id"], "secret": {"file": str(file)}})
        psc = segur_config.network["psc"].model_copy(update={"client": as_client})
        network = {**segur_config.network, "psc": psc}
        config = segur_config.model_copy(update={"network": network, "keys": keys})
        segur_sandbox.answer_psc("medecin")
        return open_counter(config, client_id=client["client_id"])

    assert with_secret(client["client_secret"]).login().opened.actor.rpps == DOCTOR
    assert with_secret("un-autre-secret").refusal().code == "psc.client_refused"


@pytest.mark.req("S000-85", "R16")
def test_somebody_who_has_no_card_signs_in_on_his_telephone(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(flow="ciba")
    (who,) = (one for one in counter.sandbox.psc_now()["professionals"] if one["name"] == "preparateur")
    counter.person.answers = {"psc.national_id": who["national_id"]}
    counter.sandbox.answer_psc("preparateur")
    failure = counter.refusal()
    assert failure.code == "input.no_answer"
    assert [one.code for one in counter.person.asked] == ["psc.national_id", "session.acknowledge", "session.exercice"]
    offered = [choice.label for choice in counter.person.asked[2].choices]
    assert len(offered) == 2
    assert all("Préparateur en pharmacie (officine)" in one for one in offered)


@pytest.mark.req("SC.PSC.01")
def test_number_to_compare_is_the_one_that_the_device_shows(open_counter: Callable[..., Counter]) -> None:
    counter = open_counter(flow="ciba", device="CARD")
    compared = []

    def compare(notice: Any) -> None:
        (waiting,) = counter.sandbox.psc_now()["ciba"]
        compared.append((f" {waiting['binding_message']}." in notice.text, waiting["channel"], waiting["as"]))
        counter.sandbox.answer_psc("medecin", means="CARD")

    counter.person.reads = compare
    assert counter.login().opened.actor.rpps == DOCTOR
    assert compared == [(True, "CARD", "medecin")]


@pytest.mark.req("R16")
@pytest.mark.parametrize("dialect", ["standard", "keycloak"])
def test_who_is_not_in_the_rpps_is_told_so_in_either_dialect(
    open_counter: Callable[..., Counter], dialect: str
) -> None:
    counter = open_counter(flow="ciba")
    counter.sandbox.psc_settings(dialect=dialect)
    counter.person.answers = {"psc.national_id": "99700218896"}
    assert counter.refusal().code == "psc.unknown_person"


@pytest.mark.parametrize("flow", ["code", "ciba"])
def test_refusal_opens_nothing(open_counter: Callable[..., Counter], flow: str) -> None:
    counter = open_counter(flow=flow)
    counter.sandbox.answer_psc("medecin", "refuse")
    assert counter.refusal().code == "psc.refused"
    counter.sandbox.answer_psc("medecin")
    assert counter.login().opened.actor.rpps == DOCTOR


def test_leaving_revokes_the_tokens_once(counter: Counter) -> None:
    counter.sandbox.answer_psc("medecin")
    counter.login()
    counter.host.logout()
    assert counter.operations().count("revoke") == 1
    assert "logout" not in counter.operations()


def test_new_key_of_the_authority_is_found(counter: Counter) -> None:
    for _ in range(2):
        counter.sandbox.answer_psc("medecin")
        counter.login()
        counter.host.logout()
        counter.sandbox.rotate_psc_keys(retire=True)
    assert counter.operations().count("certs") == 2


WRONG: dict[str, tuple[str, str | None]] = {
    "bad_signature": ("psc.id_token", "signature"),
    "wrong_iss": ("psc.id_token", "iss"),
    "wrong_aud": ("psc.id_token", "aud"),
    "several_aud_no_azp": ("psc.id_token", "azp"),
    "wrong_azp": ("psc.id_token", "azp"),
    "expired": ("psc.id_token", "exp"),
    "future_iat": ("psc.id_token", "iat"),
    "no_exp": ("psc.id_token", "exp"),
    "no_iat": ("psc.id_token", "iat"),
    "wrong_nonce": ("psc.id_token", "nonce"),
    "no_nonce": ("psc.id_token", "nonce"),
    "no_acr": ("psc.id_token", "acr"),
    "wrong_acr": ("psc.id_token", "acr"),
    "wrong_at_hash": ("psc.id_token", "at_hash"),
    "no_sub": ("psc.id_token", "sub"),
    "other_national_id": ("psc.userinfo", "SubjectNameID_differs"),
    "exp_not_a_number": ("psc.id_token", "exp"),
    "unknown_kid": ("psc.id_token", "kid"),
    "no_kid": ("psc.id_token", "kid"),
    "alg_none": ("psc.id_token", "form"),
    "alg_hs256": ("psc.id_token", "alg"),
    "not_a_jwt": ("psc.answer_unreadable", "id_token"),
    "no_id_token": ("psc.id_token", "missing"),
    "other_sub": ("psc.userinfo", "sub"),
    "no_sub_userinfo": ("psc.userinfo", "form"),
    "callback_wrong_iss": ("psc.issuer", "other"),
    "callback_no_iss": ("psc.issuer", "missing"),
    "wrong_code": ("psc.grant_refused", None),
}

AT_THE_PAGE = {"callback_wrong_iss", "callback_no_iss", "wrong_code"}


def test_every_wrong_answer_of_the_authority_is_named(counter: Counter) -> None:
    found: dict[str, tuple[str, Any]] = {}
    for variant in WRONG:
        service = "psc-login" if variant in AT_THE_PAGE else "psc"
        counter.sandbox.answer_psc("medecin")
        counter.sandbox.fault(service, "wrong_answer", variant=variant)
        failure = counter.refusal()
        found[variant] = (failure.code, failure.facts.get("reason"))
        counter.sandbox.reset()
    assert found == WRONG
    counter.sandbox.answer_psc("medecin")
    assert counter.login().opened.actor.rpps == DOCTOR


@pytest.mark.parametrize("variant", ["wrong_state", "no_state"])
def test_answer_to_no_request_of_ours_is_turned_away_until_the_person_gives_up(
    counter: Counter, browser: Browser, variant: str
) -> None:
    from segur_host import Cancellation

    cancellation = Cancellation()
    browser.came_back = cancellation.cancel
    counter.sandbox.answer_psc("medecin")
    counter.sandbox.fault("psc-login", "wrong_answer", variant=variant)
    with pytest.raises(SegurError) as caught:
        counter.host.login(SessionMeans.PSC, cancellation=cancellation)
    assert caught.value.code == "input.cancelled"
    assert browser.statuses == [404]
    assert counter.operations() == ["discovery"]
    assert counter.host.session is None


HOSTILE = {
    "other_issuer": "psc.discovery_hostile",
    "hostile_token_endpoint": "psc.discovery_hostile",
    "hostile_jwks_uri": "psc.discovery_hostile",
    "hostile_authorization_endpoint": "psc.discovery_hostile",
    "http_endpoints": "psc.discovery_hostile",
    "no_token_endpoint": "psc.discovery",
}


def test_hostile_discovery_document_leads_nowhere(counter: Counter) -> None:
    found = {}
    for variant in HOSTILE:
        counter.sandbox.fault("psc", "wrong_answer", variant=variant)
        found[variant] = counter.refusal().code
        assert counter.operations() == ["discovery"]
        counter.sandbox.reset()
    assert found == HOSTILE
    counter.sandbox.answer_psc("medecin")
    assert counter.login().opened.actor.rpps == DOCTOR
