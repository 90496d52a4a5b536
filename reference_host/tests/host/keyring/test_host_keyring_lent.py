"""``ctx.keyring`` as a plugin has it: keys, secrets it never sees, lists, and announcements."""

import json
import queue
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, issue, name, p12_table
from segur_host import CheckedAsker, Host
from segur_host.broker.tls.crl_folder import CRL_FOLDER, CrlFolder
from segur_host.broker.tls.revocation import Verdict
from segur_sdk.context import Keyring
from segur_sdk.errors import SegurError
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.keyring import KeyPlace
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Question

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"
CODE = Question(code="order.revocation", text="Code de révocation", pattern=r".{4,}")
DECLARED = '[[keys]]\nuse = "insi-auto"\n[[network]]\npurpose = "p"\ntrust = "ours"\nauth = "mtls"\nkey = "insi-auto"\n'
HOOK = '[[hooks]]\nname = "on_session_login"\nversion = "1.0"\n'
ACT = "import sys\nsys.modules['made_up_keyring']['act'](ctx)\nreturn None"
HEAR = """
import sys
from segur_sdk.hooks.session_ended import Noted
sys.modules["made_up_keyring"]["heard"].put(event)
return Noted()
"""


@attrs.define
class Opened:
    """A host with a plugin that does what the test says."""

    host: Host
    script: dict[str, Any]
    login: SessionLoginEvent

    def act(self, act: Callable[[Keyring], Any]) -> Any:
        """Do something in a call; returns what it gave, or the code of its refusal."""
        found: list[Any] = []

        def told(ctx: Any) -> None:
            try:
                found.append(act(ctx.keyring))
            except SegurError as failure:
                found.append(failure.code)

        self.script["act"] = told
        self.host.call("on_session_login", self.login)
        return found[0]

    @property
    def events(self) -> list[tuple[str, str | None, dict[str, Any]]]:
        records = [one for one in self.host.audit.records() if one.event.startswith("keyring.")]
        return [(one.event, one.plugin, json.loads(one.facts)) for one in records]


@pytest.fixture
def opened(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    login: SessionLoginEvent,
    ca: Issued,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Opened]:
    """Open a host; ``answers`` are given to its questions in turn. Other tables of the configuration by name."""
    script: dict[str, Any] = {"heard": queue.SimpleQueue(), "asked": []}
    monkeypatch.setitem(sys.modules, "made_up_keyring", script)
    top = "keyring = true\nprompts = true\n"
    plugins = {
        "alpha": install("alpha", body=ACT, top=top, tables=HOOK + DECLARED),
        "beta": install("beta", body=HEAR, hook="on_certificate_expiring"),
    }
    (tmp_path / "ours.pem").write_bytes(ca.pem())
    tables: dict[str, Any] = {
        "keyring": {"passphrase": {"env": "KEYRING_PASSPHRASE"}},
        "trust": {"ours": tmp_path / "ours.pem"},
    }

    def opened(*answers: str, **changes: Any) -> Opened:
        left = iter(answers)

        def answer(question: Question) -> str | None:
            script["asked"].append(question)
            return next(left, None)

        return Opened(open_host(plugins, **{**tables, **changes}, asker=CheckedAsker(answer)), script, login)

    return opened


@pytest.mark.req("S003-17")
def test_a_plugin_leads_and_never_sees_a_key(
    opened: Callable[..., Opened], certify: Callable[..., tuple[bytes, ...]], tmp_path: Path
) -> None:
    here = opened()
    assert here.act(lambda keyring: keyring.references()) == ()
    request = here.act(lambda keyring: keyring.new_key(USE, "INSI-AUTO"))
    csr = x509.load_pem_x509_csr(request.csr)
    assert csr.is_signature_valid
    chain = certify(csr, number=77)
    served = here.act(lambda keyring: keyring.install(USE, chain))
    assert (served.place, served.purposes, served.signs) == (KeyPlace.STORE, ("p",), False)
    assert here.act(lambda keyring: keyring.anchors("ours")) == chain[1:]
    assert here.act(lambda keyring: keyring.anchors("other")) == "config.trust_missing"
    assert (request.public_key, served.public_key) == (served.public_key, request.public_key)
    key = {"key": request.public_key, "use": USE}
    assert here.events == [
        ("keyring.made", "alpha", key),
        ("keyring.installed", "alpha", {**key, "certificate": "4D"}),
    ]
    [secret] = [path.read_bytes() for path in tmp_path.rglob("key.pem")]
    assert secret.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("kind", ["wrong", "missing"])
