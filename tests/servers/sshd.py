"""A real OpenSSH server on loopback, with keys of its own, and the folder of somebody who uses it.

Nothing touches ~/.ssh or /etc/ssh: the server's keys, the user's key, known_hosts and ssh_config lie in
temporary folders. Whoever logs in is the one who runs the tests.
"""

import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from console.lab.processes import end, free_port, spawn
from tests.servers.debian import program
from tests.servers.waiting import wait_until

USER = pwd.getpwuid(os.geteuid()).pw_name


@functools.cache
def sshd_program() -> str:
    """The path of sshd, and the folder that it wants where root starts it."""
    found = program("sshd", "openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return found


def new_key(path: Path, passphrase: str = "") -> Path:
    """Make an ed25519 key pair at `path` and `path`.pub."""
    for old in (path, path.with_name(path.name + ".pub")):
        old.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", path.name, "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return path


class Sshd:
    """One sshd on 127.0.0.1; a context manager.

    `settings` are lines of sshd_config. `authorized` are the public keys that may log in.
    """

    def __init__(self, settings: Sequence[str] = (), *, port: int | None = None) -> None:
        self.settings = tuple(settings)
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="quarterdeck-sshd-"))
        self.host_key = new_key(self.folder / "host")
        self.authorized = self.folder / "authorized_keys"
        self.authorized.touch(mode=0o600)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.remove()

    def start(self) -> Self:
        """Start it; the same port and keys each time."""
        config = self.folder / "sshd_config"
        config.write_text("\n".join([*self.settings, *self._config()]) + "\n")
        # in the foreground, so that it is ours to end
        command = [sshd_program(), "-D", "-e", "-f", str(config)]
        # PDEATHSIG goes to the listener; its sessions end with their connections
        self._process = spawn(command, log=self.folder / "log")
        wait_until(self._listens, what=f"sshd listens: {self.log()[-400:]}")
        return self

    def stop(self) -> None:
        """End the listener and every session."""
        if self._process is not None:
            self.signal_all(signal.SIGCONT)
            sessions = self.sessions()
            end(self._process)
            _signal(sessions, signal.SIGKILL)
            self._process = None

    def remove(self) -> None:
        """Stop it and forget its keys."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def trust(self, public: Path) -> None:
        """Let the owner of a public key in."""
        with self.authorized.open("a") as file:
            file.write(public.read_text())

    @property
    def pid(self) -> int:
        """Process of the listener."""
        assert self._process is not None
        return self._process.pid

    @property
    def public(self) -> str:
        """Type and base64 of the host key, as known_hosts has them."""
        return " ".join(self.host_key.with_name("host.pub").read_text().split()[:2])

    def known(self, marker: str = "") -> str:
        """The line of known_hosts for it."""
        return f"{marker} [127.0.0.1]:{self.port} {self.public}".strip() + "\n"

    def sessions(self) -> list[int]:
        """Processes of the sessions, the monitors of root included."""
        return descendants(self.pid, "sshd")

    def kill_sessions(self) -> None:
        """SIGKILL to every session; the listener goes on."""
        _signal(self.sessions(), signal.SIGKILL)

    def signal_all(self, number: signal.Signals) -> None:
        """A signal to the listener and all sessions, such as SIGSTOP."""
        _signal([*self.sessions(), self.pid], number)

    def log(self) -> str:
        """What it wrote."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def _config(self) -> list[str]:
        return [
            f"ListenAddress 127.0.0.1:{self.port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self.authorized}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin yes",
            "PrintMotd no",
            "PrintLastLog no",
            "LogLevel VERBOSE",
            f"AllowUsers {USER}",
        ]


class Operator:
    """Somebody's own folder of ssh: a key, known_hosts, and a config that uses both.

    `known` is what known_hosts holds unless somebody else writes into it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = new_key(folder / "id")
        self.known_hosts = folder / "known_hosts"
        self.known = b""
        self.know("")
        self.config = folder / "ssh_config"
        self.write()

    @property
    def public(self) -> Path:
        """The public half of the key."""
        return self.key.with_name("id.pub")

    def write(self, *lines: str, last: Sequence[str] = ()) -> None:
        """Write ssh_config: `lines` first, then what all hosts share, with `last` at the end."""
        shared = [
            "Host *",
            f"  UserKnownHostsFile {self.known_hosts}",
            "  GlobalKnownHostsFile /dev/null",
            f"  IdentityFile {self.key}",
            "  IdentityAgent none",
            "  IdentitiesOnly yes",
            f"  User {USER}",
        ]
        self.config.write_text("\n".join([*lines, *shared, *(f"  {line}" for line in last)]) + "\n")

    def meet(self, *servers: Sshd) -> None:
        """Know the keys of servers, and be known to them."""
        for server in servers:
            server.trust(self.public)
            self.know(server.known())

    def know(self, lines: str) -> None:
        """Write further lines into known_hosts, by hand as it were."""
        self.known += lines.encode()
        self.known_hosts.write_bytes(self.known)


def descendants(pid: int, name: str) -> list[int]:
    """Processes below `pid` whose program is called `name`, deepest last."""
    found: list[int] = []
    for child in _children(pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/comm").read_text().strip().startswith(name):
                found.append(child)
        found += descendants(child, name)
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
