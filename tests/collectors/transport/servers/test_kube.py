"""Servers by kubectl: a stand-in speaks its command lines and words, what it runs and forwards is real."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collectors.clock import SystemClock
from collectors.errors import TimedOutError, UnreachableError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import Endpoint, TcpDial
from collectors.transport.servers.kube import KubeWay
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Pod, Server
from collectors.transport.servers.state import Fault, Phase, ServerError
from tests.servers.outside import Cluster
from tests.servers.processes import alive
from tests.servers.waiting import wait_until, wait_until_async

TARGETS = {
    "orders": Pod("deploy/orders", namespace="shop", context="prod"),
    "one": Pod("orders-1", container="side"),
    "many": Pod("", selector="app=orders"),
    "nobody": Pod("deploy/gone"),
    "elsewhere": Pod("orders-1", context="nope"),
    "no-container": Pod("orders-1", container="sidecar"),
}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster(tmp_path, monkeypatch)
    cluster.deployment("orders", {"matchLabels": {"app": "orders"}})
    cluster.pod("orders-1", created="2025-01-02T00:00:00Z")
    return cluster


@pytest.fixture
async def servers(cluster: Cluster) -> AsyncIterator[Servers]:
    specs = {name: Server(name, kube=pod) for name, pod in TARGETS.items()}
    pool = Servers(specs, SystemClock())
    yield pool
    await pool.close()


async def refused(servers: Servers, name: str) -> ServerError:
    with pytest.raises(ServerError) as caught:
        await servers.host(name).run(["true"], timeout=20)
    return caught.value


async def test_a_program_runs_in_the_pod_and_its_exit_code_and_outputs_are_its_own(servers: Servers) -> None:
    host = servers.host("orders")
    ran = await host.run(["sh", "-c", "echo out; echo 'err; $x' >&2; exit 7"], timeout=20)
    assert (ran.code, ran.out, ran.err) == (7, b"out\n", b"err; $x\n")
    assert (await host.run(["printf", "%s|", "a b", "$HOME", "'"], timeout=20)).out == b"a b|$HOME|'|"
    assert (await host.run(["cat"], timeout=20, given=b"in\0put")).out == b"in\0put"
    assert (await host.run(["sh", "-c", "exit 255"], timeout=20)).code == 255
    with pytest.raises(UnsupportedError, match="there is no no-such-program on orders"):
        await host.run(["no-such-program"], timeout=20)
    state = next(one for one in servers.states() if one.name == "orders")
    assert (state.phase, state.way, str(state.target)) == (Phase.UP, "kubectl", "deploy/orders in shop")
    assert state.by_hand == "kubectl --context=prod --namespace=shop exec -it deploy/orders -- sh"


async def test_what_takes_too_long_and_what_is_closed_ends_in_the_pod_as_well(
    servers: Servers, tmp_path: Path
) -> None:
    host, pid = servers.host("one"), tmp_path / "pid"
    with pytest.raises(TimedOutError, match="sh gave no answer"):
        await host.run(["sh", "-c", f"echo $$ > {pid}; exec sleep 300"], timeout=2)
    await wait_until_async(lambda: not alive(int(pid.read_text())), what="the program ends with its time-out")
    stream = await host.stream(["sh", "-c", "echo $$; exec sleep 300"])
    runs = int(await stream.read())
    assert alive(runs)
    await stream.close()
    await wait_until_async(lambda: not alive(runs), what="the program ends with its stream")


async def test_a_port_of_the_pod_is_reached_and_told_apart_from_one_where_nobody_listens(
    servers: Servers, cluster: Cluster
) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    cluster.pod("orders-1", ports={80: server.sockets[0].getsockname()[1]})
    endpoint = Endpoint(SecretUrl("tcp://localhost:80"), "orders")
    dial = await servers.dial(endpoint)
    assert isinstance(dial, TcpDial)
    assert (dial.host, dial.name, dial.place) == ("127.0.0.1", "localhost", "port 80 of pod orders-1")
    reader, writer = await asyncio.open_connection(dial.host, dial.port)
    assert await reader.read() == b"hello"
    writer.close()
    assert await servers.dial(endpoint) == dial
    server.close()

    closed = Endpoint(SecretUrl("tcp://localhost:81"), "orders")
    dial = await servers.dial(closed)
    assert isinstance(dial, TcpDial)
    reader, writer = await asyncio.open_connection(dial.host, dial.port)
    assert await reader.read() == b""
    writer.close()

    async def said() -> bool:
        try:
            await servers.dial(closed)
        except UnreachableError as error:
            return error.hint == "nothing listens on port 81 of pod orders-1"
        return False

    await wait_until_async(said, what="the refusal is told")
    assert servers.states()[0].phase is Phase.UP


async def test_what_kubectl_cannot_lead_to_is_said_with_a_remedy(servers: Servers) -> None:
    with pytest.raises(UnsupportedError, match=r"leads to the pod itself, not on to db\.internal") as caught:
        await servers.dial(Endpoint(SecretUrl("postgres://db.internal/shop"), "orders"))
    assert "localhost" in caught.value.hint
    with pytest.raises(UnsupportedError, match="forwards to no UNIX socket"):
        await servers.dial(Endpoint(SecretUrl("unix:///run/app.sock"), "orders"))


async def test_each_refusal_has_words_of_its_own(servers: Servers, cluster: Cluster) -> None:
    error = await refused(servers, "nobody")
    assert (error.fault, str(error.why)) == (Fault.GONE, "nobody: not there")
    assert 'deployments.apps "gone" not found' in error.hint
    error = await refused(servers, "elsewhere")
    assert (error.fault, "specified context: nope" in error.hint) == (Fault.GONE, True)
    error = await refused(servers, "no-container")
    assert error.hint == "pod orders-1 has no container sidecar: it has app, side"
    cluster.right("no shell")
    with pytest.raises(UnsupportedError, match="orders has no shell"):
        await servers.host("orders").run(["true"], timeout=20)
    cluster.right("no exec")
    error = await refused(servers, "orders")
    assert (error.fault, 'cannot create resource "pods/exec"' in error.hint) == (Fault.FORBIDDEN, True)
    assert servers.states()[0].phase is Phase.UP


SHUT = (
    'E1127 07:12:02.661849 5505 memcache.go:265] "Unhandled Error" err="couldn\'t get: no such host"\n'
    "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?"
)
NO_LOGIN = "error: You must be logged in to the server (Unauthorized)"
NO_NAME = "Unable to connect to the server: dial tcp: lookup k8s.invalid on 10.0.0.2:53: no such host"
SILENT = (
    "Unable to connect to the server: net/http: request canceled while waiting for connection"
    " (Client.Timeout exceeded while awaiting headers)"
)


@pytest.mark.parametrize(
    ("words", "fault", "phase"),
    [
        (SHUT, Fault.REFUSED, Phase.LOST),
        (NO_LOGIN, Fault.AUTH, Phase.STOPPED),
        (NO_NAME, Fault.DNS, Phase.LOST),
        (SILENT, Fault.TIMED_OUT, Phase.LOST),
        ("error: something new", Fault.OTHER, Phase.LOST),
    ],
)
async def test_a_cluster_that_cannot_be_asked(
    servers: Servers, cluster: Cluster, words: str, fault: Fault, phase: Phase
) -> None:
    cluster.complain(words)
    error = await refused(servers, "orders")
    assert (error.fault, str(error.why)) == (fault, f"orders: {fault}")
    assert words.splitlines()[-1] in error.hint
    await wait_until_async(lambda: servers.states()[0].phase in (phase, Phase.CONNECTING))
    cluster.complain("")
    servers.retry()

    async def back() -> bool:
        try:
            return (await servers.host("orders").run(["true"], timeout=20)).code == 0
        except ServerError:
            return False

    await wait_until_async(back, what="the way mends")


async def test_no_kubectl_on_this_machine(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    error = await refused(servers, "orders")
    assert (error.fault, error.hint) == (Fault.PROGRAM, "there is no kubectl on this machine")


async def test_pods_come_and_go_and_the_oldest_ready_one_is_used(cluster: Cluster, servers: Servers) -> None:
    cluster.pod("orders-2", created="2025-01-03T00:00:00Z")
    cluster.pod("orders-0", created="2025-01-01T00:00:00Z", ready=False, phase="Pending")
    cluster.pod("other", labels={"app": "other"})
    way = KubeWay("many", TARGETS["many"], None)  # type: ignore[arg-type]  # nothing is forwarded
    pods = await way.pods()
    assert [(pod.name, pod.phase, pod.ready) for pod in pods] == [
        ("orders-0", "Pending", False),
        ("orders-1", "Running", True),
        ("orders-2", "Running", True),
    ]
    assert (pods[0].reason, pods[1].restarts, pods[1].node) == ("ImagePullBackOff", 0, "node-a")
    await way.open()
    assert await way.check() is not None
    breaking = asyncio.ensure_future(way.broken())
    await asyncio.sleep(0)
    cluster.pod("orders-1", uid="another")
    await way.check()
    error = await asyncio.wait_for(breaking, 15)
    assert (error.fault, str(error.why)) == (Fault.GONE, "many: not there")
    assert error.hint == "pod orders-1 was replaced"

    cluster.pod("orders-1", deletionTimestamp="2025-01-04T00:00:00Z")
    await way.open()
    assert "orders-2" in way.argv(["true"])
    cluster.remove("orders-2")
    with pytest.raises(ServerError) as caught:
        await way.open()
    assert caught.value.fault is Fault.NOT_RUNNING
    assert caught.value.hint == "orders-0 is Pending (ImagePullBackOff); orders-1 is being deleted"


async def test_a_pod_that_is_gone_is_left_for_another_one_by_itself(
    cluster: Cluster, servers: Servers
) -> None:
    host = servers.host("orders")
    assert (await host.run(["true"], timeout=20)).code == 0
    cluster.pod("orders-2")
    cluster.remove("orders-1")
    assert (await refused(servers, "orders")).fault is Fault.GONE

    async def back() -> bool:
        try:
            return (await host.run(["true"], timeout=20)).code == 0
        except ServerError:
            return False

    await wait_until_async(back, what="the other pod is used")
    assert servers.states()[0].reconnects == 1


async def test_nothing_is_left_when_the_pool_closes(cluster: Cluster) -> None:
    pool = Servers({"orders": Server("orders", kube=TARGETS["orders"])}, SystemClock())
    dial = await pool.dial(Endpoint(SecretUrl("tcp://localhost:80"), "orders"))
    assert isinstance(dial, TcpDial)
    await pool.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(dial.host, dial.port)


def test_a_killed_console_leaves_no_forward_and_no_program(cluster: Cluster, tmp_path: Path) -> None:
    script = """
