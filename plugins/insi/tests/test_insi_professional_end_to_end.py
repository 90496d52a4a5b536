"""INSi in a professional's name, in the reference host and at the sandbox: by CPS, and by Pro Santé Connect."""

import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from lxml import etree

from segur_sdk.errors import SegurError
from segur_sdk.hooks.qualify_identity import IdentityRequest, TraitsSubject
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.identity import CrCode, InsEvidence, SearchTraits

if TYPE_CHECKING:
    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_sandbox.running import RunningSandbox

READER: Final = "Vitale 1"
PHARMACY: Final = "10B0152872/SA33/01"
HOSPITAL: Final = "10B0307377/SA01/02"
PRACTICE_BY_CARD: Final = "499700366240007/SA07/01"
PRACTICE_BY_PSC: Final = "499700366240007/SA07/10C/L/-"
DOCTOR: Final = {
    "national_id": "899700366240",
    "identifiant_facturation": "991366242",
    "code_specialite": "01",
}
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"


@attrs.frozen
class Counter:
    """A host at the sandbox that calls INSi in the name of whoever signed in."""

    host: "Host"
    sandbox: "RunningSandbox"

    def sign_in(self, means: SessionMeans, who: str, exercice: str | None = None) -> None:
        if means is SessionMeans.CPS:
            self.sandbox.insert(READER, who)
        else:
            self.sandbox.answer_psc(who)
        self.host.login(means, exercice=exercice)

    def ask(self, person: SearchTraits, *, automatic: bool = False) -> InsEvidence:
        event = IdentityRequest(subject=TraitsSubject(traits=person), automatic=automatic)
        result = self.host._called("qualify_identity", event, None)
        if result.failure is not None:
            raise result.failure
        assert isinstance(result.value, InsEvidence)
        return result.value

    def refusal(self, person: SearchTraits) -> SegurError:
        with pytest.raises(SegurError) as caught:
            self.ask(person)
        return caught.value

    @property
    def received(self) -> list[dict[str, Any]]:
        """What the service received in professionals' names."""
        return self.sandbox.exchanges("insi-ps")

    def assertions(self) -> list[etree._Element]:
        """Those that came with it."""
        return [
            etree.fromstring(one["request"]["body"].encode()).findall(f".//{{{SAML}}}Assertion")[0]
            for one in self.received
        ]


@pytest.fixture
def open_counter(segur_sandbox: "RunningSandbox", segur_config: "HostConfig") -> Iterator[Callable[..., Counter]]:
    import httpx

    from segur_host import Host
    from segur_testing.answers import ScriptedAnswers

    context = ssl.create_default_context(cafile=str(segur_config.trust["psc"]))

    def browser(url: str) -> bool:
        with httpx.Client(verify=context, follow_redirects=True, timeout=20) as client:
            client.get(url)
        return True

    opened = []

    def open_one(authentication: str, *professionals: Mapping[str, str], **tables: Any) -> Counter:
        settings = {"authentication": authentication, "professionals": list(professionals)}
        insi = segur_config.plugins["insi"].model_copy(update={"settings": settings})
        plugins = {**segur_config.plugins, "insi": insi}
        config = segur_config.model_copy(update={"plugins": plugins, **tables})
        host = Host(config, asker=ScriptedAnswers({"token.pin": "1234", "session.acknowledge": "oui"}), browser=browser)
        opened.append(host)
        return Counter(host, segur_sandbox)

    yield open_one
    for host in opened:
        host.close()


def attributes_of(assertion: etree._Element) -> list[tuple[str | None, str | None]]:
    return [(one.get("Name"), one[0].text) for one in assertion.iter(f"{{{SAML}}}Attribute")]


def emitters_in(exchange: Mapping[str, Any]) -> set[str | None]:
    return {one.text for one in etree.fromstring(exchange["request"]["body"].encode()).iter("{*}Emetteur")}


