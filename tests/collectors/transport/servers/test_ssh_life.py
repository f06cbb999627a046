"""The life of the masters: none outlives the console, a login is taken over, many come up politely."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.transport.servers.state import Fault, Phase, ServerError
from tests.servers.dying import dies
from tests.servers.fixtures import MakeSshd
from tests.servers.reaching import at, bring_up, reaching, state, until
from tests.servers.sshd import Operator, Sshd, new_key
from tests.servers.waiting import wait_until, wait_until_async

CONSOLE = """
import asyncio, sys
from pathlib import Path
from collectors.clock import SystemClock
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Server

async def main():
    config, folder, *ports = sys.argv[1:]
    patient = (("ConnectTimeout", "60"),)
    specs = [Server(f"s{n}", "127.0.0.1", port=int(port), jump=f"s{n - 1}" if n else "", options=patient)
             for n, port in enumerate(ports)]
    servers = Servers({spec.name: spec for spec in specs}, SystemClock(), folder=Path(folder),
                      configs=[Path(config)])
    print("begun", flush=True)
    stream = await servers.host(specs[-1].name).stream(["sh", "-c", "echo in; exec sleep 4712"])
    print(await stream.read(), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def ssh_processes(folder: Path) -> list[str]:
    """Command lines of programs that have to do with a folder of ours, and of what they started there."""
    pattern = f"{re.escape(str(folder))}|^sleep 4712$"
    command = ["pgrep", "-af", pattern]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20).stdout
    return [line for line in said.splitlines() if "pgrep" not in line and "-c " not in line]


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    yield folder
    subprocess.run(["pkill", "-KILL", "-f", str(folder)], check=False, timeout=20)


def console(operator: Operator, folder: Path, *ports: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CONSOLE, str(operator.config), str(folder), *map(str, ports)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_killed_console_leaves_no_ssh(
    operator: Operator, sshd: Sshd, make_sshd: MakeSshd, sockets: Path
) -> None:
    behind = make_sshd()
    operator.meet(sshd, behind)
    with console(operator, sockets, sshd.port, behind.port) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            assert process.stdout.readline() == "b'in\\n'\n"
            # the master, the hidden ssh of its jump host, the session, and the program there
            assert len(ssh_processes(sockets)) >= 3
            dies(process, lambda: ssh_processes(sockets))
        finally:
            process.kill()


def test_a_console_killed_while_a_jump_host_hangs_leaves_no_ssh(
    operator: Operator, make_sshd: MakeSshd, sockets: Path
) -> None:
    hanging = make_sshd()
    operator.meet(hanging)
    # the jump host takes the connection and says nothing, and ssh would wait for a minute
    hanging.signal_all(signal.SIGSTOP)
    with console(operator, sockets, hanging.port, 1) as process:
        try:
            wait_until(lambda: any(" -W " in line for line in ssh_processes(sockets)), 20)
            dies(process, lambda: ssh_processes(sockets))
        finally:
            process.kill()


async def test_a_login_by_hand_is_taken_over_and_ends_with_us(
    operator: Operator, sshd: Sshd, tmp_path: Path
) -> None:
    key = new_key(tmp_path / "locked", "open sesame")
    sshd.trust(key.with_name("locked.pub"))
    operator.know(sshd.known())
    operator.key = key
    operator.write()
    async with reaching(operator, at(sshd)) as servers:
        with pytest.raises(ServerError) as caught:
            await servers.host("web-1").run(["true"], timeout=20)
        assert caught.value.fault is Fault.AUTH
        with pytest.raises(ServerError, match="the login has left no connection"):
            await servers.adopt("web-1")
        assert state(servers).phase is Phase.STOPPED
        argv = servers.login_argv("web-1")
        assert await asyncio.to_thread(logged_in, argv, b"open sesame\n") == 0
        await servers.adopt("web-1")
        assert state(servers).phase is Phase.UP
        assert (await servers.host("web-1").run(["echo", "in"], timeout=20)).out == b"in\n"
        # it was a person's, and wants a person again
        sshd.kill_sessions()
        now = await until(servers, Phase.STOPPED)
        assert now.fault is Fault.AUTH
        assert await asyncio.to_thread(logged_in, servers.login_argv("web-1"), b"open sesame\n") == 0
        await servers.adopt("web-1")
        # what a SIGKILL of the console would leave to the guard
        assert servers._shared is not None
        await servers._shared.guard.close()
        assert (await until(servers, Phase.STOPPED)).fault is Fault.AUTH
    await wait_until_async(lambda: not sshd.sessions())


async def test_a_login_trusts_no_unknown_key(operator: Operator, sshd: Sshd) -> None:
    sshd.trust(operator.public)
    async with reaching(operator, at(sshd)) as servers:
        argv = servers.login_argv("web-1")
        assert await asyncio.to_thread(logged_in, argv, b"yes\n") == 255


def logged_in(argv: tuple[str, ...], answer: bytes) -> int:
    """Run a login on a terminal of its own and answer its question; the exit code.

    The terminal's owner stays for a moment, as a shell does: what it leaves in its group gets SIGHUP.
    """
    child, terminal = pty.fork()
    if child == 0:
        code = subprocess.call(argv)
        os.write(1, b"code %d." % code)
        signal.pause()
    said = b""
    try:
        while not (ended := re.search(rb"code (\d+)\.", said)):
            said += os.read(terminal, 1024)
            if said.rstrip().endswith((b":", b"?")):
                os.write(terminal, answer)
                said = b""
        return int(ended[1])
    finally:
        wait_until(lambda: alone(child), 10, "the master has left the terminal")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def alone(session: int) -> bool:
    """Whether nothing else is left in a session."""
    command = ["pgrep", "-s", str(session)]
    return len(subprocess.run(command, check=False, capture_output=True, timeout=20).stdout.split()) == 1


async def test_ten_names_on_one_sshd_come_up_within_its_usual_limits(operator: Operator, sshd: Sshd) -> None:
    took = await bring_up(operator, sshd, 10)
    assert took < 60
