"""The green plugins: whatever their settings and whatever goes wrong around them, nothing goes round the broker."""

from collections.abc import Callable
from pathlib import Path

import pytest

BY_CARD = ["insi ok"] * 3
GREEN = {
    "by-card": ("plain", {}, ["insi ok"] * 4, ["RECUP", "RECUP", "RECUP", "PROV"]),
    "by-traits": ("plain", {"vitale_assertion": "none"}, ["insi ok"] * 4, ["RECUP", "RECUP", "RECUP", "PROV"]),
}


def test_placeholder() -> None:
    assert GREEN
