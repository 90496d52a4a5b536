"""``report.html``: one file that a person reads, prints and hands in; nothing in it comes from elsewhere."""

from collections.abc import Iterable, Mapping
from importlib.resources import files

from segur_conformance.checks import PROFILES
from segur_conformance.checks.check import Check
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports import picture
from segur_conformance.reports.coverage import by_domain
from segur_conformance.reports.markup import Markup, element, joined
from segur_conformance.reports.report import Report, ReportedCheck
from segur_conformance.reports.words import OUTCOMES, reason_in_words, verdict_in_words

APPROVAL = (
    "Ce rapport dit comment un produit s’est comporté devant des contrôles, rien de plus. L’approbation dans le"
    " programme Ségur appartient au logiciel hôte et à sa version ; elle se demande à d’autres, sur d’autres pièces."
)
_ISOLATION = {
    "namespace": "Le dossier du rapport n’existe pas pour le produit. Limites :",
    "watched": "L’accès du produit au dossier du rapport est surveillé. Limites :",
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: Report, checks: Mapping[str, Check]) -> str:
    """Return the content of ``report.html``.

    Args:
        report: of the run.
        checks: that it carried out, by id, with their texts.
    """
    title = f"Rapport de conformité : {report.product.id}"
    style = (files("segur_conformance.reports") / "report.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{title} – {verdict_in_words(report)}"),
        element("style", Markup(style)),
    )
    body = element(
        "body",
        element("a", "Aller au contenu", href="#contenu", class_="skip"),
        element("header", element("h1", title), element("p", _subtitle(report))),
        _contents(report),
        element(
            "main",
            _first_page(report),
            _coverage(report),
            *(_outcome(outcome, report, checks) for outcome in OUTCOMES),
            _machine(report),
            id="contenu",
        ),
        element("footer", element("p", APPROVAL)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='fr')}\n"


def _subtitle(report: Report) -> str:
    version = f" {report.product.version}" if report.product.version else ""
    return (
        f"{report.product.id}{version}, plan {report.plan.file}, {report.started_at:%d/%m/%Y à %H:%M} (UTC),"
        f" kit {report.kit.version}"
    )


def _contents(report: Report) -> Markup:
    links = [("verdict", "Verdict"), ("domaines", "Couverture par domaine")]
    links += [(str(outcome), f"{words.heading} ({report.counts[outcome]})") for outcome, words in OUTCOMES.items()]
    links.append(("machine", "Conditions de l’exécution"))
    shown = [
        element("li", element("a", text, href=f"#{anchor}"))
        for anchor, text in links
        if anchor not in OUTCOMES or report.counts[CheckOutcome(anchor)]
    ]
    return element("nav", element("ul", *shown), aria_label="Sommaire")


def _first_page(report: Report) -> Markup:
    """Return the verdict, what keeps it from being whole, and the numbers."""
    mode = "Mode certifié." if report.certified else "Exécution ordinaire, hors du mode certifié."
    missing: Markup | None = None
    if report.missing_assets:
        missing = joined(
            element("h3", "Fichiers officiels manquants"),
            element("p", "Sans eux, les contrôles qui en dépendent sont restés bloqués :"),
            element("ul", *(element("li", element("code", name)) for name in report.missing_assets)),
        )
    reasons: Markup | None = None
    if report.reasons:
        reasons = joined(
            element("h3", "Pourquoi cette exécution n’est pas certifiable"),
            element("ul", *(element("li", reason) for reason in report.reasons)),
        )
    only = element("p", f"Seuls les contrôles « {report.plan.only} » étaient demandés.") if report.plan.only else None
    return element(
        "section",
        element("h2", "Verdict", id="titre-verdict"),
        element("p", element("strong", verdict_in_words(report)), class_=f"verdict {report.verdict}"),
        element("p", mode),
        only,
        reasons,
        missing,
        _numbers(report),
        id="verdict",
        aria_labelledby="titre-verdict",
    )


def _numbers(report: Report) -> Markup:
    rows = [
        element(
            "tr",
            element("th", _mark(outcome), f" {words.one}", scope="row"),
            element("td", str(report.counts[outcome]), class_="number"),
            element("td", words.meaning),
        )
        for outcome, words in OUTCOMES.items()
    ]
    head = element(
        "tr", *(element("th", name, scope="col") for name in ("Résultat", "Nombre", "Ce que cela veut dire"))
    )
    caption = f"{len(report.checks)} contrôles, {report.duration_ms / 1000:.0f} s"
    return element(
        "table", element("caption", caption), element("thead", head), element("tbody", *rows), class_="numbers"
    )


