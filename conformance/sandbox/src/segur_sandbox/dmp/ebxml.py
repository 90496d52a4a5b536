"""Reads a SubmitObjectsRequest: packages, document entries, associations (ebRIM 3.0, IHE XDS.b), in schema order."""

from collections.abc import Mapping
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.dmp.namespaces import LCM, RIM, XML, in_
from segur_sandbox.dmp.refusal import bad_metadata
from segur_sandbox.dmp.soap import elements, stray_text, text_of

_ORDER: Final = ("Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier")
_SINGLE: Final = ("Name", "Description", "VersionInfo")
_CHARSETS: Final = ("UTF8", "UTF-8")
_KINDS: Final = ("RegistryPackage", "ExtrinsicObject", "Association", "Classification")
_MAX_OBJECTS: Final = 200


@attrs.frozen
class Classification:
    """One classification: its scheme or node, its code, its label and its slots."""

    scheme: str
    node: str
    code: str
    label: str
    slots: Mapping[str, tuple[str, ...]]

    @property
    def coding_scheme(self) -> str:
        """List from which the code is."""
        return next(iter(self.slots.get("codingScheme", ())), "")


@attrs.frozen
class RegistryObject:
    """A package or a document entry."""

    id: str
    kind: str
    attributes: Mapping[str, str]
    slots: Mapping[str, tuple[str, ...]]
    name: str
    description: str
    version: str
    classifications: tuple[Classification, ...]
    external: Mapping[str, str]

    def coded(self, scheme: str) -> list[Classification]:
        """Return the classifications by a scheme, in order."""
        return [one for one in self.classifications if one.scheme == scheme]

    def slot(self, name: str) -> str:
        """Return the first value of a slot, empty when there is none."""
        return next(iter(self.slots.get(name, ())), "")


@attrs.frozen
class Association:
    """An association."""

    id: str
    type: str
    source: str
    target: str
    slots: Mapping[str, tuple[str, ...]]

    def slot(self, name: str) -> str:
        """Return the first value of a slot, empty when there is none."""
        return next(iter(self.slots.get(name, ())), "")


@attrs.frozen
class Submission:
    """What a request submits."""

    packages: tuple[RegistryObject, ...]
    entries: tuple[RegistryObject, ...]
    associations: tuple[Association, ...]


def read_submission(request: etree._Element, *, complete: bool = True) -> Submission:
    """Read a SubmitObjectsRequest.

    Args:
        request: The element.
        complete: Refuse a classification or identifier that does not name its object, as the schema does; published
            requests that update the status of documents leave that out.

    Raises:
        RegistryRefusedError: it is not of that form.
    """
    lists = elements(request)
    if request.tag != in_(LCM, "SubmitObjectsRequest") or [one.tag for one in lists] != [
        in_(RIM, "RegistryObjectList")
    ]:
        raise bad_metadata("a SubmitObjectsRequest holds one RegistryObjectList")
    objects = elements(lists[0])
    if len(objects) > _MAX_OBJECTS:
        raise bad_metadata(f"more than {_MAX_OBJECTS} objects")
    if any(one.tag not in [in_(RIM, kind) for kind in _KINDS] for one in objects) or stray_text(lists[0]):
        raise bad_metadata("RegistryObjectList holds something that is not expected there")
    loose = [
        _classification(one, one.get("classifiedObject") or "", complete=False)
        for one in _of(objects, "Classification")
    ]
    targets = [one.get("classifiedObject") or "" for one in _of(objects, "Classification")]
    packages = tuple(_object(one, list(zip(targets, loose, strict=True)), complete) for one in _of(objects, _KINDS[0]))
    entries = tuple(_object(one, [], complete) for one in _of(objects, "ExtrinsicObject"))
    associations = tuple(_association(one) for one in _of(objects, "Association"))
    identifiers = [one.get("id") for one in request.iter(etree.Element) if one.get("id")]
    if len(set(identifiers)) != len(identifiers):
        raise bad_metadata("two objects have the same id")
    return Submission(packages, entries, associations)


def _of(objects: list[etree._Element], kind: str) -> list[etree._Element]:
    return [one for one in objects if one.tag == in_(RIM, kind)]


