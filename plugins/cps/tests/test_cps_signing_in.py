"""``start_session``: the right card, judged before its PIN is asked; then PIN, proof, situations."""

from collections.abc import Sequence
from typing import Any

import pytest

from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError, InputError
from segur_sdk.models.actor import Environment, Structure
from segur_sdk.services.session_provider import Ended

ASKING = {"unlock", "prove"}


def refusal(bench: Any, ctx: Any, **where: str) -> CardError:
    with pytest.raises(CardError) as caught:
        bench.sign_in(ctx, **where)
    return caught.value


@pytest.mark.req("CPS-02", "CPS-03")
def test_professional_is_proven_by_his_pin_then_his_authentication_key(bench: Any) -> None:
    token = bench.card()
    who = bench.sign_in(bench.context(token), slot="Lecteur 1")
    assert (who.name, who.rpps, who.national_id) == ("CAROLE PHARMACH0007512", "99700075122", "899700075122")
    assert (who.slot, who.token_serial) == ("Lecteur 1", token.serial)
    assert who.expires_at == bench.read(bench.context(token)).holder.certificates[0].info.not_after
    asked = [call for call in token.calls if call[0] in ASKING]
    assert asked == [("unlock",), ("prove", bench.aut_key, "igc-sante-fort")]


def test_anchors_are_those_of_the_settings(bench: Any) -> None:
    token = bench.card()
    bench.sign_in(bench.context(token, trust="igc-sante"))
    assert ("prove", bench.aut_key, "igc-sante") in token.calls


@pytest.mark.req("CPS-04")
def test_every_situation_is_offered_with_its_own_structure_and_sector(
    bench: Any, situations_with_gaps: Sequence[TokenData]
) -> None:
    who = bench.sign_in(bench.context(bench.card(*situations_with_gaps)))
    assert [(one.id, one.structure_id, one.label) for one in who.exercices] == [
        ("10B0307377/SA01/01", "10B0307377", "HOPITAL GENERIQUE · établissement public de santé · Pharmacien"),
        ("1760021832/SA33/04", "1760021832", "PHARMACIE CRISTOL · pharmacie d’officine · Pharmacien"),
        ("499700735741008/SA07/16", "499700735741008", "CABINET M DOC0073574 · cabinet individuel · Pharmacien"),
    ]


