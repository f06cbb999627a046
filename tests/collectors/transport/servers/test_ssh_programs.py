"""Programs on a server: their answers, their ends, and that none is left there."""

import asyncio
import threading
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator

import pytest

from collectors.errors import AnswerError, SourceError, TimedOutError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import Endpoint
from collectors.transport.host import Host, Ran
from collectors.transport.servers import machine
from collectors.transport.servers.link import MOST_STREAMS
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.state import Phase
from tests.servers.fixtures import MakeSshd
from tests.servers.reaching import at, reaching, state
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async


@pytest.fixture
async def servers(operator: Operator, sshd: Sshd) -> AsyncIterator[Servers]:
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        yield servers


@pytest.fixture
def web(servers: Servers) -> Host:
    return servers.host("web-1")


async def none_runs() -> bool:
    """Whether none of our sleeps is left on this machine, which is the server too."""
    process = await asyncio.create_subprocess_exec("pgrep", "-fx", r"sleep 4711\..", stdout=DEVNULL)
    return await process.wait() == 1


async def test_arguments_and_answers_come_through_as_they_are(web: Host) -> None:
    odd = ["a b", "'", '"', "$HOME", "`id`", "\\", "*", "", "ü\n\t", "-n", "!"]
    ran = await web.run(["printf", "%s|", *odd], timeout=20)
    assert (ran.code, ran.out.decode(), ran.err) == (0, "".join(f"{word}|" for word in odd), b"")
    binary = bytes(range(256)) * 2000
    assert (await web.run(["cat"], timeout=20, given=binary, limit=1 << 20)).out == binary
    both = await web.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=20)
    assert both == Ran(3, b"out\n", b"err\n")
    assert (await web.run(["sh", "-c", "echo $LC_ALL; pwd"], timeout=20)).out == b"C\n/\n"
    # nothing is read by chance from what a program does not take
    assert (await web.run(["cat"], timeout=20)).out == b""


async def test_a_programs_own_255_is_no_broken_line(web: Host, servers: Servers) -> None:
    ran = await web.run(["sh", "-c", "echo said; echo why >&2; exit 255"], timeout=20)
    assert ran == Ran(255, b"said\n", b"why\n")
    assert state(servers).phase is Phase.UP


async def test_what_cannot_be_started(web: Host) -> None:
    with pytest.raises(UnsupportedError, match="there is no nosuch-program on web-1"):
        await web.run(["nosuch-program"], timeout=20)
    with pytest.raises(UnsupportedError, match="/etc/passwd cannot be started on web-1"):
        await web.run(["/etc/passwd"], timeout=20)
    with pytest.raises(AnswerError, match="more than 10 KiB"):
        await web.run(["head", "-c", "20000", "/dev/zero"], timeout=20, limit=10 * 1024)


async def test_nothing_is_left_running_there(web: Host, sshd: Sshd) -> None:
    with pytest.raises(TimedOutError, match="sleep gave no answer in 1 s"):
        await web.run(["sleep", "4711.1"], timeout=1)
    for marker in ("4711.2", "4711.3"):
        stream = await web.stream(["sh", "-c", f"echo begun; exec sleep {marker}"])
        assert await stream.read() == b"begun\n"
        if marker == "4711.2":
            await stream.close()
        else:
            sshd.kill_sessions()
    await wait_until_async(none_runs, 15, "no sleep is left")


async def test_a_stream_gives_bytes_as_they_come_and_then_how_it_ended(web: Host) -> None:
    stream = await web.stream(["sh", "-c", "echo one; sleep 0.3; echo two; echo bad >&2; exit 5"])
    assert await stream.read() == b"one\n"
    assert await stream.read() == b"two\n"
    assert await stream.read() == b""
    assert await stream.ended() == Ran(5, b"", b"bad\n")
    await stream.close()


async def test_streams_leave_room_for_commands(web: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    await web.run(["true"], timeout=20)
    monkeypatch.setattr(machine, "STREAM_WITHIN", 0.3)
    streams = [await web.stream(["sleep", "60"]) for _ in range(MOST_STREAMS)]
    with pytest.raises(TimedOutError, match="web-1: no session in"):
        await web.stream(["sleep", "60"])
    ran = await asyncio.gather(*(web.run(["echo", str(n)], timeout=30) for n in range(12)))
    assert [one.out for one in ran] == [f"{n}\n".encode() for n in range(12)], "queued, none refused"
    await streams.pop().close()
    monkeypatch.undo()
    streams.append(await web.stream(["sleep", "60"]))
    for stream in streams:
        await stream.close()


async def test_a_server_with_fewer_sessions_says_so(operator: Operator, make_sshd: MakeSshd) -> None:
    sshd = make_sshd(["MaxSessions 1"])
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        await servers.dial(Endpoint(SecretUrl("http://127.0.0.1:1/"), "web-1"))
        # which takes a session for a moment
        await wait_until_async(lambda: state(servers).latency is not None)
        stream = await servers.host("web-1").stream(["sh", "-c", "echo in; sleep 60"])
        await stream.read()
        with pytest.raises(SourceError, match="web-1: no further session") as caught:
            await servers.host("web-1").run(["true"], timeout=20)
        assert "MaxSessions" in caught.value.hint
        await stream.close()


async def test_it_is_usable_from_other_threads_with_loops_of_their_own(web: Host, servers: Servers) -> None:
    await web.run(["true"], timeout=20)
    found: list[bytes] = []

    async def elsewhere() -> None:
        found.append((await web.run(["echo", "one"], timeout=20)).out)
        stream = await web.stream(["echo", "two"])
        found.append(await stream.read())
        await stream.close()

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    await wait_until_async(lambda: not thread.is_alive(), 30)
    assert found == [b"one\n", b"two\n"]


async def test_the_latency_of_a_server_in_use_is_measured(web: Host, servers: Servers) -> None:
    await web.run(["true"], timeout=20)
    await wait_until_async(lambda: state(servers).latency is not None)
    latency = state(servers).latency
    assert latency is not None
    assert 0 < latency < 5


async def test_everything_is_gone_at_the_end(operator: Operator, sshd: Sshd) -> None:
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        await servers.host("web-1").run(["true"], timeout=20)
        assert servers._shared is not None
        folder = servers._shared.folder
        assert folder.stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
        assert len(str(folder)) < 90
    assert not folder.exists()
    await wait_until_async(lambda: not sshd.sessions())
