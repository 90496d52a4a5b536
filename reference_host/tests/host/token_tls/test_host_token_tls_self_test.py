"""Where the key of a token cannot be used for TLS, that is said, and nothing crashes."""

import _hashlib
import _ssl
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reference_host.tests.host.token_tls.counterparts import Pki, SoftwareToken
from segur_host.broker import libssl as found
from segur_host.broker import token_key, token_tls
from segur_host.broker.libssl import libssl
from segur_host.broker.token_key import TokenKey
from segur_host.broker.token_tls import load_token_key, self_test
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import ConfigError

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _never_tried(monkeypatch: Patch) -> Iterator[None]:
    """Have the library found and the handshakes made again."""
    monkeypatch.setattr(token_tls, "_proved", threading.Event())
    monkeypatch.setattr(found, "libssl", libssl)
    libssl.cache_clear()
    yield
    libssl.cache_clear()


@pytest.fixture
def processes(monkeypatch: Patch) -> list[list[str]]:
    """The commands of the processes that were started."""
    commands: list[list[str]] = []
    real = subprocess.run

    def counting(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        commands.append(command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", counting)
    return commands


def test_this_interpreter_can_and_that_is_found_out_once(processes: list[list[str]]) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: self_test(), range(8))) == [None] * 8
    assert processes == [[sys.executable, "-m", "segur_host.broker.token_tls"]]


def test_the_other_process_says_nothing_when_it_can() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "segur_host.broker.token_tls"], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def _version(text: str, *numbers: int) -> Callable[[Patch], None]:
    def change(monkeypatch: Patch) -> None:
        monkeypatch.setattr(ssl, "OPENSSL_VERSION", text)
        monkeypatch.setattr(ssl, "OPENSSL_VERSION_INFO", (*numbers, 0, 0))

    return change


def _other_layout(monkeypatch: Patch) -> None:
    # One pointer further: what stands there is null in a new context.
    further = SimpleNamespace(__basicsize__=object.__basicsize__ + 8)
    monkeypatch.setattr(found, "object", further, raising=False)


def _blind(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TokenKey, "explain", lambda self, failure: None)


def _forbidden() -> None:
    raise MemoryError("Cannot allocate write+execute memory for ffi.callback()")


HERE: dict[str, tuple[Callable[[Patch], None], str]] = {
    "PyPy": (
        lambda patch: patch.setattr(
            found, "sys", SimpleNamespace(implementation=SimpleNamespace(name="pypy"), modules=sys.modules)
        ),
        "interpreter",
    ),
    "OpenSSL 1.1.1": (_version("OpenSSL 1.1.1w  11 Sep 2023", 1, 1, 1), "openssl_version"),
    "AWS-LC": (_version("OpenSSL 1.1.1 (compatible; AWS-LC 1.30.0)", 1, 1, 1), "openssl_version"),
    "LibreSSL": (_version("LibreSSL 3.9.2", 3, 9, 2), "openssl_version"),
    "another OpenSSL 3": (_version("OpenSSL 3.0.0 7 Sep 2021", 3, 0, 0), "other_library"),
    "built in": (lambda patch: patch.delattr(_ssl, "__file__"), "library"),
    "no such file": (lambda patch: patch.setattr(_ssl, "__file__", "/nowhere/_ssl.so"), "library"),
    "no libssl": (lambda patch: patch.setattr(_ssl, "__file__", _hashlib.__file__), "symbols"),
    "other layout": (_other_layout, "layout"),
    "objects too small": (
        lambda patch: patch.setattr(found, "object", SimpleNamespace(__basicsize__=1 << 20), raising=False),
        "layout",
    ),
    "no signature made": (lambda patch: patch.setattr(TokenKey, "answer", lambda *_: None), "handshake"),
    "key not used": (lambda patch: patch.setattr(token_tls, "attach", lambda *_: None), "handshake"),
    "reason lost": (_blind, "handshake"),
    "callbacks forbidden": (lambda patch: patch.setattr(token_key, "_method", _forbidden), "MemoryError"),
    "another version agreed upon": (
        lambda patch: patch.setattr(token_tls, "_VERSIONS", {"TLSv1.3": SignatureScheme.PKCS1_SHA256}),
        "handshake",
    ),
    "certificate refused": (
        lambda patch: patch.setattr(token_tls, "_VERSIONS", {"TLSv1.3": SignatureScheme.PSS_SHA256}),
        "token.scheme_unsupported",
    ),
}


