"""A job runs when it is due, once, as its manifest says; what becomes of it is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from reference_host.tests.host.jobs.what_jobs_do import facts, failing
from segur_host.scheduler.scheduler import NAME
from segur_sdk.jobs import JobDone
from segur_sdk.models.actor import ActorKind
from segur_sdk.models.base import Value
from segur_sdk.models.notice import Notice

Benches = Callable[..., Any]
Plugins = Callable[..., dict[str, str]]
Script = dict[str, Any]
NOT_CHECKED: dict[str, Any] = {"next_at": "soon", "notices": ()}


def test_a_new_job_runs_at_once_as_an_automaton_without_a_session(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    [(run, actor, session)] = script["runs"]
    assert (run.job, run.last_done, run.attempt) == ("crl", None, 1)
    assert (actor.kind, actor.name, actor.workstation, session) == (ActorKind.AUTOMATON, NAME, "poste-1", None)
    state = bench.state()
    assert (state.last_done, state.due_at) == (bench.clock.now(), bench.clock.now() + timedelta(minutes=60))
    assert facts(bench, "job.done") == [{"job": "crl", "attempt": 1}]


def test_a_job_is_in_nobody_s_name_whoever_sits_there(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    bench = open_bench(with_jobs())
    person = bench.actor.model_copy(update={"kind": ActorKind.PROFESSIONAL, "rpps": "10000000001"})
    attrs.evolve(bench, actor=person).restarted().look()
    [(_, actor, _)] = script["runs"]
    assert (actor.kind, actor.name, actor.rpps) == (ActorKind.AUTOMATON, NAME, None)


def test_it_runs_again_when_its_period_is_over_and_not_before(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    done = bench.clock.now()
    bench.later(minutes=59, seconds=59)
    bench.look()
    assert len(script["runs"]) == 1
    bench.later(seconds=1)
    bench.look()
    assert [run.last_done for run, *_ in script["runs"]] == [None, done]


def test_a_machine_that_slept_makes_a_missed_run_once(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    bench.later(days=30)
    for _ in range(3):
        bench.look()
    assert len(script["runs"]) == 2


def test_many_machines_that_start_or_wake_together_do_not_call_together(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs(), draw=1.0)
    bench.look()
    assert script["runs"] == []
    assert bench.state().due_at == bench.clock.now()


def test_failures_are_counted_and_tried_again_later_and_later(
    open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    script["answer"] = failing
    bench = open_bench(with_jobs())
    pauses = []
    for _ in range(4):
        bench.look()
        state = bench.state()
        pauses.append((state.due_at - bench.clock.now()).total_seconds() / 60)
        bench.set_clock(state.due_at)
    assert pauses == [1, 2, 4, 8]
    assert [run.attempt for run, *_ in script["runs"]] == [1, 2, 3, 4]
    assert (state.last_error, state.last_done, state.attempts) == ("service.unreachable", None, 4)
    assert facts(bench, "job.failed")[-1] == {
        "job": "crl",
        "attempt": 4,
        "status": "failed",
        "error": "service.unreachable",
    }
    script["answer"] = JobDone()
    bench.look()
    state = bench.state()
    assert (state.last_error, state.last_done, state.attempts) == (None, bench.clock.now(), 0)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "plugin.invalid_result"),
        (Value(), "plugin.invalid_result"),
        ("done", "plugin.invalid_result"),
        (JobDone.model_construct(**NOT_CHECKED), "plugin.invalid_result"),
        (failing, "service.unreachable"),
        (lambda *_: 1 / 0, "plugin.failed"),
        (lambda *_: (_ for _ in ()).throw(SystemExit(0)), "plugin.failed"),
        (lambda run, ctx: ctx.http("crl"), "plugin.not_granted"),
        (lambda run, ctx: ctx.store, "plugin.not_granted"),
    ],
    ids=["nothing", "another_value", "text", "unchecked", "typed", "defect", "exit", "no_network", "no_store"],
)
def test_whatever_a_plugin_does_is_an_outcome(
    answer: Any, code: str, open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    script["answer"] = answer
    bench = open_bench(with_jobs())
    bench.look()
    assert bench.state().last_error == code
    assert [one["error"] for one in facts(bench, "job.failed")] == [code]
    assert bench.carrier.registry.entries["alpha"].last_error.code == code


def test_what_a_plugin_notes_and_tells_is_kept(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    notice = Notice(code="alpha.late", text="La liste est en retard.", action="Patientez.")

    def told(run: Any, ctx: Any) -> JobDone:
        ctx.audit.note("fetched", lists=2)
        return JobDone(next_at=ctx.clock.now() + timedelta(minutes=7), notices=(notice,))

    script["answer"] = told
    bench = open_bench(with_jobs())
    bench.look()
    [standing] = bench.jobs.standings()
    assert standing.state.notices == (notice,)
    assert standing.state.due_at == bench.clock.now() + timedelta(minutes=7)
    assert facts(bench, "alpha.fetched") == [{"lists": 2}]
    script["answer"] = failing
    bench.later(minutes=7)
    bench.look()
    assert bench.state().notices == (notice,)


@pytest.mark.parametrize("years", [-30, -1, 1, 30, 7000])
def test_a_clock_that_is_set_by_years_costs_one_run_at_most(
    years: int, open_bench: Benches, with_jobs: Plugins, script: Script
) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    right = bench.clock.now()
    bench.set_clock(right.replace(year=right.year + years))
    for _ in range(3):
        bench.look()
    forward = 1 if years > 0 else 0
    assert len(script["runs"]) == 1 + forward
    bench.set_clock(right + timedelta(minutes=1))
    for _ in range(3):
        bench.look()
        assert bench.state().due_at - bench.clock.now() <= timedelta(minutes=60)
    bench.set_clock(bench.state().due_at)
    bench.look()
    assert len(script["runs"]) <= 3 + forward
    assert bench.state().last_done == bench.clock.now()


def test_a_last_time_that_is_yet_to_come_is_not_told(open_bench: Benches, with_jobs: Plugins, script: Script) -> None:
    bench = open_bench(with_jobs())
    bench.look()
    bench.set_clock(datetime.fromisoformat("1999-12-31T23:59:59+00:00"))
    bench.look()
    bench.later(minutes=60)
    bench.look()
    assert [run.last_done for run, *_ in script["runs"]] == [None, None]
