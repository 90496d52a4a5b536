"""What stands on a CPS: its PKCS#15 application read whole, and the objects that it names."""

from typing import Final

import attrs

from segur_plugin_pkcs11 import der, directories, pkcs15
from segur_plugin_pkcs11.cps_card import PKCS15_AID, CpsCard
from segur_plugin_pkcs11.pkcs15 import Application, Certificate, DataObject, PinRules, Place, PrivateKey
from segur_sdk.cards.status_words import Behaviour
from segur_sdk.cards.tlv import parse_tlv
from segur_sdk.drivers import TokenCertificate, TokenData
from segur_sdk.errors import CardError

_DIR_FILE: Final = bytes.fromhex("3F002F00")
_CERTIFICATE_FILE: Final = "certificate"
_DATA_FILE: Final = "data"
_CERTIFICATE_DEPTH: Final = 16


@attrs.frozen
class CardLayout:
    """The structure of a card; none of its content."""

    label: str
    pin: PinRules
    keys: tuple[PrivateKey, ...]
    certificates: tuple[Certificate, ...]
    data: tuple[DataObject, ...]

    def key(self, identifier: str) -> PrivateKey | None:
        """Return the private key with that identifier (hexadecimal), if there is one."""
        return next((key for key in self.keys if key.identifier.hex().upper() == identifier), None)


def read_layout(card: CpsCard) -> CardLayout:
    """Read every directory file; no PIN is needed.

    Raises:
        CardError: ``card.unreadable`` naming file and tag; what :meth:`CpsCard.find` raises.
    """
    application, odf = _application(card)
    paths = directories.read_odf(odf, application.folder)

    def contents(kind: str) -> tuple[bytes, ...]:
        return tuple(card.read(Place(path), kind) for path in paths[kind])

    keys = [one for file in contents(pkcs15.EF_PRKDF) for one in directories.read_prkdf(file, application.folder)]
    certificates = [one for file in contents(pkcs15.EF_CDF) for one in directories.read_cdf(file, application.folder)]
    data = [one for file in contents(pkcs15.EF_DODF) for one in directories.read_dodf(file, application.folder)]
    pins = [one for file in contents(pkcs15.EF_AODF) for one in directories.read_aodf(file)]
    return CardLayout(
        label=directories.read_token_info(card.read(Place(application.token_info), pkcs15.EF_TOKEN_INFO)),
        pin=_bearer_pin(pins, keys),
        keys=tuple(keys),
        certificates=tuple(certificates),
        data=tuple(data),
    )


def read_certificates(card: CpsCard, layout: CardLayout) -> tuple[TokenCertificate, ...]:
    """Read the certificates; one whose file is not there is left out."""
    found = []
    for one in layout.certificates:
        content = card.find(one.place, _CERTIFICATE_FILE)
        if content is None:
            continue
        key = one.identifier.hex().upper()
        private = layout.key(key)
        schemes = frozenset() if private is None else card.schemes(private)
        found.append(TokenCertificate(key=key, label=one.label, der=_without_padding(content), schemes=schemes))
    return tuple(sorted(found, key=lambda one: one.key))


def read_data(card: CpsCard, layout: CardLayout, *, unlocked: bool) -> tuple[TokenData, ...]:
    """Read the data objects that can be read now; one whose file is not there is left out."""
    found = []
    for one in layout.data:
        if one.private and not unlocked:
            continue
        content = card.find(one.place, _DATA_FILE)
        if content is not None:
            found.append(TokenData(label=one.label, private=one.private, value=content))
    return tuple(sorted(found, key=lambda one: one.label))


def _application(card: CpsCard) -> tuple[Application, bytes]:
    """Find the PKCS#15 application and read its ODF: as EF.DIR tells, else where PKCS#15 puts it."""
    directory = card.find(Place(_DIR_FILE), pkcs15.EF_DIR)
    told = None if directory is None else directories.read_dir(directory, PKCS15_AID)
    if told is not None:
        return told, card.read(Place(told.odf), pkcs15.EF_ODF)
    for folder in (pkcs15.DEFAULT_FOLDER, pkcs15.MASTER_FILE):
        usual = Application.in_folder(folder)
        odf = card.find(Place(usual.odf), pkcs15.EF_ODF)
        if odf is not None:
            return usual, odf
    raise CardError("card.unreadable", reason=Behaviour.NOT_FOUND.value, file=pkcs15.EF_ODF)


def _bearer_pin(pins: list[PinRules], keys: list[PrivateKey]) -> PinRules:
    protecting = {key.pin for key in keys}
    chosen = next((pin for pin in pins if pin.identifier in protecting), None) or next(iter(pins), None)
    if chosen is None:
        raise der.malformed(pkcs15.EF_AODF, der.SEQUENCE)
    return chosen


def _without_padding(content: bytes) -> bytes:
    """Return the certificate alone: files are longer than what stands in them."""
    objects = parse_tlv(content, file=_CERTIFICATE_FILE, max_depth=_CERTIFICATE_DEPTH)
    if len(objects) != 1 or objects[0].tag != der.SEQUENCE:
        raise der.malformed(_CERTIFICATE_FILE, der.SEQUENCE)
    return objects[0].encode()
