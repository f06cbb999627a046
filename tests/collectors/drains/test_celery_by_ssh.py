"""Celery's workers behind a real sshd: their Valkey is reached through the server's forward."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from collectors.action import Result
from collectors.drains.celery import CeleryDrain, CeleryDrainOptions, asking
from collectors.model.drains import Phase
from collectors.secret import SecretUrl
from collectors.testing import check_collector
from collectors.transport.servers.pool import Servers
from console.lab.servers.valkey import Valkey
from tests.collectors.acting import KeepingControl, plan, run, undo
from tests.collectors.drains.test_celery import OpensTheGate, keys_of_ours, lines, reading_of, until_active
from tests.servers.celery_workers import put_back, send, worker
from tests.servers.fixtures import MakeSshd
from tests.servers.reaching import at, reaching, state, through
from tests.servers.sshd import Operator, Sshd

NODE = b"goes@web"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with Valkey() as server:
        yield server.url


@pytest.fixture(scope="module")
def goes(broker: str) -> Iterator["subprocess.Popen[bytes]"]:
    with worker(broker, NODE.decode(), queues="mail") as child:
        yield child


@asynccontextmanager
async def watching(servers: Servers, broker: str) -> AsyncIterator[CeleryDrain]:
    options = CeleryDrainOptions(url=SecretUrl(broker), grace=60.0)
    watch = CeleryDrain(options, through(servers, "celery", timeout=4.0))
    try:
        yield watch
    finally:
        await watch.close()


class CountsFirst(OpensTheGate):
    """Lets the tasks end once what is reserved was told too."""

    def report(self, done: int, words: str = "") -> None:
        if "reserved" in words:
            self._gate.touch()
        KeepingControl.report(self, done, words)


class BreaksTheLine(OpensTheGate):
    """Breaks the line once it is told that tasks run; these end when that is seen, unless it is for good."""

    def __init__(self, sshd: Sshd, gate: Path | None = None, *, for_good: bool = False) -> None:
        super().__init__(gate or Path("/"))
        self._sshd = sshd
        self._for_good = for_good
        self._broken = False

    def report(self, done: int, words: str = "") -> None:
        if "running" in words and not self._broken:
            self._broken = True
            self._sshd.stop() if self._for_good else self._sshd.kill_sessions()
        KeepingControl.report(self, done, words)
        if "cannot be asked" in words and not self._for_good:
            self._gate.touch()


async def test_it_keeps_the_contract_through_a_server(
    operator: Operator, sshd: Sshd, broker: str, goes: "subprocess.Popen[bytes]"
) -> None:
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        context = through(servers, "celery", timeout=4.0)
        await context.host.run(["true"], timeout=15)  # the pool's own files are made at its first use
        options = CeleryDrainOptions(url=SecretUrl(broker))
        sweeps = await check_collector(CeleryDrain, options, type_name="drains.celery", context=context)
    assert [str(reading.subject.label) for reading in sweeps[-1].readings] == [NODE.decode()]


async def test_a_line_that_breaks_in_the_middle_ends_only_the_look(
    operator: Operator, sshd: Sshd, broker: str, goes: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    operator.meet(sshd)
    path, gate = tmp_path / "tasks", tmp_path / "gate"
    async with reaching(operator, at(sshd)) as servers, watching(servers, broker) as watch:
        await until_active(watch, NODE, 0)
        send(broker, "early", str(path), str(gate), queue="mail")
        await until_active(watch, NODE, 1)
        made = await plan(watch, "drains.drain", NODE)
        control = BreaksTheLine(sshd, gate)
        outcome = await run(watch, made, control)
        assert (outcome.result, outcome.owes) == (Result.DONE, True), outcome
        assert any("it cannot be asked now: " in words for _, words in control.reports)
        assert lines(path) == ["began", "ended"]
        assert state(servers).reconnects == 1
        paid = await run(watch, await plan(watch, "drains.ready", NODE))
        assert (paid.result, paid.owes) == (Result.DONE, False)
        await until_active(watch, NODE, 0)


async def test_a_line_that_stays_away_leaves_it_owed(
    operator: Operator,
    make_sshd: MakeSshd,
    broker: str,
    goes: "subprocess.Popen[bytes]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "BACK", 0.5)
    sshd = make_sshd()
    operator.meet(sshd)
    path, gate = tmp_path / "tasks", tmp_path / "gate"
    async with reaching(operator, at(sshd)) as servers, watching(servers, broker) as watch:
        await until_active(watch, NODE, 0)
        send(broker, "early", str(path), str(gate), queue="mail")
        await until_active(watch, NODE, 1)
        made = await plan(watch, "drains.drain", NODE, deadline="4s")
        control = BreaksTheLine(sshd, for_good=True)
        outcome = await run(watch, made, control)
        assert (outcome.result, outcome.owes) == (Result.UNKNOWN, True), outcome
        assert outcome.words.endswith("it is off its queues")
    gate.touch()
    with redis.Redis.from_url(broker) as client:
        # where its answers went could not be taken away
        assert client.delete("_kombu.binding.reply.celery.pidbox") == 1
        assert client.delete(f"quarterdeck:celery:quiet:{NODE.decode()}") == 1
    put_back(broker, NODE.decode(), "mail")
    assert keys_of_ours(broker) == []


async def test_a_worker_is_made_quiet_counted_put_back_and_shut_down(
    operator: Operator, sshd: Sshd, broker: str, goes: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    operator.meet(sshd)
    path, gate = tmp_path / "tasks", tmp_path / "gate"
    async with reaching(operator, at(sshd)) as servers, watching(servers, broker) as watch:
        await until_active(watch, NODE, 0)
        for _ in range(6):
            send(broker, "early", str(path), str(gate), queue="mail")
        await until_active(watch, NODE, 2)
        made = await plan(watch, "drains.drain", NODE)
        control = CountsFirst(gate)
        outcome = await run(watch, made, control)
        assert (outcome.result, outcome.owes) == (Result.DONE, True), outcome
        counted = [words for _, words in control.reports if "running, " in words]
        assert counted[0] == "off its queues; 2 running, 4 reserved"
        assert lines(path).count("ended") == lines(path).count("began") == 6
        assert (await reading_of(watch, NODE)).phase is Phase.DRAINING
        back = await undo(watch, made, control.kept)
        assert (back.result, back.owes) == (Result.DONE, False), back
        made = await plan(watch, "drains.drain", NODE, stop="yes")
        outcome = await run(watch, made, OpensTheGate(gate))
        assert (outcome.result, outcome.owes) == (Result.DONE, False), outcome
        assert goes.wait(20) == 0
    assert keys_of_ours(broker) == []
