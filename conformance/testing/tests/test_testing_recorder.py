"""The recorder hears every call of every hook, whoever makes it."""

import pytest

from segur_host import Host
from segur_sdk.errors import InputError
from segur_sdk.hooks.qualify_identity import IdentityRequest
from segur_testing.hosts import HostFactory
from segur_testing.people import published
from segur_testing.recorder import HookRecorder, recording


def test_calls_of_a_verb_and_of_the_desk_are_recorded_in_order(segur_host: Host, segur_recorder: HookRecorder) -> None:
    segur_host.read_card("Vitale 1")
    segur_host.identify(published("ADRUN", "ZOE"))

    assert [call.hook for call in segur_recorder.calls] == ["on_card_read", "qualify_identity"]
    (asked,) = segur_recorder.of("qualify_identity")
    assert isinstance(asked.event, IdentityRequest)
    assert asked.outcome("insi").status == "ok"
    assert [one.status for one in segur_recorder.outcomes("vitale")] == ["ok"]


def test_calls_of_every_host_of_the_test_are_recorded(
    segur_host_with: HostFactory, segur_recorder: HookRecorder
) -> None:
    for host in (segur_host_with("insi"), segur_host_with()):
        host.identify(published("ADRUN", "ZOE"))

    first, second = segur_recorder.of("qualify_identity")
    assert first.outcome("insi").status == "failed"
    assert second.result.outcomes == ()


def test_plugin_that_was_not_asked_is_said_so(segur_host_with: HostFactory, segur_recorder: HookRecorder) -> None:
    segur_host_with("insi").identify(published("ADRUN", "ZOE"))

    with pytest.raises(LookupError, match="vitale was not asked at qualify_identity; insi was"):
        segur_recorder.calls[0].outcome("vitale")
    assert segur_recorder.outcomes("vitale") == ()


def test_recorder_forgets_when_told(segur_host_with: HostFactory, segur_recorder: HookRecorder) -> None:
    segur_host_with().identify(published("ADRUN", "ZOE"))
    segur_recorder.clear()

    assert segur_recorder.calls == []


def test_call_that_no_hook_answers_to_is_not_a_call(segur_host_with: HostFactory, segur_recorder: HookRecorder) -> None:
    host = segur_host_with()
    with pytest.raises(InputError):
        host.call("on_session_login", "{}")

    assert segur_recorder.calls == []


def test_record_of_a_call_shows_no_patient(segur_host_with: HostFactory, segur_recorder: HookRecorder) -> None:
    segur_host_with().identify(published("ADRUN", "ZOE"))

    assert repr(segur_recorder.calls) == "[RecordedCall(hook='qualify_identity')]"


def test_nothing_is_recorded_once_the_block_is_over(segur_host_with: HostFactory) -> None:
    with recording() as recorder:
        segur_host_with().identify(published("ADRUN", "ZOE"))
    segur_host_with().identify(published("ADRUN", "ZOE"))

    assert len(recorder.calls) == 1
