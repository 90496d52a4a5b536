"""Tell a full disk from one that refuses for another reason."""

import errno
from typing import Final

from segur_sdk.errors import HostError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def disk_error(failure: OSError, otherwise: str, file: str) -> HostError:
    """Return the error of a file that could not be written.

    Args:
        failure: what the system said.
        otherwise: code when the disk is not full.
        file: name of the file, without its folder.
    """
    code = "storage.full" if failure.errno in _NO_ROOM else otherwise
    return HostError(code, file=file, reason=errno.errorcode.get(failure.errno or 0, type(failure).__name__))
