"""Files that hold certificates, sound and damaged: every damage has its own code."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from plugins.certificates.tests.made_pki import Made, Pki, key, make_leaf
from segur_plugin_certificates.ber import MAX_OBJECTS, read_ber
from segur_plugin_certificates.containers import MAX_CERTIFICATES, MAX_ITERATIONS, read_certificates, read_pkcs12
from segur_plugin_certificates.csr import read_request
from segur_plugin_certificates.public_keys import key_fingerprint
from segur_sdk.errors import InputError

OpenSsl = Callable[..., subprocess.CompletedProcess[str]]
PASSWORD = b"mot de passe"


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refusal:
        action()
    return refusal.value.code.removeprefix("certificates.")


def p12(leaf: Made, *others: Made, password: bytes = PASSWORD) -> bytes:
    chain = [one.certificate for one in others]
    return pkcs12.serialize_key_and_certificates(
        b"x", leaf.key, leaf.certificate, chain, BestAvailableEncryption(password)
    )


@pytest.fixture(scope="module")
def leaf(pki: Pki) -> Made:
    return make_leaf(pki.organisations)


def test_der_pem_and_pkcs7_give_the_same_certificates_in_order(pki: Pki, leaf: Made) -> None:
    both = [leaf, pki.organisations]
    wanted = tuple(one.der for one in both)
    private = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert read_certificates(leaf.der).certificates == wanted[:1]
    assert read_certificates(b"".join(one.pem for one in both)).certificates == wanted
    assert read_certificates(b"texte libre\r\n" + leaf.pem.replace(b"\n", b"\r\n")).certificates == wanted[:1]
    assert read_certificates(private + leaf.pem).certificates == wanted[:1]
    for encoding in (Encoding.DER, Encoding.PEM):
        data = pkcs7.serialize_certificates([one.certificate for one in both], encoding)
        assert set(read_certificates(data).certificates) == set(wanted)


def test_pkcs7_of_indefinite_length_is_read(pki: Pki, leaf: Made) -> None:
    strict = pkcs7.serialize_certificates([leaf.certificate, pki.organisations.certificate], Encoding.DER)
    loose = indefinite(strict)
    assert loose != strict
    assert read_ber(loose).der() == strict
    assert read_certificates(loose).certificates == read_certificates(strict).certificates


def indefinite(der: bytes) -> bytes:
    """Write the outer layers without their lengths, as streaming software does."""
    node = read_ber(der)
    inner = node.parts[1].parts[0]
    signed = b"\x30\x80" + b"".join(part.der() for part in inner.parts) + b"\0\0"
    return b"\x30\x80" + node.parts[0].der() + b"\xa0\x80" + signed + b"\0\0" + b"\0\0"


def test_what_openssl_packs_is_read(pki: Pki, leaf: Made, openssl: OpenSsl, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    (tmp_path / "ca.pem").write_bytes(pki.organisations.pem)
    private = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "leaf.key").write_bytes(private)
    openssl(
        *["crl2pkcs7", "-nocrl", "-certfile", "leaf.pem", "-certfile", "ca.pem", "-outform", "DER", "-out", "all.p7b"]
    )
    made = openssl(
        *[
            "pkcs12",
            "-export",
            "-inkey",
            "leaf.key",
            "-in",
            "leaf.pem",
            "-certfile",
            "ca.pem",
            "-out",
            "leaf.p12",
            "-passout",
            "pass:abc",
        ]
    )
    assert made.returncode == 0, made.stderr
    wanted = (leaf.der, pki.organisations.der)
    assert read_certificates((tmp_path / "all.p7b").read_bytes()).certificates == wanted
    found = read_pkcs12((tmp_path / "leaf.p12").read_bytes(), b"abc")
    assert (found.certificates, found.key) == (wanted, key_fingerprint(leaf.key.public_key()))


@pytest.mark.req("CERT-11")
def test_pkcs12_gives_certificates_and_the_fingerprint_of_its_key_alone(pki: Pki, leaf: Made) -> None:
    found = read_pkcs12(p12(leaf, pki.organisations), PASSWORD)
    assert found.certificates == (leaf.der, pki.organisations.der)
    assert found.key == key_fingerprint(leaf.key.public_key())
    assert repr(found) == f"Container(certificates=‹2 certificates›, key='{found.key}')"


def test_pkcs12_of_indefinite_length_and_in_pieces_is_read(leaf: Made) -> None:
    strict = p12(leaf)
    node = read_ber(strict)
    content = node.parts[1].parts[1].parts[0].content
    pieces = b"".join(b"\x04" + _length(len(one)) + one for one in (content[:500], content[500:]))
    safe = b"\x30\x80" + node.parts[1].parts[0].der() + b"\xa0\x80\x24\x80" + pieces + b"\0\0" * 3
    loose = b"\x30\x80" + node.parts[0].der() + safe + node.parts[2].der() + b"\0\0"
    assert read_ber(loose).der() == strict
    assert read_pkcs12(loose, PASSWORD) == read_pkcs12(strict, PASSWORD)


def with_rounds(data: bytes, rounds: int) -> bytes:
    """Replace the count of rounds of the outer MAC, which stands last in the file."""
    node = read_ber(data)
    mac = node.parts[2]
    encoded = rounds.to_bytes(4, "big")
    last = b"\x02" + bytes((len(encoded),)) + encoded
    parts = b"".join(part.der() for part in mac.parts[:-1]) + last
    body = b"".join(part.der() for part in node.parts[:2]) + b"\x30" + _length(len(parts)) + parts
    return b"\x30" + _length(len(body)) + body


def _length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    encoded = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((128 | len(encoded),)) + encoded


def keyless(pki: Pki) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        None, None, None, [pki.root.certificate], BestAvailableEncryption(PASSWORD)
    )


def mismatched(pki: Pki) -> bytes:
    # The library lets no such file be made: the certificate of another key goes in as one of the others.
    return pkcs12.serialize_key_and_certificates(
        b"x", key("other"), None, [pki.organisations.certificate], BestAvailableEncryption(PASSWORD)
    )


@pytest.mark.parametrize(
    ("make_bytes", "password", "code"),
    [
        (lambda _, leaf: p12(leaf), b"faux", "wrong_password"),
        (lambda _, leaf: p12(leaf), None, "wrong_password"),
        (lambda _, leaf: p12(leaf), b"", "wrong_password"),
        (lambda pki, _: keyless(pki), PASSWORD, "no_key"),
        (lambda pki, _: mismatched(pki), PASSWORD, "mismatch"),
        (lambda _, leaf: p12(leaf)[:-1], PASSWORD, "truncated"),
        (lambda _, leaf: p12(leaf)[:600], PASSWORD, "truncated"),
        (lambda _, leaf: p12(leaf) + b"\0", PASSWORD, "broken"),
        (lambda *_: b"", PASSWORD, "empty"),
        (lambda *_: b"PK\x03\x04", PASSWORD, "truncated"),
        (lambda _, leaf: leaf.der, PASSWORD, "broken"),
        (lambda *_: b"\x30\x84\x7f\xff\xff\xff" + b"\0" * 2_000_000, PASSWORD, "too_large"),
        (lambda *_: b"\x30\x80" * 40, PASSWORD, "nested"),
        (lambda _, leaf: with_rounds(p12(leaf), MAX_ITERATIONS + 1), PASSWORD, "too_costly"),
    ],
    ids=["wrong password", "no password given", "empty password", "keyless", "mismatched", "cut at the end", "cut",
         "trailing", "empty", "zip", "certificate", "huge", "nested", "costly"],
)  # fmt: skip
def test_damaged_pkcs12_says_what_is_wrong(
    pki: Pki, leaf: Made, make_bytes: Callable[[Pki, Made], bytes], password: bytes | None, code: str
) -> None:
    assert code_of(lambda: read_pkcs12(make_bytes(pki, leaf), password)) == code


@pytest.mark.parametrize(
    ("make_bytes", "code"),
    [
        (lambda _: b"", "empty"),
        (lambda leaf: leaf.der[:-1], "truncated"),
        (lambda leaf: leaf.der + b"\0", "broken"),
        (lambda leaf: leaf.der.replace(b"\x06\x03\x55\x04\x03", b"\x01\x03\x55\x04\x03"), "unreadable"),
        (lambda leaf: leaf.pem[:-30], "truncated"),
        (lambda leaf: leaf.pem.replace(b"MII", b"M!I"), "broken"),
        (p12, "is_p12"),
        (lambda leaf: leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "no_certificate"),
        (lambda leaf: leaf.pem * (MAX_CERTIFICATES + 1), "too_many"),
        (lambda _: b"\x30\x83\x10\x00\x00" + b"\x05\x00" * 0x80000, "too_large"),
        (lambda _: b"\x30\x83\x07\xa1\x20" + b"\x05\x00" * (MAX_OBJECTS * 5 // 2), "too_many"),
        (lambda _: b"\x30\x80" * 40, "nested"),
        (lambda _: b"\x04\x80\0\0", "broken"),
        (lambda _: b"\x30\x85\0\0\0\0\0", "broken"),
        (lambda _: b"\x1f\x01\x00", "broken"),
        (lambda _: b"bonjour, ceci est un texte", "truncated"),
    ],
    ids=["empty", "cut", "trailing", "unreadable", "cut PEM", "bad base64", "PKCS#12", "key alone", "too many", "huge",
         "too many objects", "nested", "endless string", "long length", "long tag", "text"],
)  # fmt: skip
def test_damaged_certificate_file_says_what_is_wrong(
    leaf: Made, make_bytes: Callable[[Made], bytes], code: str
) -> None:
    assert code_of(lambda: read_certificates(make_bytes(leaf))) == code


def test_pkcs7_without_certificates_is_told(leaf: Made) -> None:
    node = read_ber(pkcs7.serialize_certificates([leaf.certificate], Encoding.DER))
    signed = node.parts[1].parts[0]
    inner = b"".join(part.der() for part in signed.parts if part.tag != 0xA0)
    content = b"\x30" + _length(len(inner)) + inner
    body = node.parts[0].der() + b"\xa0" + _length(len(content)) + content
    assert code_of(lambda: read_certificates(b"\x30" + _length(len(body)) + body)) == "no_certificate"


@pytest.mark.req("CERT-13")
def test_request_made_by_openssl_is_read_and_sent_on_as_it_is(openssl: OpenSsl, tmp_path: Path) -> None:
    made = openssl(
        *[
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-sha256",
            "-keyout",
            "k.pem",
            "-out",
            "r.pem",
            "-subj",
            "/CN=INSI-AUTO",
        ]
    )
    assert made.returncode == 0, made.stderr
    found = read_request((tmp_path / "r.pem").read_bytes())
    assert (found.name, found.key.algorithm, found.key.bits) == ("INSI-AUTO", "RSA", 2048)
    (tmp_path / "again.pem").write_bytes(found.pem)
    verified = openssl("req", "-in", "again.pem", "-verify", "-noout")
    assert (verified.returncode, b"PRIVATE" in found.pem) == (0, False)
    openssl("req", "-in", "r.pem", "-outform", "DER", "-out", "r.der")
    assert read_request((tmp_path / "r.der").read_bytes()) == found


@pytest.mark.req("CERT-13")
@pytest.mark.parametrize(
    ("options", "code"),
    [("-newkey rsa:1024 -sha256", "weak_key"), ("-newkey rsa:2048 -sha1", "weak_signature"),
     ("-newkey rsa:2048 -md5", "weak_signature"), ("-newkey ed25519", "weak_key")],
)  # fmt: skip
def test_weak_request_is_refused(openssl: OpenSsl, tmp_path: Path, options: str, code: str) -> None:
    made = openssl(*f"req -new -nodes {options} -keyout k.pem -out r.pem -subj /CN=x".split())
    assert made.returncode == 0, made.stderr
    assert code_of(lambda: read_request((tmp_path / "r.pem").read_bytes())) == code


@pytest.mark.req("CERT-11", "CERT-13")
def test_file_with_a_private_key_is_never_taken_for_a_request(openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=x"])
    request, private = (tmp_path / "r.pem").read_bytes(), (tmp_path / "k.pem").read_bytes()
    assert code_of(lambda: read_request(request + private)) == "csr_private"
    assert code_of(lambda: read_request(private)) == "csr_private"
    openssl(*["req", "-in", "r.pem", "-outform", "DER", "-out", "r.der"])
    der = bytearray((tmp_path / "r.der").read_bytes())
    der[-1] ^= 1
    assert code_of(lambda: read_request(bytes(der))) == "csr_signature"
    assert code_of(lambda: read_request(request[:300])) == "csr_unreadable"
    assert code_of(lambda: read_request(bytes(der[:300]))) == "truncated"
    assert code_of(lambda: read_request(b"\x30" * 20_000)) == "too_large"
