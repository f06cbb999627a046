"""logs.kube and logs.docker: streams come and go, and each line comes once, whatever breaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.logs import _told
from collectors.logs._following import FollowedLogs
from collectors.logs.docker import DockerLogOptions, DockerLogs
from collectors.logs.kube import KubeLogOptions, KubeLogs
from collectors.model.logs import LogBatch, LogReading
from collectors.model.sweep import Sweep
from collectors.transport.read.told import ToldTail
from collectors.transport.servers.state import Fault, ServerError
from tests.servers.outside import Cluster, Daemon

NOW = datetime.now(UTC)


def stamp(seconds: float = 0.0, nanos: int = 0) -> str:
    return f"{NOW + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def add(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


class Logs:
    def __init__(self, collector: FollowedLogs[Any], batches: list[LogBatch]) -> None:
        self.collector = collector
        self.batches = batches
        self.sweep: Sweep | None = None

    async def until(self, done: Callable[[], bool], deadline: float = 20.0) -> None:
        async with asyncio.timeout(deadline):
            while not done():
                self.sweep = await self.collector.collect()
                await asyncio.sleep(0.02)

    def messages(self, label: str) -> list[str]:
        return [
            str(record.message)
            for batch in self.batches
            if batch.subject.label == label
            for record in batch.records
        ]

    @property
    def readings(self) -> dict[str, LogReading]:
        found = self.sweep.readings if self.sweep else ()
        return {str(one.subject.label): one for one in found if isinstance(one, LogReading)}


@asynccontextmanager
async def following(cls: type[FollowedLogs[Any]], options: Any, **more: Any) -> AsyncIterator[Logs]:
    batches: list[LogBatch] = []
    collector = cls(options, Context(collector="log", every=1.0, emit=batches.append, **more))
    await collector.open()
    try:
        yield Logs(collector, batches)
    finally:
        await collector.close()


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


async def test_pods_come_and_go_as_streams_of_their_own(cluster: Cluster) -> None:
    one, two = cluster.pod("orders-1"), cluster.pod("orders-2")
    cluster.pod("orders-3", phase="Pending", ready=False)
    cluster.pod("other", labels={"app": "other"})
    add(one, f"{stamp(-3600)} too old", f"{stamp(-60)} before we came")
    add(two, f'{stamp(-60)} {{"level": "error", "message": "structured"}}')
    options = KubeLogOptions(selector="app=orders")
    async with following(KubeLogs, options, service="orders") as logs:
        await logs.until(lambda: bool(logs.messages("orders-1") and logs.messages("orders-2")))
        assert logs.messages("orders-1") == ["before we came"]
        assert logs.messages("orders-2") == ["structured"]
        record = logs.batches[0].records[0]
        # a line that tells no time has the runtime's
        assert abs(record.time - (NOW.timestamp() - 60)) < 1.1
        assert {(label, str(one.word)) for label, one in logs.readings.items()} == {
            ("orders-1", "following"),
            ("orders-2", "following"),
        }
        three = cluster.pod("orders-3")
        add(three, f"{stamp()} hello")
        add(two, f"{stamp()} goodbye")
        cluster.remove("orders-2")
        await logs.until(lambda: set(logs.readings) == {"orders-1", "orders-3"})
        assert logs.messages("orders-2") == ["structured", "goodbye"]
        await logs.until(lambda: logs.messages("orders-3") == ["hello"])


async def test_each_line_comes_once_and_in_order_through_what_breaks(cluster: Cluster) -> None:
    log = cluster.pod("orders-1")
    async with following(KubeLogs, KubeLogOptions(target="orders-1")) as logs:
        for part in range(4):
            numbers = range(part * 500, part * 500 + 500)
            # many in one second, and some in the same instant: kubectl goes on at a whole second
            add(log, *(f"{stamp(0, number // 3)} n={number}" for number in numbers))
            expected = (part + 1) * 500
            await logs.until(lambda expected=expected: len(logs.messages("orders-1")) >= expected)  # type: ignore[misc]
            cluster.cut("orders-1")
            starts = part + 1
            await logs.until(lambda starts=starts: _extra(logs, "kube.starts") >= starts)  # type: ignore[misc]
        add(log, f"{stamp(1)} the end")
        await logs.until(lambda: "the end" in logs.messages("orders-1")[-1])
    assert logs.messages("orders-1") == [*(f"n={number}" for number in range(2000)), "the end"]


def _extra(logs: Logs, name: str) -> float:
    (reading,) = logs.readings.values()
    return dict(reading.extra)[name].value or 0


async def test_what_kubectl_refuses_is_the_failure(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    async with following(KubeLogs, KubeLogOptions(target="deploy/orders")) as logs:
        with pytest.raises(ServerError, match="log: not there") as caught:
            await logs.collector.collect()
        assert 'deployments.apps "orders" not found' in caught.value.hint
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(ServerError) as caught:
            await logs.collector.collect()
        assert caught.value.fault is Fault.PROGRAM


async def test_a_container_that_a_pod_does_not_have_is_said_in_its_row(cluster: Cluster) -> None:
    cluster.pod("orders-1")
    options = KubeLogOptions(target="orders-1", container="nope")
    async with following(KubeLogs, options) as logs:
        await logs.until(lambda: bool(logs.readings) and str(logs.readings["orders-1"].word) == "failed")
        assert "container nope is not valid for pod orders-1" in str(logs.readings["orders-1"].note)


async def test_a_container_and_the_one_that_replaces_it(daemon: Daemon) -> None:
    log = daemon.container("web")
    add(log, f"{stamp(-1)} before")
    async with following(DockerLogs, DockerLogOptions(container="web")) as logs:
        await logs.until(lambda: logs.messages("web") == ["before"])
        second = daemon.container("web", made="2")
        add(second, f"{stamp()} after")
        await logs.until(lambda: logs.messages("web") == ["before", "after"])
        await logs.until(lambda: len(logs.sweep.readings) == 1 if logs.sweep else False)
        daemon.container("web", made="2", status="exited")
        await logs.until(lambda: str(logs.readings["web"].word) == "ended")
        daemon.remove("web")
        with pytest.raises(ServerError, match="log: not there"):
            await logs.until(lambda: False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name either"),
        ({"target": "a", "selector": "b"}, "name either"),
        ({"target": "-a"}, "target: must not begin with a hyphen"),
    ],
)
def test_options_that_name_no_pods(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KubeLogOptions(**options)


async def test_a_server_is_refused() -> None:
    with pytest.raises(OptionsError, match="kubectl runs on this machine"):
        async with following(KubeLogs, KubeLogOptions(target="a"), server="web-1"):
            pass
    with pytest.raises(OptionsError, match="docker runs on this machine"):
        async with following(DockerLogs, DockerLogOptions(container="a"), server="web-1"):
            pass


def test_a_tail_knows_what_it_had_by_instant_and_number() -> None:
    tail = ToldTail("k", "web", began=100.0, back=10.0)
    assert tail.since == "1970-01-01T00:01:30.000000000Z"
    tail.begin()
    tail.put(b"1970-01-01T00:01:31.5Z a\n1970-01-01T02:01:31.5+02:00 b\n1970-01-01T00:01:31.2Z late\nnoise\n")
    got = tail.read(1000, 0.0, 0.0)
    assert [line.data.partition(b" F ")[2] for line in got.lines] == [b"a", b"b", b"late"]
    assert (got.backlog, tail.said, tail.since) == (True, "noise", "1970-01-01T00:01:31.500000000Z")
    tail.begin()
    tail.put(b"1970-01-01T00:01:31.2Z late\n1970-01-01T00:01:31.5Z a\n1970-01-01T00:01:31.5Z b\n")
    tail.put(b"1970-01-01T00:01:31.5Z c\n1970-01-01T00:01:41Z new\n")
    got = tail.read(1000, 0.0, 0.0)
    assert ([line.data[-1:] for line in got.lines], got.backlog) == ([b"c"], True)
    got = tail.read(1000, 0.0, 0.0)
    assert ([line.data[-3:] for line in got.lines], got.backlog) == ([b"new"], False)
    assert (got.status.starts, got.status.modified) == (1, 101.0)
