"""The matrix says who covers each requirement, and claims nothing that nobody shows."""

import csv
import io
import json
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from segur_conformance.requirements import Registry, Requirement, Source
from segur_conformance.requirements.coverage import Coverage, Proofs
from segur_conformance.requirements.installed import InstalledPlugin
from segur_conformance.requirements.matrix import Column, Matrix, Why, build_matrix
from segur_conformance.requirements.matrix_forms import matrix_as_csv, matrix_as_json
from segur_conformance.requirements.matrix_html import matrix_as_html


def requirement(name: str, actor: str = "plugin", **changes: object) -> Requirement:
    values: dict[str, object] = {
        "id": name,
        "statement": "Une phrase « longue », avec <b>, et une virgule.",
        "source": "essai",
        "state": "draft",
        "level": "DOIT",
        "domain": "ins",
        "actor": actor,
        "effect": "data",
        "verifiable": "auto",
        "proofs": ["result"],
    }
    return Requirement.model_validate(values | changes)


def plugin(name: str, *requirements: str) -> InstalledPlugin:
    return InstalledPlugin(id=name, version="1.0", requirements=requirements)


def matrix(
    requirements: Sequence[Requirement], plugins: Sequence[InstalledPlugin] = (), proven: Sequence[str] = ()
) -> Matrix:
    registry = Registry(
        sources={"essai": Source(title="Un essai"), "paquet": Source(title="Un paquet", for_editors=False)},
        requirements=tuple(requirements),
    )
    coverage = Coverage(requirements={name: Proofs(tests=("tests/test_a.py::test_a",)) for name in proven})
    return build_matrix(registry, coverage, plugins)


@pytest.mark.parametrize(
    ("one", "declared", "proven", "column", "why"),
    [
        (requirement("A-01"), True, False, Column.PLUGIN, None),
        (requirement("A-01"), False, True, Column.YOU, Why.NO_PLUGIN),
        (requirement("A-01", "sdk"), False, True, Column.SDK, None),
        (requirement("A-01", "sdk"), False, False, Column.YOU, Why.NOT_PROVEN),
        (requirement("A-01", "sdk"), True, True, Column.PLUGIN, None),
        (requirement("A-01", "host"), False, True, Column.HOST, None),
        (requirement("A-01", "host"), False, False, Column.YOU, Why.NOT_PROVEN),
        (requirement("A-01", "operator"), True, True, Column.YOU, Why.OPERATOR),
        (requirement("A-01", "organisation"), True, True, Column.YOU, Why.ORGANISATION),
        (requirement("A-01", out_of_scope=True), True, True, Column.YOU, Why.OUT_OF_SCOPE),
    ],
    ids=[
        "plugin declares",
        "no plugin",
        "sdk proven",
        "sdk not proven",
        "sdk and plugin",
        "host proven",
        "host not proven",
        "operator",
        "organisation",
        "out of scope",
    ],
)
def test_who_covers_it(one: Requirement, declared: bool, proven: bool, column: Column, why: Why | None) -> None:
    plugins = [plugin("insi", "A-01") if declared else plugin("insi")]
    (row,) = matrix([one], plugins, ["A-01"] if proven else []).rows

    assert (row.column, row.why) == (column, why)
    assert row.plugins == (("insi",) if declared else ())
    assert row.tests == int(proven)


def test_what_is_declared_or_proven_for_a_number_holds_for_its_followers() -> None:
    base = requirement("SC.A-01", "sdk")
    rows = matrix([base, requirement("A-01", "sdk", follows=["SC.A-01"])], [], ["SC.A-01"]).rows
    assert [row.column for row in rows] == [Column.SDK, Column.SDK]

    rows = matrix([base, requirement("A-01", "sdk", follows=["SC.A-01"])], [plugin("insi", "SC.A-01")]).rows
    assert [row.column for row in rows] == [Column.PLUGIN, Column.PLUGIN]


