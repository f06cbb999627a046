import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest

from console.lab.processes import LOCK, LabError, sweep
from console.lab.run import Lab
from console.lab.servers import haproxy
from console.lab.servers.haproxy import HAProxy
from console.lab.shop.wiring import ORDERS, Wiring
from console.lab.shopfloor import ShopFloor, balancer
from tests.servers.debian import program
from tests.servers.processes import alive
from tests.servers.waiting import wait_until


@pytest.fixture(scope="module", autouse=True)
def installed() -> str:
    return program("haproxy", "haproxy")


@pytest.fixture(scope="module")
def wiring(installed: str, lab: Lab) -> Wiring:
    return Wiring.load(lab.folder / "wiring.json")


@pytest.fixture
def nowhere() -> Iterator[HAProxy]:
    """Start one whose only server is not there."""
    with HAProxy("orders", {"orders-1": 1}) as server:
        yield server


def ask(wiring: Wiring, command: str) -> str:
    """Send a command to the lab's stats socket."""
    return haproxy.ask(Path(wiring.stats_socket), command)


def states(wiring: Wiring) -> tuple[str, str]:
    """Return what HAProxy holds orders-1 and orders-2 for."""
    found = haproxy.states(Path(wiring.stats_socket), "orders")
    return found["orders-1"], found["orders-2"]


def metrics(wiring: Wiring, instance: str) -> str:
    return httpx.get(wiring.url(instance) + "/metrics").text


def served(wiring: Wiring, instance: str) -> int:
    """Return how many requests an instance has answered."""
    return int(metrics(wiring, instance).rpartition("http_requests_total ")[2])


class Customer:
    """Asks the frontend for an order that does not exist, again and again, and keeps what was answered."""

    def __init__(self, wiring: Wiring) -> None:
        self.url = wiring.frontend + "/v2/orders/1000000"
        self.over = threading.Event()
        self.answers: list[int | str] = []
        self.thread = threading.Thread(target=self.live)

    def live(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self.over.wait(0.02):
                try:
                    self.answers.append(client.get(self.url).status_code)
                except httpx.HTTPError as problem:
                    self.answers.append(repr(problem))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join(30)


def test_a_drained_instance_gets_no_requests_and_none_fails(wiring: Wiring) -> None:
    wait_until(lambda: states(wiring) == ("UP", "UP"), 10, "both take requests")
    with Customer(wiring) as customer:
        wait_until(lambda: len(customer.answers) > 10, 10, "requests pass through")
        httpx.post(wiring.url("orders-1") + "/drain")
        wait_until(lambda: states(wiring) == ("DOWN", "UP"), 3, "orders-1 is out")
        wait_until(lambda: "active_requests 0" in metrics(wiring, "orders-1"), 10, "the last is answered")
        before = served(wiring, "orders-1"), served(wiring, "orders-2")
        wait_until(lambda: served(wiring, "orders-2") > before[1] + 20, 20, "orders-2 serves alone")
        assert served(wiring, "orders-1") == before[0]
        httpx.delete(wiring.url("orders-1") + "/drain")
        wait_until(lambda: served(wiring, "orders-1") > before[0] + 5, 10, "orders-1 serves again")
    assert set(customer.answers) == {404}


def test_customers_come_through_the_frontend(wiring: Wiring) -> None:
    httpx.post(wiring.url("orders-2") + "/drain")
    try:
        wait_until(lambda: states(wiring) == ("UP", "DOWN"), 5, "orders-2 is out")
        before = served(wiring, "orders-1"), served(wiring, "orders-2")
        wait_until(lambda: served(wiring, "orders-1") > before[0] + 2, 30, "customers come")
        assert served(wiring, "orders-2") == before[1]
    finally:
        httpx.delete(wiring.url("orders-2") + "/drain")


def test_the_stats_socket_is_private_and_takes_orders(wiring: Wiring) -> None:
    assert Path(wiring.stats_socket).stat().st_mode & 0o777 == 0o600
    assert Path(wiring.stats_socket).parent.stat().st_mode & 0o777 == 0o700
    assert ask(wiring, "set server orders/orders-2 state drain").strip() == ""
    wait_until(lambda: states(wiring)[1] == "DRAIN", 5, "orders-2 drains")
    ask(wiring, "set server orders/orders-2 state ready")
    wait_until(lambda: states(wiring)[1] == "UP", 5, "orders-2 is back")
    assert "No such server" in ask(wiring, "set server orders/orders-9 state drain")


def test_an_instance_that_is_drained_first_ends_and_no_request_fails(wiring: Wiring, lab: Lab) -> None:
    wait_until(lambda: states(wiring) == ("UP", "UP"), 10, "both take requests")
    pid = int((lab.folder / "orders-1.pid").read_text())
    with Customer(wiring) as customer:
        httpx.post(wiring.url("orders-1") + "/drain")
        wait_until(lambda: states(wiring) == ("DOWN", "UP"), 3, "orders-1 is out")
        wait_until(lambda: "active_requests 0" in metrics(wiring, "orders-1"), 10, "the last is answered")
        before = len(customer.answers)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not alive(pid), 10, "orders-1 has ended")
        # the drain is lost with the process
        wait_until(lambda: states(wiring) == ("UP", "UP"), 30, "orders-1 is back")
    assert len(customer.answers) > before
    assert set(customer.answers) == {404}


