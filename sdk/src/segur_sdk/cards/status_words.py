"""Status words: what a card means by the two bytes that end its answer (ISO 7816-4 §5.6)."""

from enum import Enum, IntEnum
from typing import Final

import attrs


class Behaviour(Enum):
    """What a program has to do about a status word."""

    DONE = "done"
    MORE_DATA = "more_data"
    """Fetch the rest with GET RESPONSE; SW2 tells how much, 0 meaning 256 or more."""
    WRONG_LE = "wrong_le"
    """Repeat the command with SW2 as Le, 0 meaning 256."""
    END_OF_FILE = "end_of_file"
    """The file ends before the place or the length that was asked."""
    WARNING = "warning"
    NOT_FOUND = "not_found"
    """No such file, application, or object."""
    PROTECTED = "protected"
    """It exists and may not be used in the present state."""
    BLOCKED = "blocked"
    """A PIN or the card itself is blocked."""
    PIN_REFUSED = "pin_refused"
    UNSUPPORTED = "unsupported"
    """The card does not know this class, instruction or function."""
    BAD_COMMAND = "bad_command"
    """Length or parameters do not suit the command."""
    CARD_FAULT = "card_fault"
    """The card failed, or answered something without a known meaning."""


@attrs.frozen
class StatusMeaning:
    """What one status word means."""

    behaviour: Behaviour
    meaning: str


class StatusWord(IntEnum):
    """Status words with one fixed value; families such as ``61xx`` are known to :func:`meaning_of` only."""

    OK = 0x9000
    DATA_CORRUPTED = 0x6281
    END_OF_FILE = 0x6282
    FILE_DEACTIVATED = 0x6283
    FILE_TERMINATED = 0x6285
    NO_INFORMATION_CHANGED = 0x6300
    EXECUTION_ERROR = 0x6400
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    CHANNEL_UNSUPPORTED = 0x6881
    SECURE_MESSAGING_UNSUPPORTED = 0x6882
    CHAINING_UNSUPPORTED = 0x6884
    INCOMPATIBLE_FILE = 0x6981
    SECURITY_NOT_SATISFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    DATA_UNUSABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_FILE = 0x6986
    APPLET_SELECT_FAILED = 0x6999
    WRONG_DATA = 0x6A80
    FUNCTION_UNSUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    WRONG_PARAMETERS = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    OFFSET_OUTSIDE_FILE = 0x6B00
    INSTRUCTION_UNSUPPORTED = 0x6D00
    CLASS_UNSUPPORTED = 0x6E00
    UNKNOWN_FAILURE = 0x6F00
    CPS_BAD_ADDRESS = 0x9402
    CPS_FILE_NOT_FOUND = 0x9404
    CPS_WRONG_FILE_TYPE = 0x9408
    CPS_PIN_NOT_ACTIVE = 0x9802
    CPS_WRONG_PIN = 0x9804
    CPS_INVALID_FILE = 0x9810
    CPS_PIN_BLOCKED = 0x9840


