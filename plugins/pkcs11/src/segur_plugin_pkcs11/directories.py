"""Reads the directory files of a PKCS#15 application (PKCS #15 v1.1; ISO/IEC 7816-15).

Objects of kinds that are of no use here (keys other than RSA, attribute certificates, data known by an OID) are left
out; one of a known kind that is malformed makes the file unreadable.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from segur_plugin_pkcs11 import der
from segur_plugin_pkcs11.der import Fields
from segur_plugin_pkcs11.pkcs15 import (
    DEFAULT_FOLDER,
    EF_AODF,
    EF_CDF,
    EF_DIR,
    EF_DODF,
    EF_ODF,
    EF_PRKDF,
    EF_TOKEN_INFO,
    MASTER_FILE,
    Application,
    Certificate,
    DataObject,
    PinRules,
    Place,
    PrivateKey,
)
from segur_sdk.cards.tlv import Tlv
from segur_sdk.errors import CardError

MAX_ENTRIES: Final = 128
_MAX_PATH: Final = 16
_MAX_ID: Final = 64
_MAX_LABEL: Final = 64

_APPLICATION: Final = 0x61
_AID: Final = 0x4F
_PATH: Final = 0x51
_DISCRETIONARY: Final = 0x73

_ODF_FILES: Final = {0xA0: EF_PRKDF, 0xA4: EF_CDF, 0xA7: EF_DODF, 0xA8: EF_AODF}

_FLAG_PRIVATE: Final = 0
_USAGE_SIGN: Final = 2
_USAGE_NON_REPUDIATION: Final = 9
_PIN_NEEDS_PADDING: Final = 5
_PIN_UNBLOCKING: Final = 6
_PIN_SECURITY_OFFICER: Final = 7


def read_dir(data: bytes, aid: bytes) -> Application | None:
    """Find the application ``aid`` in EF.DIR."""
    for template in der.read_objects(data, EF_DIR):
        if template.tag == _APPLICATION and any(one.value == aid for one in template.find_all(_AID)):
            paths = template.find_all(_PATH)
            folder = _absolute(paths[0].value, MASTER_FILE, EF_DIR) if paths else DEFAULT_FOLDER
            return _with_own_files(Application.in_folder(folder), template)
    return None


def _with_own_files(application: Application, template: Tlv) -> Application:
    """Heed the DDO of an EF.DIR entry, which may place the first files elsewhere."""
    for ddo in template.find_all(_DISCRETIONARY):
        fields = {one.tag: one for one in ddo.children}
        if (odf := fields.get(der.SEQUENCE)) is not None:
            application = attrs.evolve(application, odf=_place(odf, application.folder, EF_DIR).path)
        if (info := fields.get(der.CONTEXT_0_CONSTRUCTED)) is not None:
            application = attrs.evolve(application, token_info=_place(info, application.folder, EF_DIR).path)
    return application


def read_odf(data: bytes, folder: bytes) -> dict[str, tuple[bytes, ...]]:
    """Return the paths of the directory files, by the names that this module gives to their kinds."""
    found: dict[str, tuple[bytes, ...]] = dict.fromkeys(_ODF_FILES.values(), ())
    for entry in _bounded(der.read_objects(data, EF_ODF), EF_ODF):
        kind = _ODF_FILES.get(entry.tag)
        if kind is not None:
            path = _place(Fields(entry, EF_ODF).required(der.SEQUENCE), folder, EF_ODF).path
            found[kind] = (*found[kind], path)
    return found


def read_token_info(data: bytes) -> str:
    """Return the label of the token, empty when it has none."""
    (holder,) = der.read_objects(data, EF_TOKEN_INFO)[:1] or (None,)
    if holder is None or holder.tag != der.SEQUENCE:
        raise der.malformed(EF_TOKEN_INFO, der.SEQUENCE)
    fields = Fields(holder, EF_TOKEN_INFO)
    fields.required(der.INTEGER)
    return der.text(fields.later(der.CONTEXT_0))[:_MAX_LABEL]


def read_aodf(data: bytes) -> tuple[PinRules, ...]:
    """Return the PINs of the bearer; those that unblock and those of the issuer are left out."""
    return tuple(_pins(data))


def _pins(data: bytes) -> Iterator[PinRules]:
    for entry in _entries(data, EF_AODF):
        identifier = entry.own.required(der.OCTET_STRING).value
        fields = Fields(entry.typed.required(der.SEQUENCE), EF_AODF)
        flags = der.bits(fields.required(der.BIT_STRING), EF_AODF)
        fields.required(0x0A)
        shortest, stored = (der.integer(fields.required(der.INTEGER), EF_AODF) for _ in range(2))
        longest = fields.optional(der.INTEGER)
        reference = fields.optional(der.CONTEXT_0)
        filler = fields.optional(der.OCTET_STRING)
        if flags & {_PIN_UNBLOCKING, _PIN_SECURITY_OFFICER}:
            continue
        if filler is not None and len(filler.value) != 1:
            raise der.malformed(EF_AODF, der.OCTET_STRING)
        yield PinRules(
            identifier=identifier,
            reference=0 if reference is None else der.integer(reference, EF_AODF) & 0xFF,
            shortest=shortest,
            longest=stored if longest is None else der.integer(longest, EF_AODF),
            padded_to=stored if _PIN_NEEDS_PADDING in flags else None,
            filler=0 if filler is None else filler.value[0],
        )


def read_prkdf(data: bytes, folder: bytes) -> tuple[PrivateKey, ...]:
    """Return the private RSA keys that sign."""
    return tuple(_keys(data, folder))


def _keys(data: bytes, folder: bytes) -> Iterator[PrivateKey]:
    for entry in _entries(data, EF_PRKDF):
        identifier = entry.own.required(der.OCTET_STRING).value
        usage = der.bits(entry.own.required(der.BIT_STRING), EF_PRKDF)
        entry.own.optional(der.BOOLEAN)
        entry.own.optional(der.BIT_STRING)
        reference = entry.own.optional(der.INTEGER)
        fields = Fields(entry.typed.required(der.SEQUENCE), EF_PRKDF)
        path = _place(fields.required(der.SEQUENCE), folder, EF_PRKDF, may_be_empty=True).path
        modulus_bits = der.integer(fields.required(der.INTEGER), EF_PRKDF)
        if reference is None or not usage & {_USAGE_SIGN, _USAGE_NON_REPUDIATION}:
            continue
        if modulus_bits <= 0:
            raise der.malformed(EF_PRKDF, der.INTEGER)
        yield PrivateKey(
            identifier=_identifier(identifier, EF_PRKDF),
            reference=der.integer(reference, EF_PRKDF) & 0xFF,
            modulus_length=(modulus_bits + 7) // 8,
            signs_documents=_USAGE_NON_REPUDIATION in usage,
            pin=entry.pin,
            path=path,
        )


def read_cdf(data: bytes, folder: bytes) -> tuple[Certificate, ...]:
    """Return the X.509 certificates that stand in files."""
    return tuple(
        Certificate(
            identifier=_identifier(entry.own.required(der.OCTET_STRING).value, EF_CDF),
            label=entry.label,
            place=_place(Fields(entry.typed.required(der.SEQUENCE), EF_CDF).required(der.SEQUENCE), folder, EF_CDF),
        )
        for entry in _entries(data, EF_CDF)
    )


def read_dodf(data: bytes, folder: bytes) -> tuple[DataObject, ...]:
    """Return the data objects that have a label and stand in files."""
    return tuple(
        DataObject(
            label=entry.label,
            private=entry.private,
            place=_place(entry.typed.required(der.SEQUENCE), folder, EF_DODF),
        )
        for entry in _entries(data, EF_DODF)
        if entry.label
    )


@attrs.frozen
class _Entry:
    label: str
    private: bool
    pin: bytes
    own: Fields
    """What objects of this class have in common."""
    typed: Fields
    """What this type of object has of its own."""


def _entries(data: bytes, file: str) -> Iterator[_Entry]:
    for one in _bounded(der.read_objects(data, file), file):
        if one.tag != der.SEQUENCE:
            continue
        fields = Fields(one, file)
        common = Fields(fields.required(der.SEQUENCE), file)
        own = fields.required(der.SEQUENCE)
        fields.optional(der.CONTEXT_0_CONSTRUCTED)
        typed = fields.required(der.CONTEXT_1_CONSTRUCTED)
        label = der.text(common.optional(der.UTF8_STRING))[:_MAX_LABEL]
        flags = common.optional(der.BIT_STRING)
        pin = common.optional(der.OCTET_STRING)
        yield _Entry(
            label=label,
            private=flags is not None and _FLAG_PRIVATE in der.bits(flags, file),
            pin=b"" if pin is None else pin.value,
            own=Fields(own, file),
            typed=Fields(typed, file),
        )


def _bounded(objects: tuple[Tlv, ...], file: str) -> tuple[Tlv, ...]:
    if len(objects) > MAX_ENTRIES:
        raise CardError("card.unreadable", reason="too_many_objects", file=file, limit=MAX_ENTRIES)
    return objects


def _identifier(value: bytes, file: str) -> bytes:
    if not 0 < len(value) <= _MAX_ID:
        raise der.malformed(file, der.OCTET_STRING)
    return value


def _place(holder: Tlv, folder: bytes, file: str, *, may_be_empty: bool = False) -> Place:
    fields = Fields(holder, file)
    path = fields.required(der.OCTET_STRING).value
    index, length = fields.optional(der.INTEGER), fields.optional(der.CONTEXT_0)
    if may_be_empty and not path:
        return Place(b"")
    place = Place(_absolute(path, folder, file))
    if index is None or length is None:
        return place
    offset, size = der.integer(index, file), der.integer(length, file)
    if offset < 0 or size < 0:
        raise der.malformed(file, der.INTEGER)
    return attrs.evolve(place, offset=offset, length=size)


def _absolute(path: bytes, folder: bytes, file: str) -> bytes:
    whole = path if path.startswith(MASTER_FILE) else folder + path
    if not path or len(path) % 2 or len(whole) > _MAX_PATH:
        raise der.malformed(file, der.OCTET_STRING)
    return whole
