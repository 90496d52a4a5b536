"""The gate on test file names names both folders of a repeated one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import unique_tests

MakeWorkspace = Callable[[dict[str, str]], Path]


def test_a_repeated_test_file_name_is_refused(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"sdk/tests/deep/test_cards.py": "", "plugins/cat/tests/test_cards.py": "", "sdk/tests/conftest.py": ""}

    status = unique_tests.main(["--root", str(make_workspace(files))])

    assert status == 1
    assert "test_cards.py is in sdk/tests/deep and in plugins/cat/tests" in capsys.readouterr().out


def test_a_repeated_conftest_passes(make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"sdk/tests/test_sdk_cards.py": "", "tests/test_cards.py": "", "sdk/tests/conftest.py": ""}

    status = unique_tests.main(["--root", str(make_workspace(files | {"plugins/cat/tests/conftest.py": ""}))])

    assert status == 0, capsys.readouterr().out
