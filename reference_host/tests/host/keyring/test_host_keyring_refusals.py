"""What cannot be done with keys says why, and changes nothing."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from hypothesis import given
from hypothesis import strategies as st

from reference_host.tests.keys.issuing import PASSWORD, START, Issued, authority, issue, name, p12_table
from segur_host.keyring.container_rounds import total_rounds
from segur_host.keyring.containers import read_container
from segur_sdk.errors import InputError, SegurError

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"
TOKEN = {"token": {"serial": "8025"}}


def code_of(act: Callable[[], Any]) -> tuple[str, Any]:
    with pytest.raises(SegurError) as raised:
        act()
    assert PASSWORD not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value.code, raised.value.facts.get("reason")


def der(issued: Issued) -> tuple[bytes, ...]:
    return (issued.certificate.public_bytes(Encoding.DER),)


def other_world(here: Any) -> tuple[bytes, ...]:
    production = authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE")
    key = here.order().public_key()
    builder = x509.CertificateBuilder().subject_name(name("INSI-AUTO")).issuer_name(production.certificate.subject)
    made = builder.public_key(key).serial_number(1).not_valid_before(START).not_valid_after(START + timedelta(days=1))
    return (made.sign(production.key, SHA256()).public_bytes(Encoding.DER),)


REFUSED: dict[str, tuple[Callable[[Any, Issued], Any], str, str | None]] = {
    "install_nothing_waits": (lambda here, ca: here.install(der(ca)), "config.key_missing", "none_awaiting"),
    "install_of_another_key": (lambda here, ca: (here.order(), here.install(der(ca))), "config.key_mismatch", None),
    "install_no_certificate": (lambda here, ca: here.install(()), "config.key_unreadable", "IndexError"),
    "install_garbage": (lambda here, ca: here.install((b"0\x82",)), "config.key_unreadable", "ValueError"),
    "install_of_a_long_chain": (lambda here, ca: here.install(der(ca) * 17), "config.key_unreadable", "too_large"),
    "install_of_much": (lambda here, ca: here.install((bytes(600_000),)), "config.key_unreadable", "too_large"),
    "install_of_production": (lambda here, ca: here.install(other_world(here)), "config.certificate_environment", None),
    "take_back_nothing": (lambda here, ca: here.take_back(), "config.key_missing", "no_former"),
    "take_back_before_the_first": (
        lambda here, ca: (here.order(), here.take_back()),
        "config.key_missing",
        "no_former",
    ),
    "use_goes_up": (lambda here, ca: here.order("../insi"), "config.key_missing", "use"),
    "use_is_empty": (lambda here, ca: here.order(""), "config.key_missing", "use"),
    "name_too_long": (lambda here, ca: here.kept.new_key(USE, "x" * 65, here.record), "input.key_name", None),
    "name_of_control": (lambda here, ca: here.kept.new_key(USE, "a\nb", here.record), "input.key_name", None),
    "key_on_token": (lambda here, ca: here.order("dmp"), "config.key_on_token", None),
    "offered_for_a_token": (
        lambda here, ca: here.kept.require_place("dmp", ca.key),
        "config.key_on_token",
        None,
    ),
}


@pytest.mark.parametrize(("act", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_change_that_cannot_be_made_says_why(
    bench: Callable[..., Any], ca: Issued, act: Callable[[Any, Issued], Any], code: str, reason: str | None
) -> None:
    here = bench(keys={"dmp": TOKEN})
    assert code_of(lambda: act(here, ca)) == (code, reason)
    assert here.store.standing(USE).serving is None


PASSPHRASES: dict[str, tuple[str | None, str, str | None]] = {
    "none": (None, "config.keyring_passphrase", "missing"),
    "fifteen_characters": ("x" * 15, "config.keyring_passphrase", "too_short"),
    "endless": ("x" * 1024, "config.keyring_passphrase", "too_long"),
    "not_set": ("", "config.secret_missing", None),
    "of_another_encoding": ("une phrase de passe assez longue \udce9", "config.keyring_passphrase", "encoding"),
}


@pytest.mark.parametrize(("passphrase", "code", "reason"), PASSPHRASES.values(), ids=PASSPHRASES)
def test_without_a_passphrase_no_key_is_kept(
    bench: Callable[..., Any],
    ca: Issued,
    monkeypatch: pytest.MonkeyPatch,
    passphrase: str | None,
    code: str,
    reason: str | None,
) -> None:
    if passphrase is None:
        here = bench(keyring={})
    else:
        monkeypatch.setenv("KEYRING_PASSPHRASE", passphrase)
        here = bench()
    for act in (here.order, lambda: here.kept.require_place(USE, ca.key)):
        assert code_of(act) == (code, reason)
    assert not list(here.folder.glob("**/key.pem"))


def test_a_key_of_another_passphrase_never_replaces_one_that_opens(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bench()
    here.install(certify(here.order(), number=1))
    chain = certify(here.order(), number=2)
    monkeypatch.setenv("KEYRING_PASSPHRASE", "quite another passphrase")
    assert code_of(lambda: bench().install(chain))[0] == "config.keyring_passphrase"
    monkeypatch.setenv("KEYRING_PASSPHRASE", "une phrase de passe é assez longue")
    assert bench().keys.certificate(USE).serial == "1"


def weak(_ca: Issued) -> bytes:
    return issue(name("X"), None, (), rsa.generate_private_key(public_exponent=65537, key_size=1024)).p12()


def keyless(ca: Issued) -> bytes:
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"x", None, None, [ca.certificate], encryption)


def mismatched(ca: Issued) -> bytes:
    other = issue(name("X"), ca)
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"x", other.key, None, [ca.certificate], encryption)


def part(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


def derived(rounds: int) -> bytes:
    """Parameters of a derivation: a salt and a count."""
    return part(0x30, part(0x04, b"8 bytes!"), part(0x02, rounds.to_bytes(4)))


def pfx(*within: bytes) -> bytes:
    return part(0x30, part(0x02, b"\x03"), *within)


def sealed(rounds: int, password: str = PASSWORD, number: int = 9, bits: int = 256) -> bytes:
    """A part that is encrypted by PBES2, in which something asks for rounds (RFC 7292, 5; RFC 8018, 6.2)."""
    salt, vector, ids = b"8 bytes!", bytes(16), bytes.fromhex("2a864886f70d")
    padder = PKCS7(128).padder()
    plain = padder.update(part(0x30, derived(rounds))) + padder.finalize()
    kind = {7: SHA1(), 9: SHA256(), 11: SHA512()}[number]
    key = PBKDF2HMAC(kind, bits // 8, salt, 2048).derive(password.encode())
    encryptor = Cipher(AES(key), CBC(vector)).encryptor()
    hashing = () if number == 7 else (part(0x30, part(0x06, ids + bytes([2, number])), part(0x05)),)
    asked = part(0x30, part(0x04, salt), part(0x02, b"\x08\x00"), *hashing)
    cipher_id = bytes.fromhex("6086480165030401") + bytes([{128: 2, 192: 22, 256: 42}[bits]])
    scheme = part(
        0x30,
        part(0x06, ids + b"\x01\x05\x0d"),
        part(
            0x30,
            part(0x30, part(0x06, ids + b"\x01\x05\x0c"), asked),
            part(0x30, part(0x06, cipher_id), part(0x04, vector)),
        ),
    )
    content = encryptor.update(plain) + encryptor.finalize()
    return pfx(part(0x30, part(0x06, ids + b"\x01\x07\x01"), scheme, part(0x80, content)))


CONTAINERS: dict[str, tuple[Callable[[Issued], bytes], str]] = {
    "wrong_password": (lambda ca: ca.p12("other"), "input.p12_password"),
    "empty": (lambda ca: b"", "input.p12_unreadable"),
    "garbage": (lambda ca: b"\x30\x82\xff\xffgarbage", "input.p12_truncated"),
    "cut": (lambda ca: ca.p12()[:-40], "input.p12_truncated"),
    "certificate": (lambda ca: ca.certificate.public_bytes(Encoding.DER), "input.p12_unreadable"),
    "nested_without_end": (lambda ca: b"\x30\x80" * 40_000, "input.p12_nested"),
    "many_parts": (lambda ca: b"\x05\x00" * 100_000, "input.p12_unreadable"),
    "too_costly": (lambda ca: pfx(derived(2_000_001)), "input.p12_too_costly"),
    "too_costly_together": (lambda ca: pfx(derived(1_000_000), derived(1_000_001)), "input.p12_too_costly"),
    "too_costly_within": (lambda ca: pfx(part(0x04, part(0x04, derived(2**31)))), "input.p12_too_costly"),
    "too_costly_in_pieces": (
        lambda ca: pfx(b"\x24\x80", part(0x04, derived(2**31)[:9]), part(0x04, derived(2**31)[9:]), b"\0\0"),
        "input.p12_too_costly",
    ),
    "too_costly_salt_in_pieces": (
        lambda ca: pfx(part(0x24, part(0x04, b"8 bytes!")), part(0x02, b"\x7f\0\0\0")),
        "input.p12_too_costly",
    ),
    "too_costly_scrypt": (
        lambda ca: pfx(part(0x04, b"8 bytes!"), *(part(0x02, one.to_bytes(4)) for one in (1024, 8, 31_000))),
        "input.p12_too_costly",
    ),
    "too_costly_encrypted": (lambda ca: sealed(2**31), "input.p12_too_costly"),
    "too_costly_encrypted_sha1": (lambda ca: sealed(2**31, number=7, bits=128), "input.p12_too_costly"),
    "too_costly_encrypted_sha512": (lambda ca: sealed(2**31, number=11, bits=192), "input.p12_too_costly"),
    "encrypted_and_few": (lambda ca: sealed(2048), "input.p12_unreadable"),
    "encrypted_otherwise": (lambda ca: sealed(2**31, "another password"), "input.p12_unreadable"),
    "keyless": (keyless, "input.p12_no_key"),
    "mismatch": (mismatched, "input.p12_mismatch"),
    "weak": (weak, "input.p12_key_kind"),
    "edwards": (
        lambda ca: issue(name("X"), None, (), ed25519.Ed25519PrivateKey.generate()).p12(),
        "input.p12_key_kind",
    ),
}


@pytest.mark.req("S003-18")
@pytest.mark.parametrize(("make", "code"), CONTAINERS.values(), ids=CONTAINERS)
def test_a_container_that_cannot_be_taken_in_says_why(ca: Issued, make: Callable[[Issued], bytes], code: str) -> None:
    assert code_of(lambda: read_container(make(ca), PASSWORD))[0] == code


@given(place=st.integers(0, 280), put=st.binary(max_size=3), left_out=st.integers(0, 3))
def test_a_damaged_part_is_refused_or_counted_and_never_worse(place: int, put: bytes, left_out: int) -> None:
    whole = sealed(2048)
    with suppress(InputError):
        assert total_rounds(whole[:place] + put + whole[place + left_out :], PASSWORD.encode(), 10_000) >= 0


@pytest.mark.req("S003-30")
@pytest.mark.parametrize("widened", ["key.pem", "key.json", "chain.pem", "", ".."])
def test_what_others_could_read_or_replace_is_not_used(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], widened: str
) -> None:
    here = bench()
    here.install(certify(here.order()))
    [folder] = [path.parent for path in here.folder.glob("*/*/key.pem")]
    for path in (here.folder, *here.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    path = folder / widened
    path.chmod(path.stat().st_mode | 0o044)
    if widened:
        assert code_of(lambda: bench().keys.ssl_context(USE, "ours")) == ("config.key_permissions", None)
    else:
        # Nobody reaches what is in it, but through the folder above.
        assert bench().keys.certificate(USE).subject_cn == "INSI-AUTO"


@pytest.mark.req("S003-30")
@pytest.mark.parametrize("mode", [0o710, 0o720, 0o701, 0o702])
def test_a_folder_in_which_others_could_put_a_key_is_not_used(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], mode: int
) -> None:
    here = bench()
    here.install(certify(here.order()))
    (here.folder / USE).chmod(mode)
    assert code_of(lambda: bench().keys.certificate(USE)) == ("config.key_permissions", None)
    (here.folder / USE).chmod(0o700)
    assert bench().keys.certificate(USE).subject_cn == "INSI-AUTO"


@pytest.mark.req("S003-30")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_p12_that_others_could_read_is_not_used(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path, mode: int
) -> None:
    here = bench(keys={USE: p12_table(tmp_path, ca.p12())})
    (tmp_path / "key.p12").chmod(mode)
    assert code_of(lambda: here.keys.certificate(USE)) == ("config.key_permissions", None)
    (tmp_path / "key.p12").chmod(0o600)
    assert here.keys.certificate(USE).issuer_cn == "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 2}', b"\xff", b"null"])
def test_a_damaged_file_is_told_and_nothing_is_lost(
    bench: Callable[..., Any],
    certify: Callable[..., tuple[bytes, ...]],
    files_of: Callable[[Path], dict[str, bytes]],
    content: bytes,
) -> None:
    here = bench()
    here.install(certify(here.order()))
    (here.folder / USE / "standing.json").write_bytes(content)
    before = files_of(here.folder)
    for act in (lambda: bench().keys.certificate(USE), lambda: bench().order(), lambda: bench().take_back()):
        assert code_of(act)[0] == "config.keyring_unreadable"
    assert files_of(here.folder) == before


def test_a_full_disk_leaves_what_was(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bench()
    here.install(certify(here.order(), number=1))
    chain = certify(here.order(), number=2)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert code_of(lambda: here.install(chain))[0] == "storage.full"
    assert bench().keys.certificate(USE).serial == "1"
    assert not list(here.folder.rglob(".unfinished-*"))
    here.install(chain)
    assert bench().keys.certificate(USE).serial == "2"
