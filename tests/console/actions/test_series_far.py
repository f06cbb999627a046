"""Three marked instances behind two real sshds are drained one after another; the first failure ends it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from collectors.action import Result
from tests.collectors.drains.fleet import Instance, Load, instance, slow_request
from tests.console.actions.walking import walker
from tests.project.program import ROOT, environment, quarterdeck
from tests.servers.dying import dies
from tests.servers.fixtures import MakeSshd
from tests.servers.processes import ssh_of
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until, wait_until_async

SERVERS = ("web-1", "web-2", "web-1")
"""Where the instances are, in their order."""


@pytest.fixture
def orders(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[list[Instance]]:
    with ExitStack() as stack:
        names = (f"orders-{number}" for number in range(1, 4))
        yield [stack.enter_context(instance(name, free_port(), tmp_path)) for name in names]


@pytest.fixture
def behind(sshd: Sshd, make_sshd: MakeSshd, operator: Operator) -> dict[str, Sshd]:
    """Two machines, as far as ssh is concerned."""
    made = {"web-1": sshd, "web-2": make_sshd()}
    operator.meet(*made.values())
    return made


@pytest.fixture
def config(tmp_path: Path, behind: dict[str, Sshd], operator: Operator, orders: list[Instance]) -> Path:
    parts = ['[console]\nname = "walk"\nenvironment = "lab"\n[services.orders]\nmin_ready = 0\n']
    for name, sshd in behind.items():
        parts.append(
            f'[servers.{name}]\nhost = "127.0.0.1"\nport = {sshd.port}\nconfig = "{operator.config}"\n'
        )
    for made, server in zip(orders, SERVERS, strict=True):
        parts.append(
            f"""
            [collectors.{made.name}]
            type = "drains.http"
            service = "orders"
            url = "{made.url}"
            ready_path = "/readyz"
            drain_url = "{made.url}/drain"
            pid_file = "{made.pid_file}"
            server = "{server}"
            """
        )
    path = tmp_path / "quarterdeck.toml"
    path.write_text("\n".join(parts))
    path.chmod(0o600)
    return path


def home(config: Path) -> dict[str, str]:
    return {"HOME": str(config.parent)}


async def test_they_are_drained_in_order_each_when_the_one_before_has_exited(
    config: Path, orders: list[Instance], behind: dict[str, Sshd]
) -> None:
    first, second, third = orders
    async with walker(config, home(config)) as console:
        with slow_request(first.url, 2) as answers:
            await console.begin(stop="yes", settle="300ms")
            await wait_until_async(lambda: not first.ready(), 30, "the first is not ready")
            assert second.ready()
            assert third.ready()
            async with asyncio.timeout(90):
                assert await console.ends.get() == ("drains.drain: all 3 done", Result.DONE)
        assert answers == [200]
        records = [(record["phase"], record["id"]) for record in console.records]
        intents = [record for record in console.records if record["phase"] == "intent"]
    assert [intent["plan"]["target"] for intent in intents] == [
        f"orders-{number}/%2Freadyz" for number in (1, 2, 3)
    ]
    assert records == [(phase, one["id"]) for one in intents for phase in ("intent", "outcome")]
    assert [made.process.poll() for made in orders] == [-15, -15, -15]
    assert all("Accepted publickey" in sshd.log() for sshd in behind.values())


async def test_the_first_failure_ends_it_and_the_rest_is_not_touched(
    config: Path, orders: list[Instance], behind: dict[str, Sshd]
) -> None:
    first, second, third = orders
    async with walker(config, home(config)) as console:
        with slow_request(first.url, 3):
            await console.begin(stop="yes", settle="300ms")
            await wait_until_async(lambda: not first.ready(), 30, "the first is not ready")
            await asyncio.to_thread(behind["web-2"].stop)
            async with asyncio.timeout(90):
                words, result = await console.ends.get()
        outcomes = [record["outcome"] for record in console.records if record["phase"] == "outcome"]
    assert result is Result.FAILED
    assert words == "drains.drain: orders-2: unknown: web-2: connection refused. Not touched: orders-3"
    assert outcomes == ["done", "unknown"]
    assert (second.ready(), third.ready()) == (True, True)


def test_a_console_that_dies_between_two_leaves_no_ssh_and_what_it_owes_is_offered(
    config: Path, orders: list[Instance]
) -> None:
    first, second, third = orders
    shop = config.parent
    argv = [sys.executable, "-m", "tests.console.actions.walking", str(config), "stop=yes", "settle=300ms"]
    # the second never becomes quiet
    with (
        Load(second.url),
        subprocess.Popen(argv, cwd=ROOT, env=environment(shop), stdout=subprocess.DEVNULL) as console,
    ):
        try:
            wait_until(lambda: not second.ready(), 60, "the second is not ready")
            assert len(ssh_of(shop)) >= 2
            dies(console, lambda: ssh_of(shop))
        finally:
            console.kill()
    assert first.process.poll() == -15
    assert (second.process.poll(), third.ready()) == (None, True)
    target = "orders-2/%2Freadyz"
    told = quarterdeck("journal", "--json", home=shop).json["records"]
    assert [(record["phase"], record["plan"]["target"]) for record in told if "plan" in record] == [
        ("intent", "orders-1/%2Freadyz"),
        ("intent", target),
    ]
    after = quarterdeck("act", "drains.ready", target, "--dry-run", home=shop)
    assert f"{told[-1]['id']} was interrupted" in after.err
    closed = quarterdeck("journal", "--json", home=shop).json["records"][-1]
    assert (closed["id"], closed["owes"]) == (told[-1]["id"], True)
    assert closed["words"] == "its readiness is off, and it was not told to stop"
    paid = quarterdeck("act", "drains.ready", target, home=shop)
    assert paid.code == 0, paid.all
    assert second.ready()
    wait_until(lambda: not ssh_of(shop), 15, "no ssh is left behind")
