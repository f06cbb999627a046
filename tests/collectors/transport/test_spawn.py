"""Children are ours from their first moment: cancelled at any await, none is left."""

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from collectors.errors import AnswerError, TimedOutError
from collectors.transport.local import LocalHost
from collectors.transport.servers import machine
from collectors.transport.servers.asking import following
from collectors.transport.servers.children import Child, Guard
from collectors.transport.spawn import spawn
from tests.servers.processes import alive, command
from tests.servers.waiting import wait_until, wait_until_async

PATIENCE = 10.0
"""Seconds within which a cancelled start has ended; it waits for nobody, so any of them will do."""

AWAITS = 10
"""Turns of the loop that are more than any start takes."""

Begin = Callable[[list[str]], Awaitable[object]]


class Family:
    """A program and its child, which holds the same pipes: in the same group, or in a session of its own."""

    def __init__(self, folder: Path, *, apart: bool) -> None:
        self._names = (folder / str(number) for number in itertools.count())
        self.apart = apart
        self.file = next(self._names)
        self.strays: list[int] = []

    @property
    def argv(self) -> list[str]:
        """The program anew; the last one's numbers are forgotten."""
        self.file = next(self._names)
        sleep = ("setsid " if self.apart else "") + "sleep 4713"
        script = f'{sleep} & echo $$ $! >"$1.new"; mv "$1.new" "$1"; wait'
        return ["sh", "-c", script, "sh", str(self.file)]

    def born(self) -> tuple[int, int]:
        """Their numbers, once the child is what it becomes; blocks, so nothing else goes on meanwhile."""
        wait_until(self.file.exists, 20, "the program runs")
        leader, child = map(int, self.file.read_text().split())
        self.strays.append(child)
        wait_until(lambda: command(child) == "sleep 4713", 20, "its child runs")
        return leader, child

    def gone(self) -> bool:
        """Whether the program has gone, and its child where that is in its group."""
        leader, child = map(int, self.file.read_text().split())
        self.strays.append(child)
        return not alive(leader) and (self.apart or not alive(child))


@pytest.fixture(params=[False, True], ids=["in its group", "in a session of its own"])
def family(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Family]:
    made = Family(tmp_path, apart=request.param)
    yield made
    for pid in made.strays:
        if command(pid) == "sleep 4713":
            os.kill(pid, signal.SIGKILL)


async def on_this_machine(argv: list[str]) -> object:
    stream = await LocalHost().stream(argv)
    try:
        return await stream.ended()
    finally:
        await stream.close()


async def by_a_way(argv: list[str]) -> object:
    async with machine._started(argv, "web-1") as process:
        return await process.wait()


async def as_a_child(argv: list[str]) -> object:
    guard = Guard()
    try:
        child = await Child.start(argv, guard)
        try:
            return await child.ended()
        finally:
            await child.close()
    finally:
        await guard.close()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def there(pid: int) -> bool:
    """Whether a number is somebody's, a zombie's included."""
    return Path(f"/proc/{pid}").exists()


async def cancelled(task: "asyncio.Task[object]", times: int) -> None:
    """Cancel it that often, each time one turn of the loop later, and wait for its end."""
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    ended, _ = await asyncio.wait({task}, timeout=PATIENCE)
    assert ended, "it hangs"
    assert task.cancelled()


@pytest.mark.parametrize("begin", [on_this_machine, by_a_way, as_a_child])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_start_that_is_cancelled_at_any_await_leaves_nothing(
    begin: Begin, times: int, family: Family
) -> None:
    before = descriptors()
    for turns in range(1, AWAITS):
        starting = asyncio.ensure_future(begin(family.argv))
        for _ in range(turns):
            await asyncio.sleep(0)
        family.born()
        await cancelled(starting, times)
        await wait_until_async(family.gone, 10, f"nothing is left after {turns} turns")
    await wait_until_async(lambda: descriptors() <= before, 10, "no descriptor is left")


@pytest.mark.parametrize("begin", [on_this_machine, by_a_way, as_a_child])
async def test_the_end_of_the_loop_in_the_middle_of_a_start_leaves_nothing(
    begin: Begin, family: Family
) -> None:
    async def main(turns: int) -> None:
        begun.append(asyncio.ensure_future(begin(family.argv)))
        for _ in range(turns):
            await asyncio.sleep(0)
        family.born()

    for turns in (1, 2, 4):
        begun: list[asyncio.Future[object]] = []
        # asyncio.run cancels all that still runs, and waits for it
        await asyncio.wait_for(asyncio.to_thread(asyncio.run, main(turns)), PATIENCE)
        assert begun[0].cancelled()
        await wait_until_async(family.gone, 10, f"nothing is left after {turns} turns")


async def test_a_run_out_of_time_waits_for_nobody_who_holds_its_pipes(family: Family) -> None:
    host = LocalHost()
    with pytest.raises(TimedOutError):
        await asyncio.wait_for(host.run(family.argv, timeout=1.5), PATIENCE)
    await wait_until_async(family.gone, 10, "nothing is left")


async def test_of_a_program_that_has_ended_the_rest_of_its_group_ends_too(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"sleep 4713 & echo $! >{pid}"
    with pytest.raises(TimedOutError):
        await LocalHost().run(["sh", "-c", script], timeout=1.5)
    await wait_until_async(lambda: not alive(int(pid.read_text())), 10, "its child has gone")


async def test_a_stream_that_is_closed_waits_for_nobody_who_holds_its_pipes(family: Family) -> None:
    stream = await LocalHost().stream(family.argv)
    family.born()
    await asyncio.wait_for(stream.close(), PATIENCE)
    await wait_until_async(family.gone, 10, "nothing is left")
    stream = await following(family.argv, "pod")
    family.born()
    await asyncio.wait_for(stream.close(), PATIENCE)
    await wait_until_async(family.gone, 10, "nothing is left")


async def test_its_end_is_told_while_somebody_else_holds_its_pipes() -> None:
    process = await spawn(["sh", "-c", "sleep 4713 & exit 7"])
    try:
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 7
        assert there(process.pid), "till it is reaped its number is no other's"
    finally:
        await process.end()
    assert not there(process.pid)
    process.signal(signal.SIGKILL)  # nobody's group any more


async def test_a_program_that_ends_by_a_signal_tells_it_and_input_reaches_it() -> None:
    process = await spawn(
        ["sh", "-c", "read -r line; echo $line; kill -HUP $$"], stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(b"hello\n")
    assert await process.told() == (b"hello\n", b"")
    assert process.returncode == -signal.SIGHUP
    await process.end()


async def test_an_answer_that_is_too_long_leaves_nothing() -> None:
    before = descriptors()
    with pytest.raises(AnswerError, match="more than 1 KiB"):
        await LocalHost().run(["sh", "-c", "while :; do echo 12345678; done"], timeout=30, limit=1024)
    await wait_until_async(lambda: descriptors() <= before, 10, "no descriptor is left")
