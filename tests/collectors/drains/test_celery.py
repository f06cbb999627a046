"""Real Celery workers: seen by their heartbeats, made quiet and shut down over their bus; no task is lost."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from collectors.action import RefusedError, Result, StoppedError
from collectors.base import Context
from collectors.clock import SystemClock
from collectors.drains.celery import CeleryDrain, CeleryDrainOptions, asking
from collectors.model.drains import DrainReading, Phase
from collectors.model.quantity import exact, unknown
from collectors.secret import SecretUrl
from collectors.transport.write.redis import open_hands
from console.lab.servers.valkey import Valkey
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.drains.looking import by_key
from tests.servers.celery_workers import answers, put_back, send, worker
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until_async

STAYS, GOES, ENDS = b"stays@web", b"goes@web", b"ends@web"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with Valkey() as server:
        yield server.url


@pytest.fixture(scope="module")
def stays(broker: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that is there all the time, for the same queue."""
    with worker(broker, STAYS.decode(), concurrency=1) as child:
        yield child


@pytest.fixture(scope="module")
def lasts(broker: str) -> Iterator["subprocess.Popen[bytes]"]:
    with worker(broker, GOES.decode(), queues="celery,mail") as child:
        yield child


@pytest.fixture
def goes(broker: str, lasts: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """The worker that is made quiet and put back; it alone takes from `mail`. A failure leaves no trace."""
    yield lasts
    with redis.Redis.from_url(broker) as client:
        if client.delete(f"quarterdeck:celery:quiet:{GOES.decode()}"):
            put_back(broker, GOES.decode(), "celery", "mail")


@pytest.fixture
def ends(broker: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that does not see the end of its test."""
    with worker(broker, ENDS.decode(), queues="celery") as child:
        yield child


class LateClock(SystemClock):
    later = 0.0

    def boottime(self) -> float:
        return super().boottime() + self.later


@asynccontextmanager
async def watching(broker: str, **more: Any) -> AsyncIterator[CeleryDrain]:
    context = Context(collector="celery", timeout=5, **more)
    watch = CeleryDrain(CeleryDrainOptions(url=SecretUrl(broker), grace=60.0), context)
    try:
        yield watch
    finally:
        await watch.close()


async def reading_of(watch: CeleryDrain, name: bytes) -> DrainReading:
    return by_key(await watch.collect())[name.decode()]


async def until_active(watch: CeleryDrain, name: bytes, count: int) -> DrainReading:
    async def so() -> DrainReading | None:
        reading = await reading_of(watch, name)
        return reading if reading.in_flight == exact(count) else None

    found = await wait_until_async(so, 20, f"{count} tasks run")
    assert found is not None
    return found


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def keys_of_ours(broker: str) -> list[bytes]:
    """Keys that a run of ours may have left behind."""
    with redis.Redis.from_url(broker) as client:
        found: Any = client.keys("*")
        routes: Any = client.smembers("_kombu.binding.reply.celery.pidbox")
    return [key for key in found if b"quarterdeck" in key or b"reply" in key] + list(routes)


async def test_a_worker_is_read_by_its_heartbeats_and_asked_nothing(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    path, first, second = tmp_path / "tasks", tmp_path / "first", tmp_path / "second"
    async with watching(broker) as watch:
        reading = await until_active(watch, GOES, 0)
        assert (reading.phase, reading.state, reading.ready, reading.lost) == (
            Phase.SERVING,
            "idle",
            None,
            "",
        )
        assert reading.grace.value == 60
        for _ in range(2):
            send(broker, "early", str(path), str(first), queue="mail")
        reading = await until_active(watch, GOES, 2)
        assert reading.state == "busy"
        assert reading.lost == "2 running tasks would be lost (acks_late off)"
        assert (await reading_of(watch, STAYS)).in_flight == exact(0)
        for _ in range(2):
            send(broker, "late", str(path), str(second), queue="mail")
        first.touch()
        await wait_until_async(lambda: lines(path).count("ended") == 2, 20)
        reading = await until_active(watch, GOES, 2)
        assert reading.lost == "", "those would come back"
        assert dict(reading.extra)["celery.unacked"] == exact(2)
        with redis.Redis.from_url(broker) as client:
            stats: Any = client.info("commandstats")
            ours: Any = [one["name"] for one in client.client_list()]
        assert "quarterdeck" in ours
        assert "cmdstat_eval" not in stats, "a question would be a script"
        second.touch()
        await wait_until_async(lambda: lines(path).count("ended") == 4, 20)
    assert keys_of_ours(broker) == []


class OpensTheGate(KeepingControl):
    """Lets the tasks end once it is told that they run."""

    def __init__(self, gate: Path) -> None:
        super().__init__(answers=[True])
        self._gate = gate

    def report(self, done: int, words: str = "") -> None:
        if "running" in words:
            self._gate.touch()
        super().report(done, words)


async def test_a_drain_finishes_all_that_it_has_and_undo_gives_it_work_again(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    path, after, gate = tmp_path / "tasks", tmp_path / "after", tmp_path / "gate"
    async with watching(broker) as watch:
        await until_active(watch, GOES, 0)
        for _ in range(6):
            send(broker, "early", str(path), str(gate), queue="mail")
        await wait_until_async(lambda: len(lines(path)) >= 2, 20)
        made = await plan(watch, "drains.drain", GOES)
        assert not made.refusals
        assert made.owed == ("drains.ready", "goes@web is off its queues")
        control = OpensTheGate(gate)
        outcome = await run(watch, made, control)
        assert control.questions == ["no other worker that answers takes from mail: go on?"]
        assert (outcome.result, outcome.owes) == (Result.DONE, True)
        assert lines(path).count("ended") == lines(path).count("began") == 6, "what it had reserved too"
        assert any("2 running tasks would be lost if killed (acks_late off)" in x for x in outcome.lines)
        send(broker, "early", str(after), str(gate), queue="mail")
        assert (await reading_of(watch, GOES)).phase is Phase.DRAINING
        reading = await until_active(watch, GOES, 0)
        assert (reading.state, reading.ready) == ("quiet", False)
        assert reading.note == "a console took it off celery, mail"
        assert lines(after) == []
        back = await undo(watch, made, control.kept)
        assert (back.result, back.owes) == (Result.DONE, False)
        await wait_until_async(lambda: "ended" in lines(after), 20)
        assert (await reading_of(watch, GOES)).phase is Phase.SERVING
    assert goes.poll() is None
    assert keys_of_ours(broker) == []


async def test_a_second_drain_forgets_no_queue_of_the_first(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]"
) -> None:
    async with watching(broker) as watch:
        await until_active(watch, GOES, 0)
        for _ in range(2):
            made = await plan(watch, "drains.drain", GOES)
            control = KeepingControl(answers=[True])
            outcome = await run(watch, made, control)
            assert (outcome.result, outcome.owes) == (Result.DONE, True)
            assert [sorted(record["queues"]) for record in control.kept] == [["celery", "mail"]]
        assert control.questions == [], "it takes from none, so none loses its last worker"
        back = await undo(watch, made, control.kept)
        assert (back.result, back.owes) == (Result.DONE, False)
        assert (await reading_of(watch, GOES)).phase is Phase.SERVING


async def test_a_drain_with_stop_ends_it_and_loses_no_task(
    broker: str, stays: "subprocess.Popen[bytes]", ends: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    paths, gate = [tmp_path / f"task-{number}" for number in range(8)], tmp_path / "gate"
    async with watching(broker) as watch:
        await until_active(watch, ENDS, 0)
        for path in paths:
            send(broker, "early", str(path), str(gate))
        made = await plan(watch, "drains.drain", ENDS, stop="yes")
        control = OpensTheGate(gate)
        outcome = await run(watch, made, control)
        assert (outcome.result, outcome.owes) == (Result.DONE, False)
        assert "left the bus with nothing running" in outcome.words
        assert [record["phase"] for record in control.kept] == ["quiet", "stop"]
        assert await asyncio.to_thread(ends.wait, 20) == 0
        await wait_until_async(lambda: all("ended" in lines(path) for path in paths), 30)
        assert [lines(path) for path in paths] == [["began", "ended"]] * 8, "the other worker did the rest"
        reading = await reading_of(watch, ENDS)
        assert (reading.phase, reading.exit) == (Phase.EXITED, "said good-bye")
        with pytest.raises(RefusedError, match="cannot be taken back"):
            await undo(watch, made, control.kept)
        told = await find(watch, "drains.drain").reconcile(made, control.kept)
        assert (told.result, told.owes) == (Result.DONE, False)
    assert keys_of_ours(broker) == []


async def test_the_last_worker_of_a_queue_is_asked_about_and_left_alone(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]"
) -> None:
    async with watching(broker) as watch:
        await until_active(watch, GOES, 0)
        made = await plan(watch, "drains.drain", GOES)
        control = KeepingControl()
        with pytest.raises(RefusedError, match="the last worker of mail"):
            await run(watch, made, control)
        assert control.kept == []
        assert (await reading_of(watch, GOES)).phase is Phase.SERVING
        assert (await find(watch, "drains.drain").reconcile(made, [])).result is Result.FAILED
    assert keys_of_ours(broker) == []


class StopAtTasks(KeepingControl):
    async def pause(self, seconds: float) -> None:
        if any("running" in words for _done, words in self.reports):
            raise StoppedError("stopped by the test")
        await super().pause(seconds)


async def test_a_stop_in_the_middle_leaves_it_quiet_and_owed_and_ready_pays(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    path, gate = tmp_path / "tasks", tmp_path / "gate"
    async with watching(broker) as watch:
        await until_active(watch, GOES, 0)
        send(broker, "early", str(path), str(gate), queue="mail")
        await wait_until_async(lambda: lines(path), 20)
        made = await plan(watch, "drains.drain", GOES)
        control = StopAtTasks(answers=[True])
        outcome = await run(watch, made, control)
        assert (outcome.result, outcome.owes) == (Result.FAILED, True)
        assert "stopped by the test; it is off its queues" in outcome.words
        told = await find(watch, "drains.drain").reconcile(made, control.kept)
        assert (told.result, told.owes) == (Result.UNKNOWN, True)
        paying = await plan(watch, "drains.ready", GOES)
        assert [str(line) for line in paying.sample] == ["add_consumer celery", "add_consumer mail"]
        assert (await run(watch, paying)).result is Result.DONE
        assert (await reading_of(watch, GOES)).phase is Phase.SERVING
        gate.touch()
        await wait_until_async(lambda: "ended" in lines(path), 20)
        again = await plan(watch, "drains.ready", GOES)
        assert "no console wrote down a queue" in again.refusals[0]


async def test_a_dead_one_falls_silent_and_one_in_its_place_is_not_touched(
    broker: str, stays: "subprocess.Popen[bytes]", ends: "subprocess.Popen[bytes]"
) -> None:
    clock = LateClock()
    async with watching(broker, clock=clock) as watch:
        await until_active(watch, ENDS, 0)
        made = await plan(watch, "drains.drain", ENDS)
        os.killpg(ends.pid, 9)
        await wait_until_async(lambda: ends.poll() is not None)
        clock.later = 30.0
        reading = await reading_of(watch, ENDS)
        assert (reading.phase, reading.state, reading.exit) == (Phase.GONE, "silent", "unknown")
        assert reading.note == "on the bus still, and silent"
        assert reading.in_flight == unknown()
        late = await plan(watch, "drains.drain", ENDS)
        assert late.refusals == ("its heartbeats do not come: whether it is alive is not known",)
        with worker(broker, ENDS.decode(), concurrency=1):
            await until_active(watch, ENDS, 0)
            control = KeepingControl(answers=[True])
            with pytest.raises(RefusedError, match="started anew since the plan"):
                await run(watch, made, control)
            assert control.kept == []
            told = await find(watch, "drains.drain").reconcile(made, [{"phase": "stop"}])
            assert (told.result, told.owes) == (Result.DONE, False)
            assert "another has its name" in told.words
            told = await find(watch, "drains.drain").reconcile(made, [{"phase": "quiet"}])
            assert told.result is Result.FAILED
            assert "had not been told to shut down by us" in told.words


async def test_one_without_heartbeats_or_busy_in_one_thread_is_not_guessed_at(
    broker: str, stays: "subprocess.Popen[bytes]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, gate = tmp_path / "task", tmp_path / "gate"
    silent = ("-P", "solo", "--without-heartbeat", "--without-gossip")
    with worker(broker, "solo@web", *silent, queues="solo", concurrency=1) as child:
        async with watching(broker) as watch:
            reading = await reading_of(watch, b"solo@web")
            assert (reading.phase, reading.in_flight) == (Phase.UNKNOWN, unknown())
            assert "no heartbeat was heard" in reading.note
            send(broker, "early", str(path), str(gate), queue="solo")
            await wait_until_async(lambda: lines(path), 20)
            monkeypatch.setattr(asking, "WAIT", 0.7)
            hands = await open_hands(watch)
            async with asking.Bus(hands, watch.names) as bus:
                assert await bus.pid(b"solo@web") is None, "it answers between two tasks"
                gate.touch()
                await wait_until_async(lambda: "ended" in lines(path), 20)
                assert await bus.pid(b"solo@web") == child.pid, "and is none the worse for the late answer"
            await hands.close()
    assert keys_of_ours(broker) == []


async def test_two_workers_of_one_name_are_refused(
    broker: str, stays: "subprocess.Popen[bytes]", goes: "subprocess.Popen[bytes]"
) -> None:
    with worker(broker, GOES.decode(), concurrency=1):
        async with watching(broker) as watch:
            await wait_until_async(lambda: answers(broker, GOES.decode(), 2), 30, "both hear the bus")
            await until_active(watch, GOES, 0)
            made = await plan(watch, "drains.drain", GOES)
            control = KeepingControl(answers=[True])
            with pytest.raises(RefusedError, match="2 workers answer to the name goes@web"):
                await run(watch, made, control)
            assert control.kept == []


async def test_the_ear_is_lent_again_after_a_broken_connection(
    broker: str, stays: "subprocess.Popen[bytes]"
) -> None:
    async with watching(broker) as watch:
        await until_active(watch, STAYS, 0)
        before = dict((await reading_of(watch, STAYS)).extra)["celery.last_beat"].value
        with redis.Redis.from_url(broker) as client:
            ours: Any = [one["id"] for one in client.client_list() if one["name"] == "quarterdeck"]
            for number in ours:
                client.client_kill_filter(_id=number)
        assert before is not None

        async def fresh() -> bool:
            age = dict((await reading_of(watch, STAYS)).extra)["celery.last_beat"].value
            return age is not None and age < 1.2

        await asyncio.sleep(1.6)  # the last heartbeat before is older than that
        await wait_until_async(fresh, 20)


async def test_a_user_who_may_not_listen_is_told_so(make_valkey: MakeValkey) -> None:
    server = make_valkey(["user reader on >pw ~* resetchannels +@read +info +ping +client +select +hello"])
    with redis.Redis.from_url(server.url) as client:
        client.sadd("_kombu.binding.celery.pidbox", "\x06\x16\x06\x16one@web.celery.pidbox")
    async with watching(server.url_of(user="reader", password="pw")) as watch:

        async def told() -> bool:
            return "cannot be heard" in (await reading_of(watch, b"one@web")).note

        await wait_until_async(told, 20)
        assert (await reading_of(watch, b"one@web")).phase is Phase.UNKNOWN
