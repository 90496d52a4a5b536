"""Documents of the DMP: their kinds, names, and where regulation wants them to go, as data."""

from segur_sdk.documents.kinds import DocumentClass, DocumentKind, class_of, classes, kind_of, kinds, shown
from segur_sdk.documents.labels import DocumentLabel, LabelGroup, kind_for_label, labels
from segur_sdk.documents.obligations import (
    AUTOMATIC_RULE,
    Obligation,
    channels_for,
    obligations,
    obligations_on,
)
from segur_sdk.models.channels import Circumstance

__all__ = [
    "AUTOMATIC_RULE",
    "Circumstance",
    "DocumentClass",
    "DocumentKind",
    "DocumentLabel",
    "LabelGroup",
    "Obligation",
    "channels_for",
    "class_of",
    "classes",
    "kind_for_label",
    "kind_of",
    "kinds",
    "labels",
    "obligations",
    "obligations_on",
    "shown",
]
