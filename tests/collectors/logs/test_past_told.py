"""The past of pods and containers: the follower's records, in windows, with what is kept no longer told."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Context
from collectors.logs import _past_program, _past_told, _told
from collectors.logs._formats.parser import Parser
from collectors.logs._past import Piece
from collectors.logs._past_told import ToldPast
from collectors.logs._pasts import AsksPast, past_of
from collectors.logs.command import CommandLogs
from collectors.logs.docker import DockerLogOptions, DockerLogs
from collectors.logs.file import FileOptions
from collectors.logs.kube import KubeLogOptions, KubeLogs
from collectors.model.logs import LogRecord
from collectors.transport.local import LocalHost
from collectors.transport.read.files_lines import Line
from collectors.transport.servers.kube_pods import pods_of
from collectors.transport.servers.state import Fault, ServerError
from tests.collectors.logs.following import Through
from tests.collectors.logs.test_past_remote import Counting
from tests.collectors.logs.test_told import NOW, add, following, stamp
from tests.servers.outside import Cluster, Daemon
from tests.servers.waiting import wait_until_async

BASE = int(NOW.timestamp())
"""The moment that ``stamp()`` tells."""

TRACE = ("Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no")


def lines(first: int, last: int) -> list[str]:
    """A line each second, the last one at about now; of all sorts, one a second after it should be."""
    made = []
    for number in range(first, last):
        at = stamp(number - last, number)
        kinds = (
            f'{{"level": "error", "n": {number}, "time": "{at}"}}',
            f"level=info n={number} took=3ms",
            f"plain {number}",
        )
        made.append(f"{at} {kinds[number % 3]}")
        made += [f"{at} {part}" for part in TRACE] if number % 10 == 0 else []
    return made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_told, "LOOK_EVERY", 0.2)
    monkeypatch.setattr(_told, "_FIRST", 0.05)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(tmp_path, monkeypatch)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    return Daemon(tmp_path, monkeypatch)


def kube(key: bytes | None = None, **options: Any) -> AsksPast:
    given = options or {"selector": "app=orders"}
    found = past_of("logs.kube", KubeLogOptions(**given), Context(collector="log"), key)
    assert isinstance(found, ToldPast)
    return found


def docker(key: bytes | None = None) -> AsksPast:
    found = past_of("logs.docker", DockerLogOptions(container="web"), Context(collector="log"), key)
    assert isinstance(found, ToldPast)
    return found


async def raw(asked: AsyncIterator[Piece]) -> list[bytes]:
    return [line for piece in [one async for one in asked] for line in piece.lines]


async def texts(asked: AsyncIterator[Piece]) -> list[str]:
    return [line.decode().partition(" - F ")[2] for line in await raw(asked)]


def facts(records: Sequence[LogRecord]) -> list[tuple[object, ...]]:
    return [(one.time, one.timed, one.severity, one.message, one.raw, one.fields) for one in records]


def parsed(found: Sequence[bytes]) -> list[LogRecord]:
    parser = Parser()
    return parser.parse(map(Line, found), 0.0, 0.0) + parser.flush(0.0, force=True)


async def test_a_pod_tells_of_the_past_what_was_followed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 700)
    add(cluster.pod("orders-1"), *lines(0, 90), f"{stamp()} last")
    add(cluster.pod("orders-2"), f"{stamp()} of another pod")
    async with following(KubeLogs, KubeLogOptions(selector="app=orders")) as logs:
        await logs.until(lambda: "last" in logs.messages("orders-1"))
        batches = [one for one in logs.batches if one.subject.label == "orders-1"]
        followed = [record for batch in batches for record in batch.records]
        key = batches[0].subject.id.key
    past = kube(key)
    assert await past.estimate() is None
    assert not past.newest_first
    pieces = [piece async for piece in past.pieces()]
    assert len(pieces) > 5
    assert facts(parsed([line for piece in pieces for line in piece.lines])) == facts(followed)
    assert sum("ValueError: no" in f"{record.message} {record.fields}" for record in followed) == 9
    assert past.coverage.bytes == sum(piece.read for piece in pieces)
    assert (past.coverage.unread, past.coverage.capped) == ([], False)
    both = await texts(kube().pieces())
    assert both[-2:] == ["last", "of another pod"]


async def test_a_container_tells_of_the_past_what_was_followed(daemon: Daemon) -> None:
    add(daemon.container("web"), *lines(0, 90), f"{stamp()} last")
    async with following(DockerLogs, DockerLogOptions(container="web")) as logs:
        await logs.until(lambda: "last" in logs.messages("web"))
        followed = [record for batch in logs.batches for record in batch.records]
        key = logs.batches[0].subject.id.key
    assert facts(parsed(await raw(docker(key).pieces()))) == facts(followed)
    daemon.container("web", made="2")
    with pytest.raises(ServerError, match="log: not there") as caught:
        await raw(docker(key).pieces())
    assert "its log went with it" in caught.value.hint


@pytest.mark.parametrize("kind", ["kube", "docker"])
async def test_a_window_is_cut(
    cluster: Cluster, daemon: Daemon, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(_past_program, "SLACK", 0.0)
    log = cluster.pod("orders-1") if kind == "kube" else daemon.container("web")
    add(log, *(f"{stamp(number - 100)} n={number}" for number in range(100)))
    past = kube() if kind == "kube" else docker()

    async def numbers(first: float | None, last: float | None) -> list[int]:
        window = (None if one is None else BASE - 100 + one for one in (first, last))
        return [int(text.removeprefix("n=")) for text in await texts(past.pieces(*window))]

    # a bound of kubectl is a whole second
    assert await numbers(None, None) == list(range(100))
    assert (await numbers(49.9, None))[-50:] == list(range(50, 100))
    assert await numbers(None, 9.9) == list(range(10))
    some = await numbers(39.9, 60.9)
    assert some[-21:] == list(range(40, 61))
    assert len(some) <= 22
    assert await numbers(60.0, 50.0) == []
    assert await numbers(-500.0, -400.0) == []


async def test_behind_the_window_kubectl_is_ended(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 1000)
    add(cluster.pod("orders-1"), *(f"{stamp(number - 5000)} n={number}" for number in range(5000)))
    past = kube()
    got = await texts(past.pieces(None, BASE - 4000))
    assert got[0] == "n=0"
    assert 1050 <= len(got) <= 1062
    assert past.coverage.bytes < 60_000
    assert not past.coverage.capped


async def test_the_run_before_comes_first_and_what_is_lost_is_told(cluster: Cluster) -> None:
    log = cluster.pod("orders-1", restarts=3, began=stamp(-600))
    add(log.with_name("orders-1.previous.log"), f"{stamp(-500)} before", f"{stamp(-400)} it crashed")
    add(log, f"{stamp(-10)} up again")
    past = kube()
    assert await texts(past.pieces()) == ["before", "it crashed", "up again"]
    assert past.coverage.unread == [
        ("orders-1", "the logs of 2 runs before a restart are kept no longer"),
    ]
    assert await texts(past.pieces(BASE - 450)) == ["before", "it crashed", "up again"]
    assert past.coverage.unread == []
    assert await texts(past.pieces(BASE - 200)) == ["up again"]
    await raw(past.pieces(BASE - 3600))
    assert len(past.coverage.unread) == 1
    # it may have gone since we looked
    log.with_name("orders-1.previous.log").unlink()
    cluster.state["pods"][0]["previous"] = ""
    cluster.save()
    assert await texts(past.pieces(BASE - 450)) == ["up again"]
    ((name, why),) = past.coverage.unread
    assert (name, "previous terminated container" in why) == ("orders-1", True)


def test_how_often_a_container_was_started_is_read() -> None:
    status = {"name": "app", "restartCount": 1, "state": {"running": {"startedAt": "b"}}}
    pod = {"spec": {"containers": [{"name": "app"}]}, "status": {"containerStatuses": [status]}}
    (one,) = pods_of(pod)[0].runs_of
    assert (one.restarts, one.previous, one.started, one.began) == (1, False, "b", "b")
    status["lastState"] = {"terminated": {"startedAt": "a"}}
    (one,) = pods_of(pod)[0].runs_of
    assert (one.restarts, one.previous, one.started, one.began) == (1, True, "b", "a")


@pytest.mark.parametrize("kind", ["kube", "docker"])
async def test_a_log_that_begins_late_is_told(cluster: Cluster, daemon: Daemon, kind: str) -> None:
    def put(started: str) -> Path:
        if kind == "kube":
            return cluster.pod("orders-1", started=started)
        return daemon.container("web", Created=started)

    async def unread(since: float | None, until: float | None = None) -> list[str]:
        await raw(past.pieces(since, until))
        return [why for _, why in past.coverage.unread]

    past = kube() if kind == "kube" else docker()
    add(put(stamp(-7200)), f"{stamp(-3600)} the first that is kept", f"{stamp(-10)} last")
    begins = f"its log is kept from {stamp(-3600)[:19]}Z on: what it told before that is gone"
    (why,) = await unread(None)
    assert why.startswith(begins)
    (why,) = await unread(BASE - 5000)
    assert why.startswith(begins)
    (why,) = await unread(BASE - 5000, BASE - 4000)
    assert why.startswith(begins)
    assert await unread(BASE - 9000, BASE - 8000) == []
    # it is quiet, and nothing is gone
    assert await unread(BASE - 1800) == []
    assert await unread(BASE - 3590) == []
    assert await unread(BASE - 5) == []
    put("somewhen")
    assert await unread(None) == []
    put(stamp(-3601))
    assert await unread(None) == await unread(BASE - 5000) == []


async def test_one_of_several_that_fails_is_told_beside_the_others(cluster: Cluster) -> None:
    add(cluster.pod("orders-1"), f"{stamp(-5)} one")
    add(cluster.pod("orders-2"), f"{stamp(-5)} two")
    cluster.state["pods"][0]["spec"] = {"containers": [{"name": "web"}]}
    cluster.save()
    past = kube(selector="app=orders", container="app")
    assert await texts(past.pieces()) == ["two"]
    ((name, why),) = past.coverage.unread
    assert name == "orders-1"
    assert "container app is not valid for pod orders-1" in why
    with pytest.raises(ServerError) as caught:
        await raw(kube(b"orders-1-uid", selector="app=orders", container="app").pieces())
    assert "container app is not valid" in caught.value.hint


async def test_what_kubectl_refuses_is_raised_with_a_remedy(cluster: Cluster) -> None:
    cluster.pod("orders-1")
    cluster.complain("error: You must be logged in to the server (Unauthorized)")
    with pytest.raises(ServerError) as caught:
        await raw(kube().pieces())
    assert caught.value.fault is Fault.AUTH
    assert "log in to the cluster" in caught.value.hint


async def test_more_than_are_read_are_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_past_told, "MOST", 1)
    for number in (1, 2):
        log = cluster.pod(f"orders-{number}", created=f"2025-01-0{number}T00:00:00Z")
        add(log, f"{stamp(-5)} n={number}")
    past = kube()
    assert await texts(past.pieces()) == ["n=2"]
    assert past.coverage.unread == [("1 more", "at most 1 logs are read")]


async def test_a_limit_is_kept_over_all_of_them(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        add(cluster.pod(f"orders-{number}"), *(f"{stamp(-5)} n={n}" for n in range(100)))
    past = kube()
    got = await texts(past.pieces(cap=5000))
    assert past.coverage.capped
    assert past.coverage.bytes == 5000
    assert 100 < len(got) < 200
    assert got[:100] == [f"n={n}" for n in range(100)]


async def test_long_lines_are_cut_as_they_are_followed(daemon: Daemon) -> None:
    add(daemon.container("web"), f"{stamp(-5)} {'y' * 5000}", f"{stamp(-4)} after", f"{stamp(-3)} NEEDLE")
    options = DockerLogOptions(container="web", max_line=1024)
    async with following(DockerLogs, options) as logs:
        await logs.until(lambda: len(logs.messages("web")) == 3)
        followed = [record.raw for batch in logs.batches for record in batch.records]
    past = past_of("logs.docker", options, Context(collector="log"))
    assert past is not None
    assert await raw(past.pieces()) == followed
    assert past.coverage.cut_bytes > 3900
    assert await texts(past.pieces(contains=b"needle", any_case=True)) == ["NEEDLE"]
    assert await texts(past.pieces(contains=b"needle")) == []


def running(folder: Path) -> list[str]:
    """The stand-ins that run for this test."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"STANDIN_DAEMON={folder}".encode() in environment:
                found.append(entry.name)
    return found


