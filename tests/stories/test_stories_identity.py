"""Acceptance stories of the pharmacy guide on identity, through the host's own door and the wire of INSi."""

import pytest
from pydantic import ValidationError

from segur_host import Host, chosen
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import IdentityError, InputError
from segur_sdk.hooks.qualify_identity import IdentityRequest, TraitsSubject
from segur_sdk.identity.engine import Asking
from segur_sdk.models.identity import (
    CollectionMethod,
    CrCode,
    IdentityAttribute,
    InsCandidate,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    SearchTraits,
    TraitName,
)
from tests.stories.told import FIVE, Calls, Person, ref


@pytest.mark.req("S000-01")
def test_an_identity_holds_five_strict_traits_and_one_matricule_of_its_own(host: Host, person: Person) -> None:
    one = host.identify(person("zoe")).identity
    other = host.identify(person("toussaint")).identity
    assert one is not None
    assert other is not None
    assert all(getattr(one.traits, name) for name in FIVE)
    assert one.matricule is not None
    assert other.matricule is not None
    assert one.matricule != other.matricule


@pytest.mark.req("SC.INS.09.LGO", "SC.INS/va1.21")
@pytest.mark.parametrize("missing", FIVE)
def test_no_identity_without_each_of_the_five_traits(person: Person, missing: str) -> None:
    with pytest.raises(ValidationError):
        person("zoe", **{missing: None})


@pytest.mark.req("SC.INS.09.LGO", "SC.INS/va1.22")
def test_no_sixth_trait_is_asked_to_create(host: Host, person: Person, segur_sandbox: RunningSandbox) -> None:
    segur_sandbox.fault("insi", "error5xx", count=1)
    found = host.identify(person("zoe", prenoms_naissance=()))
    assert found.identity is not None
    assert found.identity.status is InsStatus.PROVISOIRE


@pytest.mark.req("S000-02", "SC.INS/va1.34")
def test_two_members_of_a_family_on_one_card_each_get_their_own_matricule(
    host: Host, segur_sandbox: RunningSandbox, answers: dict[str, str]
) -> None:
    segur_sandbox.insert(segur_sandbox.readers[0], "family")
    reading = host.read_card(segur_sandbox.readers[0])
    first, second = reading.beneficiaries[:2]
    assert first.nir == second.nir, "both are billed under the insured's number"
    answers["insi.sexe"] = "F"
    holder = host.identify(chosen(reading, 1)).identity
    answers["insi.sexe"] = "M"
    dependant = host.identify(chosen(reading, 2)).identity
    assert holder is not None
    assert dependant is not None
    assert holder.matricule is not None
    assert dependant.matricule is not None
    assert first.nir is not None
    assert dependant.matricule.value not in {holder.matricule.value, first.nir.value}


@pytest.mark.req("S000-03")
def test_somebody_without_ins_is_served_and_nothing_of_an_ins_is_kept(host: Host, person: Person) -> None:
    found = host.identify(person("houilles"))
    assert found.cr is CrCode.NOT_FOUND
    assert found.identity is not None
    assert found.identity.status is InsStatus.PROVISOIRE
    assert found.identity.matricule is None


@pytest.mark.req("S000-03")
def test_somebody_known_to_have_no_ins_is_served_without_asking_insi(
    host: Host, person: Person, insi_calls: Calls
) -> None:
    first = host.identify(person("houilles"), search=False)
    assert ref(host.identify(person("houilles"), search=False)) == ref(first)
    shown = host.qualify(ref(first), search=False, document=ProofDocument(type="PA")).identity
    assert shown is not None
    assert (shown.status, shown.matricule) == (InsStatus.VALIDEE, None)
    assert insi_calls() == []


@pytest.mark.req("SC.INS/va1.20")
@pytest.mark.parametrize("given", ["card", "typed in part"])
def test_a_doubtful_person_does_not_come_back_by_another_way(
    host: Host, person: Person, segur_sandbox: RunningSandbox, insi_calls: Calls, given: str
) -> None:
    host.mark(ref(host.identify(person("zoe"), search=False)), IdentityAttribute.DOUTEUX)
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "single")
    newcomer = chosen(host.read_card(reader), 1) if given == "card" else person("zoe").for_search()
    with pytest.raises(IdentityError) as refused:
        host.identify(newcomer, document=ProofDocument(type="CN"))
    assert refused.value.code == "identity.doubtful_or_fictitious"
    assert insi_calls() == []


