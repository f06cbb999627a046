import asyncio
import functools
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, exact
from collectors.model.subject import SubjectId
from console.engine import keeper as keeper_module
from console.engine.core import Core
from console.engine.history import History
from console.engine.keeper import Keeper
from console.engine.marks import append
from console.engine.recording import Recorder, RecordingError, entries, recordings
from console.settings import Threshold
from tests.console.engine.samples import Script, collector_settings, install, queue_collector, settings_of
from tests.servers.waiting import wait_until_async

MAIL = SubjectId(Practice.QUEUES, "jobs", "", b"mail")


@pytest.fixture
def state(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "quarterdeck" / "test-lab"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    install(monkeypatch, {"queues.sample": queue_collector(script)})
    return script


def new_core() -> Core:
    limits = {"dead": Threshold(warning=1)}
    return Core(settings_of(collector_settings("jobs", thresholds=limits)), seed=1)


@asynccontextmanager
async def run(state: dict[str, str], **changed: Any) -> AsyncIterator[tuple[Core, Keeper]]:
    """A console that records, for as long as the block lasts."""
    core = new_core()
    keeper = Keeper(core, state, **changed)
    await core.start()
    keeping = asyncio.create_task(keeper.run())
    try:
        yield core, keeper
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await core.stop()
        keeper.close()


def texts(core: Core) -> list[str]:
    return [str(event.text) for event in core.store.snapshot().events]


async def test_what_one_run_saw_the_next_one_knows(
    state: dict[str, str], folder: Path, script: Script
) -> None:
    async with run(state) as (core, keeper):
        await wait_until_async(lambda: keeper.sweeps >= 2)
        script.ready = {b"mail": 8.0, b"new": 1.0}
        await wait_until_async(lambda: keeper.sweeps >= 3)
        before = core.history.series(MAIL, "ready")
    assert keeper.written == keeper.path.stat().st_size
    assert [entry[0] for entry in entries(keeper.path)].count("sweep") == keeper.sweeps
    async with run(state) as (core, keeper):
        await wait_until_async(lambda: keeper.read_back)
        await wait_until_async(lambda: len(core.history.series(MAIL, "ready")) > len(before))
        after = core.history.series(MAIL, "ready")
        assert after[: len(before)] == before
        assert [point.at for point in after] == sorted({point.at for point in after})
        assert texts(core) == ["new appeared"]
    assert len(recordings(folder / "recordings")) == 2


async def test_what_changed_is_told_once_however_often_one_starts(
    state: dict[str, str], folder: Path, script: Script
) -> None:
    append(folder, time.time() - 60, "deploy v41", "orders", "ada")
    for start in range(3):
        async with run(state) as (core, keeper):
            await wait_until_async(lambda: "deploy v41" in texts(core))
            if start == 0:
                append(folder, time.time(), "rolled back", "orders", "ada")
            await wait_until_async(lambda: "rolled back" in texts(core))
            await wait_until_async(lambda: keeper.sweeps)
            assert texts(core) == ["deploy v41", "rolled back"]


async def test_a_mark_of_last_week_is_not_news(state: dict[str, str], folder: Path, script: Script) -> None:
    append(folder, time.time() - 7 * 86400, "old", "", "ada")
    append(folder, time.time() - 60, "young", "", "ada")
    async with run(state) as (core, _keeper):
        await wait_until_async(lambda: "young" in texts(core))
        assert texts(core) == ["young"]


async def test_findings_are_recorded_when_they_change(state: dict[str, str], script: Script) -> None:
    script.workers = 0.0
    async with run(state) as (core, keeper):
        await wait_until_async(lambda: core.store.snapshot().findings, 10)
    told = [entry[2] for entry in entries(keeper.path) if entry[0] == "verdicts"]
    assert told[0][0][:4] == ["critical", "worker-gone", "orders", "queues"]


async def test_a_full_recording_goes_on_in_another_file(
    state: dict[str, str], folder: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "Recorder", functools.partial(Recorder, limit=2500))
    monkeypatch.setattr(keeper_module, "TICK", 0.1)
    monkeypatch.setattr(Recorder, "due", lambda self, _now: bool(self._entries))
    script.ready = {os.urandom(30).hex().encode(): 1.0 for _ in range(10)}
    async with run(state) as (_core, keeper):
        await wait_until_async(lambda: len(recordings(folder / "recordings")) >= 3, 20)
    files = recordings(folder / "recordings")
    assert keeper.stopped == ""
    assert keeper.written == sum(path.stat().st_size for path in files)
    told = [entry for path in files for entry in entries(path)]
    assert [entry[0] for entry in told].count("sweep") == keeper.sweeps


async def test_a_file_of_ones_own_ends_at_its_limit_and_the_console_says_so(
    state: dict[str, str], tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "Recorder", functools.partial(Recorder, limit=2500))
    monkeypatch.setattr(keeper_module, "TICK", 0.1)
    monkeypatch.setattr(Recorder, "due", lambda self, _now: bool(self._entries))
    script.ready = {os.urandom(30).hex().encode(): 1.0 for _ in range(10)}
    async with run(state, path=tmp_path / "mine.qdr") as (core, keeper):
        await wait_until_async(lambda: keeper.stopped, 20)
        await wait_until_async(lambda: "mine.qdr has reached" in core.store.snapshot().note)
        passes = script.passes
        await wait_until_async(lambda: script.passes > passes)
    assert (tmp_path / "mine.qdr").stat().st_size <= 2500


async def test_where_nothing_can_be_recorded_it_says_why(tmp_path: Path, script: Script) -> None:
    (tmp_path / "quarterdeck").write_text("in the way")
    with pytest.raises(RecordingError, match="cannot record to"):
        Keeper(new_core(), {"XDG_STATE_HOME": str(tmp_path)})


samples = st.dictionaries(
    st.integers(0, 40), st.dictionaries(st.sampled_from(["a", "b"]), st.floats(0, 9), min_size=1), max_size=20
)


def filled(told: dict[int, dict[str, float]]) -> History:
    history = History()
    for at in sorted(told):
        fields: dict[str, Quantity] = {name: exact(value) for name, value in told[at].items()}
        history.add(MAIL, float(at), fields)
    return history


@given(samples, samples)
def test_the_past_stands_before_what_came_while_it_was_read(
    past: dict[int, dict[str, float]], now: dict[int, dict[str, float]]
) -> None:
    history = filled(now)
    history.take_past(filled(past))
    first = min(now, default=1000)
    expected = {at: one for at, one in past.items() if at < first} | now
    for name in ("a", "b"):
        told = {point.at: point.value for point in history.series(MAIL, name) if point.value is not None}
        assert told == {float(at): one[name] for at, one in expected.items() if name in one}
    assert history.size() == sum(columns.size() for columns in history._subjects.values())
