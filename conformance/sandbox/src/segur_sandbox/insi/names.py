"""Lexical profiles of names in INSi exchanges: upper case, no diacritic, no digit, few separators.

Source: SEL-MP-043, as quoted by public libraries that implement it.
"""

import re

from segur_sandbox.insi.refusal import RequestRefusedError

_ALLOWED = re.compile(r"[A-Z' -]+")
_DOUBLED = re.compile(r"[ ']{2}")


def check_family_name(value: str) -> None:
    """Refuse a birth name outside the profile: double hyphen and leading apostrophe are allowed."""
    _check_common(value, "NomNaissance")


def check_given_name(value: str) -> None:
    """Refuse a given name, or a list of them joined by spaces, outside the profile."""
    _check_common(value, "Prenom")
    if "--" in value:
        raise RequestRefusedError("name", "Prenom holds a double hyphen")
    if value[-1] in "-'":
        raise RequestRefusedError("name", "Prenom ends with a hyphen or an apostrophe")


def _check_common(value: str, element: str) -> None:
    if not _ALLOWED.fullmatch(value):
        raise RequestRefusedError("name", f"{element} holds a character other than A-Z, space, ' and -")
    if value[0] in " -":
        raise RequestRefusedError("name", f"{element} starts with a space or a hyphen")
    if _DOUBLED.search(value):
        raise RequestRefusedError("name", f"{element} holds a doubled space or apostrophe")
