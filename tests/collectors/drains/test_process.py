import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from collectors.base import Context
from collectors.clock import SystemClock
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.drains.process.exits import of_status
from collectors.errors import AccessError, AnswerError, OptionsError, SourceError, UnreachableError
from collectors.model.drains import DrainReading, Phase
from collectors.model.quantity import Known, Unit, exact, unknown
from collectors.transport.read import processes
from collectors.transport.read.processes import Identity, Process, boot_here, process
from tests.collectors.drains.looking import one
from tests.servers.waiting import wait_until

SERVED = Path(__file__).with_name("served.py")


class LateClock(SystemClock):
    """The machine's clock, a while later: a test need not wait for a grace to pass."""

    later = 0.0

    def boottime(self) -> float:
        return super().boottime() + self.later


class Start(Protocol):
    def __call__(self, workers: int = ...) -> "subprocess.Popen[bytes]": ...


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "app.pid"


@pytest.fixture
def start(pid_file: Path, port: int) -> Iterator[Start]:
    """Starts the service and waits until it listens."""
    made: list[subprocess.Popen[bytes]] = []

    def begin(workers: int = 0) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen([sys.executable, str(SERVED), str(pid_file), str(port), str(workers)])
        made.append(child)
        wait_until(lambda: listens(port) or child.poll() is not None, 30, "the service listens")
        assert child.poll() is None
        return child

    yield begin
    for child in made:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
        pid_file.with_suffix(".pid.gate").touch()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def asking(port: int) -> Iterator[socket.socket]:
    """A request under way: the answer waits for the gate."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        yield sock


def write(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def watching(clock: SystemClock | None = None, **options: Any) -> ProcessDrain:
    context = Context(collector="web-1", service="shop", clock=clock or SystemClock())
    return ProcessDrain(ProcessDrainOptions(**options), context)


async def until(watch: ProcessDrain, phase: Phase) -> DrainReading:
    """The first reading of that phase."""
    end = time.monotonic() + 30
    while (reading := await one(watch)).phase is not phase:
        assert time.monotonic() < end, reading
    return reading


def ended(child: "subprocess.Popen[bytes]") -> None:
    """Wait until the child has exited, and leave it unreaped: its parent alone could know its code."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


async def test_a_service_that_serves(start: Start, pid_file: Path, port: int) -> None:
    child = start()
    watch = watching(pid_file=str(pid_file), grace=30.0)
    with asking(port), asking(port):
        wait_until(lambda: len(connections(child.pid, port)) == 2, 15)
        reading = await one(watch)
    assert (reading.state, reading.phase, reading.ready) == ("serving", Phase.SERVING, True)
    assert (reading.sessions, reading.queued) == (exact(2), exact(0))
    assert reading.in_flight == unknown(), "a connection is no request"
    assert reading.grace == exact(30, Unit.SECONDS)
    assert reading.uptime.value is not None
    assert 0 <= reading.uptime.value < 60
    assert (reading.exit, reading.killed) == ("", False)
    parts = {str(part.name): str(part.word) for part in reading.parts}
    assert parts["process"].startswith(f"{child.pid} ")
    assert parts["listens on"] == str(port)
    assert watch.identity == Identity(child.pid, process_of(child.pid).identity.start, boot_here())
    assert watch.identity.boot
    await watch.close()


def process_of(pid: int) -> Process:
    found = process(pid)
    assert found is not None
    return found


def connections(pid: int, port: int) -> list[int]:
    from collectors.transport.read.processes import sockets

    return [one for one in sockets([pid]).connected if one == port]


async def test_a_drain_from_the_order_to_the_exit(start: Start, pid_file: Path, port: int) -> None:
    child, clock = start(), LateClock()
    watch = watching(clock, pid_file=str(pid_file), grace=30.0)
    with asking(port) as customer:
        wait_until(lambda: len(connections(child.pid, port)) == 1, 15)
        assert (await one(watch)).left() == unknown(Unit.SECONDS)
        child.send_signal(signal.SIGTERM)
        reading = await until(watch, Phase.STOPPING)
        assert (reading.state, reading.ready, reading.sessions) == ("stopping", False, exact(1))
        assert reading.elapsed.known is Known.ABOUT
        clock.later += 12
        reading = await one(watch)
        left = reading.left()
        assert (left.known, left.margin) == (Known.ABOUT, reading.elapsed.margin)
        assert left.value is not None
        assert 8 < left.value <= 18
        pid_file.with_suffix(".pid.gate").touch()
        assert customer.recv(100).startswith(b"HTTP/1.1 200")
    ended(child)
    reading = await one(watch)
    assert (reading.state, reading.phase, reading.ready) == ("exited", Phase.EXITED, False)
    assert (reading.exit, reading.killed) == ("ended by SIGTERM", False), "uvicorn raises it again"
    assert (reading.sessions, reading.uptime) == (unknown(), unknown(Unit.SECONDS))
    child.wait()
    reading = await one(watch)
    assert reading.exit == "ended by SIGTERM", "what was seen is not forgotten"
    clock.later += 5
    elapsed = (await one(watch)).elapsed
    assert elapsed.value is not None
    assert elapsed.value >= 5
    await watch.close()


