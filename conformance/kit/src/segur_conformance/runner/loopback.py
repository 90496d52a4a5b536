"""Does the loopback interface answer; where the network was cut, it is often down with the rest."""

import socket
import struct
import sys
from typing import Final

ADDRESS: Final = "127.0.0.1"
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1
_REQUEST: Final = struct.Struct("16sh22x")


def answers() -> bool:
    """Return whether a connection to this machine itself comes about."""
    try:
        with socket.create_server((ADDRESS, 0)) as server:
            socket.create_connection(server.getsockname()[:2], timeout=2).close()
    except OSError:
        return False
    return True


def bring_up() -> bool:
    """Activate the interface of a fresh network namespace, as ``ip link set lo up`` does, where that is allowed.

    Returns:
        Whether it answers now.
    """
    if not sys.platform.startswith("linux"):
        return answers()
    import fcntl  # noqa: PLC0415 - not on every system

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            told = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _REQUEST.pack(b"lo", 0))
            flags = _REQUEST.unpack(told)[1]
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, _REQUEST.pack(b"lo", flags | _IFF_UP))
    except OSError:
        return False
    return answers()
