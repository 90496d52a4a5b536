"""Reads of a CDA what metadata must repeat, without trusting anything about it."""

import base64
import binascii
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.dmp.identifiers import PatientId
from segur_sandbox.dmp.namespaces import HL7, in_
from segur_sandbox.dmp.refusal import RegistryRefusedError, bad_metadata
from segur_sandbox.dmp.xmldsig import canonical_document
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

_OFFSET: Final = len("+0100")
_DIGITS: Final = {4: "%Y", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_TYPES: Final = ("POCD_HD000040", "2.16.840.1.113883.1.3")


@attrs.frozen
class Author:
    """Who made a document: his identifier, that of his structure, his speciality."""

    id: str
    structure: str
    speciality: str


@attrs.frozen
class Cda:
    """What a document says of itself.

    Attributes:
        unique_id: `id@root`.
        type: Code and list.
        title: Of the document.
        made_at: `effectiveTime` in UTC, `YYYYMMDDhhmmss`.
        language: Of the document.
        confidentiality: Code.
        patient: Its INS.
        set_id: The same for all versions.
        version: Of the document.
        replaces: `id@root` of the version it replaces.
        act_start: Beginning of the main act, in UTC.
        act_stop: Its end, empty when the document does not say it.
        facility: Code of the place.
        practice: Code of the practice setting.
        authors: Who made it.
        validator: Identifier of who answers for it.
        born: Birth date of the patient, as written.
        sex: Of the patient, M, F or U.
        media: Of an unstructured body, empty for a structured one.
        templates: OIDs of the templates of the document.
        canonical: Its canonical form, with comments.
    """

    unique_id: str
    type: tuple[str, str]
    title: str
    made_at: str
    language: str
    confidentiality: str
    patient: PatientId
    set_id: str
    version: int
    replaces: str
    act_start: str
    act_stop: str
    facility: str
    practice: str
    authors: tuple[Author, ...]
    validator: str
    born: str
    sex: str
    media: str
    templates: tuple[str, ...]
    canonical: bytes


class CdaReader:
    """Reads CDA documents.

    Args:
        assets: Folder of official files; with `cda/xsd` in it, every document is held against the schema.
        max_bytes: The largest document that is read.
    """

    def __init__(self, assets: Path | None, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._schema: etree.XMLSchema | None = None
        entry = assets / "cda" / "xsd" / "CDA_extended.xsd" if assets is not None else None
        if entry is not None and entry.is_file():
            parser = etree.XMLParser(no_network=True, resolve_entities=False)
            self._schema = etree.XMLSchema(etree.parse(str(entry), parser))

    @classmethod
    def from_environment(cls, max_bytes: int) -> "CdaReader":
        """Use the files that `SEGUR_ASSETS` points to."""
        folder = os.environ.get("SEGUR_ASSETS")
        return cls(Path(folder) if folder else None, max_bytes)

    def read(self, content: bytes, location: str) -> Cda:
        """Read a document.

        Args:
            content: As received.
            location: `id` of its entry, for refusals.

        Raises:
            RegistryRefusedError: it is not a CDA that the DMP takes.
        """
        try:
            root = read_xml(content, self._max_bytes)
        except XmlRefusedError as error:
            raise _refused(error.reason, location) from None
        if root.tag != in_(HL7, "ClinicalDocument"):
            raise _refused("it is not a CDA", location)
        if self._schema is not None and not self._schema.validate(root):
            raise _refused("it breaks the CDA schema", location)
        return _Header(root, location).read()


class _Header:
    def __init__(self, root: etree._Element, location: str) -> None:
        self._root = root
        self._location = location

    def read(self) -> Cda:
        if (self._value("typeId", "extension"), self._value("typeId", "root")) != _TYPES:
            raise self._no("typeId is not that of CDA R2")
        if self._root.find(in_(HL7, "id")) is not None and self._value("id", "extension", needed=False):
            raise self._no("the id of the document has an extension")
        version = self._value("versionNumber", "value")
        if not version.isascii() or not version.isdigit() or len(version) > len("9999"):
            raise self._no("versionNumber is not a number")
        role = "recordTarget/patientRole"
        return Cda(
            unique_id=self._value("id", "root"),
            type=(self._value("code", "code"), self._value("code", "codeSystem")),
            title=self._text("title"),
            made_at=self._utc(self._value("effectiveTime", "value")),
            language=self._value("languageCode", "code"),
            confidentiality=self._value("confidentialityCode", "code"),
            patient=PatientId(self._value(f"{role}/id", "extension"), self._value(f"{role}/id", "root")),
            set_id=self._value("setId", "root"),
            version=int(version),
            replaces=self._replaced(),
            act_start=self._utc(self._value("documentationOf/serviceEvent/effectiveTime/low", "value")),
            act_stop=self._act_stop(),
            facility=self._value("componentOf/encompassingEncounter/location/healthCareFacility/code", "code"),
            practice=self._practice(),
            authors=self._authors(),
            validator=self._validator(),
            born=self._value(f"{role}/patient/birthTime", "value"),
            sex=self._value(f"{role}/patient/administrativeGenderCode", "code"),
            media=self._media(),
            templates=tuple(one.get("root") or "" for one in self._root.iterfind(in_(HL7, "templateId"))),
            canonical=canonical_document(self._root),
        )

    def _authors(self) -> tuple[Author, ...]:
        found = tuple(
            Author(_at(one, "id", "extension"), _at(one, "representedOrganization/id", "extension"), _at(one, "code"))
            for one in self._root.iterfind(_path("author/assignedAuthor"))
        )
        if not found:
            raise self._no("the document has no author")
        return found

    def _validator(self) -> str:
        if self._find("legalAuthenticator/signatureCode").get("code") != "S":
            raise self._no("nobody answers for the document")
        return self._value("legalAuthenticator/assignedEntity/id", "extension")

    def _act_stop(self) -> str:
        path = "documentationOf/serviceEvent/effectiveTime/high"
        stated = self._root.find(_path(path))
        return self._utc(self._value(path, "value")) if stated is not None and not stated.get("nullFlavor") else ""

    def _practice(self) -> str:
        path = "documentationOf/serviceEvent/performer/assignedEntity/representedOrganization/standardIndustryClassCode"
        return self._value(path, "code")

    def _replaced(self) -> str:
        related = self._root.find(in_(HL7, "relatedDocument"))
        if related is None or related.get("typeCode") != "RPLC":
            return ""
        return self._value("relatedDocument/parentDocument/id", "root")

    def _media(self) -> str:
        """Return the media type of an unstructured body, whose base64 must be whole."""
        body = self._root.find(_path("component/nonXMLBody/text"))
        if body is None:
            self._find("component/structuredBody")
            return ""
        if body.get("representation") != "B64" or len(body):
            raise self._no("the body is not base64")
        try:
            base64.b64decode("".join((body.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            raise self._no("the body is not base64") from None
        return body.get("mediaType") or "?"

    def _find(self, path: str) -> etree._Element:
        found = self._root.find(_path(path))
        if found is None:
            raise self._no(f"{path} is missing")
        return found

    def _value(self, path: str, name: str, *, needed: bool = True) -> str:
        value = self._find(path).get(name) or ""
        if needed and not value:
            raise self._no(f"{path} has no {name}")
        return value

    def _text(self, path: str) -> str:
        text = (self._find(path).text or "").strip()
        if not text:
            raise self._no(f"{path} is empty")
        return text

    def _utc(self, value: str) -> str:
        return in_utc(value) or self._wrong_date()

    def _wrong_date(self) -> str:
        raise self._no("a date is not written as CDA does")

    def _no(self, detail: str) -> RegistryRefusedError:
        return bad_metadata(f"the document: {detail}", self._location)


def in_utc(value: str) -> str | None:
    """Return a date of a CDA in UTC, as long as it was: `None` when it is none, or has hours without an offset."""
    digits, offset = (value[:-_OFFSET], value[-_OFFSET:]) if value[-_OFFSET:-4] in ("+", "-") else (value, "")
    form = _DIGITS.get(len(digits))
    if form is None or not digits.isdigit() or (len(digits) > len("YYYYMMDD")) != bool(offset):
        return None
    try:
        if not offset:
            return datetime.strptime(digits, form).replace(tzinfo=UTC).strftime(form)
        return datetime.strptime(digits + offset, f"{form}%z").astimezone(UTC).strftime(form)
    except (ValueError, OverflowError):
        return None


def _refused(detail: str, location: str) -> RegistryRefusedError:
    return RegistryRefusedError("XDSRepositoryMetadataError", f"the document: {detail}", location)


def _at(element: etree._Element, path: str, name: str = "code") -> str:
    found = element.find(_path(path))
    return (found.get(name) or "") if found is not None else ""


def _path(path: str) -> str:
    return "/".join(in_(HL7, name) for name in path.split("/"))
