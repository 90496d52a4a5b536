"""Marks of tests are read from their source, and nothing of it runs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_conformance.requirements import marks
from segur_conformance.requirements.marks import folders_of_tests, marked_tests, workspace_of
from segur_sdk.errors import InputError

SOURCE = """
import pytest
from pytest import mark

raise SystemExit("never run")

pytestmark = [pytest.mark.req("M-01")]


@pytest.mark.req("A-01", "A-02")
def test_plain(): ...


@mark.req("A-03")
async def test_short_name(): ...


@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("A-04")), 2])
def test_case(x): ...


@pytest.mark.req("C-01")
class TestGroup:
    pytestmark = pytest.mark.req("C-02")

    @pytest.mark.req("C-03")
    def test_method(self): ...


@pytest.mark.timeout(3)
def test_unmarked():
    requests.req("B-01")
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_every_place_of_a_mark_is_read(tmp_path: Path) -> None:
    write(tmp_path / "tests/test_a.py", SOURCE)

    assert sorted(marked_tests([tmp_path / "tests"], tmp_path)) == [
        ("A-01", "tests/test_a.py::test_plain"),
        ("A-02", "tests/test_a.py::test_plain"),
        ("A-03", "tests/test_a.py::test_short_name"),
        ("A-04", "tests/test_a.py::test_case"),
        ("C-01", "tests/test_a.py::TestGroup"),
        ("C-02", "tests/test_a.py::TestGroup"),
        ("C-03", "tests/test_a.py::TestGroup::test_method"),
        ("M-01", "tests/test_a.py"),
    ]


def test_only_test_files_outside_hidden_folders_are_read(tmp_path: Path) -> None:
    text = '@pytest.mark.req("A-01")\ndef test_a(): ...\n'
    for name in ("deep/er/test_b.py", "c_test.py", ".venv/test_d.py", "deep/.tox/test_e.py", "conftest.py"):
        write(tmp_path / name, text)

    assert [test for _, test in marked_tests([tmp_path], tmp_path)] == [
        "c_test.py::test_a",
        "deep/er/test_b.py::test_a",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"def test_a(:\n", 1),
        (b"\n\n@pytest.mark.req(NAME)\ndef test_a(): ...\n", 3),
        (b"@pytest.mark.req(7)\ndef test_a(): ...\n", 1),
        (b'@pytest.mark.req(*["A-01"])\ndef test_a(): ...\n', 1),
        (b"x = '\xff'\n", 1),
        (b"\x00", 1),
    ],
    ids=["syntax", "name", "number", "unpacked", "not utf-8", "null"],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "test_bad.py").write_bytes(content)

    with pytest.raises(InputError) as caught:
        list(marked_tests([tmp_path], tmp_path))

    assert caught.value.code == "input.tests_unreadable"
    assert caught.value.facts == {"file": "test_bad.py", "line": line}


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_any.py").write_bytes(text.encode("utf-8", errors="surrogatepass"))

    try:
        outcome = list(marked_tests([folder], folder))
    except InputError as refused:
        outcome = [(refused.code, "")]

    assert outcome in ([], [("input.tests_unreadable", "")])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        list(marked_tests([tmp_path / "none"], tmp_path))

    assert caught.value.code == "input.tests_folder"


def test_a_test_outside_the_root_keeps_its_path(tmp_path: Path) -> None:
    file = write(tmp_path / "elsewhere/test_a.py", '@pytest.mark.req("A-01")\ndef test_a(): ...\n')

    assert list(marked_tests([file.parent], tmp_path / "root")) == [("A-01", f"{file.as_posix()}::test_a")]


def test_the_workspace_is_where_the_kit_and_its_tests_stand() -> None:
    here = Path(__file__).resolve().parent
    found = workspace_of(here)

    assert found is not None
    assert here in folders_of_tests(found)


def test_another_workspace_is_not_that_of_the_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pyproject.toml", '[tool.pytest.ini_options]\ntestpaths = ["tests", "more/*"]\n')
    assert workspace_of(tmp_path) is None

    monkeypatch.setattr(marks, "_PACKAGE", (tmp_path / "src/kit").resolve())
    for name in ("tests", "more/b", "more/a", "other"):
        (tmp_path / name).mkdir(parents=True)
    found = workspace_of(tmp_path / "more/a")

    assert found == tmp_path
    assert [path.relative_to(tmp_path).as_posix() for path in folders_of_tests(tmp_path)] == [
        "more/a",
        "more/b",
        "tests",
    ]


@pytest.mark.parametrize("text", ["not toml", "[tool.pytest.ini_options]\n", ""], ids=["broken", "no paths", "empty"])
def test_a_project_without_test_paths_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    write(tmp_path / "pyproject.toml", text)
    monkeypatch.setattr(marks, "_PACKAGE", tmp_path.resolve())

    assert workspace_of(tmp_path) is None
