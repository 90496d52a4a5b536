"""Script: what pcscd knows about its readers, asked through libpcsclite as any program would.

Arguments: seconds to wait, then nothing (until there is a reader), or a reader's name and `present` or `empty`. The
names of all readers go to standard output as a JSON list. Exit status: 0 as asked, 1 not within that time, 3 no
pcscd. It needs the standard library alone.
"""

import ctypes
import json
import sys
import time

_SUCCESS, _TIMEOUT, _NO_READERS = 0, 0x8010000A, 0x8010002E
_SCOPE_SYSTEM = 2
_EMPTY, _PRESENT = 0x10, 0x20
_POLL_S = 0.02
_AS_ASKED, _NOT_IN_TIME, _NO_SERVICE = 0, 1, 3


class _ReaderState(ctypes.Structure):
    """`SCARD_READERSTATE` of pcsc-lite."""

    _fields_ = (
        ("reader", ctypes.c_char_p),
        ("user_data", ctypes.c_void_p),
        ("current", ctypes.c_ulong),
        ("event", ctypes.c_ulong),
        ("atr_length", ctypes.c_ulong),
        ("atr", ctypes.c_ubyte * 33),
    )


class _ServiceError(Exception):
    """pcscd does not answer."""


class _Pcsc:
    def __init__(self) -> None:
        self._library = ctypes.CDLL("libpcsclite.so.1")
        self._context = ctypes.c_long()
        self._call("SCardEstablishContext", ctypes.c_ulong(_SCOPE_SYSTEM), None, None, ctypes.byref(self._context))

    def readers(self) -> list[str]:
        size = ctypes.c_ulong()
        if self._call("SCardListReaders", self._context, None, None, ctypes.byref(size)) == _NO_READERS:
            return []
        names = ctypes.create_string_buffer(size.value)
        self._call("SCardListReaders", self._context, None, names, ctypes.byref(size))
        return [name.decode("utf-8", "replace") for name in names.raw.split(b"\0") if name]

    def wait(self, reader: str, wanted: int, deadline: float) -> bool:
        """Wait until the slot is as wanted; false when it is not in time."""
        state = _ReaderState(reader=reader.encode("utf-8"))
        while True:
            left = max(0, int((deadline - time.monotonic()) * 1000))
            self._call(
                "SCardGetStatusChange", self._context, ctypes.c_ulong(left), ctypes.byref(state), ctypes.c_ulong(1)
            )
            if state.event & wanted:
                return True
            if not left:
                return False
            state.current = state.event

    def _call(self, name: str, *arguments: object) -> int:
        answer = int(getattr(self._library, name)(*arguments)) & 0xFFFFFFFF
        if answer not in (_SUCCESS, _TIMEOUT, _NO_READERS):
            raise _ServiceError(f"{name}: {answer:08X}")
        return answer


def main(seconds: str, reader: str = "", wanted: str = "") -> int:
    """Wait, and tell; returns the exit status."""
    deadline = time.monotonic() + float(seconds)
    try:
        pcsc = _Pcsc()
        while not (found := pcsc.readers()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        reached = bool(found)
        if reader:
            reached = pcsc.wait(reader, _EMPTY if wanted == "empty" else _PRESENT, deadline)
    except (OSError, _ServiceError) as failure:
        sys.stderr.write(f"{failure}\n")
        return _NO_SERVICE
    sys.stdout.write(json.dumps(found))
    return _AS_ASKED if reached else _NOT_IN_TIME


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
