"""Data that breaks a rule of the registry is refused, and the message says which entry."""

from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from segur_conformance.requirements import Effect, Level, Reason, Registry, Requirement, Source, Verifiable
from segur_conformance.requirements.loading import read_requirements, read_sources
from segur_conformance.requirements.model import Proof

ENTRY = """
["{name}"]
statement = "Une phrase assez longue pour être lue."
source = "essai"
state = "draft"
level = "DOIT"
domain = "ins"
actor = "sdk"
effect = "data"
verifiable = "auto"
proofs = ["result"]
"""


def entry(name: str, **changes: str) -> str:
    lines = ENTRY.format(name=name).splitlines()
    kept = [line for line in lines if line.split(" =")[0] not in changes]
    return "\n".join([*kept, *(f"{field} = {value}" for field, value in changes.items() if value)]) + "\n"


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    return tmp_path


def test_entries_are_read_in_order_of_file_then_of_writing(tmp_path: Path) -> None:
    found = read_requirements(folder(tmp_path, b=entry("B-02") + entry("B-01"), a=entry("A-01"), sources="[x]"))

    assert [one.id for one in found] == ["A-01", "B-02", "B-01"]


def test_defaults_complete_the_entries_of_their_file(tmp_path: Path) -> None:
    text = '[defaults]\nlevel = "PEUT"\nwave = "2"\n' + entry("A-01", level="") + entry("A-02")
    first, second = read_requirements(folder(tmp_path, a=text))

    assert (first.level, first.wave) == (Level.PEUT, "2")
    assert second.level is Level.DOIT


def test_a_follower_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    base = '[defaults]\nwave = "1"\n' + entry("SC.A.01", reference='"Règle 3"', note='"Propre au premier."')
    follower = '[defaults]\nlevel = "PEUT"\n["A.01"]\nfollows = ["SC.A.01"]\nsource = "autre"\nstate = "published"\n'
    _, taken = read_requirements(folder(tmp_path, a=base, b=follower))

    assert taken.statement == "Une phrase assez longue pour être lue."
    assert (taken.reference, taken.level) == ("Règle 3", Level.DOIT)
    assert (taken.source, taken.state, taken.wave, taken.note) == ("autre", "published", "none", "")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": entry("A-01"), "b": entry("A-01")}, "A-01 is written twice"),
        ({"a": entry("A-01", follows='["A-02"]')}, "A-01 follows A-02, which is not in the registry"),
        (
            {"a": entry("A-01") + entry("A-02", follows='["A-01"]') + entry("A-03", follows='["A-02"]')},
            "A-03 follows A-02, which follows another itself",
        ),
        ({"a": entry("A-01", follows='["A-01"]')}, "A-01 follows A-01, which follows another itself"),
        ({"a": entry("A-01", level='"PEUT-ÊTRE"')}, "A-01: level"),
        ({"a": entry("A-01", statement='""')}, "A-01: statement"),
        ({"a": entry("A-01", statement='"sans majuscule au début de la phrase."')}, "A-01: statement"),
        ({"a": entry("A-01", priority='"haute"')}, "A-01: priority"),
        ({"a": entry("A-01", actor="")}, "A-01: actor"),
        ({"a": entry("A-01", profiles='["nouveau"]')}, "A-01: profiles"),
        ({"a": entry("A-01", reason='"fatigue"')}, "A-01: reason"),
        ({"a": entry("-A")}, "-A: id"),
    ],
    ids=[
        "twice",
        "follows nothing",
        "follows a follower",
        "follows itself",
        "level",
        "empty statement",
        "lower case",
        "unknown field",
        "missing field",
        "profile",
        "reason",
        "id",
    ],
)
def test_broken_data_are_refused_by_name(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        read_requirements(folder(tmp_path, **files))


def test_a_requirement_comes_from_a_known_source(tmp_path: Path) -> None:
    found = read_requirements(folder(tmp_path, a=entry("A-01")))

    with pytest.raises(ValidationError, match="A-01 comes from essai"):
        Registry(sources={}, requirements=found)
    assert "A-01" in Registry(sources={"essai": Source(title="Un essai")}, requirements=found)


def test_sources_are_read_with_their_own_ids(tmp_path: Path) -> None:
    text = '[ours]\ntitle = "Les nôtres"\nown_ids = true\n[theirs]\ntitle = "Les leurs"\n'
    found = read_sources(folder(tmp_path, sources=text))

    assert {name: one.own_ids for name, one in found.items()} == {"ours": True, "theirs": False}


def test_what_can_be_shown_is_ruled_in_every_combination() -> None:
    for level, effect, verifiable, reason, proofs in product(
        Level, Effect, Verifiable, (None, *Reason), ((), (Proof.RESULT,))
    ):
        excused = verifiable in {Verifiable.ATTESTED, Verifiable.NO}
        judged = level is Level.DOIT and effect in {Effect.WIRE, Effect.DATA}
        right = (
            excused == (reason is not None)
            and not (judged and verifiable is not Verifiable.AUTO)
            and bool(proofs) == (verifiable is not Verifiable.NO)
        )
        values = {
            "id": "A-01",
            "statement": "Une phrase assez longue pour être lue.",
            "source": "essai",
            "state": "draft",
            "domain": "ins",
            "actor": "sdk",
            "level": level,
            "effect": effect,
            "verifiable": verifiable,
            "reason": reason,
            "proofs": proofs,
        }
        try:
            Requirement.model_validate(values)
        except ValidationError:
            accepted = False
        else:
            accepted = True
        assert accepted == right, values
