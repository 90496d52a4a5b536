"""The plugin in the reference host, at the sandbox's authorities and its ordering platform."""

import base64
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from plugins.certificates.tests.leading_orders import csr_key, preparation
from plugins.certificates.tests.made_orders import STRUCTURE
from segur_sdk.errors import SegurError
from segur_sdk.jobs import JobDone
from segur_sdk.keyring import KeyReference
from segur_sdk.services.structure_certificates import CertificateStatus, OrderProgress

if TYPE_CHECKING:
    import httpx

    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_sandbox.running import RunningSandbox
    from segur_sdk.models.notice import Notice, Question

USE = "insi-auto"
SECRETS = {
    "certificates.revocation_code": "Revoque-moi-7431",
    "certificates.key_password": "Coffre-a-moi-9482",
    "keyring.p12_password": "Coffre-a-moi-9482",
    "keyring.show_secret": "oui",
}


@attrs.define
class Administrator:
    """Who sits there and types secrets."""

    asked: list[str] = attrs.field(factory=list)

    def ask(self, question: "Question") -> str:
        from segur_host import CheckedAsker

        self.asked.append(question.code)
        return CheckedAsker(lambda one: SECRETS.get(one.code)).ask(question)

    def show(self, notice: "Notice") -> None:
        """Nothing is shown."""


