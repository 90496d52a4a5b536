"""What a PKCS#15 application says: files, PIN, keys and objects of a card (PKCS #15 v1.1; ISO/IEC 7816-15)."""

from typing import Final

import attrs

EF_DIR: Final = "EF.DIR"
EF_ODF: Final = "EF.ODF"
EF_TOKEN_INFO: Final = "EF.TokenInfo"  # noqa: S105 - the name of a file
EF_AODF: Final = "EF.AODF"
EF_PRKDF: Final = "EF.PrKDF"
EF_CDF: Final = "EF.CDF"
EF_DODF: Final = "EF.DODF"

MASTER_FILE: Final = bytes.fromhex("3F00")
DEFAULT_FOLDER: Final = bytes.fromhex("3F005015")
_ODF_FILE: Final = bytes.fromhex("5031")
_TOKEN_INFO_FILE: Final = bytes.fromhex("5032")


@attrs.frozen
class Place:
    """A file, or a part of one."""

    path: bytes
    """From the master file on."""
    offset: int = 0
    length: int | None = None
    """Bytes; nothing when it is the whole file."""


@attrs.frozen
class Application:
    """Where the application keeps its two first files."""

    folder: bytes
    odf: bytes
    token_info: bytes

    @classmethod
    def in_folder(cls, folder: bytes) -> "Application":
        """Return the application with its files where PKCS#15 puts them."""
        return cls(folder, folder + _ODF_FILE, folder + _TOKEN_INFO_FILE)


@attrs.frozen
class PinRules:
    """How the PIN of the card is presented."""

    identifier: bytes
    reference: int
    shortest: int
    longest: int
    padded_to: int | None = None
    filler: int = 0


@attrs.frozen
class PrivateKey:
    """A private RSA key; only what is told of it."""

    identifier: bytes
    reference: int
    modulus_length: int
    """Bytes."""
    signs_documents: bool
    """Its use is non-repudiation: the SIG key of a CPS. Otherwise it authenticates: the AUT key."""
    pin: bytes
    """Identifier of its PIN; empty when it names none."""
    path: bytes = b""
    """To be selected before its use; empty when there is nothing to select."""


@attrs.frozen
class Certificate:
    """A certificate and its place."""

    identifier: bytes
    label: str
    place: Place


@attrs.frozen
class DataObject:
    """A data object and its place."""

    label: str
    private: bool
    place: Place
