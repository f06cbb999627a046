import asyncio
import contextlib
from typing import Any

import pytest

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.registry import PluginError
from console.engine.core import Core, CoreThread
from console.engine.state import Breaker, DetailKey, Freshness, SourceId
from console.settings import Threshold
from tests.console.engine.samples import (
    UNREACHABLE,
    Script,
    collector_settings,
    install,
    queue_collector,
    settings_of,
)
from tests.servers.waiting import wait_until, wait_until_async

JOBS = SourceId("jobs")


def core_of(monkeypatch: pytest.MonkeyPatch, script: Script, **changed: Any) -> Core:
    install(monkeypatch, {"queues.sample": queue_collector(script)})
    return Core(settings_of(collector_settings("jobs", **changed)), seed=1)


async def test_a_pass_becomes_rows_history_and_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, Script(), thresholds={"ready": Threshold(warning=2)})
    await core.once()
    (row,) = core.store.snapshot().rows
    assert row.freshness is Freshness.LIVE
    assert row.verdict.level is Level.WARNING
    assert row.verdict.reason == "ready 3, above the limit of 2"
    assert [point.value for point in core.history.series(row.reading.subject.id, "ready")] == [3.0]
    await core.stop()


async def test_a_failure_keeps_the_last_good_values_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    core = core_of(monkeypatch, script)
    await core.once()
    script.fail = UNREACHABLE
    await core.once()
    snapshot = core.store.snapshot()
    (row,) = snapshot.rows
    assert row.freshness is Freshness.STALE
    assert row.verdict.level is Level.UNKNOWN
    assert row.reading.quantities()["ready"].value == 3.0
    (source,) = snapshot.sources
    assert source.failure is not None
    assert (source.failure.why, source.failure.hint) == ("refused", "nothing listens there")
    script.fail = None
    await core.once()
    assert core.store.snapshot().rows[0].freshness is Freshness.LIVE
    assert core.store.snapshot().sources[0].failure is None
    await core.stop()


async def test_what_never_answered_has_failed_and_not_gone_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, Script(fail=UNREACHABLE))
    assert core.store.snapshot().sources[0].freshness(0.0) is Freshness.NEVER_RAN
    await core.once()
    await core.once()
    (source,) = core.store.snapshot().sources
    assert source.freshness(0.0) is Freshness.FAILED
    assert source.failure is not None
    assert source.failure.attempts == 2
    await core.stop()


async def test_a_hanging_source_fails_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, Script(hang=True), timeout=0.1)
    async with asyncio.timeout(2):
        await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert source.failure.why == "no whole answer in 0.1 s"
    await core.stop()


