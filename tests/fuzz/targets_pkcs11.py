"""Parsers of the plugin ``pkcs11``: DER, the directories of PKCS#15, and the driver on a card that answers anything."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from segur_plugin_pkcs11 import der, directories
from segur_plugin_pkcs11.card import ApduTokenSource
from segur_plugin_pkcs11.cps_card import PKCS15_AID
from segur_sdk.cards.tlv import Tlv
from segur_sdk.drivers import CardSource, SignatureScheme, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError
from tests.fuzz.oracle import Parse
from tests.fuzz.parts import OneSlot, ScriptedChannel, chosen, split

FOLDER: Final = bytes.fromhex("3F000001")
DIRECTORIES: Final[tuple[Callable[[bytes], Any], ...]] = (
    lambda data: directories.read_dir(data, PKCS15_AID),
    lambda data: directories.read_odf(data, FOLDER),
    directories.read_token_info,
    directories.read_aodf,
    lambda data: directories.read_prkdf(data, FOLDER),
    lambda data: directories.read_cdf(data, FOLDER),
    lambda data: directories.read_dodf(data, FOLDER),
)
"""The first byte of an input chooses."""
CPS_ATRS: Final = (
    bytes.fromhex("3BAC00402A001225006480000310009000"),
    bytes.fromhex("3B9B188001001225006480040100009044"),
)
"""CPS3, CPS4."""
_PIN: Final = "1234"
_DIGEST: Final = bytes(32)


def values(data: bytes) -> tuple[Tlv, ...]:
    """Read the values of every object of a file, whatever its tag says."""
    found = der.read_objects(data, "EF")
    for one in found:
        _value(one)
        fields = der.Fields(one, "EF")
        fields.optional(der.SEQUENCE)
        fields.later(der.INTEGER)
    return found


def _value(one: Tlv) -> None:
    assert isinstance(der.text(one), str)
    for read in (der.integer, der.bits):
        # One refuses what the other takes.
        with suppress(CardError):
            read(one, "EF")
    for child in one.children:
        _value(child)


def directory(data: bytes) -> object:
    """Read one of the seven directory files."""
    read, content = chosen(data, DIRECTORIES)
    return read(content)


def driver(data: bytes) -> bool:
    """Use a card that answers anything."""
    atr, answers = chosen(data, CPS_ATRS)
    return use_card(OneSlot(ScriptedChannel(atr, split(answers))))


def use_card(cards: CardSource) -> bool:
    """Do everything with the one card of a reader that the driver can do; tell whether it signed."""
    source = ApduTokenSource(cards=cards)
    (state,) = source.tokens()
    assert isinstance(state, TokenState)
    certificates = source.certificates(state.token)
    assert all(isinstance(one, TokenCertificate) for one in certificates)
    assert not any(one.private for one in source.data(state.token))
    source.unlock(state.token, _PIN)
    assert all(isinstance(one, TokenData) for one in source.data(state.token))
    signatures = [
        source.sign(state.token, one.key, scheme, _DIGEST)
        for one in certificates
        for scheme in sorted(one.schemes - {SignatureScheme.RAW})
    ]
    source.lock(state.token)
    return bool(signatures)


TARGETS: Final[dict[str, Parse]] = {
    "pkcs11.values": values,
    "pkcs11.directory": directory,
    "pkcs11.driver": driver,
}