@pytest.mark.req("CPS-04")
def test_the_structure_of_a_situation_bears_the_number_that_its_identifier_is(
    bench: Any, situations_with_gaps: Sequence[TokenData]
) -> None:
    who = bench.sign_in(bench.context(bench.card(*situations_with_gaps)))
    assert [one.structure for one in who.exercices] == [
        Structure(name="HOPITAL GENERIQUE", finess="0B0307377"),
        Structure(name="PHARMACIE CRISTOL", finess="760021832"),
        # RPPS and rank of a cabinet: neither FINESS nor SIRET.
        Structure(name="CABINET M DOC0073574"),
    ]


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        pytest.param("OFFICINE", "318751275100020", Structure(name="OFFICINE", siret="18751275100020"), id="siret"),
        pytest.param("OFFICINE", "1760021833", Structure(name="OFFICINE"), id="number_whose_key_is_wrong"),
        pytest.param("OFFICINE", "9760021832", Structure(name="OFFICINE"), id="unknown_type"),
        pytest.param(None, "1760021832", Structure(name="1760021832", finess="760021832"), id="no_name"),
        pytest.param("P" * 200, None, Structure(name="P" * 100), id="endless_name"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_nothing_is_made_up_about_a_structure(
    bench: Any, name: str | None, number: str | None, expected: Structure | None
) -> None:
    inner = [bench.data_object("86", b"SA33")]
    if name is not None:
        inner.insert(0, bench.data_object("84", name.encode()))
    if number is not None:
        inner.insert(-1, bench.data_object("85", number.encode()))
    content = bench.data_object("EE", b"".join(inner))
    situation = TokenData(label="CPS_ACTIVITY_02_PS", private=True, value=content)
    (found,) = bench.sign_in(bench.context(bench.card(situation))).exercices
    assert found.structure == expected


@pytest.mark.parametrize(
    ("tag", "value", "profession", "expected"),
    [
        pytest.param("84", "PHARMACIE", b"\x02\x01\x15", ("-/-/02", "PHARMACIE · Pharmacien"), id="name only"),
        pytest.param("85", "1760021832", None, ("1760021832/-/02", "1760021832"), id="structure only"),
        pytest.param("86", "SA99", b"\x02\x01\x4d", ("-/SA99/02", "Situation n° 2 · SA99 · 77"), id="unknown codes"),
        pytest.param("84", "P" * 200, b"\x02\x01\x15", ("-/-/02", "P" * 200), id="endless name"),
    ],
)
def test_situation_that_says_little_is_offered_all_the_same(
    bench: Any, tag: str, value: str, profession: bytes | None, expected: tuple[str, str]
) -> None:
    content = bench.data_object("EE", bench.data_object(tag, value.encode()))
    situation = TokenData(label="CPS_ACTIVITY_02_PS", private=True, value=content)
    (found,) = bench.sign_in(bench.context(bench.card(situation, profession=profession))).exercices
    assert (found.id, found.label) == expected


def test_card_without_situations_offers_none(bench: Any) -> None:
    assert bench.sign_in(bench.context(bench.card(bench.info(b"CAROLE")))).exercices == ()


@pytest.mark.req("R17")
def test_adeli_alone_opens_a_session_without_rpps(bench: Any) -> None:
    who = bench.sign_in(bench.context(bench.card(subject=bench.olivier)))
    assert (who.name, who.rpps) == ("OLIVIER INFIRMCS ADELI8751", None)
    # What he is sent as to national services is known all the same.
    assert who.national_id == "00B6087510"


@pytest.mark.req("S003-01")
def test_named_administrator_may_sign_in(bench: Any) -> None:
    token = bench.card(subject=bench.patrice, card_type=b"\x02\x01\x03", profession=None)
    assert bench.sign_in(bench.context(token)).name == "PATRICE MAITRE"


def test_name_too_long_for_a_session_is_cut(bench: Any) -> None:
    subject = tuple(
        tuple((kind, value * 6 if value in {"CAROLE", "PHARMACH0007512"} else value) for kind, value in rdn)
        for rdn in bench.carole
    )
    assert len(bench.sign_in(bench.context(bench.card(subject=subject))).name) == 100


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        pytest.param({"ends": -1}, "cps.card_expired", {"ended": "2026-03-01"}, id="expired yesterday"),
        pytest.param({"ends": 0}, "cps.card_expired", {"ended": "2026-03-02"}, id="expired this second"),
        pytest.param({"begins": 1}, "cps.card_not_yet_valid", {"begins": "2026-03-03"}, id="not yet valid"),
        pytest.param(
            {"subject": "employee", "card_type": b"\x02\x01\x02"},
            "cps.not_nominative",
            {"card_type": "CPE"},
            id="names nobody",
            marks=pytest.mark.req("CPS-05"),
        ),
    ],
)
def test_card_that_opens_no_session_is_refused_before_its_pin_is_asked(
    bench: Any, days: Any, changes: dict[str, Any], code: str, facts: dict[str, str]
) -> None:
    given = {name: bench.now + days(value) if isinstance(value, int) else value for name, value in changes.items()}
    if changes.get("subject") == "employee":
        given["subject"] = bench.employee
    token = bench.card(**given)
    failure = refusal(bench, bench.context(token))
    assert (failure.code, dict(failure.facts)) == (code, facts)
    assert not ASKING & {name for name, *_ in token.calls}


@pytest.mark.parametrize("which", [0, 1], ids=["signature", "authentication"])
def test_one_certificate_that_ended_ends_the_card(bench: Any, days: Any, which: int) -> None:
    token = bench.card()
    ended = bench.now - days(3)
    leaf, key = [(bench.signature(ends=ended), bench.sig_key), (bench.authentication(ends=ended), bench.aut_key)][which]
    token.found = tuple(
        bench.certificate(leaf, key) if place == which else one for place, one in enumerate(token.found)
    )
    assert refusal(bench, bench.context(token)).code == "cps.card_expired"


@pytest.mark.parametrize("which", [0, 1], ids=["signature", "authentication"])
def test_one_certificate_that_has_not_begun_keeps_the_card_waiting(bench: Any, days: Any, which: int) -> None:
    token = bench.card()
    begins = bench.now + days(3)
    leaf = bench.authentication(begins=begins) if which else bench.signature(begins=begins)
    key = token.found[which].key
    token.found = tuple(
        bench.certificate(leaf, key) if place == which else one for place, one in enumerate(token.found)
    )
    assert refusal(bench, bench.context(token)).code == "cps.card_not_yet_valid"


def test_card_holds_until_its_last_second(bench: Any, days: Any) -> None:
    ctx = bench.context(bench.card(ends=bench.now + days(1)))
    ctx.clock.moment = bench.now + days(1) - days(1) / 86_400
    assert bench.sign_in(ctx).rpps == "99700075122"


@pytest.mark.req("CPS-03")
def test_signature_certificate_never_stands_in_for_authentication(bench: Any) -> None:
    token = bench.card()
    token.found = (bench.certificate(bench.signature(), bench.aut_key),)
    assert refusal(bench, bench.context(token)).code == "cps.no_authentication_certificate"
    assert not ASKING & {name for name, *_ in token.calls}


