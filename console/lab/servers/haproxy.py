"""A real HAProxy where the system has one: no wheel carries it, so there may be none."""

import csv
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from console.lab.processes import (
    Account,
    Folder,
    LabError,
    end,
    free_port,
    fresh_account,
    spawn,
    wait_for,
)

# a login shell of an ordinary user does not look here
SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")
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
    found = shutil.which("haproxy") or shutil.which("haproxy", path=":".join(SYSTEM))
    return Path(found) if found else None


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


class HAProxy:
    """One HAProxy before HTTP servers on 127.0.0.1; a context manager.

    `servers` are ports by name, in the backend `backend`, by turns. `check` is the path whose answer outside
    2xx and 3xx takes a server out, within 0.75 s of the change, and back in within 0.5 s.
    """

    def __init__(
        self, backend: str, servers: Mapping[str, int], *, check: str = "/readyz", port: int | None = None
    ) -> None:
        self.backend = backend
        self.servers = dict(servers)
        self.check = check
        self._wanted_port = port
        self.port = port or 0
        self._folder: Folder | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None

    @property
    def folder(self) -> Path:
        """The private folder with the configuration, the socket and the log."""
        if self._folder is None:
            raise LabError("this HAProxy is not started")
        return self._folder.path

    @property
    def socket(self) -> Path:
        """The UNIX socket that takes the runtime commands, level admin; only its user and root may."""
        return self.folder / "admin.sock"

    @property
    def pid(self) -> int:
        """The process id; there is only one."""
        if self._process is None:
            raise LabError("this HAProxy is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """The http:// base of the frontend."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start and wait for the first answer (about 0.1 s); a port that is taken meanwhile is tried anew.

        The servers count as up until their first checks.
        """
        program = binary()
        self._account = self._account or fresh_account()
        self._folder = self._folder or Folder("haproxy", self._account)
        try:
            self._launch(program)
        except BaseException:
            self.stop()
            raise
        return self

    def _launch(self, program: Path) -> None:
        log = self.folder / "haproxy.log"
        for attempt in range(3):
            self.port = self._wanted_port or free_port()
            # -db: one process in the foreground, whatever a configuration says
            command: list[str | Path] = [program, "-db", "-f", self._write_configuration()]
            self._process = spawn(command, account=self._account, cwd=self.folder, log=log)
            try:
                wait_for(self.ready, self._process, "HAProxy", log)
            except LabError as problem:
                if "already in use" not in str(problem) or attempt == 2 or self._wanted_port:
                    raise
            else:
                return

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

    def stop(self) -> None:
        """End it with the requests that pass through it and remove its folder; twice does no harm."""
        if self._process is not None:
            end(self._process, signal.SIGKILL)
            self._process = None
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
