"""A real HAProxy on free ports, in a private folder, with its stats sockets."""

import contextlib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.debian import program
from tests.servers.waiting import wait_until

_HEAD = """
global
    stats socket {folder}/admin.sock mode 600 level admin
    stats socket {folder}/user.sock mode 600 level user
    stats socket ipv4@127.0.0.1:{stats} level operator
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    option redispatch
    retries 3
"""


@dataclass(frozen=True)
class Haproxy:
    """A running HAProxy. `admin`, `user`: paths of its stats sockets; `stats`: TCP port of a third."""

    process: subprocess.Popen[bytes]
    folder: Path
    stats: int

    @property
    def admin(self) -> Path:
        return self.folder / "admin.sock"

    @property
    def user(self) -> Path:
        return self.folder / "user.sock"

    def tell(self, command: str) -> str:
        """Send one command as the administrator; returns the answer without blanks around it."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(str(self.admin))
            sock.sendall(command.encode() + b"\n")
            answer = b""
            while piece := sock.recv(65536):
                answer += piece
        return answer.decode().strip()


@contextmanager
def haproxy(sections: str, stats: int) -> Iterator[Haproxy]:
    """Start HAProxy with `sections` (frontends and backends) and a stats socket on the port `stats` too."""
    binary = program("haproxy", "haproxy")
    with tempfile.TemporaryDirectory(prefix="haproxy-") as folder:
        config = Path(folder, "haproxy.cfg")
        config.write_text(_HEAD.format(folder=folder, stats=stats) + sections + "\n")
        process = subprocess.Popen(
            [binary, "-db", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        running = Haproxy(process, Path(folder), stats)
        try:
            wait_until(lambda: _answers(running), 15, "HAProxy answers")
            yield running
        finally:
            process.kill()
            process.communicate()


def _answers(server: Haproxy) -> bool:
    assert server.process.poll() is None, (
        server.process.stderr.read().decode() if server.process.stderr else ""
    )
    with contextlib.suppress(OSError):
        return "Version" in server.tell("show info")
    return False
