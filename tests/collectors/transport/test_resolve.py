"""Names: looked up anew each time, remembered for when the name server is silent, and never in the way."""

import asyncio
import socket
import threading
import time

import pytest

from collectors.errors import TimedOutError, UnreachableError
from collectors.transport.resolve import DaemonThreads, NameServerError, Resolver
from tests.servers.waiting import wait_until, wait_until_async


class FakeNames:
    """A name server that is silent, fails, or answers, as the test says."""

    def __init__(self) -> None:
        self.answer: tuple[str, ...] | OSError = ("192.0.2.1",)
        self.asked = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self, _host: str) -> tuple[str, ...]:
        self.asked += 1
        self.open.wait(20)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@pytest.fixture
def names() -> FakeNames:
    return FakeNames()


@pytest.fixture
def resolver(names: FakeNames) -> Resolver:
    return Resolver(names, DaemonThreads(4, "test"), patience=0.1)


async def test_literals_ask_nobody(resolver: Resolver, names: FakeNames) -> None:
    for host in ("127.0.0.1", "::1", "fe80::1%eth0"):
        assert await resolver.addresses(host, 1) == ((host,), False)
    assert names.asked == 0


async def test_the_system_knows_localhost() -> None:
    found = await Resolver().addresses("localhost", 10)
    assert set(found.addresses) <= {"127.0.0.1", "::1"}
    assert found.addresses


async def test_each_time_anew(resolver: Resolver, names: FakeNames) -> None:
    assert (await resolver.addresses("db", 5)).addresses == ("192.0.2.1",)
    names.answer = ("192.0.2.2",)
    assert await resolver.addresses("db", 5) == (("192.0.2.2",), False)


async def test_a_silent_name_server_leaves_the_last_address(resolver: Resolver, names: FakeNames) -> None:
    await resolver.addresses("db", 5)
    names.open.clear()
    began = time.monotonic()
    assert await resolver.addresses("db", 5) == (("192.0.2.1",), True)
    assert time.monotonic() - began < 3
    names.open.set()
    names.answer = ("192.0.2.9",)
    await wait_until_async(lambda: not resolver._under_way)
    assert await resolver.addresses("db", 5) == (("192.0.2.9",), False)


async def test_a_silent_name_server_and_nothing_known(resolver: Resolver, names: FakeNames) -> None:
    names.open.clear()
    with pytest.raises(TimedOutError, match="name server does not answer"):
        await resolver.addresses("db", 0.1)
    names.open.set()


async def test_a_name_that_is_gone_is_not_remembered(resolver: Resolver, names: FakeNames) -> None:
    await resolver.addresses("db", 5)
    names.answer = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    for _ in range(2):
        with pytest.raises(UnreachableError, match="no such name"):
            await resolver.addresses("db", 5)
    names.answer = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    with pytest.raises(NameServerError):
        await resolver.addresses("db", 5)


async def test_a_failing_name_server_says_nothing_of_the_source(resolver: Resolver, names: FakeNames) -> None:
    names.answer = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    with pytest.raises(NameServerError, match="Temporary failure"):
        await resolver.addresses("db", 5)
    names.answer = ("192.0.2.1",)
    await resolver.addresses("db", 5)
    names.answer = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert await resolver.addresses("db", 5) == (("192.0.2.1",), True)


async def test_one_look_up_for_all_who_wait(resolver: Resolver, names: FakeNames) -> None:
    names.open.clear()
    waiting = [asyncio.ensure_future(resolver.addresses("db", 10)) for _ in range(50)]
    await wait_until_async(lambda: names.asked == 1)
    names.open.set()
    assert {found.addresses for found in await asyncio.gather(*waiting)} == {("192.0.2.1",)}
    assert names.asked == 1


async def test_a_cancelled_wait_does_not_end_the_look_up(resolver: Resolver, names: FakeNames) -> None:
    names.open.clear()
    first = asyncio.ensure_future(resolver.addresses("db", 10))
    await wait_until_async(lambda: names.asked == 1)
    first.cancel()
    names.open.set()
    assert (await resolver.addresses("db", 10)).addresses == ("192.0.2.1",)
    assert first.cancelled()


async def test_names_that_cannot_be_names() -> None:
    for host in ("a" * 300 + ".example", "..", "nosuchname.invalid"):
        with pytest.raises(UnreachableError):
            await Resolver().addresses(host, 10)


def test_a_loop_that_has_ended_hurts_nobody(names: FakeNames) -> None:
    names.open.clear()
    resolver = Resolver(names, DaemonThreads(1, "test"), patience=0.1)
    with pytest.raises(TimedOutError):
        asyncio.run(resolver.addresses("db", 0.05))
    names.open.set()
    again = Resolver(names, resolver._threads)
    assert asyncio.run(again.addresses("db", 10)).addresses == ("192.0.2.1",)


def test_threads_are_few_reused_and_daemons() -> None:
    threads = DaemonThreads(3, "few")
    gate = threading.Event()
    done: list[str] = []

    def job() -> None:
        gate.wait(20)
        done.append(threading.current_thread().name)

    for _ in range(10):
        threads.submit(job)
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("few-")]
    assert len(mine) == 3
    assert all(thread.daemon for thread in mine)
    gate.set()
    wait_until(lambda: len(done) == 10)
    for _ in range(5):
        count = len(done)
        threads.submit(job)
        wait_until(lambda count=count: len(done) > count)  # type: ignore[misc]  # bound now, not later
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("few-")]) == 3
