"""Each rule of the DMP refuses what it is about and nothing else; all that fail are told, not the first."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from plugins.dmp.tests.scripted_dmp import (
    AUTHOR,
    MATRICULE,
    PARIS,
    Context,
    MemoryStore,
    draft,
    existence,
    found,
    identity,
    reference,
    registry,
)
from segur_plugin_dmp.deciding import decide
from segur_plugin_dmp.fed_versions import RETENTION, digest_of, remember
from segur_plugin_dmp.plugin import DmpPlugin
from segur_plugin_dmp.rules import RULES
from segur_sdk.errors import HostError
from segur_sdk.hooks.dmp_send import DmpDraft, Validation
from segur_sdk.models.actor import Actor, ActorKind, Environment, Structure
from segur_sdk.models.decision import Verdict
from segur_sdk.models.document import (
    Concept,
    DocumentVersion,
    PdfBody,
    Section,
    Vaccination,
    VaccinationBody,
    Vaccine,
    Visibility,
    WrittenBody,
)
from segur_sdk.models.identity import MatriculeIns
from segur_sdk.senders import SendAttempt, SendRequest

MakeContext = Callable[..., Context]
PLUGIN = DmpPlugin()
CHILD = identity(date_naissance=date(2015, 3, 28))
ATC = Concept(code="J07BB02", system="2.16.840.1.113883.6.73", label="Grippe")
JAB = VaccinationBody(vaccinations=(Vaccination(given_at=PARIS, vaccine=Vaccine(code=ATC, name="Vaccin")),))
BLANK = WrittenBody(sections=(Section(heading="Bilan", paragraphs=(" ", "\n")),))
BOTH = frozenset({Visibility.INVISIBLE_PATIENT, Visibility.MASQUE_PS})
FROM_PARENTS = frozenset({Visibility.INVISIBLE_REPRESENTANTS_LEGAUX})
ADELI = AUTHOR.model_copy(update={"id": "0729999999"})
INTERNAL = AUTHOR.model_copy(update={"id": "30B0152872/12"})
BARE = AUTHOR.model_copy(update={"role": "G15_21"})
DOCTOR = AUTHOR.model_copy(update={"role": "G15_10"})
PREPARATEUR = AUTHOR.model_copy(update={"role": "G15_39"})


def signed_in(rpps: str) -> Actor:
    return Actor(
        kind=ActorKind.PROFESSIONAL, name="m", rpps=rpps, structure=Structure(name="Officine"), workstation="poste"
    )


def real(oid: str) -> Any:
    return identity(environment=Environment.PRODUCTION, matricule=MatriculeIns(value=MATRICULE, oid=oid))


# rule: what breaks it (draft, context), and its twin that does not
BROKEN: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "mode indirecte renforcée": ("dmp.air_feeding", {}, {"mode": "indirect_renforcee"}, {}, {"mode": "indirect"}),
    "type that the DMP does not take": (
        "dmp.type_unknown",
        {"document_type": "0-0"},
        {},
        {"document_type": "56445-0"},
        {},
    ),
    "death certificate": (
        "dmp.no_way",
        {"title": "CERTIFICAT  DE DECES"},
        {},
        {"title": "Certificat"},
        {},
    ),
    "vaccination that is written only": (
        "dmp.body_does_not_fit",
        {"document_type": "87273-9"},
        {},
        {"document_type": "87273-9", "body": JAB},
        {},
    ),
    "interview with a structured body": ("dmp.body_does_not_fit", {"body": JAB}, {}, {}, {}),
    "title of blanks": ("dmp.title_missing", {"title": "  "}, {}, {"title": "Entretien"}, {}),
    "sections of blanks": ("dmp.empty", {"body": BLANK}, {}, {}, {}),
    "file that is no PDF": (
        "dmp.empty",
        {"body": PdfBody(pdf=b"MZ")},
        {},
        {"body": PdfBody(pdf=b"%PDF-1.4")},
        {},
    ),
    "personal note": ("dmp.personal_note", {"personal_note": True}, {}, {"personal_note": False}, {}),
    "author by ADELI": ("dmp.author_by_adeli", {"author": ADELI}, {}, {}, {}),
    "validator by ADELI": ("dmp.author_by_adeli", {"validator": ADELI}, {}, {}, {}),
    "author without RPPS": ("dmp.author_unknown", {"author": INTERNAL}, {}, {}, {}),
    "author is not who signed in": (
        "dmp.author_is_another",
        {},
        {"actor": signed_in("81000000001")},
        {},
        {"actor": signed_in("99900063480")},
    ),
    "validated by another": (
        "dmp.validator_is_another",
        {"validation": Validation(validator="81000000001", validated_at=PARIS)},
        {},
        {"validation": Validation(validator="M. LIBRE", validated_at=PARIS)},
        {},
    ),
    "pharmacist without tableau": ("dmp.role_incomplete", {"author": BARE, "validator": BARE}, {}, {}, {}),
    "physician without speciality": (
        "dmp.role_incomplete",
        {"author": DOCTOR},
        {},
        {"author": DOCTOR.model_copy(update={"role": "G15_10/SM26"})},
        {},
    ),
    "préparateur answers for it": (
        "dmp.validated_by_preparateur",
        {"validator": PREPARATEUR},
        {},
        {"author": PREPARATEUR},
        {},
    ),
    "kept from patient and professionals": (
        "dmp.kept_from_both",
        {"confidentiality": BOTH},
        {},
        {"confidentiality": BOTH},
        {"masked_from_both": True},
    ),
    "kept from an adult's parents": (
        "dmp.secrecy_of_an_adult",
        {"confidentiality": FROM_PARENTS},
        {},
        {"confidentiality": FROM_PARENTS, "identity": CHILD},
        {},
    ),
    "kept from parents though it is not offered": (
        "dmp.secrecy_not_offered",
        {"confidentiality": FROM_PARENTS, "identity": CHILD},
        {"minors": False},
        {"confidentiality": FROM_PARENTS, "identity": CHILD},
        {"minors": True},
    ),
    "test identity in production": (
        "dmp.identity_of_another_world",
        {"identity": real("1.2.250.1.213.1.4.10")},
        {"environment": Environment.PRODUCTION},
        {"identity": real("1.2.250.1.213.1.4.8")},
        {"environment": Environment.PRODUCTION},
    ),
    "sensitive by its type": ("dmp.sensitive", {"document_type": "68599-0"}, {}, {}, {}),
    "sensitive by its name": ("dmp.sensitive", {"title": "Certificat de soins psychiatriques"}, {}, {}, {}),
}


@pytest.mark.parametrize(("code", "changes", "around", "twin", "twin_around"), BROKEN.values(), ids=BROKEN)
@pytest.mark.req("SC.DMP/CONF.09")
def test_each_rule_refuses_what_it_is_about_and_its_twin_passes(
    make_ctx: MakeContext,
    code: str,
    changes: dict[str, Any],
    around: dict[str, Any],
    twin: dict[str, Any],
    twin_around: dict[str, Any],
) -> None:
    decision = PLUGIN.before_dmp_send(draft(**changes), make_ctx(**around))
    assert decision is not None
    assert code in [one.code for one in decision.reasons]
    passed = PLUGIN.before_dmp_send(draft(**twin), make_ctx(**twin_around))
    assert passed is not None
    assert (passed.verdict, passed.reasons) == (Verdict.ALLOW, ())


def test_every_rule_stands_in_the_table() -> None:
    assert {rule.code for rule in RULES} == {row[0] for row in BROKEN.values()} | {"dmp.unchanged"}
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.req("SC.DMP/CONF.09")
def test_all_failing_reasons_are_told(make_ctx: MakeContext) -> None:
    worst = draft(
        title=" ",
        personal_note=True,
        body=BLANK,
        author=ADELI,
        validator=PREPARATEUR,
        confidentiality=BOTH | FROM_PARENTS,
        document_type="68599-0",
    )
    decision = decide(worst, make_ctx(mode="indirect_renforcee", minors=False))
    assert [one.code for one in decision.reasons] == [
        "dmp.air_feeding",
        "dmp.title_missing",
        "dmp.empty",
        "dmp.personal_note",
        "dmp.author_by_adeli",
        "dmp.validated_by_preparateur",
        "dmp.kept_from_both",
        "dmp.secrecy_of_an_adult",
        "dmp.secrecy_not_offered",
        "dmp.sensitive",
    ]
    assert (decision.verdict, decision.question) == (Verdict.BLOCK, None)
    assert all(one.text.endswith(".") and one.action for one in decision.reasons)


def test_sensitive_document_waits_for_an_answer_and_a_minor_s_is_proposed_to_be_kept_from_parents(
    make_ctx: MakeContext,
) -> None:
    adult = decide(draft(document_type="68599-0"), make_ctx())
    assert (adult.verdict, adult.suggestions) == (Verdict.HOLD, ())
    assert adult.question is not None
    assert [one.value for one in adult.question.choices] == ["hold", "send"]
    for answers, verdict in (
        ({"dmp.sensitive": "hold"}, Verdict.HOLD),
        ({"dmp.other": "send"}, Verdict.HOLD),
        ({"dmp.sensitive": "send"}, Verdict.ALLOW),
    ):
        assert decide(draft(document_type="68599-0", answers=answers), make_ctx()).verdict is verdict
    child = decide(draft(document_type="68599-0", identity=CHILD), make_ctx())
    assert [(one.field, one.text) for one in child.suggestions] == [
        ("confidentiality", "INVISIBLE_REPRESENTANTS_LEGAUX")
    ]
    kept = decide(draft(document_type="68599-0", identity=CHILD, confidentiality=FROM_PARENTS), make_ctx())
    assert kept.suggestions == ()


@pytest.mark.parametrize(
    ("born", "minor"),
    [(date(2008, 3, 2), False), (date(2008, 3, 3), True), (date(2008, 2, 29), False), (date(2025, 1, 1), True)],
    ids=["18 today", "18 tomorrow", "of a leap day", "infant"],
)
def test_minor_is_who_is_not_of_age_on_the_day(make_ctx: MakeContext, born: date, minor: bool) -> None:
    given = draft(identity=identity(date_naissance=born), confidentiality=FROM_PARENTS)
    assert decide(given, make_ctx()).verdict is (Verdict.ALLOW if minor else Verdict.BLOCK)


def test_draft_without_content_is_judged_by_what_it_says(make_ctx: MakeContext) -> None:
    assert decide(draft(content=None), make_ctx()).verdict is Verdict.ALLOW
    assert decide(draft(content=None, personal_note=True), make_ctx()).verdict is Verdict.BLOCK


BEFORE = DocumentVersion(id="2.25.11", set_id="2.25.10")
CHANGES: dict[str, dict[str, Any]] = {
    "title": {"title": "Autre"},
    "words": {"body": WrittenBody(sections=(Section(heading="Bilan", paragraphs=("Mauvaise observance.",)),))},
    "visibility": {"confidentiality": frozenset({Visibility.MASQUE_PS})},
    "notice": {"privacy_notice": "Vos données…"},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_version_that_changes_something_is_no_unchanged_one(make_ctx: MakeContext, changes: dict[str, Any]) -> None:
    ctx = make_ctx()
    remember(draft(), BEFORE.id, ctx)
    assert [one.code for one in decide(draft(replaces=BEFORE), ctx).reasons] == ["dmp.unchanged"]
    assert decide(draft(replaces=BEFORE, **changes), ctx).verdict is Verdict.ALLOW
    assert decide(draft(replaces=BEFORE), make_ctx()).verdict is Verdict.ALLOW


def test_what_was_fed_is_remembered_by_its_digest_alone_and_only_the_last_version(make_ctx: MakeContext) -> None:
    ctx = make_ctx(existence(), registry(), existence(), found(reference()), registry())

    def feed(given: DmpDraft) -> DocumentVersion:
        made = PLUGIN.prepare_send(SendRequest(kind="dmp-feed", draft=given), ctx)
        PLUGIN.attempt_send(SendAttempt(prepared=made, draft=given, number=1), ctx)
        return DocumentVersion(id=made.facts["document"], set_id="2.25.10")

    first = feed(draft())
    assert decide(draft(replaces=first), ctx).verdict is Verdict.BLOCK
    second = feed(draft(replaces=first, title="Autre"))
    assert ctx.store.kept == {f"fed.{second.id}": f"2026-03-02 {digest_of(draft(title='Autre'))}".encode()}


def test_digest_beyond_its_retention_counts_as_none_and_is_forgotten(make_ctx: MakeContext) -> None:
    ctx = make_ctx()
    remember(draft(), BEFORE.id, ctx)
    ctx.clock.moment += RETENTION
    assert decide(draft(replaces=BEFORE), ctx).verdict is Verdict.BLOCK
    ctx.clock.moment += timedelta(days=1)
    assert decide(draft(replaces=BEFORE), ctx).verdict is Verdict.ALLOW
    assert ctx.store.kept == {}


def test_document_that_was_taken_was_sent_even_if_nothing_can_be_kept_any_more(
    make_ctx: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise HostError("storage.full")

    ctx = make_ctx(registry(), existence_test="never")
    monkeypatch.setattr(MemoryStore, "put", full)
    made = PLUGIN.prepare_send(SendRequest(kind="dmp-feed", draft=draft()), ctx)
    sent = PLUGIN.attempt_send(SendAttempt(prepared=made, draft=draft(), number=1), ctx)
    assert sent.effect_id == made.effect_id


def test_two_sets_of_visibilities_in_another_order_are_the_same() -> None:
    one = draft(confidentiality=frozenset([Visibility.MASQUE_PS, Visibility.INVISIBLE_REPRESENTANTS_LEGAUX]))
    other = draft(confidentiality=frozenset([Visibility.INVISIBLE_REPRESENTANTS_LEGAUX, Visibility.MASQUE_PS]))
    assert digest_of(one) == digest_of(other)
