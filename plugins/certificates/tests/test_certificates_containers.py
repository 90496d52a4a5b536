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

from plugins.certificates.tests.made_pki import Made, Pki, make_leaf
from segur_plugin_certificates.ber import MAX_OBJECTS, read_ber
from segur_plugin_certificates.containers import MAX_CERTIFICATES, read_certificates
from segur_sdk.errors import InputError

OpenSsl = Callable[..., subprocess.CompletedProcess[str]]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refusal:
        action()
    return refusal.value.code.removeprefix("certificates.")


def p12(leaf: Made) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"x", leaf.key, leaf.certificate, None, BestAvailableEncryption(b"mot de passe")
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
    openssl(
        *["crl2pkcs7", "-nocrl", "-certfile", "leaf.pem", "-certfile", "ca.pem", "-outform", "DER", "-out", "all.p7b"]
    )
    wanted = (leaf.der, pki.organisations.der)
    assert read_certificates((tmp_path / "all.p7b").read_bytes()).certificates == wanted


def _length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    encoded = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((128 | len(encoded),)) + encoded


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
