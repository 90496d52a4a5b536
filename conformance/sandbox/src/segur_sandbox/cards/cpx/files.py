"""Lays out the files of a professional's card: EF.DIR, EF.SN and the PKCS#15 application."""

import attrs

from segur_sandbox.cards.cpx import pkcs15
from segur_sandbox.cards.cpx.contents import data_objects
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.tlv import tlv
from segur_sandbox.pki.card_leaves import CardKeys

MF = 0x3F00
EF_DIR = 0x2F00
EF_ATR = 0x2F01
EF_SN = 0xD003
EF_ODF = 0x5031
EF_TOKEN_INFO = 0x5032
_CAPABILITIES = bytes.fromhex("80") + b"".join(
    tlv(tag, bytes.fromhex(value))
    for tag, value in (
        (0x43, "B8"),
        (0x46, "04B0ECC1"),
        (0x47, "940180"),
        (0x4F, pkcs15.AID_PKCS15.hex()),
        (0xE0, "02020104020201040202010002020100"),
        (0x82, "9000"),
    )
)
"""OURS, for want of a public source: what IAS ECC says of itself (ISO 7816-4, historical bytes). OpenSC asks for it."""


@attrs.frozen
class ElementaryFile:
    """A transparent file; a private one is read once the PIN was verified."""

    identifier: int
    content: bytes
    private: bool = False


@attrs.frozen
class DedicatedFile:
    """A folder, selected by its identifier or its name (AID) if it has one."""

    identifier: int
    name: bytes
    children: tuple["ElementaryFile | DedicatedFile", ...]

    def child(self, identifier: int) -> "ElementaryFile | DedicatedFile | None":
        """Return the file directly under this one that has `identifier`."""
        return next((child for child in self.children if child.identifier == identifier), None)


AnyFile = ElementaryFile | DedicatedFile


def lay_out(record: CpxRecord, keys: CardKeys, root_name: bytes) -> DedicatedFile:
    """Return the root of the files of `record`, itself called `root_name` (nothing: it has no name)."""
    objects = data_objects(record)
    application = DedicatedFile(
        int.from_bytes(pkcs15.DF_PKCS15, "big"),
        pkcs15.AID_PKCS15,
        (
            ElementaryFile(EF_ODF, pkcs15.object_directory()),
            ElementaryFile(EF_TOKEN_INFO, pkcs15.token_info(record)),
            ElementaryFile(pkcs15.EF_AODF, pkcs15.authentication_objects()),
            ElementaryFile(pkcs15.EF_PRKDF, pkcs15.private_keys(record)),
            ElementaryFile(pkcs15.EF_CDF, pkcs15.certificates(record)),
            ElementaryFile(pkcs15.EF_DODF, pkcs15.data_directory(objects)),
            *(ElementaryFile(file, keys.certificate(usage)) for usage, file in pkcs15.CERTIFICATE_FILES.items()),
            *(ElementaryFile(each.file, each.value, each.private) for each in objects),
        ),
    )
    number = tlv(0x5A, bytes.fromhex(record.full_number))
    return DedicatedFile(
        MF,
        root_name,
        (
            ElementaryFile(EF_DIR, pkcs15.application_template()),
            ElementaryFile(EF_ATR, _CAPABILITIES),
            ElementaryFile(EF_SN, number),
            application,
        ),
    )
