"""The registry that ships with the kit keeps its own rules."""

import re
from collections import Counter
from importlib.metadata import entry_points

import pytest

from segur_conformance.requirements import Actor, Domain, Effect, Level, Profile, Registry, Requirement, Verifiable
from segur_conformance.requirements.installed import installed_plugins
from segur_conformance.requirements.wording import ACTORS, ARBITRATIONS, COLUMNS, DOMAINS, REASONS, VERIFIABLES, WHYS
from segur_sdk.errors import InputError

REGISTRY = Registry.load()
EVERY = REGISTRY.requirements

STORIES = {"S000": 92, "S001": 26, "S002": 42, "S003": 30, "S004": 58}
OWN_LISTS = {
    "R": range(1, 28),
    "PD-": range(1, 16),
    "REQ-": range(1, 13),
    "PKG-": range(1, 14),
    "CARD-": range(1, 12),
    "CERT-": range(1, 16),
    "CPS-": range(1, 9),
    "APCV-": range(1, 8),
    "KIT-CERT-": range(1, 5),
    "KIT-DMP-": range(1, 5),
    "KIT-VITALE-": range(1, 7),
    "KIT-IDENTITY-": range(1, 6),
    "KIT-INSI-": range(1, 24),
    "KIT-PKG-": range(1, 11),
    "KIT-PSC-": range(1, 13),
}
FAMILIES = {
    r"SC\.INS/va1\.\d\d": 68,
    r"INS/va1\.\d\d": 65,
    r"LGC\.INS\.\d\d": 56,
    r"SC\.DMP/.*": 36,
    r"DMP/.*": 70,
    r"SC\.MSS/CONF\.\d\d": 25,
    r"SC\.MSS/UX\.\d\d": 14,
    r"SC\.MSS/va1\.\d\d": 11,
    r"LGO\.MSS\.\d\d": 13,
    r"MSS/CONF\.\d\d": 28,
    r"MSS/va1\.\d\d": 27,
    r"MSS/UX\.\d\d": 33,
    r".*\.LGO": 14,
    r"EX PSC \d\d": 18,
    r"SC\.SSI/.*": 34,
    r"SSI/.*": 62,
    r"CSE\.\d\d": 15,
    r"SC\.CDA/.*": 12,
    r"SC\.VACC/.*": 8,
}
"""How many numbers of each published family there are: a line lost in a table is seen here."""


def ids(found: tuple[Requirement, ...] = EVERY) -> list[str]:
    return [one.id for one in found]


@pytest.mark.parametrize(("seed", "last"), STORIES.items(), ids=STORIES)
def test_stories_of_a_seed_are_numbered_without_gap(seed: str, last: int) -> None:
    assert [one for one in ids() if one.startswith(f"{seed}-")] == [
        f"{seed}-{number:02d}" for number in range(1, last + 1)
    ]


@pytest.mark.parametrize(("prefix", "numbers"), OWN_LISTS.items(), ids=OWN_LISTS)
def test_own_lists_are_numbered_without_gap(prefix: str, numbers: range) -> None:
    width = 1 if prefix == "R" else 2
    expected = [f"{prefix}{number:0{width}d}" for number in numbers]

    assert [one for one in ids() if re.fullmatch(rf"{prefix}\d+", one)] == expected


@pytest.mark.parametrize(("pattern", "count"), FAMILIES.items(), ids=FAMILIES)
def test_published_family_is_whole(pattern: str, count: int) -> None:
    assert len([one for one in ids() if re.fullmatch(pattern, one)]) == count


def test_every_id_of_the_registry_is_there_once() -> None:
    assert [name for name, count in Counter(ids()).items() if count > 1] == []
    assert len(REGISTRY) == len(EVERY) > 1000


def test_a_follower_says_the_same_as_what_it_follows() -> None:
    for one in EVERY:
        if one.follows:
            followed = REGISTRY.get(one.follows[0])
            assert (one.effect, one.verifiable, one.level) == (followed.effect, followed.verifiable, followed.level), (
                one.id
            )
            assert not one.counted


def test_the_two_numberings_of_mssante_never_follow_each_other() -> None:
    mixed = [
        one.id
        for one in EVERY
        if one.id.startswith("MSS/va1.") and any(name.startswith("SC.MSS/va1.") for name in one.follows)
    ]

    assert mixed == []