BY_CARD = pytest.mark.parametrize(
    ("card", "exercice", "professionals", "attributes"),
    [
        pytest.param(
            "cps:pharmacist",
            PHARMACY,
            (),
            [("identifiantFacturation", "0B0152872"), ("secteurActivite", "SA33")],
            id="pharmacist by CPS4: the FINESS of her pharmacy",
        ),
        pytest.param(
            "cps:pharmacist-cps3",
            PHARMACY,
            (),
            [("identifiantFacturation", "0B0152872"), ("secteurActivite", "SA33")],
            id="the same by CPS3",
        ),
        pytest.param(
            "cps:physician",
            PRACTICE_BY_CARD,
            (DOCTOR,),
            [("identifiantFacturation", "991366242"), ("secteurActivite", "SA07"), ("codeSpecialite", "01")],
            id="liberal physician: his own number and speciality",
        ),
        pytest.param(
            "cps:physician",
            HOSPITAL,
            (DOCTOR, {"national_id": DOCTOR["national_id"], "exercice": HOSPITAL, "identifiant_facturation": "330"}),
            [("identifiantFacturation", "330"), ("secteurActivite", "SA01"), ("codeSpecialite", "01")],
            id="physician at the hospital: what is set for that situation",
        ),
    ],
)


@BY_CARD
def test_card_signs_an_assertion_that_the_service_and_xmlsec1_accept(
    open_counter: Callable[..., Counter],
    traits: Callable[..., SearchTraits],
    tmp_path: Path,
    card: str,
    exercice: str,
    professionals: tuple[Mapping[str, str], ...],
    attributes: list[tuple[str, str]],
) -> None:
    counter = open_counter("cps", *professionals)
    counter.sign_in(SessionMeans.CPS, card, exercice)
    assert counter.ask(traits()).cr is CrCode.FOUND
    (assertion,), (exchange,) = counter.assertions(), counter.received
    assert (exchange["unexpected"], exchange["client"]) == (False, None)
    assert attributes_of(assertion) == attributes
    name_id = assertion.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    assert (name_id.get("NameQualifier"), emitters_in(exchange)) == ("CPS", {name_id.text})
    assert verified_by_xmlsec1(exchange["request"]["body"], counter.sandbox, tmp_path)


def verified_by_xmlsec1(envelope: str, sandbox: "RunningSandbox", folder: Path) -> bool:
    """Have a program nobody here wrote verify digest, signature and chain."""
    anchors = Path(sandbox.descriptor["services"]["cards"]["ca"]).read_text("ascii")
    end = "-----END CERTIFICATE-----\n"
    for name, content in (("root.pem", anchors.split(end)[0] + end), ("middle.pem", anchors.split(end)[1] + end)):
        (folder / name).write_text(content, "ascii")
    (folder / "envelope.xml").write_text(envelope, "utf-8")
    command = ["xmlsec1", "--verify", "--id-attr:ID", f"{SAML}:Assertion", "--enabled-reference-uris", "same-doc"]
    trust = ["--trusted-pem", "root.pem", "--untrusted-pem", "middle.pem"]
    return not subprocess.run(
        [*command, *trust, "envelope.xml"], cwd=folder, capture_output=True, check=False
    ).returncode


@pytest.mark.req("INS/PSC.01", "SC.PSC.10")
@pytest.mark.parametrize(
    ("who", "exercice", "professionals", "attributes"),
    [
        pytest.param(
            "medecin",
            PRACTICE_BY_PSC,
            (DOCTOR,),
            [("identifiantFacturation", "991366242"), ("secteurActivite", "SA07"), ("codeSpecialiteAMO", "01")],
            id="physician",
        ),
        pytest.param(
            "pharmacien-titulaire",
            None,
            (),
            [("identifiantFacturation", "0B0152872"), ("secteurActivite", "SA33")],
            id="pharmacist",
        ),
    ],
)
def test_psc_user_calls_insi_in_his_name_with_the_token_of_his_session(
    open_counter: Callable[..., Counter],
    traits: Callable[..., SearchTraits],
    who: str,
    exercice: str | None,
    professionals: tuple[Mapping[str, str], ...],
    attributes: list[tuple[str, str]],
) -> None:
    counter = open_counter("psc", *professionals)
    counter.sign_in(SessionMeans.PSC, who, exercice)
    assert counter.ask(traits()).cr is CrCode.FOUND
    (assertion,), (exchange,) = counter.assertions(), counter.received
    assert not exchange["unexpected"]
    assert attributes_of(assertion) == attributes
    name_id = assertion.find(f"{{{SAML}}}Subject/{{{SAML}}}NameID")
    assert name_id is not None
    assert (name_id.get("NameQualifier"), name_id.text) == ("PSC", f"8{counter.host.sessions[0].actor.rpps}")
    assert assertion.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is None
    assert exchange["request"]["headers"]["authorization"].startswith("Bearer ")