def _object(element: etree._Element, loose: list[tuple[str, Classification]], complete: bool) -> RegistryObject:
    identifier = element.get("id") or ""
    if not identifier:
        raise bad_metadata("an object has no id")
    parts = elements(element)
    names = [etree.QName(one).localname for one in parts]
    if any(etree.QName(one).namespace != RIM for one in parts) or set(names) - set(_ORDER) or stray_text(element):
        raise bad_metadata("an object holds something that is not expected there", identifier)
    if names != sorted(names, key=_ORDER.index) or any(names.count(one) > 1 for one in _SINGLE):
        raise bad_metadata("the parts of an object are not in the order of the schema", identifier)
    by_name = {name: [part for part in parts if etree.QName(part).localname == name] for name in _ORDER}
    classifications = [_classification(one, identifier, complete=complete) for one in by_name["Classification"]]
    classifications += [one for target, one in loose if target == identifier]
    return RegistryObject(
        id=identifier,
        kind=etree.QName(element).localname,
        attributes={str(name): str(value) for name, value in element.attrib.items()},
        slots=_slots(by_name["Slot"], identifier),
        name=_localized(by_name["Name"], identifier),
        description=_localized(by_name["Description"], identifier),
        version=next((one.get("versionName") or "" for one in by_name["VersionInfo"]), ""),
        classifications=tuple(classifications),
        external=_external(by_name["ExternalIdentifier"], identifier, complete),
    )


def _classification(element: etree._Element, owner: str, *, complete: bool) -> Classification:
    scheme, node = element.get("classificationScheme") or "", element.get("classificationNode") or ""
    if bool(scheme) == bool(node):
        raise bad_metadata("a classification has not one scheme or one node", owner)
    classified = element.get("classifiedObject")
    if classified != owner and (complete or classified is not None):
        raise bad_metadata("a classification does not name the object it is in", owner)
    if complete and not element.get("id"):
        raise bad_metadata("a classification has no id", owner)
    parts = elements(element)
    return Classification(
        scheme=scheme,
        node=node,
        code=element.get("nodeRepresentation") or "",
        label=_localized([one for one in parts if one.tag == in_(RIM, "Name")], owner),
        slots=_slots([one for one in parts if one.tag == in_(RIM, "Slot")], owner),
    )


def _external(found: list[etree._Element], owner: str, complete: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for one in found:
        scheme, value = one.get("identificationScheme") or "", one.get("value") or ""
        registered = one.get("registryObject")
        if registered != owner and (complete or registered is not None):
            raise bad_metadata("an ExternalIdentifier does not name the object it is in", owner)
        if not scheme or not value or scheme in values or (complete and not one.get("id")):
            raise bad_metadata("an ExternalIdentifier is repeated, or has no id, scheme or value", owner)
        values[scheme] = value
    return values


def _association(element: etree._Element) -> Association:
    identifier = element.get("id") or ""
    values = [element.get(one) or "" for one in ("associationType", "sourceObject", "targetObject")]
    if not identifier or not all(values):
        raise bad_metadata("an association has no id, type, source or target", identifier)
    slots = _slots([one for one in elements(element) if one.tag == in_(RIM, "Slot")], identifier)
    return Association(identifier, values[0], values[1], values[2], slots)


def _slots(found: list[etree._Element], owner: str) -> dict[str, tuple[str, ...]]:
    slots: dict[str, tuple[str, ...]] = {}
    for one in found:
        name = one.get("name") or ""
        lists = elements(one)
        if not name or name in slots or [part.tag for part in lists] != [in_(RIM, "ValueList")]:
            raise bad_metadata("a slot is repeated, or has no name or not one ValueList", owner)
        values = elements(lists[0])
        if not values or any(
            part.tag != in_(RIM, "Value") or len(part) or not (part.text or "").strip() for part in values
        ):
            raise bad_metadata("a slot has no value, or an empty one", owner)
        slots[name] = tuple(text_of(part) for part in values)
    return slots


def _localized(found: list[etree._Element], owner: str) -> str:
    texts = [part for one in found for part in elements(one)]
    if not texts:
        return ""
    for one in texts:
        language = (one.get(f"{{{XML}}}lang") or "").upper()
        if (
            one.tag != in_(RIM, "LocalizedString")
            or one.get("charset") not in _CHARSETS
            or language not in ("FR", "FR-FR")
        ):
            raise bad_metadata("a name is not a LocalizedString in UTF8 and French", owner)
    return texts[0].get("value") or ""