def test_a_key_that_cannot_be_read_has_its_problem_told(
    opened: Callable[..., Opened], tmp_path: Path, kind: str
) -> None:
    table = {"p12": tmp_path / "none.p12", "password": {"env": "P12_PASSWORD"}}
    if kind == "wrong":
        (tmp_path / "none.p12").touch(0o600)
    here = opened(keys={USE: table, "dmp": {"token": {"serial": "8025"}}})
    card, file = here.act(lambda keyring: keyring.references())
    problem = {"wrong": "config.key_unreadable", "missing": "config.key_missing"}[kind]
    assert (file.place, file.problem, file.certificate) == (KeyPlace.P12, problem, None)
    assert (card.use, card.place, card.where, card.certificate) == ("dmp", KeyPlace.TOKEN, "8025", None)
    assert card.problem is not None


def test_what_somebody_put_beside_the_keys_is_passed_over(opened: Callable[..., Opened]) -> None:
    here = opened()
    here.act(lambda keyring: keyring.new_key(USE, "INSI-AUTO"))
    keys = here.host.config.data / "certificates" / "keys"
    shutil.copytree(keys / USE, keys / "Copie de insi-auto")
    (keys / USE / "notes.txt").write_text("à garder")
    assert [one.use for one in here.act(lambda keyring: keyring.references())] == [USE]
    here.act(lambda keyring: keyring.drop_new_key(USE))
    assert (keys / USE / "notes.txt").exists()


SEALED = "une valeur à ne montrer à personne"


def test_a_secret_is_typed_twice_once_and_only_the_host_shows_it(opened: Callable[..., Opened], tmp_path: Path) -> None:
    here = opened(SEALED, SEALED)
    for _ in range(2):
        assert here.act(lambda keyring: keyring.seal("insi-auto.revocation", CODE)) == "sealed:insi-auto.revocation"
    assert [one.secret for one in here.script["asked"]] == [True, True]
    assert here.host.keyring.unseal("sealed:insi-auto.revocation").reveal() == SEALED
    assert [event for event, _, _ in here.events] == ["keyring.sealed", "keyring.unsealed"]
    here.host.close()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SEALED.encode() not in path.read_bytes()


