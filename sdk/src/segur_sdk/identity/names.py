"""Names as INSi and the INS datamatrix write them, as two sources are compared, as a file is searched.

What is stored stays as it was typed: a name is put into a profile only where it leaves for a service.

Sources: *Guide d'intégration INSi* SEL-MP-043 v05.00.01 (§2, §3.4.1: EF_INS01_03, EF_INS10_01, EF_INS10_02),
RNIV EXI SI 29/30, *Guide d'implémentation de l'INS dans les logiciels* v3.0 (EXI ID 10).
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from segur_sdk.errors import InputError


class NameProfile(StrEnum):
    """The two lexical profiles."""

    FAMILY_NAME = "family_name"
    """Nom de naissance: a double hyphen is allowed."""
    GIVEN_NAME = "given_name"
    """Prénom: no double hyphen, no hyphen nor apostrophe at the end."""


WITHOUT_DECOMPOSITION: Final[Mapping[str, str]] = MappingProxyType(
    {"Æ": "AE", "Œ": "OE", "ẞ": "SS", "Ø": "O", "Ł": "L", "Đ": "D", "Ħ": "H"}
)
"""Letters that have a base in the Latin alphabet though Unicode does not decompose them."""

_APOSTROPHES: Final = "\u2018\u2019\u201b\u02bc\u2032\uff07"
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_SPACES: Final = "\u00a0\u2007\u2009\u202f"
_TYPOGRAPHY: Final = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-") | dict.fromkeys(_SPACES, " ")
)
_BASIC: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")
_FIRST_COMBINING, _LAST_COMBINING = "\u0300", "\u036f"

_POSITION_RULES: Final = (
    ("identity.name_start", re.compile(r"^[ -]"), frozenset(NameProfile)),
    ("identity.name_end", re.compile(r"['-]$"), frozenset({NameProfile.GIVEN_NAME})),
    ("identity.name_double_hyphen", re.compile(r"--"), frozenset({NameProfile.GIVEN_NAME})),
    ("identity.name_double_hyphen", re.compile(r"---"), frozenset({NameProfile.FAMILY_NAME})),
    ("identity.name_separators", re.compile(r"[' ][' ]"), frozenset(NameProfile)),
)
"""Code of the refusal, what it looks for, profiles it holds for."""


def _transliterated(text: str) -> str:
    """Put what has a base into basic upper case; leave everything else as it is."""
    if text.isascii():
        return text.upper()
    letters: list[str] = []
    for character in unicodedata.normalize("NFD", text.upper().translate(_TYPOGRAPHY)):
        if _FIRST_COMBINING <= character <= _LAST_COMBINING and letters and letters[-1].isalpha():
            continue
        letters.append(WITHOUT_DECOMPOSITION.get(character, character))
    return "".join(letters)


def normalise_name(text: str, profile: NameProfile) -> str:
    """Return ``text`` in upper case, without accent nor ligature, as the profile wants it.

    Args:
        text: a nom de naissance, one prénom, or a list of prénoms separated by spaces.
        profile: which of the two profiles.

    Raises:
        InputError: ``identity.name_character`` for a character without equivalent (it is never dropped),
            ``identity.name_start``, ``identity.name_end``, ``identity.name_double_hyphen``,
            ``identity.name_separators`` for its place, ``identity.name_empty`` without any letter. The error
            tells the profile and the place, never the character.
    """
    name = _transliterated(text)
    for place, character in enumerate(name, start=1):
        if character not in _BASIC:
            raise InputError("identity.name_character", profile=profile.value, place=place)
    if not any(character.isalpha() for character in name):
        raise InputError("identity.name_empty", profile=profile.value)
    for code, pattern, profiles in _POSITION_RULES:
        if profile in profiles and pattern.search(name):
            raise InputError(code, profile=profile.value)
    return name


def fold(text: str) -> str:
    """Return what two writings of one nom de naissance share: case, accents and typography set aside.

    Never fails: a character without equivalent stays, so that it differs from anything else.
    """
    return _transliterated(text).strip()


def for_comparison(text: str) -> str:
    """Return what two writings of given names share: hyphen, apostrophe and space are moreover one."""
    return " ".join(re.split(r"[ '-]+", fold(text))).strip()


def start_that_fits(first: str, birth_list: str) -> str | None:
    """Find a first given name at the start of the list of given names of the birth record.

    ``JEAN CHRISTOPHE``, ``JEAN-CHRISTOPHE`` and ``JEAN-CHRISTOPHE-PIERRE`` all fit a list that starts with
    ``JEAN CHRISTOPHE PIERRE``; ``CHRISTOPHE`` alone does not (EXI ID 10).

    Args:
        first: the first given name.
        birth_list: all given names, separated by spaces, composed ones with their hyphens.

    Returns:
        The piece of ``birth_list`` that ``first`` stands for, or ``None`` when it does not fit.
    """
    wanted = for_comparison(first)
    if not wanted:
        return None
    for word in re.finditer(r"[^ '-]+", birth_list.translate(_TYPOGRAPHY)):
        if for_comparison(birth_list[: word.end()]) == wanted:
            return birth_list[: word.end()].strip()
    return None


def search_key(text: str) -> str:
    """Return the key under which names are searched: letters alone (SC.INS/va1.25).

    Apostrophes, single and double hyphens, spaces, accents and cedillas do not count: ``D'Artagnan`` is found by
    ``dartagnan`` and by ``D ARTAGNAN``. The beginning of a name gives the beginning of its key. Nothing but
    separators gives an empty key, which is no criterion at all.
    """
    return re.sub(r"[ '-]", "", _transliterated(text))