import asyncio, sys
from collectors.clock import SystemClock
from collectors.secret import SecretUrl
from collectors.transport.endpoint import Endpoint
from collectors.transport.servers.asking import following
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Pod, Server

async def main():
    pool = Servers({"x": Server("x", kube=Pod("orders-1"))}, SystemClock())
    await pool.dial(Endpoint(SecretUrl("tcp://localhost:80"), "x"))
    log = await following(["kubectl", "logs", "-f", "--since-time=2025", "-c", "app", "orders-1"], "x")
    stream = await pool.host("x").stream(["sh", "-c", "echo $$; exec sleep 300"])
    print((await stream.read()).decode().strip(), flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    there = int(process.stdout.readline())
    wait_until(lambda: len(_ours(tmp_path)) >= 3, what="exec, forward and log run")
    ours = _ours(tmp_path)
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not alive(there), what="the program in the pod is gone")
    wait_until(lambda: not any(alive(pid) for pid in ours), what="no kubectl is left")


def _ours(folder: Path) -> set[int]:
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if _is_ours(path, folder)}


def _is_ours(process: Path, folder: Path) -> bool:
    """Whether it is a process of our stand-in."""
    try:
        environment = (process / "environ").read_bytes()
        words = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return f"STANDIN_CLUSTER={folder}".encode() in environment and b"standins.kubectl" in words


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
async def test_the_real_kubectl_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "users: [{name: u, user: {}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "current-context: c\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(config))
    specs = {
        "shut": Server("shut", kube=Pod("deploy/orders")),
        "nope": Server("nope", kube=Pod("orders-1", context="nope")),
    }
    pool = Servers(specs, SystemClock())
    try:
        assert (await refused(pool, "shut")).fault is Fault.REFUSED
        error = await refused(pool, "nope")
        assert (error.fault, "context was not found" in error.hint) == (Fault.GONE, True)
    finally:
        await pool.close()