@pytest.mark.parametrize("error", [ValueError("[/]"), RecursionError("deep"), asyncio.CancelledError()])
async def test_a_bug_in_a_collector_is_a_state_of_its_source(
    monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    core = core_of(monkeypatch, Script(fail=error))
    if isinstance(error, asyncio.CancelledError):
        with pytest.raises(asyncio.CancelledError):
            await core.once()
        return
    await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert source.failure.why.startswith(f"bug: {type(error).__name__}")
    await core.stop()


async def test_a_source_that_cannot_be_loaded_or_opened_is_a_visible_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(open_fails=UNREACHABLE)
    install(monkeypatch, {"queues.sample": queue_collector(script)})
    broken = collector_settings("broken", options=None, load_error=PluginError("failed to load", "reinstall"))
    core = Core(settings_of(collector_settings("jobs"), broken))
    await core.once()
    whys = {
        source.id.collector: source.failure and source.failure.why for source in core.store.snapshot().sources
    }
    assert whys == {"jobs": "refused", "broken": "failed to load"}
    script.open_fails = None
    await core.once()
    assert len(core.store.snapshot().rows) == 1
    await core.stop()


async def test_failures_are_backed_off_and_a_refresh_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(fail=UNREACHABLE)
    core = core_of(monkeypatch, script)
    for _ in range(6):
        await core.once()
    assert core.store.snapshot().sources[0].breaker is Breaker.OPEN
    await core.start()
    await wait_until_async(lambda: script.passes == 7)
    script.fail = None
    core.refresh([JOBS])
    await wait_until_async(lambda: script.passes == 8)
    assert core.store.snapshot().sources[0].breaker is Breaker.CLOSED
    core.refresh([JOBS])
    core.refresh([JOBS])
    await asyncio.sleep(0.2)
    assert script.passes == 8
    await core.stop()
    assert script.closed == 1


async def test_a_deleted_queue_is_gone_and_a_partial_sweep_deletes_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(ready={b"mail": 1.0, b"old": 2.0})
    core = core_of(monkeypatch, script)
    await core.once()
    script.ready, script.complete = {b"mail": 1.0}, False
    await core.once()
    assert {row.freshness for row in core.store.snapshot().rows} == {Freshness.LIVE}
    script.complete = True
    await core.once()
    await core.once()
    snapshot = core.store.snapshot()
    told = {row.reading.subject.id.key: row.freshness for row in snapshot.rows}
    assert told == {b"mail": Freshness.LIVE, b"old": Freshness.GONE}
    assert [event.text for event in snapshot.events if event.kind == "gone"] == ["old is gone"]
    await core.stop()


async def test_details_are_fetched_only_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    core = core_of(monkeypatch, script)
    await core.once()
    assert core.store.snapshot().sources[0].details[0].name == "why"
    key = DetailKey(SubjectId(Practice.QUEUES, "jobs", "", b"mail"), "why")
    core.set_interest(frozenset({key}), frozenset({JOBS}))
    await wait_until_async(lambda: key in core.store.snapshot().details)
    detail = core.store.snapshot().details[key].detail
    assert detail is not None
    assert detail.rows[0] == ("mail",)
    script.fail = UNREACHABLE
    core.set_interest(frozenset(), frozenset())
    assert core.store.snapshot().details == {}
    core.set_interest(frozenset({key}), frozenset())
    await wait_until_async(lambda: core.store.detail(key).why == "refused")
    await core.stop()


async def test_a_pass_that_costs_too_much_slows_the_source_down(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, Script(cost=0.1), every=1.0)
    await core.once()
    (source,) = core.store.snapshot().sources
    assert source.slowed == pytest.approx(5.0)
    await core.stop()


async def test_one_hanging_source_keeps_no_other_from_its_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    hung, well = Script(hang=True), Script()
    install(monkeypatch, {"queues.hung": queue_collector(hung), "queues.well": queue_collector(well)})
    settings = settings_of(
        collector_settings("hung", "queues.hung", timeout=30.0), collector_settings("well", "queues.well")
    )
    core = Core(settings)
    await core.start()
    await wait_until_async(lambda: well.passes >= 3, 6)
    assert hung.passes == 1
    await core.stop()


def test_a_foreign_collector_that_blocks_its_thread_hurts_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocking, well = Script(block=4.0), Script()
    install(
        monkeypatch,
        {"queues.foreign": queue_collector(blocking), "queues.well": queue_collector(well)},
        foreign="evil 1.0",
    )
    settings = settings_of(
        collector_settings("foreign", "queues.foreign", timeout=0.3),
        collector_settings("well", "queues.well"),
    )
    thread = CoreThread(Core(settings))
    thread.start()
    store = thread.core.store
    wait_until(lambda: well.passes >= 3, 8)
    state = store.snapshot().source(SourceId("foreign"))
    assert state is not None
    assert state.failure is not None
    assert state.foreign == "evil 1.0"
    wait_until(lambda: "blocked its own thread" in _why(store, "foreign"), 8)
    assert thread.stop(3.0)


def _why(store: Any, name: str) -> str:
    state = store.snapshot().source(SourceId(name))
    return str(state.failure.why) if state and state.failure else ""


async def test_a_foreign_collector_that_ends_the_program_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(fail=SystemExit(3))  # type: ignore[arg-type]  # that it is no Exception is the point
    install(monkeypatch, {"queues.sample": queue_collector(script)}, foreign="evil 1.0")
    core = Core(settings_of(collector_settings("jobs")))
    await core.once()
    assert "tried to end the program" in _why(core.store, "jobs")
    await core.stop()


def test_a_core_with_a_hung_source_stops_within_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, Script(hang=True), timeout=60.0)
    thread = CoreThread(core)
    thread.start()
    wait_until(lambda: core.store.snapshot().sources[0].running_at is not None)
    assert thread.stop(1.0)


async def test_other_settings_disturb_only_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = Script(), Script(), Script()
    kinds = {"queues.one": one, "queues.two": two, "queues.three": three}
    install(monkeypatch, {name: queue_collector(script) for name, script in kinds.items()})
    same = collector_settings("same", "queues.one")
    core = Core(settings_of(same, collector_settings("left", "queues.two")))
    await core.start()
    await wait_until_async(lambda: one.passes == 1 and two.passes == 1)
    await core.apply(settings_of(same, collector_settings("new", "queues.three")))
    await wait_until_async(lambda: three.passes >= 1)
    assert {source.id.collector for source in core.store.snapshot().sources} == {"same", "new"}
    assert (one.closed, two.closed) == (0, 1)
    await core.apply(settings_of(collector_settings("same", "queues.one", every=30.0)))
    assert one.closed == 1
    await core.stop()


async def test_settling_gives_every_source_its_second_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    core = core_of(monkeypatch, script, every=60.0)
    await core.start()
    await wait_until_async(lambda: script.passes == 1)
    await core.settle()
    assert script.passes == 2
    await core.settle()
    assert script.passes == 2
    await core.stop()


async def test_a_collector_that_swallows_its_end_does_not_hold_up_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(hang=True)

    class Deaf(queue_collector(script)):  # type: ignore[misc] # made for one test
        """Goes on when it is cancelled, as some libraries do."""

        async def collect(self) -> Sweep:
            with contextlib.suppress(asyncio.CancelledError):
                await super().collect()
            sweep: Sweep = self.sweep([])
            return sweep

    install(monkeypatch, {"queues.sample": Deaf})
    core = Core(settings_of(collector_settings("jobs")), seed=1)
    await core.start()
    await wait_until_async(lambda: script.passes > 0, 10)
    async with asyncio.timeout(10):
        await core.stop()