def test_it_is_one_private_process(nowhere: HAProxy) -> None:
    assert nowhere.folder.stat().st_mode & 0o777 == 0o700
    assert (nowhere.folder / "haproxy.cfg").stat().st_mode & 0o777 == 0o600
    assert haproxy.ask(nowhere.socket, "show info").startswith("Name: HAProxy")
    wait_until(lambda: nowhere.states() == {"orders-1": "DOWN"}, 5, "nobody is there")
    assert httpx.get(nowhere.url + "/v2/orders/1").status_code == 503
    owner = Path(f"/proc/{nowhere.pid}").stat().st_uid
    assert owner == os.geteuid() or (os.geteuid() == 0 and 61_184 <= owner < 65_520)
    folder, pid = nowhere.folder, nowhere.pid
    nowhere.stop()
    nowhere.stop()
    assert not folder.exists()
    assert not alive(pid)


def test_a_port_is_not_shared(nowhere: HAProxy) -> None:
    with pytest.raises(LabError, match="Address already in use"):
        HAProxy("orders", {"orders-1": 1}, port=nowhere.port).start()


def test_it_dies_with_a_killed_parent() -> None:
    script = textwrap.dedent("""
        import time
        from console.lab.servers.haproxy import HAProxy
        with HAProxy("orders", {"orders-1": 1}) as server:
            print(server.pid, server.folder, flush=True)
            time.sleep(60)
    """)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(int(pid)), 15, "HAProxy gone")
    os.utime(Path(folder) / LOCK, (0, 0))

    def swept() -> bool:
        sweep()
        return not Path(folder).exists()

    wait_until(swept, 15, "the folder is swept")


def test_without_haproxy_the_shop_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haproxy, "find", lambda: None)
    floor = ShopFloor()
    try:
        config = floor.open()
        asyncio.run(floor.wait_ready())
        assert floor.wiring is not None
        assert (floor.balancer, floor.wiring.frontend, floor.wiring.stats_socket) == (None, "", "")
        assert {floor.wiring.orders() for _ in range(50)} == {floor.wiring.url(name) for name in ORDERS}
        assert "haproxy" not in config.read_text().lower()
        wiring = floor.wiring
        wait_until(
            lambda: sum(served(wiring, name) for name in ORDERS) > 2, 30, "customers come all the same"
        )
    finally:
        floor.close()


def test_one_that_does_not_start_is_told_and_done_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        broken = Path(place) / "haproxy"
        broken.write_text("#!/bin/sh\necho unknown keyword nbthread\nexit 1\n")
        for path in (broken, broken.parent):
            # whoever it runs as may run it
            path.chmod(0o755)
        monkeypatch.setattr(haproxy, "find", lambda: broken)
        assert balancer({"orders-1": 1}) is None
    told = capsys.readouterr().err
    assert "goes without HAProxy: HAProxy ended with 1 while starting: unknown keyword" in told
