import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from collectors.health._formats.read import parse
from collectors.health._parsed import Outcome
from console.lab import control
from console.lab.run import Lab
from console.lab.shop.wiring import Wiring
from console.lab.shopfloor import PROCESSES, READY
from tests.servers.processes import alive, command
from tests.servers.waiting import wait_until

INSTANCES = ("catalog", "orders-1", "orders-2", "payments")


@pytest.fixture(scope="module")
def wiring(lab: Lab) -> Wiring:
    return Wiring.load(lab.folder / "wiring.json")


@pytest.fixture
def folder(lab: Lab) -> Path:
    return lab.folder


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text())


def metrics(wiring: Wiring, instance: str) -> dict[str, float]:
    lines = httpx.get(wiring.url(instance) + "/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines if line[0] != "#")}


def active(wiring: Wiring, instance: str) -> tuple[float, float]:
    """Return the requests and the streams in flight."""
    told = metrics(wiring, instance)
    return told["http_server_active_requests"], told["http_server_active_streams"]


def is_ready(wiring: Wiring, instance: str) -> bool:
    try:
        return httpx.get(wiring.url(instance) + READY[instance], timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def refuses(wiring: Wiring, instance: str) -> bool:
    """Whether nobody listens any more."""
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", wiring.ports[instance])) != 0


@contextmanager
def silence(wiring: Wiring, folder: Path) -> Iterator[int]:
    """Hold the world still, customers and gateway, once nothing is in flight; yields its process id."""
    world = pid_of(folder, "world")

    def calm() -> bool:
        os.kill(world, signal.SIGSTOP)
        if all(active(wiring, name) == (0, 0) for name in INSTANCES):
            return True
        os.kill(world, signal.SIGCONT)
        time.sleep(0.05)
        return False

    try:
        wait_until(calm, 15, "no request in flight")
        yield world
    finally:
        os.kill(world, signal.SIGCONT)


@pytest.mark.parametrize("instance", INSTANCES)
def test_a_drain_puts_readiness_off_and_on_while_requests_are_served(wiring: Wiring, instance: str) -> None:
    drain, ready = wiring.url(instance) + "/drain", wiring.url(instance) + READY[instance]
    assert httpx.get(drain).json() == {"draining": False, "since": None}
    told = httpx.post(drain).json()
    assert told["draining"] is True
    age = datetime.now(UTC) - datetime.fromisoformat(told["since"])
    assert timedelta(0) <= age < timedelta(seconds=30)
    assert httpx.post(drain).json() == httpx.get(drain).json() == told
    answer = httpx.get(ready)
    assert answer.status_code == 503
    assert "draining" in answer.text
    assert parse(answer.content, dict(answer.headers)).outcome is Outcome.DRAINING
    works = {"catalog": "/v2/products/7", "payments": "/v2/charges"}.get(instance, "/v2/orders/1000000")
    served = {"catalog": 200, "payments": 405}.get(instance, 404)
    assert httpx.get(wiring.url(instance) + works).status_code == served
    assert httpx.delete(drain).json() == {"draining": False, "since": None}
    answer = httpx.get(ready)
    assert answer.status_code == 200
    assert parse(answer.content, dict(answer.headers)).outcome is Outcome.PASS


def test_beginning_and_end_of_a_drain_are_logged_once(wiring: Wiring) -> None:
    def told() -> list[str]:
        lines = [json.loads(line) for line in wiring.log("orders-2.jsonl").read_text().splitlines()]
        return [line["event"] for line in lines if line["event"].startswith("drain.")]

    before = told()
    for method in ("GET", "POST", "POST", "DELETE", "DELETE"):
        httpx.request(method, wiring.url("orders-2") + "/drain")
    assert told()[len(before) :] == ["drain.started", "drain.ended"]


def test_metrics_are_prometheus_text(wiring: Wiring) -> None:
    answer = httpx.get(wiring.url("catalog") + "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    types = [line.split()[2:] for line in answer.text.splitlines() if line.startswith("# TYPE ")]
    assert types == [
        ["http_server_active_requests", "gauge"],
        ["http_server_active_streams", "gauge"],
        ["http_requests_total", "counter"],
    ]


def test_the_gauge_rises_while_a_request_is_in_flight(wiring: Wiring, folder: Path) -> None:
    charge = {"order": 1, "amount": 100}
    with ThreadPoolExecutor(1) as pool, silence(wiring, folder) as world:
        before = metrics(wiring, "payments")["http_requests_total"]
        slow = pool.submit(httpx.post, wiring.url("payments") + "/v2/charges", json=charge, timeout=20)
        wait_until(lambda: active(wiring, "payments") == (1, 0), 10, "one request in flight")
        assert httpx.get(wiring.url("payments") + "/health/live").status_code == 200
        assert active(wiring, "payments") == (1, 0)
        assert metrics(wiring, "payments")["http_requests_total"] == before
        os.kill(world, signal.SIGCONT)
        assert slow.result(20).status_code == 200
    wait_until(lambda: active(wiring, "payments") == (0, 0), 15, "no request in flight")
    assert metrics(wiring, "payments")["http_requests_total"] > before


def events_of(answer: httpx.Response) -> Iterator[dict[str, object]]:
    """Yield the data of each event of a stream."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line[6:])


def test_a_stream_is_counted_apart(wiring: Wiring, folder: Path) -> None:
    url = wiring.url("orders-1") + "/v2/orders/stream"
    with silence(wiring, folder):
        with httpx.stream("GET", url, timeout=20) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            begin = time.monotonic()
            events = events_of(answer)
            assert [next(events)["instance"] for _ in range(2)] == ["orders-1", "orders-1"]
            # one a second
            assert time.monotonic() - begin > 0.8
            assert active(wiring, "orders-1") == (0, 1)
        wait_until(lambda: active(wiring, "orders-1") == (0, 0), 10, "the stream has ended with its client")


def test_a_stream_ends_whole_and_soon_when_the_service_is_told_to_end(wiring: Wiring, folder: Path) -> None:
    pid = pid_of(folder, "orders-2")
    with httpx.stream("GET", wiring.url("orders-2") + "/v2/orders/stream", timeout=20) as answer:
        events = events_of(answer)
        assert next(events)["instance"] == "orders-2"
        os.kill(pid, signal.SIGTERM)
        # a stream that was cut instead raises RemoteProtocolError
        assert len(list(events)) < 3
    wait_until(lambda: not alive(pid), 6, "orders-2 has ended")
    wait_until(lambda: is_ready(wiring, "orders-2"), 30, "orders-2 is back")
    assert pid_of(folder, "orders-2") != pid


def test_a_request_in_flight_finishes_after_sigterm(wiring: Wiring, folder: Path) -> None:
    pid = pid_of(folder, "payments")
    charge = {"order": 2, "amount": 100}
    with ThreadPoolExecutor(1) as pool, silence(wiring, folder) as world:
        slow = pool.submit(httpx.post, wiring.url("payments") + "/v2/charges", json=charge, timeout=20)
        wait_until(lambda: active(wiring, "payments") == (1, 0), 10, "one request in flight")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: refuses(wiring, "payments"), 5, "payments takes no more connections")
        # longer than a server lasts that waits for nothing
        time.sleep(0.5)
        assert alive(pid)
        os.kill(world, signal.SIGCONT)
        assert slow.result(20).status_code == 200
    wait_until(lambda: not alive(pid), 6, "payments has ended")
    wait_until(lambda: is_ready(wiring, "payments"), 30, "payments is back")
    assert httpx.get(wiring.url("payments") + "/drain").json()["draining"] is False


def test_a_drain_is_lost_on_restart(wiring: Wiring, folder: Path) -> None:
    pid = pid_of(folder, "orders-1")
    assert httpx.post(wiring.url("orders-1") + "/drain").json()["draining"] is True
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not alive(pid), 10, "orders-1 has ended")
    wait_until(lambda: is_ready(wiring, "orders-1"), 30, "orders-1 is back, and ready")


@pytest.mark.parametrize("name", PROCESSES)
def test_pid_files_name_living_processes(folder: Path, name: str) -> None:
    path = folder / f"{name}.pid"
    assert path.stat().st_mode & 0o777 == 0o600
    words = command(pid_of(folder, name))
    assert all(part in words for part in PROCESSES[name])
    assert str(folder) in words


async def test_a_process_that_rests_has_no_pid_file(lab: Lab, folder: Path) -> None:
    before = pid_of(folder, "worker")
    await control.start("worker-gone", folder)
    assert not (folder / "worker.pid").exists()
    assert not alive(before)
    await control.stop("worker-gone", folder)
    after = pid_of(folder, "worker")
    assert after != before
    assert alive(after)


def test_a_pid_file_is_whole_at_every_moment(tmp_path: Path) -> None:
    from console.lab.processes import write_private

    path = tmp_path / "x.pid"
    write_private(path, "1" * 5000)
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:

        def write() -> None:
            while not over.is_set():
                for digit in "12":
                    write_private(path, digit * 5000)

        writing = pool.submit(write)
        seen = [path.read_text() for _ in range(300)]
        over.set()
        writing.result(10)
    assert {len(text) for text in seen} == {5000}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.pid"]