def test_a_secret_is_bound_to_its_name_and_its_passphrase(
    opened: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(SEALED, SEALED)
    here.act(lambda keyring: keyring.seal("a", CODE))
    for act, code in (
        (lambda: here.host.keyring.unseal("b"), "input.secret_unknown"),
        (lambda: monkeypatch.setenv("KEYRING_PASSPHRASE", "quite another passphrase"), None),
        (lambda: here.host.keyring.unseal("a"), "config.keyring_passphrase"),
    ):
        if code is None:
            act()
            continue
        with pytest.raises(SegurError) as raised:
            act()
        assert raised.value.code == code
    for _ in range(2):
        here.act(lambda keyring: keyring.forget_sealed("a"))
    assert [event for event, _, _ in here.events] == ["keyring.sealed", "keyring.forgotten"]


NOT_SEALED: dict[str, tuple[tuple[str, ...], dict[str, Any], str, str]] = {
    "differs": (("1234", "1235"), {}, "a", "input.secret_differs"),
    "not_answered": (("1234",), {}, "a", "input.no_answer"),
    "too_short": (("12",), {}, "a", "input.no_answer"),
    "no_passphrase": (("1234", "1234"), {"keyring": {}}, "a", "config.keyring_passphrase"),
    "name_of_a_path": (("1234", "1234"), {}, "../a", "input.secret_name"),
}


@pytest.mark.parametrize(("answers", "changes", "secret", "code"), NOT_SEALED.values(), ids=NOT_SEALED)
def test_a_secret_that_is_not_sealed_is_kept_nowhere(
    opened: Callable[..., Opened], answers: tuple[str, ...], changes: dict[str, Any], secret: str, code: str
) -> None:
    here = opened(*answers, **changes)
    assert here.act(lambda keyring: keyring.seal(secret, CODE)) == code
    assert here.events == []
    with pytest.raises(SegurError):
        here.host.keyring.unseal(secret)


def revocation_list(of: Issued, revoked: int | None, days: int, lasts: int = 3) -> bytes:
    begins = of.certificate.not_valid_before_utc + timedelta(days=days)
    builder = x509.CertificateRevocationListBuilder().issuer_name(of.certificate.subject)
    builder = builder.last_update(begins).next_update(begins + timedelta(days=lasts))
    if revoked is not None:
        one = x509.RevokedCertificateBuilder().serial_number(revoked).revocation_date(begins).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(of.key, SHA256()).public_bytes(Encoding.DER)


def keep(crl: bytes, keyring: Keyring) -> None:
    keyring.keep_list(crl)


def announce(level: ExpiryLevel, days_left: int, keyring: Keyring) -> None:
    keyring.announce(USE, level, days_left)


def test_the_latest_list_of_each_authority_is_kept_for_every_purpose(opened: Callable[..., Opened], ca: Issued) -> None:
    here = opened()
    other = authority("TEST AC IGC-SANTE FORT PERSONNES")
    old, new, others = revocation_list(ca, None, 1), revocation_list(ca, 5, 2), revocation_list(other, None, 1)
    for one in (old, new, old, new, others):
        here.act(partial(keep, one))
    assert set(here.act(lambda keyring: keyring.lists())) == {new, others}
    assert [event for event, _, _ in here.events] == ["keyring.list_kept"] * 3
    ahead = revocation_list(ca, None, 3000)
    here.act(partial(keep, ahead))
    assert ahead not in here.act(lambda keyring: keyring.lists())
    folder = here.host.config.data / CRL_FOLDER
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    class At:
        def now(self) -> Any:
            return ca.certificate.not_valid_before_utc + timedelta(days=3)

    leaf = issue(name("X"), ca).certificate
    told = CrlFolder(folder, At()).status(leaf.public_bytes(Encoding.DER), ca.certificate.public_bytes(Encoding.DER))
    assert told.verdict is Verdict.GOOD


def test_a_list_of_a_wrong_clock_keeps_no_other_out(opened: Callable[..., Opened], ca: Issued) -> None:
    here = opened()
    ahead, new = revocation_list(ca, None, 3000), revocation_list(ca, None, 2)
    for one in (ahead, new):
        here.act(partial(keep, one))
    assert here.act(lambda keyring: keyring.lists()) == (new,)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x30\x82\x01"], ids=["empty", "garbage", "cut"])
def test_what_is_no_list_is_not_kept(opened: Callable[..., Opened], ca: Issued, content: bytes) -> None:
    here = opened()
    good = revocation_list(ca, None, 1)
    here.act(lambda keyring: keyring.keep_list(good))
    assert here.act(lambda keyring: keyring.keep_list(content)) == "input.crl_unreadable"
    assert here.act(lambda keyring: keyring.keep_list(good[:-3])) == "input.crl_unreadable"
    assert here.act(lambda keyring: keyring.lists()) == (good,)


@pytest.mark.req("S003-20", "S003-21")
def test_plugins_are_told_once_for_each_certificate_and_level(
    opened: Callable[..., Opened], ca: Issued, tmp_path: Path
) -> None:
    here = opened(keys={USE: p12_table(tmp_path, ca.p12())})
    for level, days in ((ExpiryLevel.WARNING, 30), (ExpiryLevel.WARNING, 29), (ExpiryLevel.URGENT, 7)) * 2:
        here.act(partial(announce, level, days))
    assert here.act(lambda keyring: keyring.announce("none", ExpiryLevel.ENDED, 0)) == "config.key_missing"
    heard = [here.script["heard"].get(timeout=60) for _ in range(2)]
    here.host.close()
    again = opened(keys={USE: p12_table(tmp_path, ca.p12())})
    again.act(partial(announce, ExpiryLevel.URGENT, 6))
    again.host.close()
    assert here.script["heard"].empty()
    told = [(one.use, one.level, one.days_left, one.certificate.serial) for one in heard]
    assert told == [(USE, ExpiryLevel.WARNING, 30, "AB12CD"), (USE, ExpiryLevel.URGENT, 7, "AB12CD")]


def test_a_container_is_taken_in_by_the_host_and_audited(opened: Callable[..., Opened], ca: Issued) -> None:
    here = opened()
    chain = here.host.keyring.take_in(USE, ca.p12(), PASSWORD)
    [reference] = here.act(lambda keyring: keyring.references())
    assert chain == (ca.certificate.public_bytes(Encoding.DER),)
    assert here.events == [("keyring.taken_in", None, {"key": reference.awaiting, "use": USE})]
    assert here.act(lambda keyring: keyring.install(USE, chain)).certificate == chain[0]


def test_a_moved_store_is_adopted_at_the_next_start_and_audited(
    opened: Callable[..., Opened], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = opened()
    request = here.act(lambda keyring: keyring.new_key(USE, "INSI-AUTO"))
    chain = certify(x509.load_pem_x509_csr(request.csr))
    here.act(lambda keyring: keyring.install(USE, chain))
    here.host.close()
    mark = here.host.config.data / "certificates" / "keys" / "installation.json"
    content = json.loads(mark.read_bytes())
    mark.write_text(json.dumps({**content, "instance": "another"}))
    there = opened()
    [reference] = there.act(lambda keyring: keyring.references())
    assert reference.problem == "config.keyring_copied"
    there.host.close()
    mark.unlink()
    adopted = opened()
    assert adopted.events[-1] == ("keyring.adopted", None, {})
    assert json.loads(mark.read_bytes()) == content
    [reference] = adopted.act(lambda keyring: keyring.references())
    assert (reference.problem, reference.certificate) == (None, chain[0])
