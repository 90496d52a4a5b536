"""How much of the machine a target may take."""

from typing import Final

import attrs

MEBIBYTE: Final = 1024 * 1024


@attrs.frozen
class Limits:
    """How much of the machine a target may take, all its processes together.

    Attributes:
        memory: bytes that they hold in memory.
        processes: how many they are, the target itself included.
        scratch: bytes in the scratch folder.
        file: bytes of the largest file that any of them may write.
        written: bytes that they write to disk from one start of the target to the next, wherever that is.
        answer_s: seconds to one answer; longer than any deadline of a hook, so that whoever has not answered by then
            never will.
    """

    memory: int = 1024 * MEBIBYTE
    processes: int = 32
    scratch: int = 128 * MEBIBYTE
    file: int = 128 * MEBIBYTE
    written: int = 512 * MEBIBYTE
    answer_s: float = 60.0
