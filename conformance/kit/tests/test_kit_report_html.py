"""``report.html`` is one file that everybody can read, with what is to be mended first."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import attrs
import pytest
from lxml import etree

from segur_conformance.checks import all_checks, checks_of
from segur_conformance.checks.check import Check
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports import html, junit
from segur_conformance.reports.coverage import Shown, by_domain, shown
from segur_conformance.reports.markup import Markup, element, joined
from segur_conformance.reports.report import Report, ReportedCheck
from segur_conformance.requirements import Registry

CLAIMS = re.compile(r"référencé|agréé|homologué", re.IGNORECASE)
NOT_CLAIMS = re.compile(r"logiciel agréé|rien ne dit le module référencé, agréé ou homologué", re.IGNORECASE)
OUTCOMES = ("pass", "not_applicable", "blocked", "review", "waiting", "error", "fail")
VOID = {"meta"}


def a_check(name: str, **texts: object) -> Check:
    given = {
        "purpose": f"But de {name}.",
        "steps": ("première étape", "seconde étape"),
        "expected": f"attendu de {name}",
        "mend": f"corriger {name}",
        "film": f"filmer {name}",
    }
    return Check(id=name, requirements=("CARD-01",), run=lambda _: None, **{**given, **texts})  # type: ignore[arg-type]


def page(report: Report) -> etree._Element:
    written = html.page(report, {one.id: a_check(one.id) for one in report.checks})
    return etree.fromstring(written, etree.HTMLParser())


def text(found: etree._Element) -> str:
    return "".join(map(str, found.itertext()))


def first_page(report: Report) -> str:
    [section] = [one for one in page(report).iter("section") if one.get("id") == "verdict"]
    return text(section)


@pytest.fixture
def every(report_of: Callable[..., Report]) -> Report:
    names = {one: f"vitale.essai.{one.replace('_', '-')}" for one in OUTCOMES}
    reasons = {"pass": "", "blocked": "asset:insi/x.xsd", "fail": "statut : 'PROV' <script>"}
    return report_of({names[one]: (one, reasons.get(one, "raison")) for one in OUTCOMES})


def test_what_is_to_be_mended_comes_first(every: Report) -> None:
    headings = [text(one).strip() for one in page(every).iter("h2")]

    assert headings == [
        "Verdict",
        "Couverture par domaine",
        "✗ Échecs (1)",
        "! Erreurs du kit (1)",
        "■ Contrôles bloqués (1)",
        "… Contrôles en attente (1)",
        "? Contrôles à juger (1)",
        "✓ Contrôles réussis (1)",
        "– Contrôles sans objet (1)",
        "Conditions de l’exécution",
    ]


def test_first_page_tells_the_verdict_in_words_then_what_is_missing(report_of: Callable[..., Report]) -> None:
    report = report_of({"vitale.a.b": ("blocked", "asset:insi/x.xsd"), "vitale.a.c": ("pass", "")}, certified=True)

    first = first_page(report)

    assert first.index("Conforme aux contrôles joués ; des fichiers officiels manquaient.") < first.index("insi/x.xsd")
    assert "Mode certifié." in first


def test_reasons_against_certifying_stand_on_the_first_page(report_of: Callable[..., Report]) -> None:
    report = report_of({"vitale.a.b": ("pass", "")}, certified=True, reasons=("Une partie seulement.",))

    first = first_page(report)

    assert "Non certifiable." in first
    assert "Une partie seulement." in first


def test_check_is_told_with_everything_that_helps_to_mend_it(every: Report) -> None:
    [article] = [one for one in page(every).iter("article") if one.get("class") == "fail"]
    told = {text(term): text(after) for term in article.iter("dt") if (after := term.getnext()) is not None}

    name = "vitale.essai.fail"
    assert told == {
        "Constat": "statut : 'PROV' <script>",
        "Pour corriger": f"corriger {name}",
        "But": f"But de {name}.",
        "Étapes": "première étapeseconde étape",
        "Attendu": f"attendu de {name}",
        "À filmer": f"filmer {name}",
        "Exigences": "CARD-01, S000-11",
        "Durée": "1235 ms",
        "Preuves": f"evidence/{name}.jsonl",
    }
    assert [one.get("href") for one in article.iter("a")] == [f"evidence/{name}.jsonl"]


def test_nothing_in_the_page_comes_from_elsewhere_or_runs(every: Report) -> None:
    found = page(every)

    assert {one.tag for one in found.iter() if isinstance(one.tag, str)} & {
        "script", "link", "img", "iframe", "object", "form"
    } == set()  # fmt: skip
    assert all(str(one.get("href")).startswith(("#", "evidence/")) for one in found.iter("a"))
    assert not re.search(
        r"url\(|@import|https?://", html.page(every, {one.id: a_check(one.id) for one in every.checks})
    )
    assert not [name for one in found.iter() for name in one.attrib if name.startswith("on")]


def test_links_of_the_page_lead_somewhere(every: Report) -> None:
    found = page(every)
    places = {one.get("id") for one in found.iter() if one.get("id")}

    assert {link[1:] for one in found.iter("a") if (link := str(one.get("href"))).startswith("#")} <= places
    assert {one.get("aria-labelledby") for one in found.iter() if one.get("aria-labelledby")} <= places


def test_page_has_its_language_landmarks_captions_and_scopes(every: Report) -> None:
    found = page(every)

    assert found.get("lang") == "fr"
    assert {"header", "nav", "main", "footer"} <= {one.tag for one in found.iter()}
    levels = [int(str(one.tag)[1]) for one in found.iter("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(table.find("caption") is not None for table in found.iter("table"))
    assert all(cell.get("scope") in {"row", "col"} for cell in found.iter("th"))
    [picture] = found.iter("svg")
    assert picture.get("role") == "img"
    assert "Carte Vitale" in str(picture.get("aria-label"))


def test_elements_are_closed_in_order(every: Report) -> None:
    open_elements: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, _: object) -> None:
            if tag not in VOID:
                open_elements.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_elements.pop() == tag

    Reader().feed(html.page(every, {one.id: a_check(one.id) for one in every.checks}))

    assert open_elements == []


@pytest.mark.req("R27", "REQ-12")
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("certified", [False, True])
def test_no_report_claims_an_approval(report_of: Callable[..., Report], outcome: str, certified: bool) -> None:
    report = report_of({"vitale.a.b": (outcome, "raison")}, certified=certified, reasons=("raison",))

    told = html.page(report, {one.id: a_check(one.id) for one in report.checks})

    assert CLAIMS.findall(told + junit.document(report) + report.as_json()) == []
    assert "appartient au logiciel hôte et à sa version" in told


@pytest.mark.req("R27", "REQ-12")
def test_checks_speak_of_approval_only_to_deny_it_or_of_the_practice_software() -> None:
    texts = [
        (one.id, text) for one in all_checks() for text in (one.purpose, *one.steps, one.expected, one.mend, one.film)
    ]

    claims = [(name, text) for name, text in texts if CLAIMS.search(NOT_CLAIMS.sub("", text))]

    assert claims == []


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(one * 2 for one in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("selector", "place", "ground", "least"),
    [
        (".mark.pass", "color", "#fff", 4.5),
        (".mark.fail, .mark.error", "color", "#fff", 4.5),
        (".mark.blocked, .mark.waiting, .mark.review", "color", "#fff", 4.5),
        (".picture text", "fill", "#fff", 4.5),
        (".bar", "stroke", "#fff", 3.0),
        ("a", "color", "#fff", 4.5),
        ("a:focus-visible", "outline: 3px solid", "#fff", 3.0),
    ],
)
def test_colours_stand_out_as_wcag_asks(selector: str, place: str, ground: str, least: float) -> None:
    style = (files("segur_conformance.reports") / "report.css").read_text("utf-8")
    rule = re.search(rf"^{re.escape(selector)} {{(.*?)}}", style, re.MULTILINE | re.DOTALL)
    assert rule is not None
    colour = re.search(rf"{place}:? (#[0-9a-f]+)", rule[1])
    assert colour is not None

    bright, dark = sorted((luminance(colour[1]), luminance(ground)), reverse=True)

    assert (bright + 0.05) / (dark + 0.05) >= least


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("pass", Shown.HELD),
        ("pass pass not_applicable", Shown.HELD),
        ("pass fail", Shown.BROKEN),
        ("fail error", Shown.BROKEN),
        ("pass blocked", Shown.OPEN),
        ("error", Shown.OPEN),
        ("review", Shown.OPEN),
        ("not_applicable", Shown.NOT_LOOKED_AT),
        ("", Shown.NOT_LOOKED_AT),
    ],
)
def test_requirement_is_shown_by_all_checks_that_name_it(outcomes: str, expected: Shown) -> None:
    assert shown(CheckOutcome(one) for one in outcomes.split()) is expected


def test_coverage_counts_each_requirement_of_the_profiles_once() -> None:
    checks = [
        ReportedCheck(id=one.id, outcome=CheckOutcome.PASS, requirements=one.requirements)
        for one in checks_of("vitale")
    ]
    registry = Registry.load()
    asked = {one.id for one in registry.by_profile("vitale") if one.counted}
    named = {one for check in checks for one in check.requirements if one in registry}

    found = by_domain(checks, ["vitale"])

    assert sum(one.total for one in found) == len(asked | named)
    assert sum(one.shown[Shown.HELD] for one in found) == len(named)
    assert sum(one.shown[Shown.BROKEN] for one in found) == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (element("p", "a < b & c"), "<p>a &lt; b &amp; c</p>"),
        (element("p", Markup("<b>x</b>"), "<"), "<p><b>x</b>&lt;</p>"),
        (element("a", "x", href='"><script>'), '<a href="&quot;&gt;&lt;script&gt;">x</a>'),
        (element("td", class_="n", aria_label=None, data_x=3), '<td class="n" data-x="3"></td>'),
        (element("meta", charset="utf-8"), '<meta charset="utf-8">'),
        (joined("<", None, Markup("&amp;")), "&lt;&amp;"),
    ],
)
def test_markup_escapes_what_is_not_markup(given: str, expected: str) -> None:
    assert given == expected


def test_checks_of_the_kit_bring_texts_that_a_report_can_show() -> None:
    unfinished = [
        (one.id, field.name)
        for one in all_checks()
        for field in attrs.fields(Check)
        if field.name in {"purpose", "expected", "mend", "film"} and not str(getattr(one, field.name)).strip()
    ]

    assert unfinished == []
