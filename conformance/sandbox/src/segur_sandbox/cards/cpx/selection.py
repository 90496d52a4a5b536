"""Which file of the card is current: SELECT and READ BINARY (ISO 7816-4)."""

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx.files import EF_ATR, MF, AnyFile, DedicatedFile, ElementaryFile
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.status_words import (
    NO_CURRENT_FILE,
    NOT_FOUND,
    OUTSIDE_FILE,
    PROTECTED,
    WRONG_LENGTH,
    WRONG_P1_P2,
)
from segur_sandbox.cards.tlv import tlv

BY_IDENTIFIER, EF_OF_CURRENT, BY_NAME, FROM_ROOT, FROM_CURRENT = 0x00, 0x02, 0x04, 0x08, 0x09
_WITH_TEMPLATE, _WITHOUT = (0x00, 0x04), 0x0C
_TRANSPARENT, _FOLDER = b"\x01", b"\x38"
_READ_BY_ALL = tlv(0xA1, tlv(0x8C, b"\x01\x00"))
_SHORT_IDENTIFIER = 0x80
_WIDTH = 2


class Selection:
    """The current folder and file of a powered card, at its root first."""

    def __init__(self, root: DedicatedFile) -> None:
        self._root = root
        inner = (child for child in root.children if isinstance(child, DedicatedFile))
        self._folders = {folder.name: folder for folder in (root, *inner) if folder.name}
        self.reset()

    def reset(self) -> None:
        """Go back to the root, no file current."""
        self._folder = self._root
        self._file: ElementaryFile | None = None

    def select(self, command: Command) -> bytes:
        """Make a file current; returns its control information, or nothing when the command wants none.

        Raises:
            RefusedError: no such file, or a selection that the card does not know.
        """
        if command.p2 not in (*_WITH_TEMPLATE, _WITHOUT):
            raise RefusedError(WRONG_P1_P2)
        folder, found = self._by_name(command.data) if command.p1 == BY_NAME else self._by_path(command)
        self._folder = folder
        self._file = found if isinstance(found, ElementaryFile) else None
        return b"" if command.p2 == _WITHOUT else _information(found)

    def content(self, command: Command, *, verified: bool) -> bytes:
        """Return the current file from the offset of a READ BINARY on.

        Raises:
            RefusedError: no file current, a private one without PIN, an offset outside, a short identifier.
        """
        if command.p1 & _SHORT_IDENTIFIER:
            raise RefusedError(NOT_FOUND)
        if self._file is None:
            raise RefusedError(NO_CURRENT_FILE)
        if self._file.private and not verified:
            raise RefusedError(PROTECTED)
        offset = command.p1 << 8 | command.p2
        if offset >= len(self._file.content):
            raise RefusedError(OUTSIDE_FILE)
        return self._file.content[offset:]

    def _by_name(self, name: bytes) -> tuple[DedicatedFile, AnyFile]:
        if name not in self._folders:
            raise RefusedError(NOT_FOUND)
        return self._folders[name], self._folders[name]

    def _by_path(self, command: Command) -> tuple[DedicatedFile, AnyFile]:
        path = command.data
        if command.p1 not in (BY_IDENTIFIER, EF_OF_CURRENT, FROM_ROOT, FROM_CURRENT):
            raise RefusedError(WRONG_P1_P2)
        steps = [int.from_bytes(path[at : at + _WIDTH], "big") for at in range(0, len(path), _WIDTH)]
        single = command.p1 in (BY_IDENTIFIER, EF_OF_CURRENT)
        if not steps or len(path) % _WIDTH or (single and len(steps) > 1):
            raise RefusedError(WRONG_LENGTH)
        if command.p1 == BY_IDENTIFIER:
            return self._near(steps[0])
        # The ANS's library sends paths from 3F00 as if they began at the current folder.
        absolute = steps[0] == MF
        start = self._root if absolute or command.p1 == FROM_ROOT else self._folder
        folder, found = _walk(start, steps[1:] if absolute else steps)
        if command.p1 == EF_OF_CURRENT and isinstance(found, DedicatedFile):
            raise RefusedError(NOT_FOUND)
        return folder, found

    def _near(self, identifier: int) -> tuple[DedicatedFile, AnyFile]:
        """A file by its identifier alone: the current folder, one under it, its parent, one beside it."""
        for folder in (self._folder, self._root):
            if folder.identifier == identifier:
                return folder, folder
            found = folder.child(identifier)
            if found is not None:
                return found if isinstance(found, DedicatedFile) else folder, found
        raise RefusedError(NOT_FOUND)


def _walk(folder: DedicatedFile, steps: list[int]) -> tuple[DedicatedFile, AnyFile]:
    found: AnyFile = folder
    for step in steps:
        below = found.child(step) if isinstance(found, DedicatedFile) else None
        if below is None:
            raise RefusedError(NOT_FOUND)
        found = below
        folder = found if isinstance(found, DedicatedFile) else folder
    return folder, found


def _information(file: AnyFile) -> bytes:
    """Return the file control information: the ANS's library wants tag 6F, size, type and identifier."""
    identifier = tlv(0x83, file.identifier.to_bytes(_WIDTH, "big"))
    # OpenSC takes a folder, or an EF.ATR, without access rules for one that is not there.
    if isinstance(file, DedicatedFile):
        name = tlv(0x84, file.name) if file.name else b""
        return tlv(0x6F, tlv(0x82, _FOLDER) + identifier + name + _READ_BY_ALL)
    size = tlv(0x80, len(file.content).to_bytes(_WIDTH, "big"))
    rules = _READ_BY_ALL if file.identifier == EF_ATR else b""
    return tlv(0x6F, size + tlv(0x82, _TRANSPARENT) + identifier + rules)