def test_a_recorded_person_is_found_again_by_his_card(
    host: Host, person: Person, segur_sandbox: RunningSandbox, answers: dict[str, str]
) -> None:
    known = ref(host.identify(person("zoe"), search=False))
    segur_sandbox.insert(segur_sandbox.readers[0], "single")
    found = host.identify(chosen(host.read_card(segur_sandbox.readers[0]), 1))
    assert ref(found) == known
    assert found.identity is not None
    assert found.identity.status is InsStatus.RECUPEREE


def test_a_similar_file_is_told_and_nothing_is_merged(
    host: Host, person: Person, segur_sandbox: RunningSandbox
) -> None:
    known = ref(host.identify(person("zoe", lieu_naissance="75056"), search=False))
    segur_sandbox.insert(segur_sandbox.readers[0], "single")
    found = host.identify(chosen(host.read_card(segur_sandbox.readers[0]), 1))
    assert ref(found) != known
    assert "identity.similar_files" in {notice.code for notice in found.notices}


@pytest.mark.req("SC.INS/va1.41")
def test_a_matricule_typed_with_a_wrong_key_is_never_searched(host: Host, person: Person, insi_calls: Calls) -> None:
    typed = InsCandidate(
        matricule=MatriculeIns(value="275126322074975", oid=InsOid.NIR),
        traits=person("zoe").for_search(),
        method=CollectionMethod.MANUAL,
    )
    with pytest.raises(InputError) as refused:
        host.identify(typed)
    assert refused.value.code == "input.matricule_key"
    assert insi_calls() == []


@pytest.mark.req("SC.INS/va1.33", "SC.INS/va1.55")
def test_automatic_qualification_can_be_switched_off(segur_config: HostConfig, person: Person) -> None:
    table = segur_config.identity.model_copy(update={"automatic_qualification": False})
    with Host(segur_config.model_copy(update={"identity": table})) as host:
        known = ref(host.identify(person("zoe"), search=False, document=ProofDocument(type="CN")))
        waiting = host.qualify(known)
        assert waiting.identity is not None
        assert waiting.identity.status is InsStatus.VALIDEE
        done = host.qualify(known, validated=True).identity
        assert done is not None
        assert done.status is InsStatus.QUALIFIEE


@pytest.mark.req("S000-15")
def test_several_identities_for_a_card_are_said_as_such(host: Host, segur_sandbox: RunningSandbox) -> None:
    segur_sandbox.insert(segur_sandbox.readers[0], "several")
    found = host.identify(chosen(host.read_card(segur_sandbox.readers[0]), 1))
    assert found.cr is CrCode.SEVERAL
    assert found.identity is None
    assert found.notices[0].code == "identity.ins_several"


@pytest.mark.req("SC.INS/va1.38", "SC.INS/va1.35")
def test_a_call_made_by_the_hook_alone_is_traced_too(host: Host, person: Person) -> None:
    subject = TraitsSubject(traits=person("zoe").for_search())
    result = host.call("qualify_identity", IdentityRequest(subject=subject))
    (trace,) = host.traces.of_call(result.call_id)
    assert trace.payload["cr"] == "00"
    assert len(trace.payload["attempts"]) == 1


@pytest.mark.req("S000-03", "SC.INS/va1.20", "SC.INS/va1.44")
@pytest.mark.parametrize("attribute", [IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF])
def test_a_doubtful_or_fictitious_identity_is_never_asked_about(
    host: Host, person: Person, insi_calls: Calls, attribute: IdentityAttribute
) -> None:
    known = ref(host.identify(person("zoe"), document=ProofDocument(type="PA")))
    before = len(insi_calls())
    fallen = host.mark(known, attribute).identity
    assert fallen is not None
    assert (fallen.status, fallen.matricule) == (InsStatus.PROVISOIRE, None)
    with pytest.raises(IdentityError) as refused:
        host.qualify(known)
    assert refused.value.code == "identity.doubtful_or_fictitious"
    assert len(insi_calls()) == before
    statuses = [str(revision.record.status) for revision in host.history(known)]
    assert statuses == ["PROV", "RECUP", "QUAL", "PROV"]


