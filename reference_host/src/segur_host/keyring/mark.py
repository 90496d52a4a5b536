"""For which installation keys are kept: a copy beside another one is recognised.

Two instances of a software each have a key and a certificate of their own; none is ever copied (ANS, « Commande de
certificats »). The mark is no protection against an attacker, who may write it as he likes; it is against a folder
copied to a second machine in good faith.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Final, Self

import attrs

MACHINE_FILES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_PURPOSE: Final = b"segur keyring 1"
_MAX_MACHINE_BYTES: Final = 256


@attrs.frozen
class Mark:
    """The place of a store of keys."""

    instance: str | None
    """UUID of the installation; ``None`` when whoever looks did not open its database."""
    machine: str | None
    """Made of the machine's own id, which it does not tell; ``None`` where the system has none."""
    folder: str
    """Of the store, without links."""

    @classmethod
    def of_here(cls, folder: Path, instance: str | None) -> Self:
        """Return the mark of a folder on this machine."""
        return cls(instance, _machine(), str(folder.resolve()))

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read the file.

        Raises:
            ValueError: it is not as ``written``.
        """
        found = json.loads(content)
        fields = {field.name for field in attrs.fields(cls)}
        if not (isinstance(found, dict) and found.keys() == fields and isinstance(found["folder"], str)):
            raise ValueError("not a mark")
        return cls(**found)

    def written(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(attrs.asdict(self), indent=1).encode() + b"\n"

    def differs(self, here: "Mark") -> str | None:
        """Return in what this mark is not that of ``here``, if in anything; what either does not know is passed."""
        for name in ("instance", "machine", "folder"):
            own, other = getattr(self, name), getattr(here, name)
            if own is not None and other is not None and own != other:
                return name
        return None


def _machine() -> str | None:
    """Return what tells this machine from others, as machine-id(5) asks for: keyed, so that the id stays unknown."""
    for path in MACHINE_FILES:
        try:
            found = path.read_bytes()[:_MAX_MACHINE_BYTES].strip()
        except OSError:
            continue
        if found:
            return hmac.new(found, _PURPOSE, hashlib.sha256).hexdigest()
    return None
