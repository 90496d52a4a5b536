"""The plugin psc, in the reference host, signs in at oidc-provider, which nobody of this project wrote."""

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from segur_host import CheckedAsker, Host
from segur_host.config.model import HostConfig
from segur_host.registry.discovery import discover
from segur_sandbox.pki.store import PkiFiles
from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.hooks.prescription_scanned import ScannedCode, ScannedPrescription, ScanOrigin
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.session_provider import Device, LoginFlow
from tests.counterparts.authorities import WHO, Registration
from tests.counterparts.installed_witness import PLUGIN, PURPOSE, install_witness
from tests.counterparts.logout_receiver import LogoutReceiver
from tests.counterparts.provider import REFUSE, ForeignProvider

PREPARATEUR = "899700012349"
USERINFO = "/auth/realms/esante-wallet/protocol/openid-connect/userinfo"
ACCESS_S = 120


class Person:
    """Who is signed in: in a browser he walks to his answer, on his device he compares two digits.

    Args:
        provider: where he answers.
    """

    def __init__(self, provider: ForeignProvider) -> None:
        self._provider = provider
        self.who = WHO
        self.national_id = WHO
        self.on_device = "accept"
        self.shown: list[str] = []
        self.compared: list[dict[str, Any]] = []

    def browse(self, address: str) -> bool:
        """Be the browser that the host opens."""
        back = self._provider.log_in(address, self.who)
        return httpx.get(back, trust_env=False).is_success

    def answer(self, question: Question) -> str | None:
        """Be the person who answers the host: who he is, that he knows, the last of his situations d'exercice."""
        known = {"psc.national_id": self.national_id, "session.acknowledge": "oui"}
        return known.get(question.code) or question.choices[-1].value

    def see(self, notice: Notice) -> None:
        """Be the person who sees what the host shows, and answers on his device."""
        self.shown += re.findall(r"\b[0-9]{2}\b", notice.text)
        (waiting,) = self._provider.waiting()
        self.compared.append(waiting["params"])
        self._provider.answer_device(waiting["id"], self.on_device)