@attrs.frozen
class Platform:
    """The sandbox's ordering platform, as an administrator uses it from his browser."""

    client: "httpx.Client"

    def order(self, csr: str | None) -> str:
        asked = {
            "structure": f"1{STRUCTURE.number}",
            "offer": "ORG",
            "usage": "AUTH_CLI",
            "service_applicatif": "INSI-AUTO",
            "actor_mail": "certificats@pharmacie.invalid",
            "purpose": "insi",
            "csr": csr,
        }
        return str(self._post("/orders", asked)["number"])

    def withdraw(self, number: str, password: str | None = None) -> dict[str, Any]:
        code = SECRETS["certificates.revocation_code"]
        given = {"revocation_code": code, "confirmation": code, "accept_terms": True, "key_password": password}
        return self._post(f"/orders/{number}/withdraw", given)

    def revoke(self, number: str) -> None:
        code = SECRETS["certificates.revocation_code"]
        self._post(f"/orders/{number}/revoke", {"revocation_code": code, "cause": "loss"})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def platform(segur_sandbox: "RunningSandbox") -> "Iterator[Platform]":
    """A platform on which the structure's administrator was habilitated by a form F413 of ten days ago."""
    import httpx

    context = ssl.create_default_context(cafile=segur_sandbox.descriptor["ca"])
    address = segur_sandbox.descriptor["services"]["igc"]["ordering"]
    with httpx.Client(verify=context, base_url=address, timeout=20) as client:
        now = datetime.now(UTC)
        segur_sandbox.set_clock(now=(now - timedelta(days=10)).isoformat())
        form = {
            "structure": f"1{STRUCTURE.number}",
            "administrator": "admin",
            "signatory": "responsable",
            "signatory_mail": "certificats@pharmacie.invalid",
            "boxes": ["ORG"],
        }
        assert client.post("/forms/F413", json=form).is_success
        segur_sandbox.set_clock(now=now.isoformat())
        token = client.post("/session", json={"administrator": "admin"}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield Platform(client)


@pytest.fixture
def open_host(segur_config: "HostConfig") -> "Iterator[Callable[..., Host]]":
    from segur_host import Host

    opened: list[Host] = []

    def open_one(config: "HostConfig | None" = None, **given: Any) -> "Host":
        host = Host(config or segur_config, **({"asker": Administrator()} | given))
        opened.append(host)
        return host

    yield open_one
    for host in opened:
        host.close()


def with_keys(config: "HostConfig", sandbox: "RunningSandbox", **uses: str) -> "HostConfig":
    """Return a configuration whose keys are those of roles."""
    from segur_host.config.model import KeyTable

    tables = {}
    # An argument has no hyphen, a use has no underscore.
    for use, role in uses.items():
        files = sandbox.descriptor["certificates"][role]
        given = {"cert": files["cert"], "key": files["key"]}
        tables[use.replace("_", "-")] = KeyTable.model_validate(given)
    return config.model_copy(update={"keys": tables})


def reference(host: "Host", use: str = USE) -> KeyReference:
    return next(one for one in host.certificates.references() if one.use == use)


def does(host: "Host", kind: str, **fields: Any) -> OrderProgress:
    return host.certificates.order(USE, action={"kind": kind, **fields})


def habilitated(host: "Host") -> None:
    host.certificates.order(USE)
    for action in preparation():
        host.certificates.order(USE, action=action)


def fetched(host: "Host") -> str:
    return str(host.jobs.run("certificates.crl").outcome.status)


@pytest.mark.req("S003-02", "S003-25", "CERT-04", "CERT-07", "CERT-09")
def test_every_role_of_the_sandbox_is_told_for_what_it_is(
    open_host: "Callable[..., Host]", segur_config: "HostConfig", segur_sandbox: "RunningSandbox"
) -> None:
    roles = {
        "insi-auto": ("insi-auto", "ORG", "AUTH_CLI", []),
        "insi-manu": ("insi-manu", "ORG", "AUTH_CLI", []),
        "psc": ("org-auth", "ORG", "AUTH_CLI", []),
        "cachet": ("org-sign", "ORG", "SIGN", []),
        "chiffrement": ("org-conf", "ORG", "CONF", []),
        "perime": ("expired", "ORG", "AUTH_CLI", ["certificates.ended"]),
        "revoque": ("revoked", "ORG", "AUTH_CLI", ["certificates.revoked"]),
        "etranger": ("foreign-ca", "ORG", "AUTH_CLI", ["certificates.chain_root"]),
    }
    keys = {use: role for use, (role, *_) in roles.items()}
    host = open_host(with_keys(segur_config, segur_sandbox, **keys))
    assert fetched(host) == "ok"
    rows = {one.id: one for one in host.certificates.inventory().rows}
    told = {
        use: (row.offer, *row.usage, [one.notice.code for one in row.findings if one.severity != "ok"])
        for use, row in rows.items()
    }
    assert told == {use: tuple(expected) for use, (_, *expected) in roles.items()}
    assert {row.environment for row in rows.values()} == {"test"}
    assert {row.structure for row in rows.values()} == {f"1{STRUCTURE.number}"}
    blocked = {use for use, row in rows.items() if row.status is CertificateStatus.BLOCKED}
    assert blocked == {"perime", "revoque", "etranger"}


@pytest.mark.req("S003-28", "CERT-06", "CERT-12", "R26")
def test_misnamed_and_doubled_certificates_are_blocked(
    open_host: "Callable[..., Host]", segur_config: "HostConfig", segur_sandbox: "RunningSandbox", tmp_path: Any
) -> None:
    from segur_host.config.model import KeyTable

    config = with_keys(segur_config, segur_sandbox, insi_auto="wrong-cn", insi_manu="wrong-usage", psc="org-auth")
    table = config.keys["psc"]
    assert table.key is not None
    copy = tmp_path / "copie.pem"
    copy.write_bytes(table.key.read_bytes())
    copy.chmod(0o600)
    doubled = KeyTable.model_validate({"cert": table.cert, "key": copy})
    host = open_host(config.model_copy(update={"keys": {**config.keys, "copie": doubled}}))
    rows = {one.id: one for one in host.certificates.inventory().rows}
    told = {use: {one.notice.code for one in row.findings if one.severity == "blocked"} for use, row in rows.items()}
    assert told["insi-auto"] == {"certificates.insi_name"}
    assert told["insi-manu"] == {"certificates.usage_misfit"}
    assert {"certificates.key_twice", "config.key_twice"} & told["psc"]
    assert {"certificates.key_twice", "config.key_twice"} & told["copie"]


@pytest.mark.req("CERT-08", "S003-27", "SC.MSS/CONF.22")
def test_revocation_is_found_by_the_list_and_by_the_responder_before_it(
    open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox"
) -> None:
    host = open_host()
    row = host.certificates.inventory(USE).rows[0]
    assert [one.notice.code for one in row.findings] == ["certificates.revocation_unknown"]
    assert fetched(host) == "ok"
    assert host.certificates.inventory(USE).rows[0].findings == ()
    segur_sandbox.revoke(USE)
    # The list of this morning does not know it yet; the responder does, and so does the next list.
    assert host.certificates.inventory(USE).rows[0].findings == ()
    segur_sandbox.fault("igc", "error5xx", operation="crl:ACI-EL-ORG-TEST")
    online = host.certificates.inventory(USE, online=True).rows[0]
    assert [one.notice.code for one in online.findings] == ["certificates.revoked", "certificates.crl_unreachable"]
    segur_sandbox.reset()
    segur_sandbox.revoke(USE)
    assert fetched(host) == "ok"
    (finding,) = host.certificates.inventory(USE).rows[0].findings
    assert (finding.notice.code, finding.severity) == ("certificates.revoked", CertificateStatus.BLOCKED)


@pytest.mark.req("S003-17", "S003-19", "S003-22", "S003-27", "CERT-13")
def test_certificate_is_ordered_installed_renewed_and_taken_back(
    open_host: "Callable[..., Host]", segur_config: "HostConfig", platform: Platform
) -> None:
    config = segur_config.model_copy(update={"keys": {}})
    host = open_host(config)
    habilitated(host)
    found = does(host, "product_requested", actor_mail="certificats@pharmacie.invalid")
    assert found.csr is not None
    first = platform.order(found.csr.decode())
    does(host, "withdrawn", on=datetime.now(UTC).date().isoformat(), terms_accepted=True)
    came = platform.withdraw(first)
    # Another process goes on with what this one kept.
    host.close()
    host = open_host(config)
    installed = host.certificates.install(USE, (came["certificate"] + came["chain"]).encode())
    assert (installed.step, reference(host).public_key) == (11, csr_key(found))
    assert does(host, "confirmed").step is None
    row = host.certificates.inventory(USE, online=True).rows[0]
    assert (row.status, row.findings, row.common_name) == (CertificateStatus.OK, (), "INSI-AUTO")

    assert host.certificates.renew(USE).step == 8
    does(host, "platform_entered", means="cpx")
    renewed = does(host, "product_requested", actor_mail="certificats@pharmacie.invalid")
    assert renewed.csr is not None
    second = platform.order(renewed.csr.decode())
    does(host, "withdrawn", on=datetime.now(UTC).date().isoformat(), terms_accepted=True)
    came = platform.withdraw(second)
    assert reference(host).public_key == csr_key(found)
    host.certificates.install(USE, (came["certificate"] + came["chain"]).encode())
    assert reference(host).public_key == csr_key(renewed)
    does(host, "rolled_back")
    assert reference(host).public_key == csr_key(found)
    host.certificates.install(USE, came["certificate"].encode() + came["chain"].encode())
    does(host, "confirmed")
    assert (reference(host).public_key, reference(host).can_take_back) == (csr_key(renewed), False)
    platform.revoke(first)
    assert host.certificates.inventory(USE, online=True).rows[0].findings == ()


@pytest.mark.req("S003-18", "CERT-11")
def test_key_of_the_platform_is_taken_in_with_its_password(
    open_host: "Callable[..., Host]", segur_config: "HostConfig", platform: Platform
) -> None:
    administrator = Administrator()
    host = open_host(segur_config.model_copy(update={"keys": {}}), asker=administrator)
    habilitated(host)
    does(host, "product_requested", actor_mail="certificats@pharmacie.invalid", csr="platform")
    number = platform.order(None)
    does(host, "withdrawn", on=datetime.now(UTC).date().isoformat(), terms_accepted=True)
    came = platform.withdraw(number, SECRETS["certificates.key_password"])
    with pytest.raises(SegurError, match=r"certificates\.order_none"):
        host.certificates.install("insi-manu", base64.b64decode(came["p12"]))
    assert host.certificates.references() == ()
    found = host.certificates.install(USE, base64.b64decode(came["p12"]))
    # The one that was sealed opens it: only the other use had somebody asked.
    assert administrator.asked.count("keyring.p12_password") == 1
    assert (found.step, reference(host).problem) == (11, None)
    assert host.certificates.inventory(USE, online=True).rows[0].status is CertificateStatus.OK
    with pytest.raises(SegurError) as caught:
        host.certificates.secret("insi-auto.password-1")
    assert caught.value.code == "input.secret_unknown"


@pytest.mark.req("S003-20", "S003-21")
def test_watch_tells_what_is_to_be_renewed(open_host: "Callable[..., Host]") -> None:
    from segur_testing.hosts import StandingClock

    end = next(one.not_after for one in open_host().certificates.calendar().entries if one.id == USE)
    host = open_host(clock=StandingClock(end - timedelta(days=20)))
    done = host.jobs.run("certificates.watch").outcome.value
    assert isinstance(done, JobDone)
    assert [one.code for one in done.notices if f"« {USE} »" in one.text] == ["certificates.ends_soon"]
    entry = next(one for one in host.certificates.calendar().entries if one.id == USE)
    assert (entry.days_left, entry.status) == (20, CertificateStatus.WARNING)
