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

from reference_host.tests.keys.issuing import Issued, authority, issue, name, p12_table
from segur_host import CheckedAsker, Host
from segur_host.broker.tls.crl_folder import CRL_FOLDER, CrlFolder
from segur_host.broker.tls.revocation import Verdict
from segur_host.keyring.pairs import PrivateKey, fingerprint_of
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
    recorded: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)

    def record(self, event: str, **facts: Any) -> None:
        """Note what the host does in the name of whoever asked for it."""
        self.recorded.append((event, facts))

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
    problem = {"wrong": "config.key_empty", "missing": "config.key_missing"}[kind]
    assert (file.place, file.problem, file.certificate) == (KeyPlace.P12, problem, None)
    assert (card.use, card.place, card.where, card.certificate) == ("dmp", KeyPlace.TOKEN, "8025", None)
    assert card.problem is not None


@pytest.mark.req("CERT-02")
def test_a_certificate_of_the_other_environment_is_told_and_not_used(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    foreign = authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE")
    leaf = issue(name("INSI-AUTO"), foreign)
    found = opened(keys={"insi-auto": p12_table(tmp_path, leaf.p12())}).host.certificates.references()[0]
    der = leaf.certificate.public_bytes(Encoding.DER)
    assert (found.problem, found.certificate) == ("config.certificate_environment", der)


def test_what_somebody_put_beside_the_keys_is_passed_over(opened: Callable[..., Opened]) -> None:
    here = opened()
    made = here.act(lambda keyring: keyring.new_key(USE, "INSI-AUTO"))
    keys = here.host.config.data / "certificates" / "keys"
    shutil.copytree(keys / USE, keys / "Copie de insi-auto")
    (keys / USE / "notes.txt").write_text("à garder")
    assert [one.use for one in here.act(lambda keyring: keyring.references())] == [USE]
    here.act(lambda keyring: keyring.drop_new_key(USE, made.public_key))
    assert not list(keys.glob(f"{USE}/*/key.pem"))
    assert (keys / USE / "notes.txt").exists()


SEALED = "une valeur à ne montrer à personne"


def test_a_secret_is_typed_twice_once_and_only_the_host_shows_it(opened: Callable[..., Opened], tmp_path: Path) -> None:
    here = opened(SEALED, SEALED)
    for _ in range(2):
        assert here.act(lambda keyring: keyring.seal("insi-auto.revocation", CODE)) == "sealed:insi-auto.revocation"
    assert [one.text for one in here.script["asked"] if one.secret] == [CODE.text, f"Une seconde fois — {CODE.text}"]
    assert here.host.keyring.unseal("sealed:insi-auto.revocation", here.record).reveal() == SEALED
    assert here.recorded == [("keyring.unsealed", {"name": "insi-auto.revocation"})]
    assert [event for event, _, _ in here.events] == ["keyring.sealed"]
    here.host.close()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SEALED.encode() not in path.read_bytes()


def test_a_secret_is_bound_to_its_name_and_its_passphrase(
    opened: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(SEALED, SEALED)
    here.act(lambda keyring: keyring.seal("a", CODE))
    for act, code in (
        (lambda: here.host.keyring.unseal("b", here.record), "input.secret_unknown"),
        (lambda: monkeypatch.setenv("KEYRING_PASSPHRASE", "quite another passphrase"), None),
        (lambda: here.host.keyring.unseal("a", here.record), "config.keyring_passphrase"),
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
    "no_text": (("1234\udce9",) * 2, {}, "a", "input.no_answer"),
}


@pytest.mark.parametrize(("answers", "changes", "secret", "code"), NOT_SEALED.values(), ids=NOT_SEALED)
def test_a_secret_that_is_not_sealed_is_kept_nowhere(
    opened: Callable[..., Opened], answers: tuple[str, ...], changes: dict[str, Any], secret: str, code: str
) -> None:
    here = opened(*answers, **changes)
    assert here.act(lambda keyring: keyring.seal(secret, CODE)) == code
    assert here.events == []
    with pytest.raises(SegurError):
        here.host.keyring.unseal(secret, here.record)


def revocation_list(of: Issued, revoked: int | None, days: int, lasts: int = 3) -> bytes:
    begins = of.certificate.not_valid_before_utc + timedelta(days=days)
    builder = x509.CertificateRevocationListBuilder().issuer_name(of.certificate.subject)
    builder = builder.last_update(begins).next_update(begins + timedelta(days=lasts))
    if revoked is not None:
        one = x509.RevokedCertificateBuilder().serial_number(revoked).revocation_date(begins).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(of.key, SHA256()).public_bytes(Encoding.DER)


def test_an_authority_of_a_long_or_odd_name_has_its_list_kept_and_audited(opened: Callable[..., Opened]) -> None:
    here = opened()
    other = authority("AC\n" + "X" * 50, "0002 187512751", "UNITE" * 12)
    here.act(partial(keep, revocation_list(other, None, 1)))
    [(event, _, facts)] = here.events
    assert (event, len(facts["issuer"]), "\n" in facts["issuer"]) == ("keyring.list_kept", 120, False)


def keep(crl: bytes, keyring: Keyring) -> None:
    keyring.keep_list(crl)


def announce(fingerprint: str, level: ExpiryLevel, days_left: int, keyring: Keyring) -> None:
    keyring.announce(USE, fingerprint, level, days_left)


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
    mine = ca.certificate.fingerprint(SHA256()).hex().upper()
    # Another one was judged, and is replaced since.
    here.act(partial(announce, "A" * 64, ExpiryLevel.CALENDAR, 80))
    for level, days in ((ExpiryLevel.WARNING, 30), (ExpiryLevel.WARNING, 29), (ExpiryLevel.URGENT, 7)) * 2:
        here.act(partial(announce, mine, level, days))
    assert here.act(lambda keyring: keyring.announce("none", mine, ExpiryLevel.ENDED, 0)) == "config.key_missing"
    heard = [here.script["heard"].get(timeout=60) for _ in range(2)]
    here.host.close()
    again = opened(keys={USE: p12_table(tmp_path, ca.p12())})
    again.act(partial(announce, mine, ExpiryLevel.URGENT, 6))
    again.host.close()
    assert here.script["heard"].empty()
    told = [(one.use, one.level, one.days_left, one.certificate.serial) for one in heard]
    assert told == [(USE, ExpiryLevel.WARNING, 30, "AB12CD"), (USE, ExpiryLevel.URGENT, 7, "AB12CD")]


@pytest.mark.req("S003-18")
def test_an_offered_key_waits_during_the_offer_and_is_kept_with_its_certificate_only(
    opened: Callable[..., Opened], certify: Callable[..., tuple[bytes, ...]], ca: Issued
) -> None:
    here = opened()
    ordered = here.act(lambda keyring: keyring.new_key(USE, "INSI-AUTO"))
    chain = (ca.certificate.public_bytes(Encoding.DER),)
    other = certify(x509.load_pem_x509_csr(ordered.csr))
    assert isinstance(ca.key, PrivateKey)
    key = fingerprint_of(ca.key.public_key())
    folder = here.host.config.data / "certificates" / "keys"
    with here.host.keyring.offering("dmp", ca.key):
        offered, waits = here.act(lambda keyring: keyring.references())
        assert (offered.use, offered.awaiting, offered.public_key) == ("dmp", key, None)
        assert (waits.use, waits.awaiting) == (USE, ordered.public_key)
        assert here.act(lambda keyring: keyring.install("dmp", other)) == "config.key_missing"
    # Whoever offered it was refused: nothing is left.
    assert [one.use for one in here.act(lambda keyring: keyring.references())] == [USE]
    assert len(list(folder.glob("*/*/key.pem"))) == 1
    with here.host.keyring.offering(USE, ca.key):
        [waits] = here.act(lambda keyring: keyring.references())
        assert waits.awaiting == key
        here.act(lambda keyring: keyring.drop_new_key(USE, key))
        for _ in range(2):
            assert here.act(lambda keyring: keyring.install(USE, chain)).certificate == chain[0]
    [served] = here.act(lambda keyring: keyring.references())
    assert (served.public_key, served.awaiting) == (key, ordered.public_key)
    certified = {"key": key, "use": USE, "certificate": "AB12CD"}
    assert here.events[1:] == [
        ("keyring.taken_in", "alpha", {"key": key, "use": USE}),
        ("keyring.installed", "alpha", certified),
    ]


SEALED_PASSWORDS = {
    "none": ((), None),
    "highest": (("insi-auto.password-2", "insi-auto.password-10", "insi-auto.password-9"), "insi-auto.password-10"),
    "of_another": (("insi-auto2.password-1", "dmp.password-1", "insi-auto.password-x"), None),
}


@pytest.mark.parametrize(("names", "expected"), SEALED_PASSWORDS.values(), ids=SEALED_PASSWORDS)
def test_the_password_that_was_sealed_last_for_a_use_opens_its_container(
    opened: Callable[..., Opened], names: tuple[str, ...], expected: str | None
) -> None:
    here = opened(*(name for name in names for _ in range(2)))
    here.act(lambda keyring: [keyring.seal(name, CODE) for name in names])
    found = here.host.keyring.container_password(USE, here.record)
    assert (found.reveal() if found is not None else None) == expected
    assert here.recorded == ([("keyring.unsealed", {"name": expected})] if expected else [])


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


def test_a_plugin_that_kept_its_keyring_has_nothing_of_it_after_its_call(opened: Callable[..., Opened]) -> None:
    kept: Keyring = opened().act(lambda keyring: keyring)
    for late in (kept.references, partial(kept.new_key, USE, "INSI-AUTO")):
        with pytest.raises(SegurError, match=r"plugin\.call_over"):
            late()
