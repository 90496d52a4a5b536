"""The kit's room is built: its distribution installs, is typed, and says nothing that it cannot do yet."""

from importlib.metadata import distribution
from importlib.resources import files

import segur_conformance


def test_the_distribution_is_typed_and_depends_on_nothing_yet() -> None:
    found = distribution("segur-conformance")
    assert (files(segur_conformance) / "py.typed").is_file()
    assert found.requires in (None, [])


def test_no_command_is_announced_before_it_exists() -> None:
    assert list(distribution("segur-conformance").entry_points) == []
