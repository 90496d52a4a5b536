"""Links lead somewhere, decisions are short, the glossary is whole, and no page says what may not be said."""

from __future__ import annotations

import ast
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest

from docs.reference_pages.error_codes import audit_events

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXTS = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("*/*/*.md")])
PAGES = [page for page in dict.fromkeys(TEXTS) if not any(part.startswith(".") for part in page.parts)]
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
CONTRACT_FOLDERS = ("models", "hooks", "services")
ENGLISH = frozenset(Path(__file__).with_name("english_words.txt").read_text("utf-8").split())
"""Words of identifiers that are English, or the same in both languages and plain in either."""


def words_of_the_contracts() -> dict[str, str]:
    """Return each word of a public identifier of the contracts, with one identifier that has it."""
    words: dict[str, str] = {}
    for path in [path for folder in CONTRACT_FOLDERS for path in (ROOT / "sdk/src/segur_sdk" / folder).glob("*.py")]:
        for name in public_names(ast.parse(path.read_text("utf-8"))):
            for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name):
                words.setdefault(word.lower(), name)
    return words


def public_names(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for owner in [one for one in tree.body if isinstance(one, ast.ClassDef) and not one.name.startswith("_")]:
        names.append(owner.name)
        for one in owner.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                names.append(one.target.id)
            elif isinstance(one, ast.Assign):
                names += [target.id for target in one.targets if isinstance(target, ast.Name)]
            elif isinstance(one, ast.FunctionDef):
                names.append(one.name)
    return [name for name in names if not name.startswith("_")]


def glossary() -> list[list[str]]:
    lines = (DOCS / "glossary.md").read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


def plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(one for one in letters if one.isalnum() or one == " ")


def slugs(text: str) -> set[str]:
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        if not found.exists() or (anchor and anchor not in slugs(found.read_text("utf-8"))):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_nothing_is_called_approved(page: Path) -> None:
    text = page.read_text("utf-8")

    assert re.findall(r"\b(?:référencée?s?|agréée?s?|homologuée?s?)\b", text, re.IGNORECASE) == []


def test_decisions_are_numbered_without_gap() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_decision_is_short_and_whole(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()

    assert len(lines) <= 40
    assert lines[0].startswith(f"# {int(page.name[:4])}. ")
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_glossary_is_in_the_order_of_the_french_term() -> None:
    terms = [plain(row[0]) for row in glossary()]

    assert terms == sorted(terms)


def test_glossary_rows_are_whole() -> None:
    assert [row for row in glossary() if len(row) != 3 or not all(row)] == []


def test_every_french_word_of_the_contracts_is_in_the_glossary() -> None:
    explained = {
        word.lower()
        for row in glossary()
        for name in re.findall(r"`([^`]+)`", row[1])
        for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    }
    unexplained = {word: name for word, name in words_of_the_contracts().items() if word not in ENGLISH | explained}

    assert unexplained == {}, "a French word: put it into docs/glossary.md; an English one: into english_words.txt"


def test_names_in_the_glossary_exist() -> None:
    source = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "sdk/src").rglob("*.py")))
    names = {part for row in glossary() for name in re.findall(r"`([A-Za-z_.]+)`", row[1]) for part in name.split(".")}

    assert sorted(name for name in names if not re.search(rf"\b{name}\b", source)) == []


def test_every_event_of_the_audit_is_explained() -> None:
    page = (DOCS / "how-to/read-the-audit.md").read_text("utf-8")
    events = audit_events(ROOT / "reference_host/src")

    assert {"broker.card.open", "identity.revision", "audit.closed"} <= events
    assert [event for event in sorted(events) if f"`{event}`" not in page] == []


def test_no_page_is_left_out_of_the_repository() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", *[str(page) for page in PAGES]], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ignored.stdout == ""