@pytest.mark.req("S000-07")
def test_qualification_is_asked_once_then_remembered(host: Host, person: Person, insi_calls: Calls) -> None:
    first = host.identify(person("zoe"), document=ProofDocument(type="CN"))
    calls = len(insi_calls())
    again = host.identify(person("zoe"))
    assert ref(again) == ref(first)
    assert again.identity is not None
    assert again.identity.status is InsStatus.QUALIFIEE
    assert again.asking is Asking.CONFIRMED
    assert len(insi_calls()) == calls


@pytest.mark.req("S000-07")
def test_the_same_card_is_the_same_person_the_next_day(
    host: Host, segur_config: HostConfig, segur_sandbox: RunningSandbox, answers: dict[str, str]
) -> None:
    answers["insi.sexe"] = "F"
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "single")
    first = host.identify(chosen(host.read_card(reader), 1), document=ProofDocument(type="CN"))
    host.close()
    with Host(segur_config) as next_day:
        again = next_day.identify(chosen(next_day.read_card(reader), 1))
    assert ref(again) == ref(first)
    assert again.asking is Asking.CONFIRMED


@pytest.mark.req("S000-11", "SC.INS/va1.34")
def test_the_ins_is_retrieved_from_what_the_card_holds(
    host: Host, segur_sandbox: RunningSandbox, insi_calls: Calls
) -> None:
    segur_sandbox.insert(segur_sandbox.readers[0], "single")
    found = host.identify(chosen(host.read_card(segur_sandbox.readers[0]), 1))
    assert found.identity is not None
    assert found.identity.status is InsStatus.RECUPEREE
    assert [call["operation"] for call in insi_calls()] == ["rechercherInsAvecCarteVitale"]


@pytest.mark.req("S000-13")
def test_a_search_by_traits_starts_with_names_alone_and_asks_for_the_rest(
    host: Host, answers: dict[str, str], insi_calls: Calls
) -> None:
    answers |= {"insi.sexe": "F", "insi.date_naissance": "1975-12-31"}
    found = host.identify(SearchTraits(nom_naissance="Adrun", prenoms_naissance=("Zoé",)))
    assert found.identity is not None
    assert found.identity.status is InsStatus.RECUPEREE
    assert [call["operation"] for call in insi_calls()] == ["rechercherInsAvecTraitsIdentite"]


@pytest.mark.req("S000-15", "SC.INS/va1.35")
def test_several_identities_leave_everything_as_it_was(host: Host, person: Person) -> None:
    found = host.identify(person("leonardo"))
    assert found.cr is CrCode.SEVERAL
    assert found.identity is not None
    assert found.identity.status is InsStatus.PROVISOIRE
    assert found.identity.traits == person("leonardo")
    assert [notice.code for notice in found.notices] == ["identity.ins_several"]


@pytest.mark.req("S000-16", "SC.INS/va1.52")
def test_what_differs_is_confirmed_field_by_field(host: Host, person: Person) -> None:
    known = ref(host.identify(person("zoe", lieu_naissance="75056")))
    found = host.qualify(known)
    assert [(one.trait, one.reason) for one in found.divergences] == [(TraitName.LIEU_NAISSANCE, "differs")]
    assert found.identity is not None
    assert found.identity.status is InsStatus.PROVISOIRE
    confirmed = host.qualify(known, confirmed=frozenset({TraitName.LIEU_NAISSANCE})).identity
    assert confirmed is not None
    assert confirmed.status is InsStatus.RECUPEREE
    assert confirmed.traits.lieu_naissance == "63220"


@pytest.mark.req("S000-25")
def test_a_new_file_is_made_of_what_insi_answers(host: Host, segur_sandbox: RunningSandbox) -> None:
    segur_sandbox.insert(segur_sandbox.readers[0], "family")
    reading = host.read_card(segur_sandbox.readers[0])
    found = host.identify(chosen(reading, 2)).identity
    assert found is not None
    assert (found.traits.lieu_naissance, str(found.traits.sexe)) == ("2B020", "M"), "the card tells neither"


@pytest.mark.req("SC.INS/va1.35")
@pytest.mark.parametrize(
    ("who", "calls", "code"),
    [("tchitchi", 2, CrCode.FOUND), ("houilles", 4, CrCode.NOT_FOUND), ("zoe", 1, CrCode.FOUND)],
)
def test_given_names_are_tried_in_order_and_every_attempt_is_traced(
    host: Host, person: Person, insi_calls: Calls, who: str, calls: int, code: CrCode
) -> None:
    found = host.identify(person(who))
    assert found.cr is code
    assert len(insi_calls()) == calls
    (trace,) = [one for one in host.traces.of_patient(ref(found)) if one.kind == "hook.qualify_identity"]
    assert len(trace.payload["attempts"]) == calls
    assert {call["message_id"] for call in insi_calls()} == {one["message_id"] for one in trace.payload["attempts"]}