async def test_a_kill_at_the_deadline_is_called_one(start: Start, pid_file: Path, port: int) -> None:
    child, clock = start(), LateClock()
    watch = watching(clock, pid_file=str(pid_file), grace=30.0)
    with asking(port):
        wait_until(lambda: len(connections(child.pid, port)) == 1, 15)
        await one(watch)
        child.send_signal(signal.SIGTERM)
        await until(watch, Phase.STOPPING)
        clock.later += 30
        assert (await one(watch)).left().value == 0
        child.kill()
        ended(child)
    reading = await one(watch)
    assert (reading.exit, reading.killed) == ("killed by SIGKILL at the deadline", True)
    await watch.close()


async def test_a_kill_while_there_was_time_is_not_the_deadlines(
    start: Start, pid_file: Path, port: int
) -> None:
    child = start()
    watch = watching(pid_file=str(pid_file), grace=3600.0)
    with asking(port):
        wait_until(lambda: len(connections(child.pid, port)) == 1, 15)
        await one(watch)
        child.send_signal(signal.SIGTERM)
        await until(watch, Phase.STOPPING)
        child.kill()
        ended(child)
    assert (await one(watch)).exit == "killed by SIGKILL"
    await watch.close()


async def test_a_kill_out_of_the_blue_is_not_the_deadlines(start: Start, pid_file: Path) -> None:
    child = start()
    watch = watching(pid_file=str(pid_file), grace=30.0)
    await one(watch)
    child.kill()
    ended(child)
    reading = await one(watch)
    assert (reading.exit, reading.killed) == ("killed by SIGKILL", True)
    await watch.close()


async def test_an_exit_that_only_the_parent_saw_is_unknown(start: Start, pid_file: Path) -> None:
    child = start()
    watch = watching(pid_file=str(pid_file))
    await one(watch)
    child.send_signal(signal.SIGTERM)
    child.wait()
    reading = await one(watch)
    assert (reading.phase, reading.exit, reading.killed) == (Phase.EXITED, "unknown", False)
    await asyncio.to_thread(pid_file.unlink)
    assert (await one(watch)).phase is Phase.EXITED, "the file may go with it"
    await watch.close()


async def test_one_that_starts_again_is_another_with_the_exit_of_the_last(
    start: Start, pid_file: Path
) -> None:
    first = start()
    watch = watching(pid_file=str(pid_file))
    await one(watch)
    first.send_signal(signal.SIGTERM)
    first.wait()
    second = start()
    reading = await one(watch)
    assert (reading.phase, reading.exit) == (Phase.SERVING, "unknown")
    assert watch.identity is not None
    assert watch.identity.pid == second.pid
    await watch.close()


async def test_a_number_that_is_used_again_is_another_process(
    start: Start, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = start()
    watch = watching(pid_file=str(pid_file))
    await one(watch)
    real = process_of(child.pid)
    later = Process(Identity(child.pid, real.identity.start + 50), "stranger", "S", 1)
    monkeypatch.setattr(processes, "process", lambda _pid: later)
    reading = await one(watch)
    assert (reading.phase, reading.exit) == (Phase.EXITED, "unknown")
    monkeypatch.undo()
    assert (await one(watch)).phase is Phase.SERVING
    await watch.close()


async def test_a_pid_file_older_than_its_process_is_stale(pid_file: Path) -> None:
    write(pid_file, str(os.getpid()))
    os.utime(pid_file, (1_000_000_000, 1_000_000_000))
    watch = watching(pid_file=str(pid_file))
    with pytest.raises(UnreachableError, match="stale pid file") as caught:
        await one(watch)
    assert str(os.getpid()) in caught.value.hint
    await watch.close()


async def test_the_connections_of_workers_are_the_services(start: Start, pid_file: Path, port: int) -> None:
    child = start(workers=2)
    watch = watching(pid_file=str(pid_file))
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))

        async def all_there() -> bool:
            # the look of the start is one of them, until its worker notices
            return (await one(watch)).sessions == exact(3)

        end = time.monotonic() + 15
        while not await all_there():
            assert time.monotonic() < end
        parts = {str(part.name): str(part.word) for part in (await one(watch)).parts}
    assert parts["with"] == "2 below it"
    assert parts["process"].startswith(str(child.pid))
    await watch.close()


async def test_those_who_wait_to_be_accepted_are_queued(pid_file: Path) -> None:
    write(pid_file, str(os.getpid()))
    watch = watching(pid_file=str(pid_file))
    with socket.create_server(("127.0.0.1", 0)) as listening, contextlib.ExitStack() as stack:
        before = (await one(watch)).queued.value or 0
        for _ in range(3):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        assert (await one(watch)).queued == exact(before + 3)
    await watch.close()