@pytest.mark.parametrize("how", ["left", "cancelled"])
async def test_who_wants_no_more_leaves_nothing_running(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 4096)
    # more than the pipes hold, so that docker waits for us
    add(daemon.container("web"), *(f"{stamp(-5)} n={n} {'y' * 200}" for n in range(5000)))
    pieces = docker().pieces()
    await anext(pieces)
    assert running(daemon.folder)
    if how == "left":
        async with aclosing(pieces):  # type: ignore[type-var] # a generator
            pass
    else:

        async def ask() -> None:
            async for _ in pieces:
                await asyncio.sleep(3600)

        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.wait({asking}, timeout=20)
        await pieces.aclose()  # type: ignore[attr-defined] # a generator
    # what was killed takes a moment to be gone
    await wait_until_async(lambda: not running(daemon.folder), what="docker is gone")


def test_what_has_no_past_has_none() -> None:
    here = Context(collector="log")
    assert past_of("logs.command", CommandLogs.Options(argv=("echo",)), here) is None
    assert past_of("logs.file", FileOptions(path="/var/log/app.log"), here) is None
    server = Context(collector="log", server="web-1", dialer=Through(LocalHost()))
    assert past_of("logs.file", FileOptions(path="/var/log/*.log"), server) is None


async def test_a_file_on_a_server_is_one_of_them(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    add(log, *(f'{{"n": {n}, "time": "{stamp(-5)}"}}' for n in range(10)))
    context = Context(collector="log", server="web-1", dialer=Through(Counting()))
    past = past_of("logs.file", FileOptions(path=f"{tmp_path}/*.log"), context, os.fsencode(log))
    assert past is not None
    assert past.newest_first
    assert await past.estimate(BASE - 60, BASE + 60) == log.stat().st_size
    assert len(await raw(past.pieces(BASE - 60, BASE + 60))) == 10