_EXACT: Final[dict[int, StatusMeaning]] = {
    word: StatusMeaning(behaviour, meaning)
    for word, behaviour, meaning in (
        (StatusWord.OK, Behaviour.DONE, "done"),
        (StatusWord.DATA_CORRUPTED, Behaviour.CARD_FAULT, "part of the data may be corrupted"),
        (StatusWord.END_OF_FILE, Behaviour.END_OF_FILE, "end of file reached before Le bytes"),
        (StatusWord.FILE_DEACTIVATED, Behaviour.PROTECTED, "selected file is deactivated"),
        (StatusWord.FILE_TERMINATED, Behaviour.PROTECTED, "selected file is terminated"),
        (StatusWord.NO_INFORMATION_CHANGED, Behaviour.WARNING, "warning without information"),
        (StatusWord.EXECUTION_ERROR, Behaviour.CARD_FAULT, "execution error"),
        (StatusWord.MEMORY_FAILURE, Behaviour.CARD_FAULT, "memory failure"),
        (StatusWord.WRONG_LENGTH, Behaviour.BAD_COMMAND, "wrong length"),
        (StatusWord.CHANNEL_UNSUPPORTED, Behaviour.UNSUPPORTED, "logical channel not supported"),
        (StatusWord.SECURE_MESSAGING_UNSUPPORTED, Behaviour.UNSUPPORTED, "secure messaging not supported"),
        (StatusWord.CHAINING_UNSUPPORTED, Behaviour.UNSUPPORTED, "command chaining not supported"),
        (StatusWord.INCOMPATIBLE_FILE, Behaviour.BAD_COMMAND, "command incompatible with the file's structure"),
        (StatusWord.SECURITY_NOT_SATISFIED, Behaviour.PROTECTED, "security status not satisfied"),
        (StatusWord.AUTHENTICATION_BLOCKED, Behaviour.BLOCKED, "authentication method blocked"),
        (StatusWord.DATA_UNUSABLE, Behaviour.PROTECTED, "reference data not usable"),
        (StatusWord.CONDITIONS_NOT_SATISFIED, Behaviour.PROTECTED, "conditions of use not satisfied"),
        (StatusWord.NO_CURRENT_FILE, Behaviour.BAD_COMMAND, "no current elementary file"),
        (StatusWord.APPLET_SELECT_FAILED, Behaviour.NOT_FOUND, "application could not be selected"),
        (StatusWord.WRONG_DATA, Behaviour.BAD_COMMAND, "wrong command data"),
        (StatusWord.FUNCTION_UNSUPPORTED, Behaviour.UNSUPPORTED, "function not supported"),
        (StatusWord.FILE_NOT_FOUND, Behaviour.NOT_FOUND, "file or application not found"),
        (StatusWord.RECORD_NOT_FOUND, Behaviour.NOT_FOUND, "record not found"),
        (StatusWord.WRONG_PARAMETERS, Behaviour.BAD_COMMAND, "wrong parameters P1-P2"),
        (StatusWord.REFERENCE_NOT_FOUND, Behaviour.NOT_FOUND, "referenced data not found"),
        (StatusWord.OFFSET_OUTSIDE_FILE, Behaviour.END_OF_FILE, "offset outside the file"),
        (StatusWord.INSTRUCTION_UNSUPPORTED, Behaviour.UNSUPPORTED, "instruction not supported"),
        (StatusWord.CLASS_UNSUPPORTED, Behaviour.UNSUPPORTED, "class not supported"),
        (StatusWord.UNKNOWN_FAILURE, Behaviour.CARD_FAULT, "failure without diagnosis"),
        (StatusWord.CPS_BAD_ADDRESS, Behaviour.END_OF_FILE, "CPS2ter: bad address"),
        (StatusWord.CPS_FILE_NOT_FOUND, Behaviour.NOT_FOUND, "CPS2ter: file not found"),
        (StatusWord.CPS_WRONG_FILE_TYPE, Behaviour.BAD_COMMAND, "CPS2ter: wrong file type"),
        (StatusWord.CPS_PIN_NOT_ACTIVE, Behaviour.PROTECTED, "CPS2ter: PIN not active"),
        (StatusWord.CPS_WRONG_PIN, Behaviour.PIN_REFUSED, "CPS2ter: wrong PIN"),
        (StatusWord.CPS_INVALID_FILE, Behaviour.PROTECTED, "CPS2ter: invalid file"),
        (StatusWord.CPS_PIN_BLOCKED, Behaviour.BLOCKED, "CPS2ter: PIN blocked"),
    )
}

_BY_SW1: Final[dict[int, StatusMeaning]] = {
    0x61: StatusMeaning(Behaviour.MORE_DATA, "more data to fetch"),
    0x62: StatusMeaning(Behaviour.WARNING, "warning, nothing changed"),
    0x63: StatusMeaning(Behaviour.WARNING, "warning, something changed"),
    0x64: StatusMeaning(Behaviour.CARD_FAULT, "execution error, nothing changed"),
    0x65: StatusMeaning(Behaviour.CARD_FAULT, "execution error, something changed"),
    0x66: StatusMeaning(Behaviour.CARD_FAULT, "security issue"),
    0x68: StatusMeaning(Behaviour.UNSUPPORTED, "class function not supported"),
    0x69: StatusMeaning(Behaviour.PROTECTED, "command not allowed"),
    0x6A: StatusMeaning(Behaviour.BAD_COMMAND, "wrong parameters"),
    0x6C: StatusMeaning(Behaviour.WRONG_LE, "wrong Le"),
    0x9F: StatusMeaning(Behaviour.MORE_DATA, "CPS2ter: data available"),
}

_UNKNOWN: Final = StatusMeaning(Behaviour.CARD_FAULT, "no known meaning")


def meaning_of(sw: int) -> StatusMeaning:
    """Return what the status word ``sw`` (16 bits) means; the most precise entry wins.

    Source: ISO 7816-4 §5.6; the CPS2ter words come from the published CPS PKCS#11 library.
    """
    if sw in _EXACT:
        return _EXACT[sw]
    if sw & 0xFFF0 == 0x63C0:
        return StatusMeaning(Behaviour.PIN_REFUSED, f"verification failed, {sw & 0xF} tries left")
    return _BY_SW1.get(sw >> 8, _UNKNOWN)
