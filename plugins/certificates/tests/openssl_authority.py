"""An authority as OpenSSL has it: files in a folder."""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugins.certificates.tests.made_pki import Made, Pki

CONFIGURATION: Final = "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=3650\n"
_INDEX: Final = "R\t291122090000Z\t261121090000Z,keyCompromise\t{}\tunknown\t/CN=x\n"


def hex_serial(made: Made) -> str:
    text = f"{made.certificate.serial_number:X}"
    return text if len(text) % 2 == 0 else "0" + text


def write_authority(pki: Pki, folder: Path, revoked: Made) -> None:
    """Write ``ca.pem``, ``ca.key``, and an ``index.txt`` that has one certificate revoked."""
    (folder / "ca.pem").write_bytes(pki.organisations.pem)
    private = pki.organisations.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.key").write_bytes(private)
    (folder / "index.txt").write_text(_INDEX.format(hex_serial(revoked)))
