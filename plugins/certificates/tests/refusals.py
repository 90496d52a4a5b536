"""What a call was refused for."""

from collections.abc import Callable

import pytest

from segur_sdk.errors import SegurError


def code_of(action: Callable[[], object]) -> str:
    """Return the code of the refusal, short."""
    with pytest.raises(SegurError) as refusal:
        action()
    return refusal.value.code.removeprefix("certificates.")
