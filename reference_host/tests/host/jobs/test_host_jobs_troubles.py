"""Jobs that hang, are asked for, are run by two hosts, or are cut short; and a host whose disk is full."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from reference_host.tests.host.jobs.what_jobs_do import code_of, facts, hanging
from segur_host.broker.cancelling import Cancellation
from segur_host.registry.registry import PluginState
from segur_sdk.errors import HostError, InputError, PluginError
from segur_sdk.jobs import JobDone
from segur_sdk.models.actor import ActorKind

Benches = Callable[..., Any]
Plugins = Callable[..., dict[str, str]]
Script = dict[str, Any]


def test_a_hung_job_delays_no_other_is_given_up_and_suspends_its_plugin(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    script["answers"] = {"hung": hanging(script)}
    bench = open_bench(with_jobs("alpha", hung=(60, 0.05)) | with_jobs("beta"), suspend_after=2)
    bench.look()
    assert bench.state("crl", "beta").last_done == bench.clock.now()
    assert bench.state("hung").last_error == "plugin.timed_out"
    bench.set_clock(bench.state("hung").due_at)
    bench.look()
    entry = bench.carrier.registry.entries["alpha"]
    assert (entry.state, entry.hung_calls) == (PluginState.SUSPENDED, 2)
    assert facts(bench, "plugin.suspended") == [{"hung_calls": 2}]
    runs = len(script["runs"])
    bench.later(days=2)
    bench.look()
    assert [run.job for run, *_ in script["runs"][runs:]] == ["crl"]
    assert (bench.state("hung").attempts, bench.state("hung").last_error) == (2, "plugin.timed_out")
    assert code_of(lambda: bench.jobs.run("alpha.hung")) == "plugin.suspended"


def test_what_a_given_up_run_still_does_has_no_effect_and_is_recorded(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    found: list[str] = []
    left = threading.Event()

    def late(run: Any, ctx: Any) -> JobDone:
        script["hold"].wait(60)
        found.append(code_of(lambda: ctx.audit.note("late")))
        left.set()
        return JobDone()

    script["answer"] = late
    bench = open_bench(with_jobs(crl=(60, 0.05)))
    bench.look()
    script["hold"].set()
    assert left.wait(10)
    assert found == ["plugin.call_over"]
    waiting = threading.Event()
    assert any(facts(bench, "job.run") or waiting.wait(0.02) for _ in range(500))
    assert [one["late"] for one in facts(bench, "job.run")] == [True]
    assert bench.state().last_done is None


def test_a_job_is_run_once_at_a_time(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    script["answer"] = hanging(script)
    bench = open_bench(with_jobs())
    bench.jobs.look()
    bench.later(days=1)
    bench.jobs.look()
    assert [one.running for one in bench.jobs.standings()] == [True]
    assert code_of(lambda: bench.jobs.run("crl")) == "job.running"
    script["hold"].set()
    bench.settle()
    assert len(script["runs"]) == 1


def test_two_hosts_on_one_data_folder_run_a_job_once(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    script["answer"] = hanging(script)
    plugins = with_jobs()
    one, other = open_bench(plugins), open_bench(plugins)
    one.jobs.look()
    other.jobs.look()
    assert code_of(lambda: other.jobs.run("crl")) == "job.running"
    script["hold"].set()
    one.settle()
    third = open_bench(plugins)
    third.look()
    other.look()
    assert len(script["runs"]) == 1
    one.later(minutes=60)
    third.look()
    one.look()
    assert len(script["runs"]) == 2
    assert third.state() == one.state()


def test_a_host_that_did_not_hear_of_the_others_run_looks_before_its_own(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    plugins = with_jobs()
    one, other = open_bench(plugins), open_bench(plugins)
    one.look()
    one.later(minutes=59, seconds=40)
    one.look()
    other.look()
    one.later(seconds=20)
    one.look()
    other.look()
    assert len(script["runs"]) == 2
    # Who looked and left it to the other keeps nobody from running it.
    assert one.jobs.run("crl").outcome.error is None
    assert len(script["runs"]) == 3


def test_a_job_that_took_long_is_not_held_off_afterwards(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    def long(run: Any, ctx: Any) -> JobDone:
        script["hold"].wait(60)
        return JobDone(next_at=ctx.clock.now())

    script["answer"] = long
    bench = open_bench(with_jobs())
    bench.jobs.look()
    bench.jobs.look()
    script["hold"].set()
    bench.settle()
    for _ in range(2):
        bench.later(seconds=30)
        bench.look()
    assert len(script["runs"]) == 2


def test_who_asks_for_a_job_has_it_run_now_in_his_own_name(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    bench.later(minutes=5)
    done = bench.jobs.run("alpha.crl")
    assert (done.outcome.error, done.state) == (None, bench.state())
    assert done.state.due_at == bench.clock.now() + timedelta(minutes=60)
    assert [actor.kind for _, actor, _ in script["runs"]] == [ActorKind.AUTOMATON, ActorKind.OPERATOR]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "input.job_unknown"),
        ("nothing", "input.job_unknown"),
        ("gamma.crl", "input.job_unknown"),
        ("crl", "input.job_ambiguous"),
    ],
)
def test_a_job_that_nobody_knows_or_that_two_have_is_named(
    name: str, code: str, open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs("alpha") | with_jobs("beta"))
    with pytest.raises(InputError) as raised:
        bench.jobs.run(name)
    assert raised.value.code == code
    assert script["runs"] == []


def test_who_asked_for_a_run_may_give_it_up_and_the_job_stays_due(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    cancellation = Cancellation()

    def given_up(*_: Any) -> JobDone:
        cancellation.cancel()
        script["hold"].wait(60)
        return JobDone()

    script["answer"] = given_up
    bench = open_bench(with_jobs())
    assert code_of(lambda: bench.jobs.run("crl", cancellation)) == "input.cancelled"
    state = bench.state()
    assert (state.due_at, state.last_done, state.attempts) == (bench.clock.now(), None, 1)
    assert [one["error"] for one in facts(bench, "job.failed")] == ["job.given_up"]


def test_the_end_of_the_host_gives_up_what_runs_and_leaves_it_due(
    open_bench: Benches, with_jobs: Plugins, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.scheduler.scheduler.CLOSING_S", 0.1)
    began = threading.Event()

    def hang(*_: Any) -> JobDone:
        began.set()
        script["hold"].wait(60)
        return JobDone()

    script["answer"] = hang
    plugins = with_jobs()
    bench = open_bench(plugins)
    bench.jobs.start()
    bench.jobs.start()
    assert began.wait(10)
    bench.jobs.close()
    assert bench.state().due_at == bench.clock.now()
    assert [one["error"] for one in facts(bench, "job.failed")] == ["job.given_up"]
    assert code_of(lambda: bench.jobs.run("crl")) == "host.closed"
    script["hold"].set()
    script["answer"] = JobDone()
    again = open_bench(plugins)
    again.look()
    assert [run.attempt for run, *_ in script["runs"]] == [1, 2]
    assert again.state().last_done == again.clock.now()


def test_the_end_of_the_host_waits_for_a_run_that_ends(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    began = threading.Event()

    def ends(*_: Any) -> JobDone:
        began.set()
        return JobDone()

    script["answer"] = ends
    bench = open_bench(with_jobs())
    bench.jobs.start()
    assert began.wait(10)
    bench.jobs.close()
    assert bench.state().last_done == bench.clock.now()


def test_who_waits_for_a_run_when_the_host_ends_is_told(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    began = threading.Event()

    def hang(*_: Any) -> JobDone:
        began.set()
        script["hold"].wait(60)
        return JobDone()

    script["answer"] = hang
    bench = open_bench(with_jobs())
    codes: list[str] = []
    asking = threading.Thread(target=lambda: codes.append(code_of(lambda: bench.jobs.run("crl"))))
    asking.start()
    assert began.wait(10)
    bench.jobs.close()
    asking.join()
    assert codes == ["job.given_up"]


def test_a_host_without_jobs_starts_no_thread(open_bench: Benches, install: Callable[..., str]) -> None:
    bench = open_bench({"alpha": install("alpha")})
    bench.jobs.start()
    assert not any(one.name == "segur-jobs" for one in threading.enumerate())
    assert bench.jobs.standings() == ()


def test_a_defect_of_the_host_ends_no_job(
    open_bench: Benches, with_jobs: Plugins, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[BaseException] = []
    ran = threading.Event()

    def done(*_: Any) -> JobDone:
        ran.set()
        return JobDone()

    def defect(*_: Any) -> datetime:
        monkeypatch.setattr(type(bench.clock), "now", now)
        raise ZeroDivisionError

    script["answer"] = done
    bench = open_bench(with_jobs())
    now = type(bench.clock).now
    monkeypatch.setattr("segur_host.scheduler.scheduler.AGAIN_S", 0.01)
    monkeypatch.setattr("segur_host.scheduler.scheduler.write_report", reported.append)
    monkeypatch.setattr(type(bench.clock), "now", defect)
    bench.jobs.start()
    assert ran.wait(10)
    assert [type(one) for one in reported] == [ZeroDivisionError]


@pytest.mark.parametrize("method", ["put", "all"])
def test_a_database_that_fails_leaves_jobs_due_and_the_host_alive(
    method: str, open_bench: Benches, with_jobs: Plugins, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise HostError("storage.full")

    bench = open_bench(with_jobs())
    with monkeypatch.context() as broken:
        broken.setattr(f"segur_host.scheduler.table.JobTable.{method}", full)
        bench.jobs.look()
        assert script["runs"] == []
    bench.look()
    assert len(script["runs"]) == 1


@pytest.mark.parametrize("what", ["scheduler.table.JobTable.put", "audit.log.AuditLog.append_all"])
def test_a_success_that_cannot_be_kept_and_recorded_is_none(
    what: str, open_bench: Benches, with_jobs: Plugins, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench(with_jobs())

    def full(*_: Any) -> None:
        raise HostError("storage.full")

    with monkeypatch.context() as broken:

        def done(*_: Any) -> JobDone:
            broken.setattr(f"segur_host.{what}", full)
            return JobDone()

        script["answer"] = done
        bench.look()
    script["answer"] = JobDone()
    state = bench.state()
    assert (state.due_at, state.last_done, state.attempts) == (bench.clock.now(), None, 1)
    assert facts(bench, "job.done") == []
    assert bench.jobs.run("crl").outcome.error is None


def test_a_row_that_nobody_understands_is_a_new_job(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    plugins = with_jobs()
    bench = open_bench(plugins)
    bench.look()
    with bench.carrier.database.accepting() as transaction:
        transaction.connection.exec_driver_sql("UPDATE host_jobs SET due_at = 'tomorrow'")
    again = open_bench(plugins)
    again.look()
    assert len(script["runs"]) == 2


def test_a_plugin_that_is_not_loaded_runs_nothing(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    plugins = with_jobs()
    bench = open_bench(plugins)
    bench.carrier.registry.entries["alpha"].refuse(PluginError("plugin.disabled", plugin="alpha"))
    bench.look()
    assert script["runs"] == []
    assert code_of(lambda: bench.jobs.run("crl")) == "plugin.disabled"
