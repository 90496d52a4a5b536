"""The facts of a CDA that was read, as values. What is a person's is in no ``repr``.

Sources: HL7 CDA R2; CI-SIS *Structuration minimale de documents médicaux* V1.16.8, 3.
"""

import binascii
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import attrs

from segur_sdk.errors import InputError

_BLANKS: Final = re.compile(rb"\s+")
_TIME: Final = re.compile(
    r"(?P<day>[0-9]{4}(?:[0-9]{2}){0,2})|(?P<moment>[0-9]{12}(?:[0-9]{2})?)(?:\.[0-9]{1,6})?(?P<offset>[+-][0-9]{4})?"
)
_FORMS: Final = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def refused(reason: str, element: str | None = None) -> InputError:
    """Return the error of a CDA that is not taken."""
    if element is None:
        return InputError("input.cda_refused", reason=reason)
    return InputError("input.cda_refused", reason=reason, element=element)


@attrs.frozen
class CdaTime:
    """A point in time of the document, as precise as it was given."""

    text: str
    """As it stands in the document, for example ``20260701103000+0200``."""
    utc: str | None
    """In UTC, as precise: ``yyyy``, ``yyyymm``, ``yyyymmdd``, ``yyyymmddhhmm`` or ``yyyymmddhhmmss``. ``None``: an hour
    without its offset, of which nobody can tell what it is in UTC. A day without an hour is no instant and stays as it
    is."""

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Read a time in one of the forms of HL7 v3 (TS).

        Raises:
            InputError: ``input.cda_refused``, reason ``form``.
        """
        found = _TIME.fullmatch(text)
        if found is None:
            raise refused("form", where)
        try:
            utc = _utc_of(found)
        except (ValueError, OverflowError):
            raise refused("form", where) from None
        return cls(text, utc)


def _utc_of(found: re.Match[str]) -> str | None:
    digits, offset = found["day"] or found["moment"], found["offset"]
    form = _FORMS[len(digits)]
    local = datetime.strptime(digits, form).replace(tzinfo=UTC)
    if found["day"]:
        return str(digits)
    if offset is None:
        return None
    hours, minutes = int(offset[1:3]), int(offset[3:])
    if hours > 14 or minutes > 59:
        raise ValueError("no such offset")
    ahead = timedelta(hours=hours, minutes=minutes)
    moment = local - ahead if offset[0] == "+" else local + ahead
    return f"{moment.year:04}{moment:%m%d%H%M%S}"[: len(digits)]


@attrs.frozen
class CdaId:
    """An identifier: an OID, or one under an OID."""

    root: str
    extension: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class CdaCode:
    """A code, the list that it is of, and its label; the code itself where the document gives no label."""

    code: str
    system: str
    label: str


@attrs.frozen
class CdaOrganization:
    """A structure."""

    id: CdaId | None
    name: str | None


@attrs.frozen
class CdaParty:
    """Who wrote or answers for a document: a professional, a patient or a device."""

    id: CdaId
    role: CdaCode | None
    """Profession and speciality (JDV_J01)."""
    family: str | None = attrs.field(repr=False)
    """Of a device: its software."""
    given: str | None = attrs.field(repr=False)
    """Of a device: its model."""
    organization: CdaOrganization | None
    at: CdaTime | None
    device: bool = False


@attrs.frozen(repr=False)
class CdaPatient:
    """Whom the document is about."""

    ids: tuple[CdaId, ...]
    """The INS first in CI-SIS documents, then those of the software."""
    birth_family: str | None
    birth_first_given: str | None
    birth_givens: str | None
    """All given names of the birth record, separated by blanks."""
    used_family: str | None
    used_given: str | None
    sex: str | None
    """``M``, ``F`` or ``U``."""
    born: str | None
    """``yyyymmdd``, or less precise."""
    birthplace: str | None
    """*Code officiel géographique*."""


@attrs.frozen
class CdaAct:
    """An act that the document tells of."""

    code: CdaCode | None
    start: CdaTime | None
    stop: CdaTime | None
    setting: CdaCode | None
    """Of its performer (JDV_J04): the main act alone bears one."""


@attrs.frozen(repr=False)
class Level1Body:
    """A body that is one file in base64; decoded when it is asked for."""

    media_type: str
    """``application/pdf``, ``text/plain``, ``text/rtf``, ``image/jpeg`` or ``image/tiff`` in CI-SIS documents."""
    _text: bytes | memoryview

    def content(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            InputError: ``input.cda_refused``, reason ``body``: not base64.
        """
        try:
            return b64decode(_BLANKS.sub(b"", self._text), validate=True)
        except (binascii.Error, ValueError):
            raise refused("body") from None


@attrs.frozen
class CdaHeader:
    """Everything that is read of a CDA without looking into its body."""

    id: CdaId
    set_id: CdaId | None
    version: int
    replaces: CdaId | None
    templates: tuple[str, ...]
    type: CdaCode
    title: str = attrs.field(repr=False)
    made_at: CdaTime
    confidentiality: CdaCode
    language: str
    patient: CdaPatient
    authors: tuple[CdaParty, ...]
    custodian: CdaOrganization | None
    validator: CdaParty | None
    """Who answers for it (``legalAuthenticator``): a document without him is not validated."""
    acts: tuple[CdaAct, ...]
    facility: CdaCode | None
    body: Level1Body | None
    """``None``: the body is structured."""

    @property
    def main_act(self) -> CdaAct | None:
        """The act whose performer bears a *cadre d'exercice*; failing that, the first one."""
        return next((act for act in self.acts if act.setting is not None), next(iter(self.acts), None))
