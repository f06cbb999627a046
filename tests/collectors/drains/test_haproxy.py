import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Context
from collectors.drains.haproxy import HaproxyDrain, HaproxyDrainOptions, url_of
from collectors.drains.haproxy.table import forced, servers
from collectors.errors import (
    AccessError,
    AnswerError,
    OptionsError,
    SourceError,
    TimedOutError,
    UnreachableError,
)
from collectors.model.drains import Phase
from collectors.model.quantity import Known, Quantity
from collectors.transport.endpoint import UnixDial
from collectors.transport.read.haproxy import COMMANDS, HaproxyReader
from tests.collectors.drains.looking import Customers, Gated, by_key
from tests.servers.haproxy import Haproxy, haproxy
from tests.servers.waiting import wait_until, wait_until_async
from tests.servers.web import raw_server, uvicorn_server

SHOP = """
frontend www
    bind 127.0.0.1:{www}
    default_backend shop
backend shop
    server web-1 127.0.0.1:{app}
    server web-2 127.0.0.1:{app}
    server web-3 127.0.0.1:{dead} check inter 100 fall 1
    server spare 127.0.0.1:{app} backup
backend mail
    mode tcp
    server smtp 127.0.0.1:{app}
"""


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
def app(gated: Gated) -> Iterator[int]:
    with uvicorn_server(gated) as port:
        yield port
        gated.gate.set()


@pytest.fixture
def www(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def balancer(app: int, www: int, free_port: Callable[[], int]) -> Iterator[Haproxy]:
    with haproxy(SHOP.format(www=www, app=app, dead=free_port()), free_port()) as server:
        wait_until(lambda: "DOWN" in server.tell("show stat"), 15, "the dead server is down")
        yield server


def collector(place: object, **more: Any) -> HaproxyDrain:
    options = HaproxyDrainOptions(socket=str(place), **more)
    return HaproxyDrain(options, Context(collector="lb", attribute=(("shop*", "orders"),), timeout=5.0))


def number(quantity: Quantity) -> float:
    assert quantity.value is not None, quantity
    return quantity.value


async def test_every_server_has_its_word_its_phase_and_its_peers(balancer: Haproxy) -> None:
    found = by_key(await collector(balancer.user).collect())
    assert set(found) == {"shop/web-1", "shop/web-2", "shop/web-3", "shop/spare", "mail/smtp"}
    web, down, spare, smtp = (found[key] for key in ("shop/web-1", "shop/web-3", "shop/spare", "mail/smtp"))
    assert (web.state, web.phase, web.ready) == ("no check", Phase.SERVING, True)
    assert (down.phase, down.ready) == (Phase.NOT_READY, False)
    assert down.state.startswith("DOWN")
    assert {one.ready_peers.value for one in (web, down, spare)} == {3}
    assert {one.peers.value for one in (web, down, spare)} == {4}
    assert (smtp.ready_peers.value, smtp.peers.value) == (1, 1)
    assert "backup" in spare.note
    assert web.subject.service == "orders"
    assert smtp.subject.service == ""
    assert smtp.in_flight.known is Known.UNKNOWN
    assert web.in_flight.value == 0
    assert web.elapsed.known is Known.UNKNOWN


async def test_a_drain_is_watched_until_the_last_session_ends(
    balancer: Haproxy, www: int, gated: Gated
) -> None:
    watch = collector(balancer.user, backend="sh*")
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(6)
        await wait_until_async(lambda: gated.slow == 6, 15, "all requests are on their way")
        assert balancer.tell("set server shop/web-1 state drain") == ""
        found = by_key(await watch.collect())
        web = found["shop/web-1"]
        assert "mail/smtp" not in found
        assert (web.state, web.phase, web.ready, web.phase.leaving) == ("DRAIN", Phase.DRAINING, False, True)
        assert (web.sessions.value, web.in_flight.value) == (3, 3)
        assert (web.ready_peers.value, web.peers.value) == (2, 4)
        assert 0 <= number(web.elapsed) <= 5
        assert next(iter(found)) != "shop/web-2", "those that do not serve come first"
        customers.come(4)
        await wait_until_async(lambda: gated.slow == 10, 15, "the others take what comes")
        found = by_key(await watch.collect())
        assert (found["shop/web-1"].sessions.value, found["shop/web-2"].sessions.value) == (3, 7)
        gated.gate.set()
        assert await customers.leave() == [200] * 10
        assert by_key(await watch.collect())["shop/web-1"].sessions.value == 0


async def test_what_has_just_come_is_its_traffic(balancer: Haproxy, www: int, gated: Gated) -> None:
    gated.gate.set()
    watch = collector(balancer.user)

    async def seen() -> bool:
        async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
            customers.come(8)
            await customers.leave()
        return number(by_key(await watch.collect())["shop/web-1"].traffic) > 0

    await wait_until_async(seen, 15, "a rate above 0")


async def test_a_weight_of_0_is_a_drain_though_its_word_is_not(balancer: Haproxy) -> None:
    watch = collector(balancer.user)
    balancer.tell("set server shop/web-2 weight 0")
    web = by_key(await watch.collect())["shop/web-2"]
    assert (web.state, web.phase, web.ready) == ("no check", Phase.DRAINING, False)
    assert "weight to 0" in web.note
    assert web.ready_peers.value == 2
    assert web.elapsed.known is Known.AT_LEAST, "HAProxy does not tell since when"
    balancer.tell("set server shop/web-2 state drain")
    assert "weight" not in by_key(await watch.collect())["shop/web-2"].note


async def test_maintenance_and_the_way_back(balancer: Haproxy) -> None:
    watch = collector(balancer.user)
    balancer.tell("set server shop/web-1 state maint")
    web = by_key(await watch.collect())["shop/web-1"]
    assert (web.state, web.phase, web.ready) == ("MAINT", Phase.NOT_READY, False)
    balancer.tell("set server shop/web-1 state ready")
    web = by_key(await watch.collect())["shop/web-1"]
    assert (web.phase, web.ready, web.elapsed.known) == (Phase.SERVING, True, Known.UNKNOWN)


async def test_a_tcp_socket_tells_the_same(balancer: Haproxy) -> None:
    by_tcp = await collector(f"127.0.0.1:{balancer.stats}").collect()
    by_path = await collector(f"unix://{balancer.admin}").collect()
    assert by_key(by_tcp).keys() == by_key(by_path).keys()
    assert by_tcp.cost.requests == 2
    assert by_tcp.cost.bytes > 500


async def test_a_glob_that_fits_nothing_says_so(balancer: Haproxy) -> None:
    sweep = await collector(balancer.user, backend="shpo").collect()
    assert sweep.readings == ()
    assert sweep.note == "no backend matches 'shpo'"


async def test_looking_changes_nothing(balancer: Haproxy) -> None:
    def numbers() -> list[str]:
        lines = [line.split() for line in balancer.tell("show servers state").split("\n")[2:]]
        return [" ".join(line[:9] + line[10:]) for line in lines]

    before = numbers()
    for _ in range(3):
        await collector(balancer.admin).collect()
    assert numbers() == before


# what goes wrong


async def test_what_does_not_exist_and_what_may_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="no such socket") as caught:
        await collector(tmp_path / "gone.sock").collect()
    assert "stats socket" in caught.value.hint
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreachableError, match="refused"):
        await collector(tmp_path / "file").collect()