def test_shares_count_each_requirement_once() -> None:
    found = matrix(
        [
            requirement("A-01"),
            requirement("A-02"),
            requirement("A-03", "host"),
            requirement("LGC.A.03", "host", follows=["A-03"]),
            requirement("A-04", arbitration="obsolete"),
        ],
        [plugin("insi", "A-01")],
        ["A-03"],
    )

    assert {column: (share.count, share.percent) for column, share in found.shares.items()} == {
        Column.SDK: (0, 0.0),
        Column.PLUGIN: (1, 33.3),
        Column.HOST: (1, 33.3),
        Column.YOU: (1, 33.3),
    }
    assert len(found.rows) == 5


def test_no_requirement_at_all_divides_by_nothing() -> None:
    assert {share.percent for share in matrix([]).shares.values()} == {0.0}


def test_rules_of_a_package_are_not_shown_to_editors() -> None:
    assert matrix([requirement("PKG-01", source="paquet")]).rows == ()


def test_an_id_that_only_a_manifest_knows_is_reported() -> None:
    found = matrix([requirement("A-01")], [plugin("insi", "A-01", "A-99"), plugin("vitale", "A-98")])

    assert found.unknown == (("insi", "A-99"), ("vitale", "A-98"))


def test_json_holds_rows_and_shares() -> None:
    found = matrix([requirement("A-01"), requirement("A-02", "host")], [plugin("insi", "A-01", "A-99")])
    value = json.loads(matrix_as_json(found, (("cassé", "plugin.manifest_invalid"),)))

    assert value["schema"] == "segur-matrix/1"
    assert value["plugins"] == [{"id": "insi", "version": "1.0"}]
    assert value["unreadable"] == [{"plugin": "cassé", "code": "plugin.manifest_invalid"}]
    assert value["unknown"] == [{"plugin": "insi", "requirement": "A-99"}]
    assert value["shares"]["plugin"] == {"count": 1, "percent": 50.0}
    assert [(row["id"], row["column"], row["why"]) for row in value["rows"]] == [
        ("A-01", "plugin", None),
        ("A-02", "you", "not_proven"),
    ]


def test_csv_keeps_commas_quotes_and_lists() -> None:
    text = matrix_as_csv(matrix([requirement("A-01")], [plugin("insi", "A-01"), plugin("vitale", "A-01")]))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))

    assert text.endswith("\r\n")
    assert row["statement"] == "Une phrase « longue », avec <b>, et une virgule."
    assert (row["column"], row["plugins"], row["why"]) == ("plugin", "insi vitale", "")


class Page(HTMLParser):
    """Notes what stands in a page, and refuses one whose tags are not balanced."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_html_is_one_accessible_page() -> None:
    found = matrix(
        [requirement("A-01"), requirement("A-02", "host", arbitration="obsolete"), requirement("B-01", domain="dmp")],
        [plugin("insi", "A-01", "<A-99>")],
        ["A-01"],
    )
    page = Page(matrix_as_html(found))
    said = " ".join(page.text)

    assert page.all("html") == [{"lang": "fr"}]
    assert len(page.all("table")) == len(page.all("caption")) == 3
    assert all(cell.get("scope") in {"col", "row"} for cell in page.all("th"))
    assert [one["id"] for one in page.all("h2") if "id" in one] == ["ins", "dmp"]
    assert {one["href"] for one in page.all("a")} == {"#ins", "#dmp"}
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") or name == "style" for _, found_ in page.tags for name in found_)
    for expected in ("avec <b>, et", "insi : <A-99>", "50,0 %", "abandonnée", "1 test", "aucune"):
        assert expected in said, expected
    assert "insi" in said


def test_the_whole_registry_goes_through_every_form() -> None:
    found = build_matrix(Registry.load(), Coverage(requirements={}), [plugin("insi", "SC.INS/va1.20")])
    shown = [one.id for one in Registry.load().each() if not one.id.startswith(("PKG-", "KIT-"))]

    assert [row.requirement.id for row in found.rows] == shown
    assert len(list(csv.DictReader(io.StringIO(matrix_as_csv(found), newline="")))) == len(shown)
    assert sum(share["count"] for share in json.loads(matrix_as_json(found, ()))["shares"].values()) == sum(
        row.requirement.counted for row in found.rows
    )
    assert len(Page(matrix_as_html(found)).all("tr")) > len(shown)
