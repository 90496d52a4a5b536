"""First inputs of every target: what the sandbox's own cards hold and answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509

from segur_plugin_vitale.files import VitaleFiles, read_files
from segur_sandbox.cards.catalogue import CATALOGUE, CardRecord
from segur_sandbox.cards.cpx import pkcs15
from segur_sandbox.cards.cpx.catalogue import CPX_CARDS
from segur_sandbox.cards.cpx.contents import data_objects
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.official_reading import official_reading
from segur_sandbox.cards.powered import PoweredCard, open_session
from segur_sandbox.cards.session import CardSession
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.pki.card_leaves import CardUsage
from segur_sandbox.pki.store import open_pki
from segur_sdk.cards.atr import ATR_TABLE
from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.errors import CardError
from tests.fuzz.parts import SLOT, OneSlot, joined
from tests.fuzz.targets_cps import EXTENSIONS, LABELS
from tests.fuzz.targets_pkcs11 import CPS_ATRS, use_card
from tests.fuzz.targets_sdk import read_card

PROFESSIONALS: Final = ("cps:physician", "cps:pharmacist-cps3", "cpe")
"""One of each generation, and one that names nobody; keys of each take a while to be made."""
USAGES: Final[tuple[CardUsage, CardUsage]] = ("AUT", "SIG")
COMMANDS: Final = ("00A40000023F00", "00B0820000", "00A404000BD250000002564954414C45", "0120000104313233340A")
RESPONSES: Final = ("9000", "6A82", "63C2", "6108", "0102039000")
_SERIAL_FILE: Final = 0x2F02
_SET: Final = 0x31


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Return inputs by the name of their target.

    Args:
        folder: where keys and certificates of cards are made.
    """
    vault = CardVault(folder / "cards", open_pki(folder / "pki"))
    professionals = [one for one in CPX_CARDS if one.name in PROFESSIONALS]
    insured = [one for one in CATALOGUE.values() if one.beneficiaries and not (one.mute or one.truncated)]
    return (
        {
            "sdk.atr": [row.atr for row in ATR_TABLE],
            "sdk.command": [bytes.fromhex(one) for one in COMMANDS],
            "sdk.response": [bytes.fromhex(one) for one in RESPONSES],
            "sdk.status_words": [bytes.fromhex("900063C2691240"), bytes.fromhex("6A82")],
        }
        | _of_professionals(professionals, vault)
        | _of_insured(insured)
    )


def _of_professionals(records: list[CpxRecord], vault: CardVault) -> dict[str, list[bytes]]:
    directories = [directory for one in records for directory in _directories(one)]
    certificates = {one.name: [vault.keys(one).certificate(usage) for usage in USAGES] for one in records}
    leaves = [leaf for pair in certificates.values() for leaf in pair]
    objects = {one.name: list(_labelled(one)) for one in records}
    infos = [one[1:] for each in records if each.holder.speciality for one in objects[each.name] if one[:1] == b"\x00"]
    return {
        "sdk.tlv": [content for _, content in directories],
        "pkcs11.values": [content for _, content in directories],
        "pkcs11.directory": [bytes([place]) + content for place, content in directories],
        "pkcs11.driver": [_conversation(one, vault) for one in records],
        "cps.certificate": leaves,
        "cps.set_order": [turned for leaf in leaves if (turned := _disordered(leaf)) != leaf],
        "cps.subject": [_parsed(leaf).subject.public_bytes() for leaf in leaves],
        "cps.extensions": [joined(_ans_values(_parsed(leaf))) for leaf in leaves],
        "cps.situations": [b"\x00" + joined(one for one in found if one[:1] != b"\x00") for found in objects.values()],
        "cps.speciality": infos,
        "cps.holder": [b"\x00" + joined([*certificates[name], *found]) for name, found in objects.items()],
    }


def _directories(record: CpxRecord) -> Iterator[tuple[int, bytes]]:
    """Give each directory file with its place among the readers of ``pkcs11.directory``."""
    yield from enumerate(
        (
            pkcs15.application_template(),
            pkcs15.object_directory(),
            pkcs15.token_info(record),
            pkcs15.authentication_objects(),
            pkcs15.private_keys(record),
            pkcs15.certificates(record),
            pkcs15.data_directory(data_objects(record)),
        )
    )


def _labelled(record: CpxRecord) -> Iterator[bytes]:
    for one in data_objects(record):
        if one.label in LABELS:
            yield bytes([LABELS.index(one.label)]) + one.value


def _parsed(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _ans_values(certificate: x509.Certificate) -> Iterator[bytes]:
    found = {one.oid: one.value for one in certificate.extensions}
    for oid in EXTENSIONS:
        value = found.get(oid)
        yield value.value if isinstance(value, x509.UnrecognizedExtension) else b""


def _disordered(certificate: bytes) -> bytes:
    """Return a certificate with the attributes of its names in another order than DER wants."""
    return b"".join(_turned(one).encode() for one in parse_tlv(certificate))


def _turned(one: Tlv) -> Tlv:
    children = [_turned(child) for child in one.children]
    if one.tag == _SET:
        children.reverse()
    return Tlv.constructed(one.tag, *children) if children else one


def _conversation(record: CpxRecord, vault: CardVault) -> bytes:
    """Return what a card answers while the driver does with it what the target does."""
    card = _Recorded(open_session(record, vault))
    use_card(OneSlot(card))
    return bytes([CPS_ATRS.index(record.atr)]) + joined(card.answers)


def _of_insured(records: list[CardRecord]) -> dict[str, list[bytes]]:
    found = {one.name: _read(one) for one in records}
    files = [files for files, _ in found.values()]
    return {
        "sdk.files": [joined(_files_read(one)) for one in records],
        "vitale.card": [b"\x00" + joined(answers) for _, answers in found.values()],
        "vitale.content": [b"\x00" + joined([one.identities, one.numbers, one.serial or b""]) for one in files],
        "vitale.objects": [b"\x00" + one.identities for one in files],
        "vitale.official_document": [
            official_reading(one, with_cpx=with_cpx)["document"].encode()
            for one in records
            for with_cpx in (False, True)
        ],
    }


def _files_read(record: CardRecord) -> list[bytes]:
    card = _Recorded(CardSession(record))
    read_card(card)
    return card.answers


def _read(record: CardRecord) -> tuple[VitaleFiles, list[bytes]]:
    card = _Recorded(CardSession(record))
    files = read_files(card, serial_file=_SERIAL_FILE)
    assert files is not None
    return files, card.answers


@attrs.define
class _Recorded:
    """Implements ``PoweredChannel``: a card of the sandbox whose answers are kept."""

    card: PoweredCard
    answers: list[bytes] = attrs.field(factory=list)

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def power(self) -> None:
        self.card.power()

    def transmit(self, command: bytes, /) -> bytes:
        answer = self.card.transmit(command)
        if answer is None:
            raise CardError("card.mute", slot=SLOT)
        self.answers.append(answer)
        return answer