@pytest.mark.parametrize(
    ("answer", "kind", "why", "hint"),
    [
        (b"Permission denied\n\n", AccessError, "permission denied", "level"),
        (b"Unknown command: 'show stat'\n", AnswerError, "does not know the question", "master's"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", AnswerError, "not HAProxy: HTTP/1.1 400", "what listens on"),
        (b"", AnswerError, "not HAProxy: an empty answer", "what listens on"),
        (b"# pxname,type\nshop,2\n", AnswerError, "lack pxname, svname or status", "1.5"),
        (b"# pxname,svname,type,status\nshop,a,2,UP\n", AnswerError, "lacks srv_admin_state", "1.6"),
    ],
)
async def test_what_is_no_answer_of_a_haproxy(
    answer: bytes, kind: type[SourceError], why: str, hint: str
) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        await writer.drain()

    async with raw_server(say, read=False) as server:
        with pytest.raises(kind, match=why) as caught:
            await collector(f"127.0.0.1:{server.port}").collect()
        assert hint in caught.value.hint


async def test_one_that_never_ends_is_given_up_in_time() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"#")
            await asyncio.sleep(0.02)

    async with raw_server(drip, read=False) as server:
        slow = HaproxyDrain(
            HaproxyDrainOptions(socket=f"127.0.0.1:{server.port}"), Context(collector="lb", timeout=0.5)
        )
        with pytest.raises(TimedOutError, match="no answer in"):
            await slow.collect()


async def test_endless_text_is_not_kept() -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"#" * 65536)
            await writer.drain()

    async with raw_server(flood, read=False) as server:
        with pytest.raises(AnswerError, match="more than 8 MiB"):
            await collector(f"127.0.0.1:{server.port}").collect()


async def test_the_reader_sends_two_commands_and_no_other() -> None:
    assert {"show stat", "show servers state"} == COMMANDS
    reader = HaproxyReader(1.0)
    for command in ("set server a/b state drain", "show stat;disable server a/b", "show env", "show stat\n"):
        with pytest.raises(ValueError, match="only look"):
            await reader.ask(UnixDial("/nowhere"), command)


@pytest.mark.parametrize("place", ["admin.sock", "localhost", ":99", "host:", "http://host:1"])
def test_a_socket_that_names_no_place_is_refused(place: str) -> None:
    with pytest.raises(OptionsError, match=r"neither|port"):
        url_of(place)


# words that the real one is hard to bring to


def test_every_word_has_its_phase() -> None:
    head = "# pxname,svname,status,weight,type,scur,mode,bck,qcur,rate,lastchg"
    phases = {
        "UP": Phase.SERVING,
        "UP 1/3": Phase.SERVING,
        "UP (via shop/web-1)": Phase.SERVING,
        "DOWN 1/2": Phase.NOT_READY,
        "DOWN (agent)": Phase.NOT_READY,
        "MAINT (resolution)": Phase.NOT_READY,
        "MAINT (via shop/web-1)": Phase.NOT_READY,
        "DRAIN (agent)": Phase.DRAINING,
        "NOLB": Phase.DRAINING,
        "NOLB 2/3": Phase.DRAINING,
        "something new": Phase.UNKNOWN,
    }
    lines = [f"shop,s{at},{word},1,2,1,http,0,0,0,9," for at, word in enumerate(phases)]
    told = list(servers("\n".join([head, "shop,BACKEND,UP,1,1,,,,,,,", *lines])))
    assert {server.word: server.phase for server in told} == phases
    assert not any(replace(server, weight=0.0).up for server in told)


def test_a_drain_that_another_server_hands_on_is_one_too() -> None:
    text = "1\n# be_name srv_name srv_admin_state\n"
    assert forced(text) == frozenset()
    rows = "1 shop a 8\n1 shop b 16\n1 shop c 5\n1 shop d 0\n"
    numbered = f"1\n# be_id be_name srv_name srv_admin_state\n{rows}"
    assert forced(numbered) == {b"shop/a", b"shop/b"}
