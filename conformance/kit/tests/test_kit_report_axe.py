"""The report passes axe in Chromium: what a machine can tell of its accessibility.

axe-core comes from npm: ``npm install --prefix DIR axe-core`` and ``SEGUR_AXE=DIR/node_modules/axe-core/axe.min.js``
(``tox -e axe`` does both). Without that variable this module is not collected.
"""

from __future__ import annotations

import html as escaping
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.checks import all_checks
from segur_conformance.reports import html
from segur_conformance.reports.report import Report

AXE = Path(os.environ["SEGUR_AXE"])
OUTCOMES = ("pass", "fail", "blocked", "error", "waiting", "review", "not_applicable")
RUN = """
<script>{axe}</script>
<script>
axe.run({options}).then(
  function (found) {{ return {{violations: found.violations.map(function (one) {{
    return [one.id, one.nodes.slice(0, 3).map(function (node) {{ return node.html.slice(0, 120); }})];
  }}), passes: found.passes.length, unsure: found.incomplete.map(function (one) {{
    return [one.id, one.nodes.map(function (node) {{ return node.html.slice(0, 40); }})];
  }})}}; }},
  function (failure) {{ return {{error: String(failure)}}; }}
).then(function (answer) {{
  var place = document.createElement('pre');
  place.id = 'answer';
  place.textContent = JSON.stringify(answer);
  document.body.appendChild(place);
}});
</script>
</body>"""


@pytest.fixture(scope="module")
def profile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the browser."""
    return tmp_path_factory.mktemp("chromium")


def judged(page: str, folder: Path, profile: Path, width: int) -> dict[str, Any]:
    """Return what axe says of a page in a window of ``width`` pixels."""
    # The page's own policy forbids scripts, which is as it should be: axe needs it away.
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    options = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    told = RUN.format(axe=AXE.read_text("utf-8"), options=options)
    path = folder / "report.html"
    path.write_text(page.replace("</body>", told), "utf-8")
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            f"--window-size={width},1200",
            "--virtual-time-budget=60000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    found = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(escaping.unescape(found[1]))
    return answer


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("certified", [False, True])
def test_report_with_every_outcome_passes_axe(
    report_of: Callable[..., Report], tmp_path: Path, profile_folder: Path, width: int, certified: bool
) -> None:
    checks = {one.id: one for one in all_checks()[:14]}
    outcomes = {
        name: (outcome, "asset:insi/x.xsd" if outcome == "blocked" else "raison")
        for name, outcome in zip(checks, OUTCOMES * 2, strict=True)
    }
    report = report_of(outcomes, certified=certified, reasons=("raison",))

    found = judged(html.page(report, checks), tmp_path, profile_folder, width)

    assert found["violations"] == []
    # Marks are no letters and the picture has texts beside its bars: their colours are checked with the style sheet.
    unsure = [node for _, nodes in found["unsure"] for node in nodes]
    assert [node for node in unsure if not node.startswith(('<span class="mark', "<text "))] == []
    assert found["passes"] > 20


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        pytest.param('<html lang="fr">', "<html>", "html-has-lang", id="language"),
        pytest.param("color: #1a1a1a", "color: #bbb", "color-contrast", id="contrast"),
        pytest.param(' aria-label="Couverture', ' data-x="Couverture', "svg-img-alt", id="picture"),
        pytest.param("<h3", "<h5", "heading-order", id="headings"),
    ],
)
def test_axe_sees_what_is_broken_on_purpose(
    report_of: Callable[..., Report], tmp_path: Path, profile_folder: Path, before: str, after: str, rule: str
) -> None:
    checks = {one.id: one for one in all_checks()[:2]}
    page = html.page(report_of(dict.fromkeys(checks, ("fail", "raison"))), checks)
    assert before in page
    broken = page.replace(before, after).replace("</h3>", "</h5>" if after == "<h5" else "</h3>")
    if rule == "svg-img-alt":
        broken = re.sub(r"<title>Couverture par domaine</title>", "", broken)

    found = judged(broken, tmp_path, profile_folder, 1280)

    assert rule in {name for name, _ in found["violations"]}
