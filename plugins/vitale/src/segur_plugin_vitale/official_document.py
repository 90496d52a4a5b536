"""The XML of the *API de lecture Vitale*: ``listeBenef``, one child for each beneficiary.

Names follow what public integrations of the API agree on; the document of a given version is not public. What is not
about who somebody is (rights, complementary insurance, address) is left to the practice software.
"""

from typing import Any, Final

from lxml import etree
from pydantic import ValidationError

from segur_plugin_vitale.objects import MAX_BENEFICIARIES
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError, InputError
from segur_sdk.formats.xml import read_xml, text_of
from segur_sdk.models.card import CardNature, HostSuppliedReading, SuppliedBeneficiary

ROOT: Final = "listeBenef"
_FIELDS: Final = {
    "nom_patronymique": "ident/nomPatronymique",
    "nom_usuel": "ident/nomUsuel",
    "prenom_usuel": "ident/prenomUsuel",
    "date": "ident/naissance/date",
    "date_en_carte": "ident/naissance/dateEnCarte",
    "rang_de_naissance": "ident/rangDeNaissance",
    "nir": "ident/nir",
    "nir_certifie": "ident/nirCertifie",
}
_NATURES: Final = {nature.value: nature for nature in CardNature}


def supplied_by(reading: OfficialReading) -> HostSuppliedReading:
    """Return what an official component read, in the form of a supplied reading.

    Raises:
        CardError: ``card.unreadable`` with ``reason`` (``xml`` or ``document``), the ``position`` of the beneficiary
            and the ``field``; never content.
    """
    try:
        root = read_xml(reading.document)
    except InputError:
        raise CardError("card.unreadable", reason="xml") from None
    people = [one for one in root.iterchildren(etree.Element) if isinstance(one.tag, str)]
    if etree.QName(root).localname != ROOT or not 1 <= len(people) <= MAX_BENEFICIARIES:
        raise CardError("card.unreadable", reason="document", beneficiaries=len(people))
    return HostSuppliedReading(
        component=reading.component,
        nature=_NATURES.get(reading.nature, CardNature.UNKNOWN),
        serial=reading.serial,
        beneficiaries=tuple(_beneficiary(one, position) for position, one in enumerate(people, start=1)),
    )


def _beneficiary(element: etree._Element, position: int) -> SuppliedBeneficiary:
    given: dict[str, Any] = {}
    for field, path in _FIELDS.items():
        text = _text(element, path, position)
        if text:
            given[field] = text
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        return SuppliedBeneficiary.model_validate(given)
    except ValidationError as failure:
        field = ".".join(map(str, failure.errors()[0]["loc"]))
    raise CardError("card.unreadable", reason="document", position=position, field=field)


def _text(element: etree._Element, path: str, position: int) -> str:
    found = element.findall(path)
    if len(found) > 1:
        raise CardError("card.unreadable", reason="document", position=position, field=path)
    try:
        return text_of(found[0]).strip() if found else ""
    except InputError:
        raise CardError("card.unreadable", reason="document", position=position, field=path) from None