def test_test_card_is_refused_in_production_before_its_pin_is_asked(bench: Any) -> None:
    token = bench.card()
    ctx = bench.context(token)
    ctx.environment = Environment.PRODUCTION
    assert refusal(bench, ctx).code == "card.test_in_production"
    assert not ASKING & {name for name, *_ in token.calls}


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(
    ("call", "failure"),
    [
        ("unlock", CardError("token.pin_wrong", tries_left=2)),
        ("unlock", CardError("token.pin_locked")),
        ("unlock", InputError("input.nobody_to_ask")),
        ("unlock", InputError("input.no_answer")),
        ("prove", CardError("token.proof_failed")),
        ("prove", CardError("token.certificate_untrusted", trust="igc-sante")),
        ("prove", CardError("card.removed", slot="Lecteur 1")),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_failure_passes_unchanged_and_nothing_is_tried_again(bench: Any, call: str, failure: Any) -> None:
    token = bench.card()
    token.fails[call] = failure
    with pytest.raises(type(failure)) as caught:
        bench.sign_in(bench.context(token))
    assert caught.value is failure
    assert [name for name, *_ in token.calls].count(call) == 1
    assert token.calls[-1][0] == call


@pytest.mark.req("CPS-02")
def test_locked_card_is_left_to_the_host_to_say(bench: Any) -> None:
    token = bench.card()
    token.locked = True
    assert refusal(bench, bench.context(token)).code == "token.pin_locked"


def test_card_is_found_by_reader_or_serial_number(bench: Any) -> None:
    mine = bench.card(serial="0001")
    other = bench.card(serial="0002", number=b"\x13\x158025000001/2800636235", subject=bench.patrice)
    other.slot = "Lecteur 2"
    ctx = bench.context(mine, other)
    assert bench.sign_in(ctx, slot="Lecteur 2").name == "PATRICE MAITRE"
    assert bench.sign_in(ctx, token_serial="0001").name == "CAROLE PHARMACH0007512"
    assert bench.sign_in(ctx, slot="Lecteur 1", token_serial="0001").name == "CAROLE PHARMACH0007512"


def test_token_in_no_reader_signs_in(bench: Any) -> None:
    token = bench.card()
    token.slot = None
    who = bench.sign_in(bench.context(token))
    assert (who.slot, who.token_serial) == (None, token.serial)


def test_reader_that_holds_another_card_than_the_one_named_is_refused(bench: Any) -> None:
    token = bench.card(serial="0001")
    failure = refusal(bench, bench.context(token), slot="Lecteur 1", token_serial="0002")
    assert (failure.code, dict(failure.facts)) == ("cps.other_card", {"slot": "Lecteur 1"})
    assert token.calls == []


@pytest.mark.parametrize("where", [{"slot": "Lecteur 9"}, {"token_serial": "0009"}], ids=str)
def test_card_that_is_not_there_is_the_host_s_to_say(bench: Any, where: dict[str, str]) -> None:
    assert refusal(bench, bench.context(bench.card()), **where).code == "token.absent"


def test_two_cards_and_no_choice_is_an_error_that_names_nobody(bench: Any) -> None:
    mine = bench.card(serial="0001")
    other = bench.card(serial="0002", number=b"\x13\x158025000001/2800636235", subject=bench.patrice)
    failure = refusal(bench, bench.context(mine, other))
    assert (failure.code, dict(failure.facts)) == ("cps.several_cards", {"cards": 2})
    assert not ASKING & {name for token in (mine, other) for name, *_ in token.calls}


def test_one_card_shown_by_two_drivers_is_one_card(bench: Any) -> None:
    assert bench.sign_in(bench.context(bench.card(serial="0001"), bench.card(serial="0002"))).token_serial == "0001"


def test_other_tokens_hide_no_card(bench: Any) -> None:
    software = bench.card(serial="0001", card_type=None)
    broken = bench.card(serial="0002")
    broken.fails["certificates"] = CardError("token.failed")
    assert bench.sign_in(bench.context(software, broken, bench.card(serial="0003"))).token_serial == "0003"


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ((), "cps.no_card"),
        (("software",), "cps.no_card"),
        (("software", "broken"), "token.failed"),
        (("broken",), "token.failed"),
    ],
    ids=["nothing", "another token", "another and a broken one", "a broken one"],
)
def test_no_card_is_said_with_what_may_hide_it(bench: Any, kinds: tuple[str, ...], code: str) -> None:
    tokens = []
    for place, kind in enumerate(kinds):
        token = bench.card(serial=f"000{place}", card_type=None if kind == "software" else b"\x02\x01\x00")
        if kind == "broken":
            token.fails["certificates"] = CardError("token.failed")
        tokens.append(token)
    assert refusal(bench, bench.context(*tokens)).code == code


def test_malformed_situation_opens_no_session(bench: Any) -> None:
    token = bench.card(TokenData(label="CPS_ACTIVITY_01_PS", private=True, value=b"\xee\x05\x84"))
    failure = refusal(bench, bench.context(token))
    assert (failure.code, failure.facts["file"], failure.facts["tag"]) == (
        "card.unreadable",
        "CPS_ACTIVITY_01_PS",
        "EE",
    )


def test_end_of_a_session_lets_go_of_nothing(bench: Any) -> None:
    token = bench.card()
    assert bench.end(bench.context(token)) == Ended()
    assert token.calls == []