def _coverage(report: Report) -> Markup:
    found = by_domain(report.checks, report.plan.profiles)
    return element(
        "section",
        element("h2", "Couverture par domaine", id="titre-domaines"),
        element(
            "p", "Exigences du registre qui concernent les profils du plan, et ce que cette exécution en a montré."
        ),
        *((picture.bars(found), picture.table(found)) if found else (element("p", "Aucune exigence connue."),)),
        id="domaines",
        aria_labelledby="titre-domaines",
    )


def _mark(outcome: CheckOutcome) -> Markup:
    return element("span", OUTCOMES[outcome].mark, class_=f"mark {outcome}", aria_hidden="true")


def _outcome(outcome: CheckOutcome, report: Report, checks: Mapping[str, Check]) -> Markup | None:
    """Return every check that ended so, profile by profile."""
    found = [one for one in report.checks if one.outcome is outcome]
    if not found:
        return None
    words = OUTCOMES[outcome]
    heading = f"titre-{outcome}"
    return element(
        "section",
        element("h2", _mark(outcome), f" {words.heading} ({len(found)})", id=heading),
        element("p", words.meaning),
        *(_check(one, checks[one.id]) for one in found),
        id=str(outcome),
        aria_labelledby=heading,
    )


def _check(ended: ReportedCheck, check: Check) -> Markup:
    title = f"check-{ended.id}"
    said: list[tuple[str, str | Markup]] = []
    if ended.reason:
        said.append(("Constat", element("strong", reason_in_words(ended.reason))))
    if ended.outcome not in {CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE}:
        said.append(("Pour corriger", check.mend))
    said += [
        ("But", check.purpose),
        ("Étapes", element("ol", *(element("li", step) for step in check.steps))),
        ("Attendu", check.expected),
        ("À filmer", check.film),
        ("Exigences", joined(*_apart(element("code", one) for one in ended.requirements))),
        ("Durée", f"{ended.duration_ms:.0f} ms"),
    ]
    if ended.outcome in {CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE}:
        said.insert(-2, ("En cas d’échec", check.mend))
    if ended.evidence:
        said.append(("Preuves", joined(*_apart(element("a", one, href=one) for one in ended.evidence))))
    return element(
        "article",
        element("h3", element("code", ended.id), id=title),
        element("p", f"{PROFILES.get(ended.profile, ended.profile)} : {OUTCOMES[ended.outcome].one}", class_="profile"),
        element("dl", *(joined(element("dt", name), element("dd", text)) for name, text in said)),
        class_=str(ended.outcome),
        aria_labelledby=title,
    )


def _apart(pieces: Iterable[Markup]) -> list[str]:
    return [text for piece in pieces for text in (piece, ", ")][:-1]


def _machine(report: Report) -> Markup:
    """Return what somebody needs to carry it out again, and to compare."""
    product, kit = report.product, report.kit
    limits = ", ".join(f"{name} {value:.0f}" for name, value in report.isolation.limits.items())
    rows: list[tuple[str, str]] = [
        ("Produit", f"{product.kind} {product.id} {product.version or ''}".strip()),
        ("Empreinte du produit (SHA-256)", product.sha256),
        ("Empreinte de sa déclaration", product.manifest_sha256 or "sans déclaration"),
        ("Compagnons", ", ".join(product.companions) or "aucun"),
        ("Plan", f"{report.plan.file}, SHA-256 {report.plan.sha256}"),
        ("Profils", ", ".join(PROFILES.get(one, one) for one in report.plan.profiles)),
        ("Kit", f"{kit.version}, SHA-256 {kit.sha256}"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in report.versions.items())),
        ("Isolement", f"{_ISOLATION.get(report.isolation.level, report.isolation.level)} {limits}."),
        ("Système", f"{report.environment.os}, {report.environment.python}"),
    ]
    rows += [(f"Examen : {one.check}", " ".join(filter(None, (one.finding, one.action)))) for one in report.doctor]
    body = (element("tr", element("th", name, scope="row"), element("td", text)) for name, text in rows)
    head = element("tr", element("th", "Quoi", scope="col"), element("th", "Valeur", scope="col"))
    return element(
        "section",
        element("h2", "Conditions de l’exécution", id="titre-machine"),
        element(
            "table",
            element("caption", "Ce qu’il faut pour refaire et comparer cette exécution"),
            element("thead", head),
            element("tbody", *body),
        ),
        id="machine",
        aria_labelledby="titre-machine",
    )