@pytest.mark.req("SC.INS/va1.38")
def test_attempts_before_a_failure_are_traced_too(
    host: Host, person: Person, segur_sandbox: RunningSandbox, insi_calls: Calls
) -> None:
    found = host.identify(person("coeur"))
    (trace,) = [one for one in host.traces.of_patient(ref(found)) if one.kind == "hook.qualify_identity"]
    assert trace.payload["error"] == "insi.unavailable"
    assert len(trace.payload["attempts"]) == len(insi_calls()) >= 1


def test_a_nia_is_told_by_its_oid(host: Host, person: Person) -> None:
    found = host.identify(person("nia")).identity
    assert found is not None
    assert found.matricule is not None
    assert found.matricule.oid == InsOid.NIA


def test_a_wrong_key_from_insi_is_kept_and_told(host: Host, person: Person) -> None:
    found = host.identify(person("hermann"))
    assert found.identity is not None
    assert found.identity.matricule is not None
    assert found.identity.matricule.value == "181036322045660"
    assert "identity.key_mismatch" in {notice.code for notice in found.notices}


@pytest.mark.req("SC.INS/va1.60", "SC.INS/va1.18")
def test_a_strict_trait_changed_by_hand_drops_the_ins(host: Host, person: Person) -> None:
    known = ref(host.identify(person("zoe"), document=ProofDocument(type="CN")))
    with pytest.raises(IdentityError) as locked:
        host.correct(known, person("zoe", nom_naissance="ADRUNE"))
    assert locked.value.code == "identity.traits_locked"
    changed = host.correct(known, person("zoe", nom_naissance="ADRUNE"), as_super_user=True).identity
    assert changed is not None
    assert (changed.status, changed.matricule) == (InsStatus.PROVISOIRE, None)


@pytest.mark.req("SC.INS.06.LGO", "SC.INS/va1.02", "SC.INS/va1.25")
@pytest.mark.parametrize("typed", ["D'ARTAGNAN", "d artagnan", "dartagnan", "D--ARTAGNAN", "D’Artàgnan", ""])
def test_search_before_creation_by_birth_date_and_first_letters(
    host: Host, person: Person, segur_sandbox: RunningSandbox, typed: str
) -> None:
    known = ref(host.identify(person("zoe", nom_naissance="D'ARTAGNAN DE L'HERAULT")))
    found = host.search(person("zoe").date_naissance, typed)
    assert [one.identity_ref for one in found] == [known]
    assert host.search(person("zoe").date_naissance, "ARTAGNAN") == ()


def test_insi_down_changes_nothing_and_the_counter_goes_on(
    host: Host, person: Person, segur_sandbox: RunningSandbox
) -> None:
    known = ref(host.identify(person("zoe"), document=ProofDocument(type="CN")))
    segur_sandbox.fault("insi", "error5xx")
    newcomer = host.identify(person("toussaint"))
    assert newcomer.identity is not None
    assert newcomer.identity.status is InsStatus.PROVISOIRE
    assert newcomer.outcomes[0].error is not None
    assert newcomer.outcomes[0].error.retryable
    assert host.identity(known).status is InsStatus.QUALIFIEE


def test_nobody_to_ask_is_said_and_nothing_is_sent(segur_host: Host, insi_calls: Calls) -> None:
    found = segur_host.identify(SearchTraits(nom_naissance="ADRUN", prenoms_naissance=("ZOE",)))
    assert found.identity is None
    error = found.outcomes[0].error
    assert isinstance(error, InputError)
    assert error.code == "input.nobody_to_ask"
    assert insi_calls() == []


@pytest.mark.req("CARD-08", "S000-11")
def test_the_century_that_a_card_lacks_is_asked_never_guessed(
    host: Host, segur_sandbox: RunningSandbox, answers: dict[str, str], insi_calls: Calls
) -> None:
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "no-century")
    subject = chosen(host.read_card(reader), 1)
    assert subject.beneficiary.date_naissance is None
    assert host.identify(subject).identity is None
    assert insi_calls() == []
    answers["insi.date_naissance"] = "1975-12-31"
    found = host.identify(subject).identity
    assert found is not None
    assert found.status is InsStatus.RECUPEREE
