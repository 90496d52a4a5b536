"""What the host does itself for ``segur certificates``: keys of PKCS#12, sealed secrets, sessions, residence."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, issue, name, usages
from segur_host import CheckedAsker, Host
from segur_host import certificates as certificates_module
from segur_host.certificates import is_p12
from segur_host.operators.rights import Role
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_host.resident.server import Resident
from segur_host.storage.file_lock import FileLock
from segur_host.verbs import verbs_of
from segur_sdk.errors import HostError, InputError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Question
from segur_sdk.services.structure_certificates import CertificateInventory, OrderProgress

Segur = Callable[..., tuple[int, str, str]]
ErrorOf = Callable[[str], dict[str, Any]]
Judge = dict[str, Any]
CODE = "ab:key:cd [b]\t é \\"
SEAL = Question(code="judge.code", text="Code de révocation", pattern=r".{8,}", secret=True)


def progress(title: str = "Fait") -> OrderProgress:
    return OrderProgress(use="insi-auto", step=None, title=title, to_do=(), missing=(), possible=())


@pytest.fixture(scope="module")
def ca() -> Issued:
    return authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE TEST")


@pytest.fixture(scope="module")
def came(ca: Issued) -> Issued:
    """A certificate whose key the ordering platform made."""
    extensions = (usages("digital_signature"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH]))
    return issue(name("INSI-AUTO", "10B0152872"), ca, extensions, rsa.generate_private_key(65537, 2048))


@pytest.fixture
def kept(judging: dict[str, Any], config_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose host keeps keys and secrets."""
    monkeypatch.setenv("SEGUR_KEYRING", "une phrase de passe bien longue")
    return config_file(judging, "keyring = { passphrase = { env = 'SEGUR_KEYRING' } }")


@pytest.fixture
def bundle(came: Issued, ca: Issued, tmp_path: Path) -> Path:
    path = tmp_path / "came.p12"
    path.write_bytes(came.p12(PASSWORD, ca))
    return path


def answers(**given: str) -> bytes:
    return json.dumps({code.replace("__", "."): answer for code, answer in given.items()}).encode()


def test_the_key_of_a_pkcs12_stays_with_the_host_and_the_plugin_sees_certificates_only(
    judge: Judge, kept: Path, bundle: Path, came: Issued, ca: Issued, segur: Segur
) -> None:
    judge["install"] = lambda *_: progress()
    words = ("certificates", "install", "insi-auto", "--file", bundle, "--json", "--config", kept)
    for _ in range(2):
        status, out, err = segur(*words, "--answers", "-", stdin=answers(keyring__p12_password=PASSWORD))
        assert (status, json.loads(out)["title"]) == (0, "Fait")
        assert PASSWORD not in out + err
    first, again = judge["requests"]
    assert first == again
    assert x509.load_pem_x509_certificates(first.certificates) == [came.certificate, ca.certificate]
    assert b"KEY" not in first.certificates
    with Host(kept) as host:
        # Nothing was installed: nothing is kept.
        assert host.certificates.references() == ()
        assert not [one.event for one in host.audit.records() if one.event.startswith("keyring.")]
    files = [one for one in (kept.parent / "data").rglob("*") if one.is_file()]
    assert not any(came.key_pem() in one.read_bytes() for one in files)


@pytest.fixture
def leading(judge: Judge, config_file: Callable[..., Path], install: Callable[..., str], judge_module: str) -> Path:
    """A configuration whose plugin may install certificates."""
    top = 'provides = ["StructureCertificates"]\nprompts = true\nkeyring = true'
    plugin = install("judge", module=judge_module, top=top, tables="")
    return config_file({"judge": plugin}, "keyring = { passphrase = { env = 'SEGUR_KEYRING' } }")