async def test_a_port_finds_the_one_that_listens_and_stays_with_it(
    start: Start, port: int, pid_file: Path
) -> None:
    watch = watching(port=port, grace=10.0)
    with pytest.raises(UnreachableError, match="nobody listens"):
        await one(watch)
    child = start(workers=1)
    reading = await one(watch)
    assert (reading.phase, reading.subject.id.key) == (Phase.SERVING, b"port:%d" % port)
    assert watch.identity is not None
    assert watch.identity.pid == child.pid, "the first, not the worker that shares its socket"
    child.send_signal(signal.SIGTERM)
    ended(child)
    reading = await one(watch)
    assert (reading.phase, reading.exit) == (Phase.EXITED, "code 0")
    await watch.close()


async def test_one_that_stopped_listening_is_still_the_one(start: Start, port: int, pid_file: Path) -> None:
    child = start()
    watch = watching(port=port)
    with asking(port):
        wait_until(lambda: len(connections(child.pid, port)) == 1, 15)
        await one(watch)
        child.send_signal(signal.SIGTERM)
        reading = await until(watch, Phase.STOPPING)
        assert reading.sessions == exact(1)
        assert reading.left() == unknown(Unit.SECONDS), "nobody told a grace"
    await watch.close()


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    child = subprocess.Popen(["sleep", "60"])
    yield child
    child.kill()
    child.wait()


async def test_a_process_without_a_port_runs(sleeper: "subprocess.Popen[bytes]", pid_file: Path) -> None:
    write(pid_file, str(sleeper.pid))
    watch = watching(pid_file=str(pid_file))
    reading = await one(watch)
    assert (reading.state, reading.ready, reading.sessions) == ("running", None, unknown())
    sleeper.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_of(sleeper.pid).state == "T", 15)
    assert "until SIGCONT" in (await one(watch)).note
    await watch.close()


# what goes wrong


@pytest.mark.parametrize(
    ("content", "kind", "why"),
    [
        (None, UnreachableError, "no pid file"),
        (b"", AnswerError, "no process number"),
        (b"nginx", AnswerError, "no process number"),
        (b"0", AnswerError, "no process number"),
        (b"99999999999999999999", AnswerError, "no process number"),
        (b"\xff\xfe", AnswerError, "no process number"),
        (b"2147483600", UnreachableError, "not running"),
    ],
)
async def test_a_pid_file_that_names_nobody(
    pid_file: Path, content: bytes | None, kind: type[SourceError], why: str
) -> None:
    if content is not None:
        write(pid_file, content)
    watch = watching(pid_file=str(pid_file))
    for _ in range(2):
        with pytest.raises(kind, match=why) as caught:
            await one(watch)
        assert caught.value.hint
    await watch.close()


async def test_a_pipe_where_the_file_should_be_holds_nobody_up(pid_file: Path) -> None:
    os.mkfifo(pid_file)
    watch = watching(pid_file=str(pid_file))
    with pytest.raises(AnswerError, match="not a regular file"):
        await one(watch)
    await watch.close()


def refuse(*_: object) -> Any:
    raise PermissionError(13, "Permission denied")


async def test_connections_that_may_not_be_seen_are_unknown(
    start: Start, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    monkeypatch.setattr(processes, "sockets", refuse)
    seen = watching(pid_file=str(pid_file))
    reading = await one(seen)
    assert (reading.phase, reading.ready, reading.sessions) == (Phase.SERVING, None, unknown())
    assert "may not see its connections" in reading.note
    await seen.close()


async def test_a_listener_that_may_not_be_seen_is_a_question_of_rights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(processes, "_inodes", refuse)
        seen = watching(port=listening.getsockname()[1])
        with pytest.raises(AccessError, match="cannot be seen by this user") as caught:
            await one(seen)
        assert "root" in caught.value.hint
        await seen.close()


@pytest.mark.parametrize("path", ["~/app.pid", "run/app.pid"])
def test_a_pid_file_of_a_server_wants_its_whole_path(path: str) -> None:
    with pytest.raises(OptionsError, match="no whole path") as caught:
        ProcessDrain(ProcessDrainOptions(pid_file=path), Context(collector="a", server="web-1"))
    assert "web-1" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one"),
        ({"pid_file": "a", "port": 1}, "exactly one"),
        ({"port": 65536}, "1 to 65535"),
        ({"port": -1}, "1 to 65535"),
        ({"pid_file": "a\0b"}, "must name a file"),
    ],
)
def test_options_that_name_none_or_two_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ProcessDrainOptions(**options)


@pytest.mark.parametrize(
    ("status", "words", "killed"),
    [
        (None, "unknown", False),
        (0, "code 0", False),
        (3 << 8, "code 3", False),
        (signal.SIGINT, "ended by SIGINT", False),
        (signal.SIGKILL, "killed by SIGKILL", True),
        (signal.SIGSEGV | 0x80, "killed by SIGSEGV, core dumped", True),
        (40, "killed by signal 40", True),
    ],
)
def test_statuses_in_words(status: int | None, words: str, killed: bool) -> None:
    assert of_status(status, at_deadline=False) == (words, killed)
