"""Where a validated document goes: what plugins propose, the rules of its day, their sources and exclusions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from segur_host.documents.document import ValidatedDocument
from segur_host.documents.routing import routed
from segur_sdk.documents import obligations
from segur_sdk.hooks.document_validated import DocumentRouting
from segur_sdk.identity.seal import Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.channels import Channel, Circumstance, ProposedChannel
from segur_sdk.models.identity import InsStatus, Traits
from segur_sdk.models.notice import Notice

MakeDocument = Callable[..., ValidatedDocument]


@pytest.fixture
def of_patient(document_of: MakeDocument, anthony: Traits) -> MakeDocument:
    identity = Sealer(bytes(32)).seal(
        identity_ref="id-1",
        revision=1,
        tenant="default",
        environment=Environment.SANDBOX,
        status=InsStatus.PROVISOIRE,
        attributes=frozenset(),
        traits=anthony,
        matricule=None,
    )
    return lambda **changes: document_of(identity, **changes)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def proposing(*channels: ProposedChannel, **more: Any) -> dict[str, DocumentRouting]:
    return {"other": DocumentRouting(shown="Fiche", channels=channels, **more)}


@pytest.mark.parametrize("row", obligations(), ids=lambda row: row.id)
def test_documents_each_rule_names_its_channels_and_source_from_its_day_on(row: Any, of_patient: MakeDocument) -> None:
    for code in row.types:
        document = of_patient(document_type=code, made=noon(row.since), circumstances=row.only)
        going = routed(document, {})
        by_it = {one.channel for one in going.destinations if row.id in [rule.id for rule in one.rules]}
        assert by_it == set(row.channels)
        [rule] = {rule for one in going.destinations for rule in one.rules if rule.id == row.id}
        assert (rule.document, rule.since, rule.source) == (row.document, row.since, row.source)
        assert rule.verified is row.verified
        before = routed(of_patient(document_type=code, made=noon(row.since) - timedelta(days=1)), {})
        assert row.id not in [rule.id for one in before.destinations for rule in one.rules]
        assert [one.not_yet for one in before.ruled_out if one.rule.id == row.id] == [True]


@pytest.mark.parametrize("row", [one for one in obligations() if one.exclusions], ids=lambda row: row.id)
def test_documents_an_exclusion_is_told_with_the_rule_it_puts_aside(row: Any, of_patient: MakeDocument) -> None:
    for excluded in row.exclusions:
        going = routed(
            of_patient(document_type=row.types[0], made=noon(row.since), circumstances=row.only | {excluded}), {}
        )
        assert row.id not in [rule.id for one in going.destinations for rule in one.rules]
        [told] = [one for one in going.ruled_out if one.rule.id == row.id]
        assert (told.excluded_by, told.not_yet, told.rule.source) == (frozenset({excluded}), False, row.source)


def test_documents_what_must_be_true_and_is_not_is_told(of_patient: MakeDocument) -> None:
    row = next(one for one in obligations() if one.only)
    [told] = [
        one
        for one in routed(of_patient(document_type=row.types[0], made=noon(row.since)), {}).ruled_out
        if one.rule.id == row.id
    ]
    assert told.missing == row.only == frozenset({Circumstance.IN_STAY})


def test_documents_the_day_is_that_of_the_place_where_they_were_made(of_patient: MakeDocument) -> None:
    late = datetime.fromisoformat("2023-12-31T00:30:00+01:00")
    assert late.astimezone(UTC).date() == date(2023, 12, 30)
    going = routed(of_patient(document_type="34874-8", made=late), {})
    assert [one.channel for one in going.destinations] == list(Channel)


def test_documents_proposals_are_joined_with_the_rules_and_name_their_plugins(of_patient: MakeDocument) -> None:
    proposed = ProposedChannel(channel=Channel.MSS_PRO, rules=("accord-local",))
    going = routed(of_patient(document_type="96349-6"), proposing(proposed))
    mail = going.towards(Channel.MSS_PRO)
    assert mail is not None
    assert [rule.id for rule in mail.rules] == ["lettres-2023", "lettres-2025", "accord-local"]
    assert mail.proposed_by == ("other",)
    assert mail.rules[-1].source is None
    dmp = going.towards(Channel.DMP)
    assert dmp is not None
    assert dmp.proposed_by == ()


@pytest.mark.parametrize(
    ("changes", "proposals"),
    [
        pytest.param({}, [{"automatic": True}, {"held": True}], id="one_holds"),
        pytest.param({}, [{"held": True}, {"automatic": True}], id="one_holds_first"),
        pytest.param({"document_type": "96349-6"}, [{"automatic": True}], id="not_one_of_the_three"),
        pytest.param({"document_type": "89601-9"}, [{"automatic": True}], id="sensitive_kind"),
        pytest.param({"label": "Certificat de violences"}, [{"automatic": True}], id="sensitive_name"),
        pytest.param({}, [{}], id="nobody_says_so"),
    ],
)
def test_documents_no_plugin_alone_makes_one_leave_by_itself(
    changes: dict[str, Any], proposals: list[dict[str, bool]], of_patient: MakeDocument
) -> None:
    channels = (ProposedChannel(channel=Channel.DMP, rules=("r",), **one) for one in proposals)
    dmp = routed(of_patient(**changes), proposing(*channels)).towards(Channel.DMP)
    assert dmp is not None
    assert not dmp.automatic


@pytest.mark.req("S001-12")
def test_documents_of_an_unknown_kind_are_shown_by_what_was_given(of_patient: MakeDocument) -> None:
    unknown = routed(of_patient(document_type="0-0", label="Fiche bleue"), {})
    assert (unknown.document_type, unknown.shown, unknown.destinations) == ("0-0", "Fiche bleue (0-0)", ())
    nameless = routed(of_patient(document_type=None, label="Fiche bleue"), {})
    assert (nameless.document_type, nameless.shown) == (None, "Fiche bleue")
    notice = Notice(code="other.unknown", text="Type inconnu.")
    told = routed(of_patient(document_type=None, label="Fiche bleue"), proposing(notices=(notice,)))
    assert (told.shown, told.notices) == ("Fiche", (notice,))


def test_documents_a_plugin_may_know_a_kind_that_the_tables_do_not(of_patient: MakeDocument) -> None:
    going = routed(of_patient(document_type=None, label="Fiche bleue"), proposing(document_type="34874-8"))
    assert going.document_type == "34874-8"


def test_documents_a_death_certificate_has_no_way_to_the_dmp(of_patient: MakeDocument) -> None:
    dmp = ProposedChannel(channel=Channel.DMP, rules=("r",))
    going = routed(of_patient(document_type="CERT_DECL", label="Certificat de décès"), proposing(dmp))
    assert going.has_no_way
    assert going.towards(Channel.DMP) is None