def test_corridor_numbers_follow_the_base_under_the_same_number() -> None:
    renumbered = {
        one.id: one.follows[0]
        for one in EVERY
        if one.follows and not one.id.startswith("LG") and one.follows[0] not in {f"SC.{one.id}", one.id}
    }

    assert renumbered == {
        "INS/va1.57": "SC.INS/va1.13",
        "CDA/META.01": "DMP/CONF.04",
        "PSC.03": "SC.PSC.01",
        "PSC.04": "SC.PSC.01",
        "PRESC.01": "SC.ORDN/CONF.01",
        "PRESC.02": "SC.ORDN/CONF.02",
        "EX_21-1260": "EX_2.1-1260",
    }


def test_a_duty_on_the_wire_or_on_data_is_judged_by_a_machine() -> None:
    escaping = [
        one.id
        for one in EVERY
        if one.level is Level.DOIT
        and one.effect in {Effect.WIRE, Effect.DATA}
        and one.verifiable is not Verifiable.AUTO
    ]

    assert escaping == []


def test_nothing_is_excused_without_a_reason() -> None:
    excused = [one for one in EVERY if one.verifiable in {Verifiable.ATTESTED, Verifiable.NO}]

    assert excused
    assert [one.id for one in excused if one.reason is None] == []


def test_own_ids_are_those_that_nobody_published() -> None:
    own = {re.split(r"[-\d]", one.id)[0] for one in EVERY if REGISTRY.sources[one.source].own_ids}

    assert own == {"S", "R", "PD", "REQ", "PKG", "CARD", "CERT", "CPS", "APCV", "PERF", "KIT"}


def test_every_source_is_used() -> None:
    assert {one.source for one in EVERY} == set(REGISTRY.sources)


def test_texts_of_the_official_lists_are_drafts() -> None:
    drafts = {"socle", "rem-lgo", "rem-lgc", "lgc-anciens", "cnda"}

    assert {one.state for one in EVERY if one.source in drafts} == {"draft"}


def test_no_statement_says_that_a_plugin_or_the_kit_is_approved() -> None:
    approved = re.compile(r"référencé|agréé|homologué", re.IGNORECASE)
    ours = re.compile(r"\b(module|plugin|kit|greffon|SDK)s?\b", re.IGNORECASE)
    # R27 and REQ-12 are the two that forbid it.
    claiming = [one.id for one in EVERY if approved.search(one.statement) and ours.search(one.statement)]

    assert claiming == ["R27"]


@pytest.mark.parametrize(
    "pattern",
    [r"\b(the|shall|must|should|with|when)\b", r"[a-zé]'[a-zé]", r"\s{2}", r" [,.]"],
    ids=["english", "straight apostrophe", "double space", "space before a point"],
)
def test_statements_are_clean_french(pattern: str) -> None:
    texts = {one.id: f"{one.statement} {one.note}".rstrip() for one in EVERY}

    assert {name: text for name, text in texts.items() if re.search(pattern, text)} == {}


@pytest.mark.parametrize(
    ("names", "kind"),
    [(ACTORS, Actor), (DOMAINS, Domain), (VERIFIABLES, Verifiable)],
    ids=["actors", "domains", "verifiables"],
)
def test_every_word_of_a_vocabulary_has_a_french_name(names: dict[str, str], kind: type[Actor]) -> None:
    assert list(names) == list(kind)


def test_every_other_vocabulary_has_french_names() -> None:
    for names in (ARBITRATIONS, COLUMNS, REASONS, WHYS):
        assert all(names.values())
        assert set(names) == set(type(next(iter(names))))


def test_every_domain_and_every_built_profile_has_requirements() -> None:
    assert {one.domain for one in EVERY} == set(Domain)
    for profile in set(Profile) - {Profile.GATEWAY}:
        assert len(REGISTRY.by_profile(profile)) > 2, profile


def test_requirements_are_found_by_profile_and_by_actor() -> None:
    assert "CARD-06" in ids(REGISTRY.by_profile("vitale"))
    assert "SC.INS/va1.20" in ids(REGISTRY.by_profile(Profile.INSI))
    assert {one.actor for one in REGISTRY.by_actor("operator")} == {Actor.OPERATOR}
    assert sum(len(REGISTRY.by_actor(actor)) for actor in Actor) == len(EVERY)


def test_an_unknown_id_is_a_typed_error() -> None:
    with pytest.raises(InputError) as caught:
        REGISTRY.get("INS/va1.99")

    assert caught.value.code == "input.requirement_unknown"
    assert caught.value.facts == {"requirement": "INS/va1.99"}


def test_installed_plugins_declare_ids_of_the_registry() -> None:
    plugins, broken = installed_plugins()

    assert {one.id for one in plugins} == set(entry_points(group="segur.plugins").names)
    assert broken == ()
    assert {one.id: REGISTRY.unknown(one.requirements) for one in plugins if REGISTRY.unknown(one.requirements)} == {}
