"""A sealed host carries the plugins that a test names, as that test wants them, and reaches nothing else."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import ConfigError, InputError, PluginError, ServiceError
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpDraft
from segur_sdk.models.actor import Environment
from segur_sdk.models.decision import Verdict
from segur_sdk.models.identity import InsStatus, SearchTraits
from segur_testing.faults import Faults
from segur_testing.hosts import HostFactory
from segur_testing.people import published
from segur_testing.recorder import HookRecorder

pytest_plugins = ("pytester",)

SOMEONE = SearchTraits(nom_naissance="Corse", prenoms_naissance=("Anthony",), date_naissance=date(1980, 3, 2))


def states(host: Any) -> dict[str, str]:
    return {plugin: str(entry.state) for plugin, entry in host.plugins.items()}


def test_only_the_named_plugins_are_active(segur_host_with: HostFactory) -> None:
    found = states(segur_host_with("vitale"))

    assert found.pop("vitale") == "active"
    assert set(found.values()) == {"disabled"}


def test_hosts_of_one_test_share_nothing(segur_host_with: HostFactory) -> None:
    first, second = segur_host_with(), segur_host_with()
    first.record(published("ADRUN", "ZOE"))

    assert first.config.data != second.config.data
    assert len(first.search(date(1975, 12, 31))) == 1
    assert second.search(date(1975, 12, 31)) == ()


def test_host_without_sandbox_has_no_reader_key_or_address(segur_host_with: HostFactory) -> None:
    host = segur_host_with("vitale", "insi")

    assert (host.config.readers.memory.slots, dict(host.config.keys), dict(host.config.network)) == ((), {}, {})
    (outcome,) = host.identify(published("ADRUN", "ZOE")).outcomes
    assert outcome.error is not None
    assert outcome.error.code == "config.key_missing"


def test_host_with_the_sandbox_reaches_services(segur_host_with: HostFactory, segur_sandbox: RunningSandbox) -> None:
    host = segur_host_with("insi", sandbox=segur_sandbox)
    identity = host.identify(published("ADRUN", "ZOE")).identity

    assert identity is not None
    assert identity.status is InsStatus.RECUPEREE
    assert states(host)["vitale"] == "disabled"


@pytest.mark.parametrize(
    ("plugin", "settings", "code"),
    [
        pytest.param("nobody", {}, "plugin.not_installed", id="not-installed"),
        pytest.param("vitale", {"tries": 0}, "config.plugin_settings", id="wrong-setting"),
        pytest.param("vitale", {"colour": "red"}, "config.plugin_settings", id="unknown-setting"),
    ],
)
def test_plugin_that_is_not_active_fails_the_test_at_once(
    plugin: str, settings: dict[str, object], code: str, segur_host_with: HostFactory
) -> None:
    with pytest.raises((ConfigError, PluginError)) as refused:
        segur_host_with(plugin, settings={plugin: settings})

    assert refused.value.code == code


def test_settings_reach_their_plugin(
    segur_host_with: HostFactory, segur_sandbox: RunningSandbox, segur_faults: Faults
) -> None:
    host = segur_host_with("insi", settings={"insi": {"retries": 2}}, sandbox=segur_sandbox)
    segur_faults("insi", "refuse", count=2)

    identity = host.identify(published("ADRUN", "ZOE")).identity
    assert identity is not None
    assert identity.status is InsStatus.RECUPEREE


def test_answers_are_given_and_the_questions_kept(segur_host_with: HostFactory, segur_sandbox: RunningSandbox) -> None:
    host = segur_host_with("insi", sandbox=segur_sandbox, answers={"insi.sexe": "M"})
    identity = host.identify(SOMEONE).identity

    assert identity is not None
    assert identity.status is InsStatus.RECUPEREE
    assert [question.code for question in host.answers.asked] == ["insi.sexe"]


@pytest.mark.parametrize("answers", [{}, {"insi.sexe": "X"}, {"insi.nom": "M"}], ids=["none", "unfitting", "other"])
def test_question_without_fitting_answer_stays_open(
    answers: dict[str, str], segur_host_with: HostFactory, segur_sandbox: RunningSandbox
) -> None:
    host = segur_host_with("insi", sandbox=segur_sandbox, answers=answers)
    (outcome,) = host.identify(SOMEONE).outcomes

    assert outcome.error is not None
    assert outcome.error.code == "input.no_answer"
    assert [question.code for question in host.answers.asked] == ["insi.sexe"]


def test_clock_stands_where_the_test_put_it(segur_host_with: HostFactory) -> None:
    moment = datetime(2026, 3, 2, 9, 5, tzinfo=timezone(timedelta(hours=1)))
    host = segur_host_with(now=moment)
    host.record(published("ADRUN", "ZOE"))

    (revision,) = host.history(host.search(date(1975, 12, 31))[0].identity_ref)
    assert revision.at == datetime(2026, 3, 2, 8, 5, tzinfo=UTC)


def test_environment_is_the_one_asked_for(segur_host_with: HostFactory) -> None:
    assert segur_host_with(environment=Environment.PRODUCTION).config.environment is Environment.PRODUCTION


def test_deciders_are_asked_as_the_gate_does(segur_host_with: HostFactory, segur_recorder: HookRecorder) -> None:
    host = segur_host_with()
    identity = host.record(published("ADRUN", "ZOE"))
    draft = DmpDraft(
        identity=identity,
        document_type="34112-3",
        title="Bilan partagé de médication",
        consents=ConsentSnapshot(informed=True, opposed=False),
    )
    decision = host.decide("before_dmp_send", draft).value

    assert identity.status is InsStatus.PROVISOIRE
    assert (decision.verdict, [one.code for one in decision.reasons]) == (Verdict.BLOCK, ["gate.no_decider"])
    assert [call.hook for call in segur_recorder.calls] == ["before_dmp_send"]


@pytest.mark.parametrize("hook", ["on_card_read", "before_lunch"])
def test_only_a_hook_that_decides_is_asked_so(hook: str, segur_host_with: HostFactory) -> None:
    host = segur_host_with()
    identity = host.record(published("ADRUN", "ZOE"))
    draft = DmpDraft(
        identity=identity, document_type="x", title="x", consents=ConsentSnapshot(informed=True, opposed=False)
    )
    with pytest.raises(InputError) as refused:
        host.decide(hook, draft)

    assert refused.value.code == "input.hook_unknown"


def test_fault_lasts_as_long_as_its_block(
    segur_host_with: HostFactory, segur_sandbox: RunningSandbox, segur_faults: Faults
) -> None:
    host = segur_host_with("insi", sandbox=segur_sandbox)
    with segur_faults.during("insi", "refuse"):
        (outcome,) = host.identify(published("ADRUN", "ZOE")).outcomes
    assert isinstance(outcome.error, ServiceError)
    assert outcome.error.code == "service.unreachable"

    identity = host.identify(published("ADRUN", "ZOE")).identity
    assert identity is not None
    assert identity.status is InsStatus.RECUPEREE


def test_fault_is_mended_at_the_end_of_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from segur_testing.people import published


        def status(host):
            return host.identify(published("ADRUN", "ZOE")).identity.status


        def test_one(segur_sandbox_process, segur_faults, segur_host_with):
            segur_faults("insi", "refuse")
            assert status(segur_host_with("insi", sandbox=segur_sandbox_process)) == "PROV"


        def test_two(segur_sandbox_process, segur_host_with):  # nothing here resets the sandbox
            assert status(segur_host_with("insi", sandbox=segur_sandbox_process)) == "RECUP"
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=2)