class MovedClock:
    """The system's clock, moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def person(provider: ForeignProvider) -> Person:
    provider.begin_afresh()
    return Person(provider)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


OpenHost = Callable[..., Host]


@pytest.fixture
def open_host(
    provider: ForeignProvider,
    host_redirects: list[str],
    counterpart_pki: PkiFiles,
    person: Person,
    clock: MovedClock,
    tmp_path: Path,
) -> Iterator[OpenHost]:
    """Open a host that carries psc: ``open_host(registration, flow="ciba", …)``; ``witness`` carries that one too."""

    def open_it(registration: Registration, *, witness: str | None = None, **settings: object) -> Host:
        secret = tmp_path / "secret"
        secret.write_text(registration.secret or "", "utf-8")
        secret.chmod(0o600)
        accepted = {one.id: one.sha256 for one in discover()}
        psc: dict[str, object] = {"url": provider.origin}
        keys: dict[str, object] = {}
        if registration.role is None:
            psc["client"] = {"id": registration.client_id, "secret": {"file": str(secret)}}
        else:
            files = counterpart_pki.role(registration.role)
            keys["psc"] = {"p12": str(files.p12), "password": {"file": str(files.password_file)}}
        plugins: dict[str, object] = {
            "psc": {
                "enabled": True,
                "manifest_sha256": accepted["psc"],
                "settings": {"client_id": registration.client_id, **settings},
            }
        }
        if witness is not None:
            plugins[PLUGIN] = {"enabled": True, "manifest_sha256": witness}
        config = HostConfig.model_validate(
            {
                "version": 1,
                "environment": "sandbox",
                "data": tmp_path / "host",
                "software": {"name": "Logiciel d’essai", "version": "1.0", "authorisation": "TESTSGIE0000"},
                "structure": {"finess": "0B0152872", "name": "PHARMACIE D’ESSAI"},
                "actor": {"name": "comptoir", "workstation": "POSTE-1"},
                "trust": {"psc": str(counterpart_pki.ca)},
                "keys": keys,
                "network": {
                    "psc": psc,
                    "psc-login": {"url": provider.wallet, "redirect": host_redirects},
                    PURPOSE: {"url": provider.origin},
                },
                "plugins": plugins,
            }
        )
        asker = CheckedAsker(person.answer, person.see)
        return opened.enter_context(Host(config, asker=asker, clock=clock, browser=person.browse))

    with ExitStack() as opened:
        yield open_it


def test_code_flow_signs_in(open_host: OpenHost, registration: Registration) -> None:
    login = open_host(registration).login(SessionMeans.PSC)

    assert (login.opened.actor.name, login.opened.actor.rpps) == ("CAROLE PHARMACH0007512", WHO[1:])


def test_refusal_in_the_browser_is_told(
    open_host: OpenHost, registrations: dict[str, Registration], person: Person
) -> None:
    person.who = REFUSE
    host = open_host(registrations["secret"])

    with pytest.raises(SegurError) as refused:
        host.login(SessionMeans.PSC)

    assert refused.value.code == "psc.refused"
    assert host.session is None


@pytest.mark.parametrize("device", ["CARD", "MOBILE"])
def test_ciba_signs_in_and_both_screens_show_the_same_number(
    open_host: OpenHost, registration: Registration, person: Person, device: str
) -> None:
    login = open_host(registration).login(SessionMeans.PSC, flow=LoginFlow.CIBA, national_id=WHO, device=Device(device))

    assert login.opened.actor.rpps == WHO[1:]
    (request,) = person.compared
    assert person.shown == [request["binding_message"]]
    assert (request["channel"], request["login_hint"]) == (device, WHO)
    assert (request["scope"], request["acr_values"]) == ("openid scope_all", "eidas1")


def test_ciba_refused_on_the_device_is_told(
    open_host: OpenHost, registrations: dict[str, Registration], person: Person
) -> None:
    person.on_device = "refuse"

    with pytest.raises(SegurError) as refused:
        open_host(registrations["certificate"], flow="ciba").login(SessionMeans.PSC)

    assert refused.value.code == "psc.refused"


def test_ciba_for_somebody_the_provider_does_not_know_is_told(
    open_host: OpenHost, registrations: dict[str, Registration], person: Person
) -> None:
    person.national_id = "899700366257"

    with pytest.raises(SegurError) as refused:
        open_host(registrations["certificate"], flow="ciba").login(SessionMeans.PSC)

    assert refused.value.code == "psc.unknown_person"
    assert person.shown == []


@pytest.mark.parametrize("flow", ["code", "ciba"])
@pytest.mark.parametrize(
    "wrong",
    [
        Registration("logiciel-a-secret", secret="un-autre-secret-de-plus-de-trente-deux-caracteres"),
        Registration("logiciel-a-certificat", role="insi-manu"),
        Registration("logiciel-a-certificat", role="foreign-ca"),
    ],
    ids=["other secret", "other subject", "other authority"],
)
def test_software_that_is_not_the_registered_one_is_told_so(
    open_host: OpenHost, wrong: Registration, flow: str
) -> None:
    with pytest.raises(SegurError) as refused:
        open_host(wrong, flow=flow).login(SessionMeans.PSC)

    assert refused.value.code == "psc.client_refused"


def test_somebody_with_two_employers_chooses(
    open_host: OpenHost, registrations: dict[str, Registration], person: Person
) -> None:
    person.who = PREPARATEUR
    login = open_host(registrations["secret"]).login(SessionMeans.PSC)

    first, second = login.opened.exercices
    assert first.structure_id != second.structure_id
    assert login.opened.actor.exercice == second.id


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """SHA-256 of the manifest of the witness, which is installed."""
    site = tmp_path / "site"
    accepted = install_witness(site)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return accepted


def ask_witness(host: Host) -> str:
    """Return what the witness says of whoever is signed in."""
    event = ScannedCode(symbology="qr", payload=USERINFO, origin=ScanOrigin.TYPED, occurred_at=datetime.now(UTC))
    result = host.call("on_prescription_scanned", event)
    (outcome,) = result.outcomes
    if outcome.error is not None:
        raise outcome.error
    assert isinstance(result.value, ScannedPrescription)
    return result.value.number


def test_token_is_used_then_renewed_then_revoked(
    open_host: OpenHost, registration: Registration, provider: ForeignProvider, clock: MovedClock, witness: str
) -> None:
    host = open_host(registration, witness=witness)
    before = len(provider.events())
    host.login(SessionMeans.PSC)

    seen = [ask_witness(host)]
    clock.ahead = timedelta(seconds=ACCESS_S)
    seen += [ask_witness(host) for _ in range(2)]
    host.logout()

    assert seen == [WHO] * 3
    assert provider.events()[before:] == ["grant.success", "refresh_token.consumed", "grant.success", "grant.revoked"]


def test_session_that_ended_at_the_provider_ends_here_when_its_token_is_renewed(
    open_host: OpenHost,
    registrations: dict[str, Registration],
    provider: ForeignProvider,
    clock: MovedClock,
    witness: str,
) -> None:
    host = open_host(registrations["certificate"], witness=witness)
    host.login(SessionMeans.PSC)
    provider.leave()
    clock.ahead = timedelta(seconds=ACCESS_S)

    with pytest.raises(SegurError) as over:
        ask_witness(host)

    assert over.value.code == "psc.session_over"
    assert host.session is None


def test_logout_token_of_the_provider_is_understood_once(
    open_host: OpenHost,
    registrations: dict[str, Registration],
    provider: ForeignProvider,
    logouts: LogoutReceiver,
) -> None:
    host = open_host(registrations["secret"])
    host.login(SessionMeans.PSC)
    provider.leave()
    token = logouts.tokens[-1]

    ended = host.ended_elsewhere(SessionMeans.PSC, token)
    with pytest.raises(SegurError) as again:
        host.ended_elsewhere(SessionMeans.PSC, token)

    assert (ended, host.session) == (1, None)
    assert again.value.code == "psc.logout_token"


def test_page_that_asks_whether_to_leave_is_not_taken_for_the_end(
    open_host: OpenHost, registrations: dict[str, Registration], provider: ForeignProvider
) -> None:
    host = open_host(registrations["certificate"])
    host.login(SessionMeans.PSC)
    before = len(provider.events())
    with pytest.raises(ServiceError) as raised:
        host.logout(everywhere=True)

    assert (raised.value.code, raised.value.facts["reason"]) == ("psc.logout_unconfirmed", "renewable")
    # Nobody confirmed: oidc-provider still renews, which shows it, and what it renewed is revoked.
    assert provider.events()[before:] == ["refresh_token.consumed", "grant.success", "grant.revoked"]
    assert host.session is None
