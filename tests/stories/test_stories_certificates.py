"""A structure orders, installs and renews a certificate by commands, killed again and again on the way."""

import base64
import json
import ssl
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_sandbox.running import RunningSandbox

STRUCTURE = "10B0152872"
CODE = "0123-abcd"
PASSWORD = "un mot de passe"
MAIL = "certificats@pharmacie.invalid"
KILLED = -9
TODAY = date.today()  # noqa: DTZ011 - as whoever types it reads it from the clock on the wall
SENT = TODAY - timedelta(days=10)
ADMINISTRATOR = {"name": "CAROLE PHARMACH", "mail": MAIL, "card": "CPE", "card_active": True}
SITE = {
    "name": "PHARMACIE DU BAC A SABLE",
    "department": "Haute-Corse (2B)",
    "type": "1",
    "number": STRUCTURE[1:],
    "finess_nature": "geographique",
    "attributed_on": "2015-01-05",
}
SIGNATORY = {"name": "CAROLE PHARMACH", "box": "responsable", "mail": "direction@pharmacie.invalid"}


@attrs.frozen
class Done:
    """What became of a command."""

    status: int
    told: Any
    points: int

    @property
    def code(self) -> str:
        """Of the error that it told."""
        return str(self.told["error"]["code"])


@attrs.frozen
class Office:
    """An installation, and the commands of whoever administers it: each is a process of its own."""

    config: Path
    sandbox: RunningSandbox
    forks: "subprocess.Popen[str]"

    def segur(self, *words: str | Path, given: Any = None, kill_at: int | None = None) -> Done:
        """Run a command; at point ``kill_at`` it is killed."""
        line = [*map(str, words), "--json", "--config", str(self.config)]
        stdin = json.dumps(given) if given is not None else None
        assert self.forks.stdin is not None
        assert self.forks.stdout is not None
        self.forks.stdin.write(json.dumps({"words": line, "stdin": stdin, "kill_at": kill_at}) + "\n")
        self.forks.stdin.flush()
        found = json.loads(self.forks.stdout.readline())
        return Done(found["status"], json.loads(found["out"]) if found["out"] else None, found["points"])

    def order(self, use: str, kind: str | None = None, *, kill_at: int | None = None, **fields: Any) -> Done:
        """Tell what was done since, or look where the order stands."""
        words = ("certificates", "order", use)
        if kind is None:
            return self.segur(*words)
        if kind == "withdrawn":
            # Secrets are typed, never part of an action.
            action = self.config.parent / "action.json"
            action.write_text(json.dumps({"kind": kind, **fields}))
            typed = {"certificates.revocation_code": CODE, "certificates.key_password": PASSWORD}
            return self.segur(*words, "--action", action, "--answers", "-", given=typed, kill_at=kill_at)
        return self.segur(*words, "--action", "-", given={"kind": kind, **fields}, kill_at=kill_at)

    def killed_after(self, use: str, kind: str, **fields: Any) -> Any:
        """Have the process killed as soon as a step is written down; the same again says where the order stands."""
        assert self.order(use, kind, kill_at=2, **fields).status == KILLED
        again = self.order(use, kind, **fields)
        # Nothing was left to be written.
        assert (again.status, again.points) == (0, 0)
        return again.told

    def killed_everywhere(self, run: Callable[[int | None], Done], holds: Callable[[], None]) -> Any:
        """Kill a command at each of its points in turn, then let it end; what has to hold always is asked between."""
        for point in range(1, 50):
            done = run(point)
            if done.status != KILLED:
                assert (done.status, point > 1) == (0, True)
                return done.told
            holds()
        raise AssertionError("it never ends")

    def keys(self, use: str) -> set[str]:
        """Return the names of the keys that are kept, whole."""
        return {one.parent.name for one in (self.data / "certificates" / "keys" / use).glob("[0-9a-f]*/key.pem")}

    def file(self, use: str, key: str, name: str) -> bytes:
        """Return a file of a key that is kept."""
        return (self.data / "certificates" / "keys" / use / key / name).read_bytes()

    def serving(self, use: str) -> str:
        """Return the name of the key that serves."""
        standing = json.loads((self.data / "certificates" / "keys" / use / "standing.json").read_bytes())
        return str(standing["serving"])

    @property
    def data(self) -> Path:
        return self.config.parent / "data"

    def row(self, use: str) -> dict[str, Any]:
        """Return what the inventory says of the certificate of a use."""
        (found,) = [one for one in self.segur("certificates", "list").told if one["id"] == use]
        return dict(found)

    def platform(self, path: str, body: Any, token: str = "") -> Any:
        """Do something at the ordering platform, as its page does."""
        trust = ssl.create_default_context(cafile=self.sandbox.descriptor["ca"])
        address = self.sandbox.descriptor["services"]["igc"]["ordering"] + path
        request = urllib.request.Request(address, json.dumps(body).encode(), method="POST")
        request.add_header("authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
            return json.load(answer)

    def signed_in(self) -> str:
        return str(self.platform("/session", {"administrator": "admin"})["token"])

    def ordered(self, name: str, csr: str | None) -> str:
        """Order at the platform, and return the number."""
        wanted = {
            "structure": STRUCTURE,
            "offer": "ORG",
            "usage": "AUTH_CLI",
            "service_applicatif": name,
            "actor_mail": MAIL,
            "csr": csr,
            "purpose": "insi",
        }
        return str(self.platform("/orders", wanted, self.signed_in())["number"])

    def withdrawn(self, number: str, password: str | None = None) -> Any:
        how = {"revocation_code": CODE, "confirmation": CODE, "accept_terms": True, "key_password": password}
        return self.platform(f"/orders/{number}/withdraw", how, self.signed_in())


@pytest.fixture(scope="module")
def forks() -> Iterator["subprocess.Popen[str]"]:
    """Where the processes of commands come from."""
    command = [sys.executable, str(Path(__file__).with_name("command_forks.py"))]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def office(segur_sandbox: RunningSandbox, tmp_path: Path, forks: "subprocess.Popen[str]") -> Office:
    """An installation that has no key yet, in front of the sandbox's authorities; the form F413 went out long ago."""
    given = tomllib.loads(segur_sandbox.config.read_text(encoding="utf-8"))
    found = {name: given[name] for name in ("environment", "software", "structure", "actor", "trust", "keyring")}
    network = {name: given["network"][name] for name in ("crl", "ocsp")}
    plugins = {"certificates": given["plugins"]["certificates"]}
    wanted = {"version": 1, "data": "data", **found, "network": network, "plugins": plugins}
    config = tmp_path / "segur.toml"
    config.write_text("".join(f"{name} = {_toml(one)}\n" for name, one in wanted.items()), encoding="utf-8")
    return Office(config, segur_sandbox, forks)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def filed(office: Office) -> str:
    """File the form F413 ten days ago, and return its case number: it is validated by now."""
    form = {
        "structure": STRUCTURE,
        "administrator": "admin",
        "signatory": "responsable",
        "signatory_mail": SIGNATORY["mail"],
        "boxes": ["ORG"],
    }
    office.sandbox.set_clock(advance_s=-10 * 86400)
    case = office.platform("/forms/F413", form)["case"]
    office.sandbox.set_clock(advance_s=10 * 86400)
    return str(case)


def prepared(case: str) -> list[tuple[str, dict[str, Any], int]]:
    """Return what is done from the first step to the platform's door, and the step that comes after each."""
    return [
        ("contract_signed", {"on": "2021-03-01"}, 1),
        ("director_card", {"card": "held"}, 2),
        ("structure_named", {"structure": SITE}, 3),
        ("doer_chosen", {"doer": "structure"}, 4),
        ("administrator_named", {"administrator": ADMINISTRATOR}, 5),
        ("form_chosen", {"channel": "online"}, 6),
        ("signatory_named", {"signatory": SIGNATORY}, 7),
        ("form_sent", {"on": str(SENT)}, 7),
        ("acknowledged", {"case_number": case}, 7),
        ("granted", {"on": str(SENT + timedelta(days=5))}, 8),
        ("platform_entered", {"means": "cpx"}, 9),
    ]


def certified(office: Office, folder: Path, csr: str, name: str = "INSI-AUTO") -> Path:
    """Have a request certified by the platform, and return the file that comes."""
    product = office.withdrawn(office.ordered(name, csr))
    came = folder / "came.pem"
    came.write_text(product["certificate"] + product["chain"])
    return came


@pytest.mark.req("S003-08", "S003-09", "S003-11", "S003-13", "S003-16", "S003-17", "S003-18", "S003-27", "S003-30")
def test_certificates_are_ordered_installed_renewed_and_revoked_by_commands_that_are_killed(
    office: Office, tmp_path: Path
) -> None:
    case = filed(office)
    assert office.order("insi-auto").told["step"] == 1
    for kind, fields, step in prepared(case):
        stands = office.killed_after("insi-auto", kind, **fields)
        assert stands["step"] == step
        if kind == "signatory_named":
            assert {one["part"] for one in stands["form"]} >= {"3.1", "3.2", "4.3"}
        if kind == "acknowledged":
            assert (stands["case_number"], stands["late"]) == (case, True)
    assert stands["names"] == ["INSI-AUTO"]
    first = obtained(office, "insi-auto", tmp_path)
    second = renewed(office, "insi-auto", first, tmp_path)
    assert office.keys("insi-auto") == {second}
    # One form covers every certificate of its box.
    assert office.segur("certificates", "order", "dmp-sign", "--under", "insi-auto").told["step"] == 8
    made_by_the_platform(office, tmp_path)
    assert office.keys("insi-auto") == {second}
    assert office.segur("audit", "verify").status == 0


def obtained(office: Office, use: str, folder: Path) -> str:
    """Go from the platform's door to a certificate in service, and return the name of its key."""
    # The actor's mail is typed each time.
    refused = office.order(use, "product_requested")
    assert (refused.code, office.keys(use)) == ("certificates.order_action", set())

    def request(point: int | None) -> Done:
        return office.order(use, "product_requested", actor_mail=MAIL, kill_at=point)

    def one_key_at_most() -> None:
        assert len(office.keys(use)) <= 1

    asked = office.killed_everywhere(request, one_key_at_most)
    (key,) = office.keys(use)
    assert (asked["step"], "PRIVATE" in asked["csr"]) == (10, False)
    assert office.file(use, key, "key.pem").startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY")
    came = certified(office, folder, asked["csr"])
    office.killed_after(use, "withdrawn", on=str(TODAY), terms_accepted=True)

    def install(point: int | None) -> Done:
        return office.segur("certificates", "install", use, "--file", came, kill_at=point)

    def that_key() -> None:
        assert office.keys(use) == {key}

    assert office.killed_everywhere(install, that_key)["step"] == 11
    assert office.killed_after(use, "confirmed")["step"] is None
    assert office.segur("jobs", "run", "certificates.crl").status == 0
    row = office.row(use)
    assert row["days_left"] > 1000
    assert [row[name] for name in ("status", "offer", "usage", "environment", "structure")] == [
        "ok",
        "ORG",
        "AUTH_CLI",
        "test",
        STRUCTURE,
    ]
    return key


def renewed(office: Office, use: str, first: str, folder: Path) -> str:
    """Renew, roll back, renew all the same, and return the name of the new key: one serves at every moment."""
    assert office.segur("certificates", "renew", use, kill_at=2).status == KILLED
    # Contract, structure, administrator and habilitation are those of before.
    assert office.segur("certificates", "renew", use).told["step"] == 8
    office.killed_after(use, "platform_entered", means="e-cps")
    csr = office.order(use, "product_requested", actor_mail=MAIL).told["csr"]
    (second,) = office.keys(use) - {first}
    came = certified(office, folder, csr)
    office.killed_after(use, "withdrawn", on=str(TODAY), terms_accepted=True)

    def install(point: int | None) -> Done:
        return office.segur("certificates", "install", use, "--file", came, kill_at=point)

    def roll_back(point: int | None) -> Done:
        return office.order(use, "rolled_back", kill_at=point)

    def confirm(point: int | None) -> Done:
        return office.order(use, "confirmed", kill_at=point)

    def both_are_kept() -> None:
        assert office.keys(use) == {first, second}
        assert office.serving(use) in {first, second}

    def the_new_one_serves() -> None:
        assert office.serving(use) == second

    assert office.serving(use) == first
    assert office.killed_everywhere(install, both_are_kept)["step"] == 11
    assert (office.serving(use), office.row(use)["status"]) == (second, "ok")
    assert office.killed_everywhere(roll_back, both_are_kept)["step"] == 10
    assert (office.serving(use), office.row(use)["status"]) == (first, "ok")
    assert install(None).told["step"] == 11
    assert office.killed_everywhere(confirm, the_new_one_serves)["step"] is None
    return second


def made_by_the_platform(office: Office, folder: Path) -> None:
    """Under the same form, have the platform make another key; take it in, and revoke its certificate."""
    use = "insi-manu"
    assert office.segur("certificates", "order", use, "--under", "insi-auto").told["step"] == 8
    office.order(use, "platform_entered", means="cpx")
    assert office.order(use, "product_requested", actor_mail=MAIL, csr="platform").told["csr"] is None
    number = office.ordered("INSI-MANU", None)
    came = folder / "came.p12"
    came.write_bytes(base64.b64decode(office.withdrawn(number, PASSWORD)["p12"]))
    office.order(use, "withdrawn", on=str(TODAY), terms_accepted=True)

    def typed(password: str, point: int | None = None, *, under: str = use) -> Done:
        words = ("certificates", "install", under, "--file", came, "--answers", "-")
        return office.segur(*words, given={"keyring.p12_password": password}, kill_at=point)

    def one_key_at_most() -> None:
        assert len(office.keys(use)) <= 1

    # The name is mistyped: neither a wrong password nor the right one leaves the key there.
    for password in ("un autre", PASSWORD):
        assert (typed(password, under="insi-atuo").status, office.keys("insi-atuo")) == (2, set())
    # What was sealed at the withdrawal opens it, whatever is typed; a stop once it was forgotten asks again.
    assert office.killed_everywhere(lambda point: typed(PASSWORD, point), one_key_at_most)["step"] == 11
    (only,) = office.keys(use)
    (leaf, *_) = x509.load_pem_x509_certificates(office.file(use, only, "chain.pem"))
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "INSI-MANU"
    assert office.segur("certificates", "check", use).status == 0
    name = f"{use}.revocation-1"
    words = ("certificates", "secret", name, "--answers", "-")
    shown = office.segur(*words, given={"keyring.show_secret": "oui"}).told
    assert shown == {"name": name, "secret": CODE}
    office.platform(f"/orders/{number}/revoke", {"revocation_code": shown["secret"], "cause": "loss"})
    checked = office.segur("certificates", "check", use)
    assert (checked.status, [one["status"] for one in checked.told]) == (1, ["blocked"])


@pytest.mark.req("S003-02", "S003-04")
def test_a_contract_older_than_the_finess_is_signed_again_and_a_legal_entity_is_refused(office: Office) -> None:
    use = "insi-auto"
    assert office.order(use).status == 0
    office.order(use, "contract_signed", on="2014-01-06")
    office.order(use, "director_card", card="held")
    refused = office.order(use, "structure_named", structure=SITE | {"finess_nature": "juridique"})
    assert (refused.status, refused.code) == (2, "certificates.order_finess_juridique")
    stands = office.order(use, "structure_named", structure=SITE).told
    assert (stands["step"], [one["code"] for one in stands["missing"]]) == (1, ["certificates.missing.contract_again"])
    assert office.order(use, "contract_signed", on="2021-03-01").told["step"] == 3
