"""Parsers of the plugin ``vitale``: a card that answers anything, its files, the document of the official component."""

from datetime import UTC, datetime
from typing import Final

from segur_plugin_vitale.files import VitaleFiles, has_vitale_application, read_files
from segur_plugin_vitale.objects import CARD_TEMPLATE, MAX_BENEFICIARIES, TEMPLATE, read_objects, templates_in
from segur_plugin_vitale.official_document import supplied_by
from segur_plugin_vitale.settings import VitaleSettings
from segur_plugin_vitale.supplied import accept_supplied
from segur_plugin_vitale.templates import CardContent, read_content
from segur_sdk.cards.tlv import Tlv
from segur_sdk.drivers import OfficialReading
from segur_sdk.models.card import CardReading
from tests.fuzz.oracle import Parse
from tests.fuzz.parts import ScriptedChannel, chosen, split

SETTINGS: Final = (
    VitaleSettings(),
    VitaleSettings(encoding="utf-8"),
    VitaleSettings(encoding="iso-8859-15", nature_object="", rank_object=""),
)
"""The first byte of an input chooses."""
ATR: Final = bytes.fromhex("3B751300004009EA9000")
NOW: Final = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
_SERIAL_FILE: Final = 0x2F02


def card(data: bytes) -> CardContent | None:
    """Read a card that answers anything, known by its ATR or not."""
    settings, rest = chosen(data, SETTINGS)
    answers = split(rest)
    has_vitale_application(ScriptedChannel(ATR, answers))
    files = read_files(ScriptedChannel(ATR, answers), serial_file=_SERIAL_FILE)
    return None if files is None else _checked(read_content(files, settings))


def content(data: bytes) -> CardContent:
    """Read the three files of a card."""
    settings, rest = chosen(data, SETTINGS)
    identities, numbers, serial, *_ = [*split(rest), b"", b"", b""]
    return _checked(read_content(VitaleFiles(identities, numbers, serial or None), settings))


def _checked(found: CardContent) -> CardContent:
    positions = [one.position for one in found.beneficiaries]
    assert positions == list(range(1, len(positions) + 1))
    assert 1 <= len(positions) <= MAX_BENEFICIARIES
    assert found.serial is None or found.serial.isdigit()
    return found


def objects(data: bytes) -> tuple[Tlv, ...]:
    """Read the texts of the templates of a file."""
    settings, rest = chosen(data, SETTINGS)
    found = read_objects(rest, "identities")
    for tag in (TEMPLATE, CARD_TEMPLATE):
        for template in templates_in(found, tag, "identities"):
            for child in template.tlv.children:
                text = template.text(child.tag, settings.encoding)
                assert text is None or text.isprintable()
    return found


def official_document(data: bytes) -> CardReading:
    """Read what an official component says, and take it for a reading."""
    supplied = supplied_by(OfficialReading(component="composant", document=data))
    assert 1 <= len(supplied.beneficiaries) <= MAX_BENEFICIARIES
    reading = accept_supplied(supplied, NOW)
    assert len(reading.beneficiaries) == len(supplied.beneficiaries)
    return reading


TARGETS: Final[dict[str, Parse]] = {
    "vitale.card": card,
    "vitale.content": content,
    "vitale.objects": objects,
    "vitale.official_document": official_document,
}
