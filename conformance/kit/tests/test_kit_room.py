"""The kit as others find it: its distribution is typed, and announces what it has."""

from importlib.metadata import distribution
from importlib.resources import files

import segur_conformance


def test_the_distribution_is_typed() -> None:
    assert (files(segur_conformance) / "py.typed").is_file()


def test_commands_and_the_pytest_plugin_are_announced() -> None:
    found = {(one.group, one.name) for one in distribution("segur-conformance").entry_points}

    assert found == {
        ("segur.commands", "conformance"),
        ("segur.commands", "requirements"),
        ("pytest11", "segur-conformance"),
    }


def test_pytest_is_needed_only_by_who_asks_for_it() -> None:
    required = distribution("segur-conformance").requires or []

    assert [one for one in required if one.startswith("pytest")] == ["pytest>=8.3; extra == 'pytest'"]
