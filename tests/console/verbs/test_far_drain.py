"""A drain of a process behind a real sshd by the program itself: killed in the middle, found out, paid."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.collectors.drains.fleet import Instance, instance, slow_request
from tests.project.program import COMMAND, environment, quarterdeck
from tests.servers.dying import dies
from tests.servers.processes import ssh_of
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until

TARGET = "orders-1-drain/%2Freadyz"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody whose ~/.ssh/config is his own."""
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    made = Operator(folder)
    made.config = folder / "config"
    made.write()
    return made


@pytest.fixture
def orders(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Instance]:
    with instance("orders-1", free_port(), tmp_path) as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, sshd: Sshd, operator: Operator, orders: Instance) -> Path:
    """A folder with the configuration of one service behind a server."""
    operator.meet(sshd)
    path = tmp_path / "quarterdeck.toml"
    path.write_text(
        f"""
        [console]
        name = "through"
        environment = "lab"

        [services.orders]
        min_ready = 0

        [servers.web-1]
        host = "127.0.0.1"
        port = {sshd.port}

        [collectors.orders-1-drain]
        type = "drains.http"
        service = "orders"
        url = "{orders.url}"
        ready_path = "/readyz"
        drain_url = "{orders.url}/drain"
        pid_file = "{orders.pid_file}"
        server = "web-1"
        """
    )
    path.chmod(0o600)
    return tmp_path


def begun(shop: Path, *more: str) -> "subprocess.Popen[bytes]":
    """A drain that goes on by itself."""
    drain = ("act", "drains.drain", TARGET, "--yes", "lab/%2Freadyz", "--with", "stop=yes", *more)
    return subprocess.Popen(
        [*COMMAND, *drain],
        cwd=shop,
        env=environment(shop),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_what_a_killed_console_owes_is_offered_at_the_next_start_and_paid(
    shop: Path, orders: Instance, sshd: Sshd
) -> None:
    with begun(shop, "--with", "settle=60s") as process:
        wait_until(lambda: not orders.ready(), 40, "its readiness is off")
        wait_until(sshd.sessions, 10, "a session is there")
        dies(process, lambda: ssh_of(shop))
    assert orders.process.poll() is None
    [intent] = quarterdeck("journal", "--json", home=shop).json["records"]
    assert intent["phase"] == "intent"
    after = quarterdeck("act", "drains.ready", TARGET, "--dry-run", home=shop)
    assert f"{intent['id']} was interrupted" in after.err
    closed = quarterdeck("journal", "--json", home=shop).json["records"][-1]
    assert (closed["phase"], closed["id"], closed["reconciled"]) == ("outcome", intent["id"], True)
    assert (closed["owes"], intent["plan"]["owed"][0]) == (True, "drains.ready")
    assert closed["words"] == "its readiness is off, and it was not told to stop"
    assert not orders.ready()
    paid = quarterdeck("act", "drains.ready", TARGET, home=shop)
    assert paid.code == 0, paid.all
    assert orders.ready()
    wait_until(lambda: not ssh_of(shop), 15, "no ssh is left behind")


def test_a_console_that_is_killed_after_term_finds_out_how_it_went(shop: Path, orders: Instance) -> None:
    with slow_request(orders.url, 4) as answers:
        with begun(shop, "--with", "settle=200ms") as process:
            wait_until(lambda: _stops(orders), 40, "it was told to stop")
            process.kill()
        wait_until(lambda: answers, 20, "what was in flight is answered")
    assert answers == [200]
    orders.process.wait(10)
    after = quarterdeck("act", "drains.ready", TARGET, "--dry-run", home=shop)
    assert "was interrupted: done" in after.err
    intent, found = quarterdeck("journal", "--json", home=shop).json["records"]
    assert (found["id"], found["outcome"], found["owes"]) == (intent["id"], "done", False)
    assert found["words"] == "its process has exited; how is not known"


def _stops(orders: Instance) -> bool:
    """Whether its port is closed, as at SIGTERM."""
    return not orders.ready() and orders.process.poll() is None and _refused(orders.port)


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False
