"""Which PKCS#11 module is loaded, and why one cannot be.

Paths of the Cryptolib CPS: ANS, release notes of Cryptolib CPS 5.2 and content of its Linux package.
"""

import os
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11.exceptions import PKCS11Error

from segur_sdk.errors import CardError

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - the library's own name for a class

_ELF: Final = b"\x7fELF"
_ELF_CLASS: Final = slice(4, 6)
_ELF_MACHINE: Final = slice(18, 20)
_ELF_HEAD: Final = 20
_ENTRY_POINT: Final = "C_GetFunctionList"


def cryptolib_paths(platform: str, environment: Mapping[str, str], *, pointer_bits: int) -> tuple[PurePath, ...]:
    """Return where the installer of the Cryptolib CPS puts its module.

    Args:
        platform: as ``sys.platform``.
        environment: of the process; Windows tells there where its own folder is.
        pointer_bits: 32 or 64, of this interpreter: a process loads modules of its own kind only.
    """
    if platform == "win32":
        windows = PureWindowsPath(environment.get("SystemRoot", r"C:\Windows"))
        return (windows / "System32" / f"cps3_pkcs11_w{pointer_bits}.dll",)
    if platform == "darwin":
        return (PurePosixPath("/usr/local/lib/libcps3_pkcs11_osx.dylib"),)
    name = "libcps3_pkcs11_lux.so"
    return tuple(PurePosixPath(folder, name) for folder in ("/opt/santesocial/CPS/lib", "/usr/lib64", "/usr/lib"))


def candidates(setting: str) -> tuple[PurePath, ...]:
    """Return the modules to look for: the one that the setting names, else the Cryptolib CPS."""
    if setting:
        return (PurePath(setting),)
    return cryptolib_paths(sys.platform, os.environ, pointer_bits=8 * struct.calcsize("P"))


def load(looked_for: Sequence[PurePath]) -> "Library":
    """Load and start the first module that is there.

    Raises:
        CardError: ``token.module_missing``, with what was looked for; ``token.module_unusable``, whose ``reason`` is
            ``architecture`` (made for another kind of processor or process), ``no_pkcs11`` (a library, but no
            PKCS#11 module), ``not_loadable`` (the system refuses it: no library, or another one is missing that it
            needs) or ``start`` (it does not start).
    """
    found = next((path for path in map(Path, looked_for) if path.is_file()), None)
    if found is None:
        raise CardError("token.module_missing", looked_for=", ".join(map(str, looked_for)))
    if _is_foreign(found):
        raise CardError("token.module_unusable", module=str(found), reason="architecture")
    try:
        return pkcs11.lib(str(found))
    except PKCS11Error as failure:
        raise CardError("token.module_unusable", module=str(found), reason=_why(failure)) from None


def _why(failure: PKCS11Error) -> str:
    text = str(failure)
    if _ENTRY_POINT in text:
        return "no_pkcs11"
    return "not_loadable" if "while loading" in text else "start"


def _is_foreign(module: Path) -> bool:
    """Tell whether an ELF file was made for another machine than this interpreter.

    The system's own loader says of such a file that it does not exist.
    """
    ours, theirs = _head(Path(sys.executable)), _head(module)
    if not (ours.startswith(_ELF) and theirs.startswith(_ELF)):
        return False
    return (ours[_ELF_CLASS], ours[_ELF_MACHINE]) != (theirs[_ELF_CLASS], theirs[_ELF_MACHINE])


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(_ELF_HEAD)
    except OSError:
        return b""
