"""The secret codes of a card and the tries left for each: they live in the card, not in a session.

Kept in `DIR/cards/SERIAL.json`, so that neither a removal nor a restart gives a try back.
"""

import json
from pathlib import Path
from typing import Literal

import attrs

from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.private_files import make_private_folder, write_private

FIRST_PIN = "1234"
FIRST_PUK = "12345678"
TRIES = 3
Code = Literal["pin", "puk"]


@attrs.frozen
class _Codes:
    pin: str
    puk: str
    pin_tries: int
    puk_tries: int


class SecretCodes:
    """PIN (*code porteur*) and PUK of one card.

    Args:
        folder: `DIR/cards`; what it says is read again at each question, since a reset may come at any time.
        record: The card.
    """

    def __init__(self, folder: Path, record: CpxRecord) -> None:
        self._file = folder / f"{record.serial}.json"
        self._delivered = _Codes(FIRST_PIN, FIRST_PUK, 0 if record.locked else TRIES, TRIES)

    def tries(self, code: Code) -> int:
        """Return how many wrong presentations are left."""
        state = self._read()
        return state.pin_tries if code == "pin" else state.puk_tries

    def check(self, code: Code, value: bytes) -> bool:
        """Present a code: a wrong one costs a try, the right one gives all back; any is wrong when none is left."""
        state = self._read()
        left = self.tries(code)
        if left == 0:
            return False
        right = value == (state.pin if code == "pin" else state.puk).encode("ascii")
        self._keep(state, code, TRIES if right else left - 1)
        return right

    def replace_pin(self, value: bytes) -> None:
        """Set another PIN, with all its tries."""
        self._write(attrs.evolve(self._read(), pin=value.decode("ascii"), pin_tries=TRIES))

    def unlock_pin(self) -> None:
        """Give the PIN all its tries back."""
        self._write(attrs.evolve(self._read(), pin_tries=TRIES))

    def _keep(self, state: _Codes, code: Code, tries: int) -> None:
        changed = attrs.evolve(state, pin_tries=tries) if code == "pin" else attrs.evolve(state, puk_tries=tries)
        if changed != state:
            self._write(changed)

    def _read(self) -> _Codes:
        try:
            return _Codes(**json.loads(self._file.read_bytes()))
        except FileNotFoundError:
            return self._delivered

    def _write(self, state: _Codes) -> None:
        make_private_folder(self._file.parent)
        write_private(self._file, json.dumps(attrs.asdict(state)).encode("ascii"))
