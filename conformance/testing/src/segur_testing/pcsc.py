"""Tests through a real pcscd: what the machine needs for them."""

import os
import shutil

import pytest

from segur_sandbox.pcsc.errors import PcscMissingError
from segur_sandbox.pcsc.packages import require_all


def require_pcsc(*programs: str) -> None:
    """Go on where virtual PC/SC readers can be had; otherwise skip the test, and fail it under ``CI=true``.

    Args:
        programs: those that the test calls besides, such as ``opensc-tool``.
    """
    try:
        require_all()
    except PcscMissingError as missing:
        _refuse(f"{missing}; {missing.install}" if missing.install else str(missing))
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        _refuse(f"not found: {', '.join(absent)}")


def _refuse(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
