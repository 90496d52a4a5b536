"""This machine's own pcscd, when it has the virtual reader that Debian's vsmartcard-vpcd configures."""

import re
from pathlib import Path
from typing import Final

from segur_sandbox.pcsc.daemon import Pcscd

_PORT: Final = 0x8C7B
_PORTS: Final = frozenset({_PORT, _PORT + 1})
_NAME: Final = re.compile(r"Virtual PCD \d\d (\d\d)")
_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"
_LOOK_S: Final = 1.0


class MachinePcscd(Pcscd):
    """A pcscd that somebody else starts and stops."""

    @property
    def is_up(self) -> bool:
        """Whether vpcd waits for cards."""
        return bool(_waiting())

    async def slots(self) -> dict[str, int]:
        """Return the virtual slots that are there now, as pcscd names them, with the port of each."""
        waiting = _waiting()
        if not waiting:
            return {}
        matches = [match for name in await self.readers(_LOOK_S) if (match := _NAME.fullmatch(name))]
        named = {match[0]: _PORT + int(match[1]) for match in matches}
        return {name: port for name, port in named.items() if port in waiting}


def _waiting() -> frozenset[int]:
    """Ports of vpcd that are listened on. Not found by connecting: vpcd would take that for a card."""
    found = set()
    for table in _TABLES:
        if table.exists():
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                address, state = line.split()[1], line.split()[3]
                if state == _LISTENING:
                    found.add(int(address.rpartition(":")[2], 16))
    return _PORTS & found
