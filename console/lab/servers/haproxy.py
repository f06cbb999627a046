"""A real HAProxy where the system has one: no wheel carries it, so there may be none."""

import csv
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from console.lab.processes import Account, LabError, find_program, fresh_account
from console.lab.servers.standing import Standing

CONFIGURATION = """\
global
    maxconn 256
    nbthread 1
    # else two of one user may share a port
    noreuseport
    stats socket {socket} mode 600 level admin
    stats timeout 60s

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout check 2s
    retries 2
    option redispatch 1
    # a connection kept idle may be closed by a server that ends, in the moment in which a request takes it
    option http-server-close

frontend front
    bind 127.0.0.1:{port}
    default_backend {backend}

backend {backend}
    balance roundrobin
    option httpchk GET {check}
    default-server check inter 500ms fastinter 250ms downinter 500ms fall 2 rise 1
"""


def find() -> Path | None:
    """Find `haproxy` in PATH or among the system's programs; None where there is none."""
    return find_program("haproxy")


def binary() -> Path:
    """Find `haproxy`; LabError names the package to install."""
    found = find()
    if found is None:
        raise LabError("HAProxy is not installed here: apt-get install haproxy")
    return found


def ask(path: Path, command: str) -> str:
    """Send one runtime command to a stats socket; return the answer as it comes. OSError after 2 s."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(2)
        wire.connect(str(path))
        wire.sendall(command.encode() + b"\n")
        with wire.makefile() as answer:
            return answer.read()


def states(path: Path, backend: str) -> dict[str, str]:
    """Tell the status of a backend's servers in HAProxy's words: UP, "UP 1/2", DOWN, DRAIN. OSError."""
    rows = csv.DictReader(ask(path, "show stat").removeprefix("# ").splitlines())
    own = (row for row in rows if row["pxname"] == backend and row["svname"] != "BACKEND")
    return {row["svname"]: row["status"] for row in own}


class HAProxy(Standing):
    """One HAProxy before HTTP servers on 127.0.0.1; starts in about 0.1 s.

    `servers` are ports by name, in the backend `backend`, by turns. `check` is the path whose answer outside
    2xx and 3xx takes a server out, within 0.75 s of the change, and back in within 0.5 s. Servers count as up
    until their first checks.
    """

    title: ClassVar[str] = "HAProxy"
    kind: ClassVar[str] = "haproxy"

    def __init__(
        self, backend: str, servers: Mapping[str, int], *, check: str = "/readyz", port: int | None = None
    ) -> None:
        super().__init__(port)
        self.backend = backend
        self.servers = dict(servers)
        self.check = check

    @property
    def socket(self) -> Path:
        """The UNIX socket that takes the runtime commands, level admin; only its user and root may."""
        return self.folder / "admin.sock"

    @property
    def url(self) -> str:
        """The http:// base of the frontend."""
        return f"http://127.0.0.1:{self.port}"

    def _check(self) -> None:
        binary()

    def _whom(self) -> Account | None:
        return fresh_account()

    def _prepare(self) -> None:
        """Nothing: all is in the configuration."""

    def _command(self) -> Sequence[str | Path]:
        # -db: one process in the foreground, whatever a configuration says
        return (binary(), "-db", "-f", self._write_configuration())

    def _write_configuration(self) -> Path:
        text = CONFIGURATION.format(
            socket=self.socket, port=self.port, backend=self.backend, check=self.check
        )
        text += "".join(f"    server {name} 127.0.0.1:{port}\n" for name, port in self.servers.items())
        path = self.folder / "haproxy.cfg"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        if self._account:
            shutil.chown(path, self._account.uid)
        return path

    def ready(self) -> bool:
        """Whether it answers commands; by then the frontend listens."""
        try:
            return ask(self.socket, "show info").startswith("Name: HAProxy")
        except OSError:
            return False

    def states(self) -> dict[str, str]:
        """Tell the status of each server, as `states` does."""
        return states(self.socket, self.backend)