@pytest.mark.req("S003-18")
def test_a_refused_container_leaves_nothing_and_an_accepted_one_is_audited_in_the_name_of_who_brought_it(
    judge: Judge, leading: Path, bundle: Path, came: Issued, segur: Segur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUR_KEYRING", "une phrase de passe bien longue")
    chain = (came.certificate.public_bytes(Encoding.DER),)

    def install(request: Any, ctx: Any) -> OrderProgress:
        if request.use == "insi-atuo":
            raise InputError("input.usage")
        return progress(str(ctx.keyring.install(request.use, chain).certificate == chain[0]))

    def order(request: Any, ctx: Any) -> OrderProgress:
        return progress(ctx.keyring.seal(f"{request.use}.password-1", SEAL))

    judge.update(install=install, order=order)
    end = ("--json", "--config", leading)
    typed = ("--answers", "-")
    mistyped = segur(
        "certificates",
        "install",
        "insi-atuo",
        "--file",
        bundle,
        *typed,
        *end,
        stdin=answers(keyring__p12_password=PASSWORD),
    )
    assert mistyped[0] == 2
    # Another password was sealed: it is tried, then the right one is asked.
    assert segur("certificates", "order", "insi-auto", *typed, *end, stdin=answers(judge__code="quelque chose"))[0] == 0
    status, out, _ = segur(
        "certificates",
        "install",
        "insi-auto",
        "--file",
        bundle,
        *typed,
        *end,
        stdin=answers(keyring__p12_password=PASSWORD),
    )
    assert (status, json.loads(out)["title"]) == (0, "True")
    with Host(leading) as host:
        assert [one.use for one in host.certificates.references()] == ["insi-auto"]
        records = [one for one in host.audit.records() if one.event.startswith("keyring.")]
    assert [one.event.removeprefix("keyring.") for one in records] == ["sealed", "unsealed", "taken_in", "installed"]
    assert all(one.actor and one.call_id for one in records)


def test_a_password_that_was_sealed_opens_the_container_and_nobody_is_asked(
    judge: Judge, leading: Path, bundle: Path, segur: Segur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUR_KEYRING", "une phrase de passe bien longue")
    judge["order"] = lambda request, ctx: progress(ctx.keyring.seal(f"{request.use}.password-3", SEAL))
    judge["install"] = lambda *_: progress()
    end = ("--json", "--config", leading)
    assert (
        segur("certificates", "order", "insi-auto", "--answers", "-", *end, stdin=answers(judge__code=PASSWORD))[0] == 0
    )
    status, out, _ = segur("certificates", "install", "insi-auto", "--file", bundle, *end)
    assert (status, json.loads(out)["title"]) == (0, "Fait")


GIVEN_SECRETS: dict[str, dict[str, Any]] = {
    "at_the_top": {"kind": "withdrawn", "revocation_code": CODE},
    "within": {"kind": "withdrawn", "secrets": [{"password": CODE}]},
    "not_a_reference": {"kind": "withdrawn", "secret": {"value": CODE}},
}


@pytest.mark.parametrize("action", GIVEN_SECRETS.values(), ids=GIVEN_SECRETS)
def test_a_secret_in_an_action_reaches_no_plugin(
    action: dict[str, Any], judge: Judge, config: Path, segur: Segur, error_of: ErrorOf
) -> None:
    judge["order"] = lambda *_: progress()
    words = ("certificates", "order", "insi-auto", "--action", "-", "--json", "--config", config)
    status, out, err = segur(*words, stdin=json.dumps(action).encode())
    assert (status, error_of(out)["code"], CODE in out + err) == (2, "input.secret_given", False)
    assert judge["requests"] == []
    named = {"kind": "withdrawn", "revocation_code": "sealed:insi-auto.revocation-1", "password": None}
    assert segur(*words, stdin=json.dumps(named).encode())[0] == 0


def test_two_changes_of_orders_are_never_made_at_once(
    judge: Judge, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host(config) as host, Host(config) as other:
        monkeypatch.setattr(certificates_module, "FileLock", partial(FileLock, patience_s=0.0))

        def order(*_: Any) -> OrderProgress:
            with pytest.raises(HostError) as raised:
                other.certificates.renew("insi-auto")
            return progress(raised.value.code)

        judge["order"] = order
        judge["renew"] = lambda *_: progress()
        assert host.certificates.order("insi-auto").title == "storage.busy"
        assert other.certificates.renew("insi-auto").title == "Fait"


WRONG: dict[str, tuple[bytes, int]] = {
    "wrong_password": (answers(keyring__p12_password="un autre"), 2),
    "nobody": (answers(), 2),
}


@pytest.mark.parametrize(("given", "ends"), WRONG.values(), ids=WRONG)
def test_a_pkcs12_that_does_not_open_is_shown_to_nobody(
    given: bytes, ends: int, judge: Judge, kept: Path, bundle: Path, segur: Segur, error_of: ErrorOf
) -> None:
    words = ("certificates", "install", "insi-auto", "--file", bundle, "--answers", "-", "--json", "--config", kept)
    status, out, _ = segur(*words, stdin=given)
    assert (status, error_of(out)["code"].split(".")[0]) == (ends, "input")
    assert judge["requests"] == []
    with Host(kept) as host:
        assert host.certificates.references() == ()


SHAPES: dict[str, tuple[bytes, bool]] = {
    "pem": (b"-----BEGIN CERTIFICATE-----\n", False),
    "empty": (b"", False),
    "short": (b"\x30\x03\x02\x01\x03", False),
    "pfx_short_form": (b"\x30\x10\x02\x01\x03\x30\x00\x00", True),
    "pfx_long_form": (b"\x30\x82\x0a\x00\x02\x01\x03\x30", True),
    "pfx_ber": (b"\x30\x80\x02\x01\x03\x30\x80\x06", True),
    "certificate": (b"\x30\x82\x03\x00\x30\x82\x02\x00", False),
    "version_of_pkcs7": (b"\x30\x10\x02\x01\x01\x30\x00\x00", False),
    "length_of_length_past_the_end": (b"\x30\xff" + b"\x02" * 8, False),
}


@pytest.mark.parametrize(("content", "expected"), SHAPES.values(), ids=SHAPES)
def test_a_pkcs12_is_known_by_its_first_octets(content: bytes, expected: bool) -> None:
    assert is_p12(content) is expected


def test_what_the_platform_gives_is_known_as_pkcs12(bundle: Path, came: Issued) -> None:
    assert is_p12(bundle.read_bytes())
    assert not is_p12(came.certificate.public_bytes(Encoding.DER))


@pytest.fixture
def sealed(
    judge: Judge,
    config_file: Callable[..., Path],
    install: Callable[..., str],
    judge_module: str,
    segur: Segur,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A configuration whose host keeps a sealed revocation code."""
    monkeypatch.setenv("SEGUR_KEYRING", "une phrase de passe bien longue")
    top = 'provides = ["StructureCertificates"]\nprompts = true\nkeyring = true'
    plugin = install("judge", module=judge_module, top=top, tables="")
    config = config_file({"judge": plugin}, "keyring = { passphrase = { env = 'SEGUR_KEYRING' } }")
    judge["order"] = lambda request, ctx: progress(ctx.keyring.seal(f"{request.use}.revocation", SEAL))
    words = ("certificates", "order", "insi-auto", "--answers", "-", "--json", "--config", config)
    status, out, err = segur(*words, stdin=answers(judge__code=CODE))
    assert (status, json.loads(out)["title"], CODE in out + err) == (0, "sealed:insi-auto.revocation", False)
    return config


def test_a_sealed_secret_is_shown_to_who_confirms_and_the_audit_says_so(
    sealed: Path, segur: Segur, error_of: ErrorOf
) -> None:
    words = ("certificates", "secret", "insi-auto.revocation", "--config", sealed)
    status, out, _ = segur(*words, "--json")
    assert (status, error_of(out)["code"]) == (2, "input.nobody_to_ask")
    status, out, _ = segur(*words, "--json", "--answers", "-", stdin=answers(keyring__show_secret="non"))
    assert (status, error_of(out)["code"]) == (2, "input.cancelled")
    with Host(sealed) as host:
        assert "keyring.unsealed" not in [one.event for one in host.audit.records()]
    confirmed = answers(keyring__show_secret="oui")
    status, out, _ = segur(*words, "--json", "--answers", "-", stdin=confirmed)
    assert (status, json.loads(out)) == (0, {"name": "insi-auto.revocation", "secret": CODE})
    # What a console would take for a picture, a tab or the end of a tag is shown as it was typed.
    assert segur(*words, "--answers", "-", stdin=confirmed)[:2] == (0, f"{CODE}\n")
    unknown = ("certificates", "secret", "psc.revocation", "--json", "--config", sealed)
    status, out, _ = segur(*unknown, "--answers", "-", stdin=confirmed)
    assert (status, error_of(out)["code"]) == (2, "input.secret_unknown")
    with Host(sealed) as host:
        unsealed = [one for one in host.audit.records() if one.event == "keyring.unsealed"]
    assert [json.loads(one.facts)["name"] for one in unsealed] == ["insi-auto.revocation"] * 2
    assert all(one.actor and one.call_id for one in unsealed)


@pytest.fixture
def resident(judge: Judge, config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A resident host; commands have none of their own."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a command opened a host beside the resident one")

    # The name of a socket is short.
    with tempfile.TemporaryDirectory(prefix="segur-") as runtime:
        monkeypatch.setenv(RUNTIME_VARIABLE, runtime)
        with Host(config) as host:
            serving = Resident(host.config.data, verbs_of(host), host.messages)
            monkeypatch.setattr("segur_host.cli.carrying_out.Host", refuse)
            try:
                yield host
            finally:
                serving.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no resident host there")
def test_the_resident_host_carries_out_commands_and_asks_at_their_terminal(
    judge: Judge, config: Path, resident: Host, segur: Segur, error_of: ErrorOf, tmp_path: Path
) -> None:
    judge["inventory"] = lambda *_: CertificateInventory(rows=())
    judge["order"] = lambda _, ctx: progress(f"{ctx.actor.name} : {len(ctx.ask(SEAL))}")
    judge["install"] = lambda request, _: progress(str(len(request.certificates)))
    (tmp_path / "came.der").write_bytes(b"\xff" * 100_000)
    end = ("--json", "--config", config)
    for operator in ("Zoé", "Paul"):
        resident.operators.add(operator, Role.TITULAIRE, None, CODE)
    asker = CheckedAsker(lambda question: CODE if question.secret else question.choices[0].value)
    opened = [resident.login(SessionMeans.LOCAL, operator=operator, asker=asker).opened for operator in ("Zoé", "Paul")]
    assert segur("certificates", "list", *end)[1] == "[]\n"
    order = ("certificates", "order", "insi-auto", *end, "--answers", "-")
    status, out, _ = segur(*order, stdin=answers(judge__code=CODE))
    assert (status, error_of(out)["code"]) == (2, "session.unnamed")
    status, out, _ = segur(*order, "--session", opened[1].id, stdin=answers(judge__code=CODE))
    assert (status, json.loads(out)["title"]) == (0, f"Paul : {len(CODE)}")
    install = ("certificates", "install", "insi-auto", "--file", tmp_path / "came.der", *end)
    status, out, _ = segur(*install, "--session", opened[0].id)
    assert (status, json.loads(out)["title"]) == (0, "100000")
