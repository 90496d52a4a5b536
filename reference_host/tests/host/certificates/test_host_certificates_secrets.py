"""What the host does itself for ``segur certificates``: keys of PKCS#12, sealed secrets, sessions, residence."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, issue, name, usages
from segur_host import CheckedAsker, Host
from segur_host.certificates import is_p12
from segur_host.operators.rights import Role
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_host.resident.server import Resident
from segur_host.verbs import verbs_of
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Question
from segur_sdk.services.structure_certificates import CertificateInventory, OrderProgress

Segur = Callable[..., tuple[int, str, str]]
ErrorOf = Callable[[str], dict[str, Any]]
Judge = dict[str, Any]
CODE = "code-de-revocation"
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
        (reference,) = host.certificates.references()
        assert (reference.use, reference.awaiting is not None) == ("insi-auto", True)
        events = [one.event for one in host.audit.records() if one.event.startswith("keyring.")]
    assert events == ["keyring.taken_in"]
    files = [one for one in (kept.parent / "data").rglob("*") if one.is_file()]
    assert not any(came.key_pem() in one.read_bytes() for one in files)


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
    assert segur(*words, "--answers", "-", stdin=confirmed)[:2] == (0, f"{CODE}\n")
    unknown = ("certificates", "secret", "psc.revocation", "--json", "--config", sealed)
    status, out, _ = segur(*unknown, "--answers", "-", stdin=confirmed)
    assert (status, error_of(out)["code"]) == (2, "input.secret_unknown")
    with Host(sealed) as host:
        facts = [json.loads(one.facts) for one in host.audit.records() if one.event == "keyring.unsealed"]
    assert [one["name"] for one in facts] == ["insi-auto.revocation"] * 2


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