@pytest.fixture
def called_by_psc(
    open_counter: Callable[..., Counter], traits: Callable[..., SearchTraits]
) -> tuple[Counter, Mapping[str, Any]]:
    """A physician who signed in with Pro Santé Connect, and a request of his that was answered."""
    counter = open_counter("psc", DOCTOR)
    counter.sign_in(SessionMeans.PSC, "medecin", PRACTICE_BY_PSC)
    counter.ask(traits())
    (exchange,) = counter.received
    return counter, exchange["request"]


def sent_again(counter: Counter, request: Mapping[str, Any], body: str, role: str | None) -> str:
    """Send a request once more, on a connection with the certificate of a role; returns why it is refused."""
    import httpx

    context = ssl.create_default_context(cafile=counter.sandbox.descriptor["ca"])
    if role is not None:
        files = counter.sandbox.descriptor["certificates"][role]
        context.load_cert_chain(files["cert"], files["key"])
    headers = {name: request["headers"][name] for name in ("authorization", "content-type")}
    url = counter.sandbox.descriptor["services"]["insi-ps"]["url"]
    answer = httpx.post(url, content=body.encode(), headers=headers, verify=context)
    reason = counter.received[-1]["reason"]
    assert (answer.status_code == 500) is (reason is not None)
    return reason or ""


def test_token_serves_on_the_connection_it_is_bound_to_and_for_its_holder(
    called_by_psc: tuple[Counter, Mapping[str, Any]],
) -> None:
    counter, request = called_by_psc
    body = request["body"]
    assert sent_again(counter, request, body, "org-auth") == ""
    bound = "bearer: the token is bound to another certificate"
    assert [sent_again(counter, request, body, role) for role in (None, "insi-auto")] == [bound, bound]
    other = body.replace(">899700366240</NameID>", ">899700075122</NameID>")
    assert other != body
    assert sent_again(counter, request, other, "org-auth").startswith("assertion_bearer:")
    unsaid = body.replace("codeSpecialiteAMO", "codeSpecialite")
    assert sent_again(counter, request, unsaid, "org-auth").startswith("assertion_attributes:")


def test_session_that_the_authority_ended_calls_nobody(
    called_by_psc: tuple[Counter, Mapping[str, Any]], traits: Callable[..., SearchTraits]
) -> None:
    counter, _ = called_by_psc
    counter.sandbox.end_psc_sessions("medecin")
    assert counter.refusal(traits()).code == "insi.fault"
    assert counter.received[-1]["reason"].startswith("bearer:")


def test_pulled_card_signs_nothing_and_the_next_one_signs_for_its_own_holder(
    open_counter: Callable[..., Counter], traits: Callable[..., SearchTraits]
) -> None:
    counter = open_counter("cps", DOCTOR)
    counter.sign_in(SessionMeans.CPS, "cps:pharmacist", PHARMACY)
    (opened,) = counter.host.sessions
    counter.sandbox.insert(READER, None)
    # Until the host hears of it, his session calls nobody; afterwards the structure does.
    with counter.host.acting(opened.id), pytest.raises(SegurError) as caught:
        counter.ask(traits())
    assert caught.value.code in {"session.unknown", "service.session_needed", "token.absent"}
    assert counter.received == []
    counter.host.logout()
    counter.sign_in(SessionMeans.CPS, "cps:physician", PRACTICE_BY_CARD)
    counter.ask(traits())
    (assertion,) = counter.assertions()
    name_id = assertion.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    assert name_id.text == DOCTOR["national_id"]


def test_what_is_automatic_calls_by_certificate_whoever_is_signed_in(
    open_counter: Callable[..., Counter], traits: Callable[..., SearchTraits]
) -> None:
    counter = open_counter("cps")
    counter.sign_in(SessionMeans.CPS, "cps:pharmacist", PHARMACY)
    assert counter.ask(traits(), automatic=True).cr is CrCode.FOUND
    assert counter.received == []
    assert [one["client"]["cn"] for one in counter.sandbox.exchanges("insi")] == ["INSI-AUTO"]
    assert "broker.sign" not in {record.event for record in counter.host.audit.records()}
