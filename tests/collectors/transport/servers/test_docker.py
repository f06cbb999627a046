"""Servers by docker: a stand-in speaks its command lines and its words, what it runs is real."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collectors.clock import SystemClock
from collectors.errors import TimedOutError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import Endpoint, TcpDial
from collectors.transport.servers.docker import DockerWay
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Container, Server
from collectors.transport.servers.state import Fault, Phase, ServerError
from tests.servers.outside import Daemon
from tests.servers.processes import alive
from tests.servers.waiting import wait_until_async


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    daemon = Daemon(tmp_path, monkeypatch)
    daemon.container("web", address="127.0.0.1")
    return daemon


@pytest.fixture
async def servers(daemon: Daemon) -> AsyncIterator[Servers]:
    specs = {
        "web": Server("web", docker=Container("web", context="prod")),
        "elsewhere": Server("elsewhere", docker=Container("web", context="nope")),
        "gone": Server("gone", docker=Container("gone")),
    }
    pool = Servers(specs, SystemClock())
    yield pool
    await pool.close()


async def refused(servers: Servers, name: str) -> ServerError:
    with pytest.raises(ServerError) as caught:
        await servers.host(name).run(["true"], timeout=20)
    return caught.value


async def test_a_program_runs_in_the_container(servers: Servers, daemon: Daemon, tmp_path: Path) -> None:
    host = servers.host("web")
    for code in (1, 7, 125, 255):
        ran = await host.run(["sh", "-c", f"echo out; echo err >&2; exit {code}"], timeout=20)
        assert (ran.code, ran.out, ran.err) == (code, b"out\n", b"err\n")
    assert (await host.run(["cat"], timeout=20, given=b"in\0put")).out == b"in\0put"
    with pytest.raises(UnsupportedError, match="there is no no-such-program on web"):
        await host.run(["no-such-program"], timeout=20)
    state = servers.states()[0]
    assert (state.phase, state.way, str(state.target)) == (Phase.UP, "docker", "web")
    assert state.by_hand == "docker --context=prod exec -it web sh"

    pid = tmp_path / "pid"
    with pytest.raises(TimedOutError):
        await host.run(["sh", "-c", f"echo $$ > {pid}; exec sleep 300"], timeout=2)
    await wait_until_async(lambda: not alive(int(pid.read_text())), what="the program ends with its time-out")
    daemon.container("web", no_shell=True)
    with pytest.raises(UnsupportedError, match="web has no shell"):
        await host.run(["true"], timeout=20)


async def test_tcp_goes_to_the_container_or_to_its_published_port(
    servers: Servers, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dial = await servers.dial(Endpoint(SecretUrl(f"tcp://localhost:{port}"), "web"))
    assert dial == TcpDial("127.0.0.1", port, "localhost", f"port {port} of container web")

    daemon.container("web", published={80: port}, made="2")
    way = DockerWay("web", Container("web"))
    await way.open()
    assert await way.dial_tcp("web", 80, "shop") == TcpDial(
        "127.0.0.1", port, "shop", "port 80 of container web"
    )
    with pytest.raises(UnsupportedError, match="port 81 of container web cannot be reached from here"):
        await way.dial_tcp("localhost", 81, "shop")
    with pytest.raises(UnsupportedError, match="leads to the container itself, not on to db"):
        await way.dial_tcp("db", 5432, "db")
    with pytest.raises(UnsupportedError, match="leads to no UNIX socket"):
        await way.dial_unix("/run/app.sock")

    daemon.state["host"] = "ssh://root@far"
    daemon.save()
    await way.open()
    with pytest.raises(UnsupportedError, match=r"its docker daemon is elsewhere \(ssh://root@far\)"):
        await way.dial_tcp("localhost", 80, "shop")
    server.close()


async def test_each_refusal_has_words_of_its_own(servers: Servers, daemon: Daemon) -> None:
    error = await refused(servers, "gone")
    assert (error.fault, error.hint) == (
        Fault.GONE,
        "Error response from daemon: No such container: gone",
    )
    error = await refused(servers, "elsewhere")
    assert (error.fault, 'context "nope"' in error.hint) == (Fault.GONE, True)
    daemon.container("web", status="exited")
    error = await refused(servers, "web")
    assert (error.fault, error.hint) == (
        Fault.NOT_RUNNING,
        "container web is exited with 3 – start the container",
    )


SHUT = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = (
    "permission denied while trying to connect to the Docker daemon socket at"
    " unix:///var/run/docker.sock: connect: permission denied"
)
NO_LOGIN = "error during connect: stderr=root@far: Permission denied (publickey)."


@pytest.mark.parametrize(
    ("words", "fault"), [(SHUT, Fault.REFUSED), (DENIED, Fault.FORBIDDEN), (NO_LOGIN, Fault.AUTH)]
)
async def test_a_daemon_that_cannot_be_asked(
    servers: Servers, daemon: Daemon, words: str, fault: Fault
) -> None:
    daemon.complain(words)
    error = await refused(servers, "web")
    assert (error.fault, str(error.why)) == (fault, f"web: {fault}")
    assert words[:40] in error.hint


async def test_a_container_made_anew_is_another_instance(servers: Servers, daemon: Daemon) -> None:
    host = servers.host("web")
    assert (await host.run(["true"], timeout=20)).code == 0
    daemon.container("web", made="2")
    assert (await refused(servers, "web")).fault is Fault.GONE

    async def back() -> bool:
        try:
            return (await host.run(["true"], timeout=20)).code == 0
        except ServerError:
            return False

    await wait_until_async(back, what="the new container is used")
    way = DockerWay("web", Container("web"))
    await way.open()
    breaking = asyncio.ensure_future(way.broken())
    await asyncio.sleep(0)
    daemon.container("web", made="2", status="paused")
    assert await way.check() is not None
    error = await asyncio.wait_for(breaking, 15)
    assert (error.fault, error.hint) == (
        Fault.NOT_RUNNING,
        "container web is paused – start the container",
    )


async def test_no_docker_on_this_machine(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    error = await refused(servers, "web")
    assert (error.fault, error.hint) == (Fault.PROGRAM, "there is no docker on this machine")


@pytest.mark.skipif(shutil.which("docker") is None, reason="docker is not installed")
async def test_the_real_docker_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", socket)
    way = DockerWay("web", Container("web"))
    with pytest.raises(ServerError) as caught:
        await way.open()
    assert caught.value.fault is Fault.REFUSED
    assert caught.value.hint == SHUT.replace("unix:///var/run/docker.sock", socket)
    assert await way._whose_daemon() == socket
