"""A process as a server prints it is the process as we see it; with Debian's tools and with busybox's."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.clock import SystemClock
from collectors.errors import AnswerError, OptionsError, UnsupportedError
from collectors.transport.host import Host, Ran
from collectors.transport.read import processes
from collectors.transport.read.exec import TABLE
from collectors.transport.read.far import Snapshot, look
from collectors.transport.read.far_sockets import Table
from collectors.transport.read.files_open import NotRegularError
from collectors.transport.read.machine import Here
from collectors.transport.read.processes import Identity
from tests.collectors.machines import AsNobody, Says, Through, busybox_path
from tests.servers.debian import program
from tests.servers.waiting import wait_until

HERE = Here(SystemClock())

SERVER = """
import os, socket, sys, time
here = socket.create_server(("127.0.0.1", 0))
there = socket.create_server(("::1", 0), family=socket.AF_INET6)
if os.fork() == 0:
    if os.fork() == 0:
        kept = [here.accept() for _ in range(2)]
    time.sleep(600)
kept = [socket.create_connection(here.getsockname()) for _ in range(3)]
evil = open(sys.argv[1])
print(here.getsockname()[1], there.getsockname()[1], flush=True)
time.sleep(600)
"""
"""Its grandchild holds two connections, a third waits; it has a file open whose name is meant to deceive."""


class Running:
    """The server above; ``ports``: IPv4, IPv6."""

    def __init__(self, child: "subprocess.Popen[str]", pid_file: Path) -> None:
        assert child.stdout is not None
        self.pid = child.pid
        self.pid_file = pid_file
        self.ports = tuple(int(port) for port in child.stdout.readline().split())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("far")
    evil = folder / "x\nl-wx------ 1 root root 64 Nov 27 07:02 9 -> socket:[1]"
    evil.write_text("")
    pid_file = folder / "it's $HOME.pid"
    command = [sys.executable, "-c", SERVER, str(evil), "an argument", "", "with\nfeed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
        pid_file.write_text(f"{child.pid}\n")
        try:
            made = Running(child, pid_file)
            wait_until(lambda: len(HERE.sockets(HERE.tree(child.pid)).connected) == 5, 15)
            yield made
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 9)


@pytest.fixture(scope="module", params=["debian", "busybox"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Host:
    if request.param == "debian":
        return Through(os.environ["PATH"])
    return Through(busybox_path(tmp_path_factory.mktemp("busybox")))


@pytest.fixture
def zombie() -> Iterator[int]:
    """A process that ended with 3 and is not reaped."""
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        yield child.pid


async def asked(host: Host, how: str, name: object, known: Identity | None = None) -> Snapshot:
    return await look(host, how, str(name), known, seconds=15)


def same(found: Snapshot, pid: int) -> None:
    one, real = found.process(pid), HERE.process(pid)
    assert one is not None
    assert real is not None
    assert (one.identity, one.name, one.parent) == (real.identity, real.name, real.parent)
    assert set(found.tree(pid)) == set(HERE.tree(pid))
    assert found.tree(pid)[0] == pid
    told, seen = found.sockets(found.tree(pid)), HERE.sockets(HERE.tree(pid))
    assert (told.listening, told.waiting) == (seen.listening, seen.waiting)
    assert sorted(told.connected) == sorted(seen.connected)
    assert found.age(one) == pytest.approx(HERE.age(one), abs=5)
    assert found.began(one) == pytest.approx(HERE.began(one), abs=5)


async def test_by_its_number(host: Host, running: Running) -> None:
    found = await asked(host, "pid", running.pid)
    same(found, running.pid)
    assert len(found.tree(running.pid)) == 3
    arguments = found.arguments(running.pid)
    assert arguments[0] == HERE.arguments(running.pid)[0]
    assert arguments[4:6] == HERE.arguments(running.pid)[4:6] == ("an argument", "")
    assert arguments[6] == "with feed"


async def test_by_its_pid_file(host: Host, running: Running) -> None:
    found = await asked(host, "file", running.pid_file)
    number, seen = found.pid_in(str(running.pid_file))
    here, there = HERE.pid_in(str(running.pid_file))
    assert number == here == running.pid
    assert (seen.id, seen.size, seen.modified // 10**9) == (there.id, there.size, there.modified // 10**9)
    same(found, running.pid)


@pytest.mark.parametrize("which", [0, 1])
async def test_by_its_port_it_is_the_first_of_those_who_share_it(
    host: Host, running: Running, which: int
) -> None:
    found = await asked(host, "port", running.ports[which])
    one = found.listener(running.ports[which])
    assert one is not None
    assert one.identity.pid == running.pid
    same(found, running.pid)


@pytest.mark.parametrize("before", ["a -> ", "a\nlr-x------ 1 root root 64 Nov 27 07:02 9 -> "])
async def test_a_file_s_name_claims_no_socket(
    host: Host, running: Running, tmp_path: Path, before: str
) -> None:
    """We are older than the server and above it: with a socket of its port we would be taken for it."""
    inodes = {row.inode for row in processes._rows(running.pid)[0] if row.port == running.ports[0]}
    with contextlib.ExitStack() as stack:
        for inode in inodes:
            stack.enter_context((tmp_path / f"{before}socket:[{inode}]").open("w"))
        one = (await asked(host, "port", running.ports[0])).listener(running.ports[0])
    assert one is not None
    assert one.identity.pid == running.pid


async def test_one_known_from_before_is_told_of_beside_the_new_one(host: Host, running: Running) -> None:
    mine = HERE.process(os.getpid())
    assert mine is not None
    found = await asked(host, "file", running.pid_file, mine.identity)
    same(found, running.pid)
    told = found.process(os.getpid())
    assert told is not None
    assert told.identity == mine.identity


async def test_while_the_known_one_lives_its_port_is_not_searched_for(host: Host, running: Running) -> None:
    mine = HERE.process(os.getpid())
    assert mine is not None
    found = await asked(host, "port", running.ports[0], mine.identity)
    assert found.process(os.getpid()) is not None
    assert found.process(running.pid) is None


async def test_who_is_not_there(host: Host, tmp_path: Path, free_port: Callable[[], int]) -> None:
    assert (await asked(host, "pid", 2147483600)).process(2147483600) is None
    assert (await asked(host, "port", port := free_port())).listener(port) is None
    with pytest.raises(FileNotFoundError):
        (await asked(host, "file", tmp_path / "none")).pid_in("x")
    with pytest.raises(NotRegularError):
        (await asked(host, "file", tmp_path)).pid_in("x")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NotRegularError):
        (await asked(host, "file", tmp_path / "fifo")).pid_in("x")


@pytest.mark.parametrize("content", [b"", b"nginx", b"0", b"-1", b"9" * 20, b"\xff\xfe", b"1;2", b"*", b"\0"])
async def test_files_that_name_nobody(host: Host, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pid"
    path.write_bytes(content)
    found = await asked(host, "file", path)
    with pytest.raises(ValueError, match="no process number"):
        found.pid_in(str(path))
    assert found.process(1) is None


async def test_a_zombie_tells_its_status(host: Host, zombie: int) -> None:
    one = (await asked(host, "pid", zombie)).process(zombie)
    assert one is not None
    assert one.ended
    assert one.status == 3 << 8


async def test_another_user_sees_neither_sockets_nor_status(
    running: Running, tmp_path: Path, zombie: int
) -> None:
    host = AsNobody()
    found = await asked(host, "pid", running.pid)
    assert found.process(running.pid) is not None
    with pytest.raises(PermissionError):
        found.sockets(found.tree(running.pid))
    with pytest.raises(PermissionError, match="cannot be seen by this user"):
        (await asked(host, "port", running.ports[0])).listener(running.ports[0])
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    for path in (secret / "a.pid", tmp_path / "b.pid"):
        path.write_text("1")
        path.chmod(0o600)
        with pytest.raises(PermissionError):
            (await asked(host, "file", path)).pid_in(str(path))
    one = (await asked(host, "pid", zombie)).process(zombie)
    assert one is not None
    assert one.ended
    assert one.status is None, "to others it reads as 0"


async def test_a_server_without_awk_is_told_so(running: Running, tmp_path: Path) -> None:
    path = Path(busybox_path(tmp_path / "poor"))
    (path / "awk").unlink()
    found = await asked(Through(str(path)), "pid", running.pid)
    with pytest.raises(UnsupportedError, match="web-1 has no awk"):
        found.sockets([running.pid])


async def test_those_below_are_found_without_the_kernels_help(running: Running) -> None:
    """A kernel without CONFIG_PROC_CHILDREN has no list of children."""

    class Old(Through):
        async def run(self, argv: Sequence[str], **more: Any) -> Ran:
            changed = [part.replace("/task/$$/children", "/task/$$/no") for part in argv]
            return await super().run(changed, **more)

    same(await asked(Old(os.environ["PATH"]), "pid", running.pid), running.pid)


@pytest.mark.parametrize(
    ("how", "name"), [("pid", "$(id)"), ("pid", "-1"), ("file", "run/a"), ("file", "/a\nb"), ("all", "1")]
)
async def test_what_does_not_fit_is_never_sent(how: str, name: str) -> None:
    host = Through(os.environ["PATH"])
    with pytest.raises(OptionsError):
        await asked(host, how, name)
    assert host.asked == []


async def test_a_name_is_never_read_by_the_shell(host: Host, tmp_path: Path) -> None:
    trap = tmp_path / "$(touch hit); `touch hit` 'x' \"y\" *"
    trap.write_text("1\n")
    assert (await asked(host, "file", trap)).pid_in(str(trap))[0] == 1
    assert not (Path.cwd() / "hit").exists()
    assert not (tmp_path / "hit").exists()


def test_sockets_that_ss_lists_are_those_of_proc(running: Running) -> None:
    program("ss", "iproute2")
    text = subprocess.run([*TABLE["sockets.list"].argv], check=True, capture_output=True, text=True).stdout
    found, tree = Table(text), HERE.tree(running.pid)
    told, seen = found.of(tree), HERE.sockets(tree)
    assert (told.listening, told.waiting) == (seen.listening, seen.waiting)
    assert sorted(told.connected) == sorted(seen.connected)
    assert running.pid in found.listeners(running.ports[0]) <= set(tree)
    assert found.listeners(running.ports[1]) <= set(tree)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
        "LISTEN 0 128 0.0.0.0:80 0.0.0.0:*",
        'TIME-WAIT 0 0 127.0.0.1:80 127.0.0.1:5 users:(("a",pid=7,fd=3))',
        'LISTEN 0 128 0.0.0.0:80 0.0.0.0:* users:(("a",pid=x,fd=3))',
    ],
)
def test_lines_of_ss_that_belong_to_nobody(line: str) -> None:
    assert Table(line).listeners(80) == frozenset()
    assert Table(line).of([7]).connected == ()


# what a server may print

LINES = {
    "clock": "clock 1000.00 1700000000",
    "reader": "reader 0 000001ffffffffff",
    "process": "process 0 7 (a (b) c) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 0",
    "tree": "tree 7 8",
    "sockets": "sockets 7",
    "end": "end",
}


def printed(changes: Mapping[str, str]) -> str:
    return "\n".join(line for line in {**LINES, **changes}.values() if line) + "\n"


@pytest.mark.parametrize(
    "changes", [{"clock": ""}, {"end": ""}, {"clock": "clock soon 1"}, {"clock": "clock 1.0 "}]
)
async def test_an_answer_of_something_else_is_an_error(changes: Mapping[str, str]) -> None:
    with pytest.raises(AnswerError, match="did not print what it was asked for"):
        await asked(Says(printed(changes)), "pid", 7)


async def test_a_greeting_before_the_answer_does_no_harm() -> None:
    found = await asked(Says("Welcome to web-1!\n\n" + printed({})), "pid", 7)
    one = found.process(7)
    assert one is not None
    assert (one.name, one.state, found.age(one)) == ("a (b) c", "S", 950.0)


@pytest.mark.parametrize(
    "line",
    ["open 7 1F90 99999999999", "open 7 zz 1", "listens 7 1F90", "listens 7 FFFFFF 1", "open 8 1F90 3"],
)
async def test_lines_of_another_shape_or_of_another_process_are_not_counted(line: str) -> None:
    found = await asked(Says(printed({"more": line})), "pid", 7)
    told = found.sockets([7])
    assert (told.listening, told.connected, told.waiting) == (frozenset(), (), 0)


async def test_a_process_that_cannot_be_read_is_none() -> None:
    found = await asked(Says(printed({"process": "process 0 7 (a) S 1"})), "pid", 7)
    assert found.process(7) is None
    assert found.arguments(7) == ()
