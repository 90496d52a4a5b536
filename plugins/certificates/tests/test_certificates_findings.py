"""The inventory: one list of what is to be known of every certificate, and what stops a call."""

import re
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import attrs
import pytest

from plugins.certificates.tests.made_pki import DAY, LIFE, NOW, Made, Pki, make, make_leaf, org_name
from segur_plugin_certificates.anchors import read_anchors
from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.findings import Entry, Held, Severity, catalogue, inventory, of_chain, of_revocation
from segur_plugin_certificates.purposes import Purpose
from segur_plugin_certificates.revocation import Answer, Mode, Standing

SECOND = timedelta(seconds=1)


def held(made: Made, use: str = "insi-auto", place: str = "insi.p12", instance: str = "poste-1") -> Held:
    return Held(use, place, made.der, (Purpose.INSI_AUTO,) if use == "insi-auto" else (), instance)


def codes(entry: Entry) -> list[str]:
    return [one.code.removeprefix("certificates.") for one in entry.findings]


def examined(made: Made, at: datetime = NOW, tree: Tree = Tree.TEST, use: str = "insi-auto") -> Entry:
    (entry,) = inventory([held(made, use)], tree, at)
    return entry


def test_sound_certificate_gives_nothing_to_say(pki: Pki) -> None:
    entry = examined(make_leaf(pki.organisations))
    assert (entry.findings, entry.blocked) == ((), False)


@pytest.mark.req("CERT-07", "S003-20", "S003-22")
@pytest.mark.parametrize(
    ("before_end", "code", "severity"),
    [
        (91 * DAY, None, None),
        (90 * DAY, "ends_in_calendar", Severity.INFO),
        (31 * DAY, "ends_in_calendar", Severity.INFO),
        (30 * DAY, "ends_soon", Severity.WARNING),
        (7 * DAY, "ends_very_soon", Severity.URGENT),
        (SECOND, "ends_very_soon", Severity.URGENT),
        (0 * DAY, "ends_very_soon", Severity.URGENT),
        (-SECOND, "ended", Severity.BLOCKING),
        (-DAY, "ended", Severity.BLOCKING),
    ],
)
def test_end_is_told_in_time_and_stops_calls(
    pki: Pki, before_end: timedelta, code: str | None, severity: Severity | None
) -> None:
    entry = examined(make_leaf(pki.organisations), NOW + LIFE - before_end)
    assert [(one.code, one.severity) for one in entry.findings] == (
        [] if code is None else [(f"certificates.{code}", severity)]
    )
    assert entry.blocked is (severity is Severity.BLOCKING)


def test_certificate_that_has_not_begun_is_blocked(pki: Pki) -> None:
    assert codes(examined(make_leaf(pki.organisations), NOW - 2 * DAY)) == ["not_yet"]


@pytest.mark.parametrize("at", [NOW.replace(year=1999), NOW.replace(year=2048)], ids=["1999", "2048"])
def test_clock_that_is_wrong_by_years_is_told_first(pki: Pki, at: datetime) -> None:
    entry = examined(make_leaf(pki.organisations), at)
    assert codes(entry)[0] == "clock"
    assert entry.blocked


@pytest.mark.req("CERT-02")
def test_certificate_of_the_other_tree_is_blocked(pki: Pki) -> None:
    assert codes(examined(make_leaf(pki.production))) == ["other_tree"]
    assert codes(examined(make_leaf(pki.organisations), tree=Tree.PRODUCTION)) == ["other_tree"]


def test_weak_key_and_authority_are_blocked(pki: Pki) -> None:
    assert codes(examined(make_leaf(pki.organisations, bits=1024, key_name="small"))) == ["weak_key"]
    assert codes(examined(pki.organisations)) == ["authority"]


@pytest.mark.req("CERT-06", "CERT-09")
def test_misfit_for_its_purpose_is_blocked_before_any_call(pki: Pki) -> None:
    assert codes(examined(make_leaf(pki.organisations, "SIGN"))) == ["usage_misfit"]
    entry = examined(make_leaf(pki.organisations, subject=org_name("insi-auto")))
    assert (codes(entry), entry.blocked) == (["insi_name_case"], True)


@pytest.mark.req("CERT-05")
@pytest.mark.parametrize(("tree", "severity"), [(Tree.TEST, Severity.WARNING), (Tree.PRODUCTION, Severity.URGENT)])
def test_wrong_check_digit_is_a_warning_outside_production(pki: Pki, tree: Tree, severity: Severity) -> None:
    issuer = pki.organisations if tree is Tree.TEST else pki.production
    entry = examined(make_leaf(issuer, subject=org_name(unit="1750712185")), tree=tree)
    assert [(one.code, one.severity) for one in entry.findings] == [("certificates.structure_check", severity)]