@pytest.mark.parametrize(("change", "reason"), HERE.values(), ids=HERE)
def test_what_stands_in_the_way_is_named(monkeypatch: Patch, change: Callable[[Patch], None], reason: str) -> None:
    monkeypatch.setattr(token_tls, "_obstacle_elsewhere", lambda: None)
    change(monkeypatch)
    told = self_test()
    assert told is not None
    assert (told.code, told.facts) == ("config.token_tls_unavailable", {"reason": reason})
    monkeypatch.undo()
    assert self_test() is None, "an obstacle is not remembered"


STRAY_POINTER = """
import sys
from segur_host.broker import libssl, token_tls
libssl.LibSsl.context = lambda self, context: self.ffi.cast(\"SSL_CTX *\", 8)
sys.exit(token_tls.main())
"""
ELSEWHERE = {
    "kills itself": ("kill -SEGV $$", "crashed"),
    "follows a stray pointer": (f"exec {sys.executable} -c '{STRAY_POINTER}'", "crashed"),
    "ends badly": ("echo something; exit 3", "failed"),
    "prints what is no text": (r"printf '\377\376'; exit 3", "failed"),
    "says why": ("echo a warning; echo reason=symbols; exit 1", "symbols"),
    "never ends": ("exec sleep 60", "hung"),
    "is no program": (None, "not_started"),
}


@pytest.mark.parametrize(("script", "reason"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_process_that_cannot_keeps_this_one_from_trying(
    monkeypatch: Patch, tmp_path: Path, script: str | None, reason: str
) -> None:
    program = tmp_path / "python"
    if script is not None:
        program.write_text(f"#!/bin/sh\nulimit -c 0\n{script}\n")
        program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(token_tls, "_obstacle_here", lambda: pytest.fail("tried"))
    if reason == "hung":
        monkeypatch.setattr(token_tls, "SELF_TEST_S", 0.2)
    told = self_test()
    assert told is not None
    assert (told.code, told.facts) == ("config.token_tls_unavailable", {"reason": reason})


def test_where_it_cannot_work_no_key_is_loaded(monkeypatch: Patch, pki: Pki, token: SoftwareToken) -> None:
    monkeypatch.setattr(token_tls, "_obstacle_elsewhere", lambda: "crashed")
    monkeypatch.setattr(token_tls, "attach", lambda *_: pytest.fail("attached"))
    with pytest.raises(ConfigError) as refused:
        load_token_key(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pki.chain, frozenset({SignatureScheme.RAW}), token.sign)
    assert (refused.value.code, refused.value.facts) == ("config.token_tls_unavailable", {"reason": "crashed"})


@pytest.mark.parametrize("attribute", ["options", "verify_mode", "minimum_version"])
def test_a_context_that_answers_otherwise_than_its_pointer_is_not_believed(attribute: str) -> None:
    answers = {"options": ssl.OP_ALL, "verify_mode": ssl.CERT_OPTIONAL, "minimum_version": ssl.TLSVersion.TLSv1_3}
    liar = type("Liar", (ssl.SSLContext,), {attribute: answers[attribute]})
    with pytest.raises(ConfigError, match="reason=layout"):
        libssl().context(liar(ssl.PROTOCOL_TLS_CLIENT))


@pytest.mark.parametrize("protocol", [ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER], ids=["client", "server"])
@pytest.mark.parametrize("mode", [ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
@pytest.mark.parametrize("minimum", [ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_every_ordinary_context_is_believed(protocol: int, mode: ssl.VerifyMode, minimum: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = mode
    context.minimum_version = minimum
    context.options |= ssl.OP_NO_TICKET
    assert libssl().context(context)


EXITING = """
import threading, time
from segur_host.broker import token_tls as t
key = t.rsa.generate_private_key(public_exponent=65537, key_size=2048)
cert, both = t._self_signed(key), frozenset(t.SignatureScheme)
def shake_for_ever(shaken):
    server, client = t.server_context((cert,)), t.client_context((cert,))
    for one in (server, client):
        t.attach(one, (cert,), both, t._software_token(key))
    while True:
        t._shake(client, server)
        shaken.set()
for _ in range(4):
    shaken = threading.Event()
    threading.Thread(target=shake_for_ever, args=(shaken,), daemon=True).start()
    assert shaken.wait(30)
"""


def test_an_interpreter_that_ends_amid_handshakes_ends_well() -> None:
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", EXITING], capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
