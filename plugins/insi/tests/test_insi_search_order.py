"""In which order INSi is asked, and where it stops."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.strategy import Step, search_steps
from segur_sdk.errors import ServiceError
from segur_sdk.models.identity import CrCode

CATARINA = {"NomNaissance": "TCHITCHI", "ListePrenom": "CATARINA BELLA", "DateNaissance": "1936-06-21"}


@pytest.mark.req("SC.INS/va1.20", "SC.INS/va1.38")
@pytest.mark.parametrize(
    ("prenoms", "answered", "calls"),
    [
        pytest.param(("ZOE",), "00", ["ZOE"], id="ADRUN ZOE: one call"),
        pytest.param(("ZOE",), "01", ["ZOE"], id="a single given name: one call whatever the answer"),
        pytest.param(("OLA", "CATARINA", "BELLA"), "01 00", ["OLA", "CATARINA"], id="TCHITCHI: two calls"),
        pytest.param(
            ("PIERRE", "PAUL", "JACQUES"),
            "01 01 01 01",
            ["PIERRE", "PAUL", "JACQUES", "PIERRE PAUL JACQUES"],
            id="HOUILLES: four calls",
        ),
        pytest.param(("PIERRE", "PAUL"), "01 01 00", ["PIERRE", "PAUL", "PIERRE PAUL"], id="found by the whole list"),
        pytest.param(("JEAN-CHRISTOPHE", "LUC"), "01 00", ["JEAN-CHRISTOPHE", "LUC"], id="a composed name is one"),
        pytest.param(("ANNE", "ANNE"), "01 01", ["ANNE", "ANNE ANNE"], id="the same question is not asked twice"),
    ],
)
def test_given_names_are_tried_in_order_and_the_first_found_ends_it(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    request_for: Any,
    prenoms: tuple[str, ...],
    answered: str,
    calls: list[str],
) -> None:
    codes = answered.split()
    ctx = make_ctx(*(resultat(code) for code in codes))
    evidence = plugin.qualify_identity(request_for("HOUILLES", *prenoms), ctx)
    assert ctx.prenoms_sent == calls
    assert evidence is not None
    assert evidence.cr.value == codes[-1]
    assert [attempt.cr for attempt in evidence.attempts] == [CrCode(code) for code in codes]
    assert [" ".join(attempt.criteria.prenoms_naissance) for attempt in evidence.attempts] == calls
    assert [attempt.message_id for attempt in evidence.attempts] == [sent.text("MessageID") for sent in ctx.sent]


def test_found_by_another_given_name_than_the_first_shows_as_a_divergence(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat("01"), resultat(active="236066322083656", tiq=CATARINA))
    evidence = plugin.qualify_identity(
        request_for("TCHITCHI", "OLA", "CATARINA", "BELLA", date_naissance="1936-06-21"), ctx
    )
    assert evidence is not None
    assert evidence.individual is not None
    assert evidence.individual.matricule.value == "236066322083656"
    assert [(one.trait.value, one.reason) for one in evidence.divergences] == [
        ("premier_prenom", "not_in_list"),
        ("prenoms_naissance", "differs"),
    ]


@pytest.mark.req("S000-15")
@pytest.mark.parametrize(
    ("prenoms", "cog", "answered", "calls", "final"),
    [
        pytest.param(("LEONARDO",), None, "02", ["LEONARDO -"], "02", id="DE VINCI: nothing left to add"),
        pytest.param(("LEONARDO",), "63220", "02 00", ["LEONARDO -", "LEONARDO 63220"], "00", id="birthplace added"),
        pytest.param(("LEONARDO",), "63220", "02 02", ["LEONARDO -", "LEONARDO 63220"], "02", id="still several"),
        pytest.param(("LEONARDO",), "63220", "02 01", ["LEONARDO -", "LEONARDO 63220"], "02", id="place excludes all"),
        pytest.param(("A", "B", "C"), "63220", "02 00", ["A -", "A B C -"], "00", id="other given names first"),
        pytest.param(
            ("A", "B", "C"), "63220", "02 02 00", ["A -", "A B C -", "A B C 63220"], "00", id="then the birthplace"
        ),
        pytest.param(
            ("A", "B"), "63220", "02 01 00", ["A -", "A B -", "A 63220"], "00", id="place added to what matched several"
        ),
        pytest.param(("A", "B"), None, "02 01", ["A -", "A B -"], "02", id="several is not turned into none"),
        pytest.param(
            ("A", "B", "C"), None, "01 02 02", ["A -", "B -", "A B C -"], "02", id="several at the second given name"
        ),
        pytest.param(
            ("A", "B"), "63220", "01 01 02 00", ["A -", "B -", "A B -", "A B 63220"], "00", id="several at the list"
        ),
        pytest.param(("A", "B"), "63220", "01 01 01", ["A -", "B -", "A B -"], "01", id="none: no place is tried"),
    ],
)
def test_several_matches_are_narrowed_by_given_names_then_by_birthplace(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    request_for: Any,
    prenoms: tuple[str, ...],
    cog: str | None,
    answered: str,
    calls: list[str],
    final: str,
) -> None:
    ctx = make_ctx(*(resultat(code) for code in answered.split()))
    evidence = plugin.qualify_identity(request_for("DE VINCI", *prenoms, lieu_naissance=cog), ctx)
    assert [f"{sent.text('Prenom')} {''.join(sent.texts('LieuNaissance')) or '-'}" for sent in ctx.sent] == calls
    assert evidence is not None
    assert evidence.cr.value == final
    assert (evidence.individual is None) == (final != "00")
    assert [attempt.cr and attempt.cr.value for attempt in evidence.attempts] == answered.split()


def test_a_technical_fault_ends_the_search_at_once(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, fault: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat("01"), fault("desir_4711"))
    with pytest.raises(ServiceError):
        plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL", "JACQUES"), ctx)
    assert ctx.prenoms_sent == ["PIERRE", "PAUL"]


@given(
    st.lists(st.sampled_from(["A", "B", "C", "D E"]), min_size=1, max_size=5),
    st.booleans(),
    st.lists(st.sampled_from(list(CrCode)), min_size=10, max_size=10),
)
def test_a_search_never_repeats_a_question_and_always_ends(
    prenoms: list[str], birthplace_known: bool, codes: list[CrCode]
) -> None:
    steps = search_steps(tuple(prenoms), birthplace_known=birthplace_known)
    asked: list[Step] = [next(steps)]
    answered: list[CrCode] = []
    final = None
    while final is None:
        answered.append(codes[len(answered)])
        try:
            asked.append(steps.send(answered[-1]))
        except StopIteration as end:
            final = end.value
    assert len(set(asked)) == len(asked) <= len(prenoms) + 2
    assert CrCode.FOUND not in answered[:-1]
    assert final in answered
    assert (final is CrCode.FOUND) == (answered[-1] is CrCode.FOUND)
    assert (final is CrCode.NOT_FOUND) == (set(answered) == {CrCode.NOT_FOUND})