def test_unreadable_certificate_is_a_finding_and_not_a_failure(pki: Pki) -> None:
    good = make_leaf(pki.organisations)
    broken = Held("dmp-auth", "dmp.p12", good.der[:-5])
    first, second = inventory([broken, held(good)], Tree.TEST, NOW)
    assert (codes(first), first.blocked, first.facts) == (["truncated"], True, None)
    assert codes(second) == []


@pytest.mark.req("CERT-12", "S003-25", "R26")
def test_key_of_two_places_is_refused_in_both(pki: Pki) -> None:
    leaf = make_leaf(pki.organisations)
    copies = [
        held(leaf),
        held(leaf, place="copie.p12", use="dmp-auth"),
        held(make_leaf(pki.organisations, "SIGN"), "x", "x"),
    ]
    first, second, third = inventory(copies, Tree.TEST, NOW)
    assert (codes(first), codes(second), codes(third)) == (["key_twice"], ["key_twice"], [])
    assert first.blocked
    assert first.findings[0].notice().text == "La même clé se trouve à deux endroits : aussi pour dmp-auth."


@pytest.mark.req("CERT-12", "S003-25", "R26")
def test_key_of_two_instances_is_refused_even_under_another_certificate(pki: Pki) -> None:
    one, other = make_leaf(pki.organisations), make_leaf(pki.organisations)
    assert one.der != other.der
    found = inventory([held(one), held(other, instance="poste-2")], Tree.TEST, NOW)
    assert [codes(entry) for entry in found] == [["key_twice"], ["key_twice"]]


@pytest.mark.req("S003-24")
def test_one_instance_may_use_one_key_for_several_services(pki: Pki) -> None:
    leaf = make_leaf(pki.organisations)
    found = inventory([held(leaf), held(leaf, use="mss-client")], Tree.TEST, NOW)
    assert [codes(entry) for entry in found] == [[], []]


def test_several_findings_stand_in_one_list(pki: Pki) -> None:
    leaf = make_leaf(pki.production, "SIGN", org_name("Padoa", "2187512751"))
    entry = examined(leaf, NOW + LIFE + DAY)
    assert codes(entry) == ["ended", "other_tree", "usage_misfit", "structure_missing", "insi_name", "structure_type"]


def test_foreign_certificate_is_only_judged_by_its_purpose() -> None:
    foreign = make(org_name("serveur.exemple"), key_name="leaf")
    assert codes(examined(foreign, use="other")) == []


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (("organisations",), []),
        (("root", "organisations"), [("chain_order", Severity.INFO)]),
        ((), [("chain_missing", Severity.BLOCKING)]),
    ],
    ids=["whole", "wrong order", "missing"],
)
def test_chain_becomes_findings(pki: Pki, chain: tuple[str, ...], expected: list[tuple[str, Severity]]) -> None:
    anchors = read_anchors(pki.anchors, Tree.TEST)
    whole = tuple(getattr(pki, name).der for name in chain)
    built, found = of_chain(attrs.evolve(held(make_leaf(pki.organisations)), chain=whole), anchors, NOW)
    assert (built is None) == any(severity is Severity.BLOCKING for _, severity in expected)
    assert [(one.code.removeprefix("certificates."), one.severity) for one in found] == expected


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(
    ("standing", "mode", "expected"),
    [
        (Standing.GOOD, Mode.HARD, []),
        (Standing.UNKNOWN, Mode.SOFT, [("revocation_unknown", Severity.WARNING)]),
        (Standing.UNKNOWN, Mode.HARD, [("revocation_unknown", Severity.BLOCKING)]),
        (Standing.REVOKED, Mode.SOFT, [("revoked", Severity.BLOCKING)]),
    ],
)
def test_revocation_becomes_findings(standing: Standing, mode: Mode, expected: list[tuple[str, Severity]]) -> None:
    found = of_revocation("insi-auto", Answer(standing, "crl"), mode)
    assert [(one.code.removeprefix("certificates."), one.severity) for one in found] == expected


def test_every_finding_has_its_sentence_with_its_detail(pki: Pki) -> None:
    (finding,) = examined(make_leaf(pki.organisations), NOW + LIFE - 12 * DAY).findings
    told = "Ce certificat se termine dans le mois : 12 jours, jour entamé compris, le 21/11/2029."
    assert finding.notice().text == told
    assert str(finding.notice().action).startswith("Renouvelez-le")


def test_every_code_that_is_raised_has_its_french_text() -> None:
    package = Path(str(files("segur_plugin_certificates")))
    sources = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    # Two are those of questions, which bring their own text.
    questions = {"certificates.revocation_code", "certificates.key_password"}
    assert set(re.findall(r'"(certificates\.[a-z0-9_]+)"', sources)) == set(catalogue()) | questions
    assert all(text.message.endswith(".") and text.cause and text.action for text in catalogue().values())
    assert len({(text.message, text.cause) for text in catalogue().values()}) == len(catalogue())
