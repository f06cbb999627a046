"""A real PostgreSQL that takes no connection without TLS: Debian's, as the one in the wheel has none."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from console.lab.processes import end, free_port, named_account, spawn
from tests.servers.debian import program
from tests.servers.waiting import wait_until

SETTINGS = ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=16MB", "max_connections=10", "ssl=on"]
HBA = "hostssl all all 127.0.0.1/32 trust\nhostnossl all all 0.0.0.0/0 reject\n"


class TlsPostgres:
    """One cluster on 127.0.0.1 whose certificate carries `name`; `authority` is the file that signed it."""

    def __init__(self, name: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="quarterdeck-pgtls-"))
        self.authority = self.folder / "ca.pem"
        self._account = named_account()
        self._process: subprocess.Popen[bytes] | None = None
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        certificate = authority.issue_cert(name)
        certificate.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))

    def __enter__(self) -> Self:
        binaries = self._binaries()
        (self.folder / "key.pem").chmod(0o600)
        user = None if self._account is None else self._account.uid
        if self._account is not None:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self._account.uid, self._account.gid)
        data = self.folder / "data"
        create: list[str | Path] = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run(create, check=True, capture_output=True, timeout=60, user=user, cwd=self.folder)
        (data / "pg_hba.conf").write_text(HBA)
        files = [f"ssl_cert_file={self.folder}/cert.pem", f"ssl_key_file={self.folder}/key.pem"]
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(self.port),
            "-k",
            str(self.folder),
        ]
        for setting in (f"port={self.port}", *SETTINGS, *files):
            command += ["-c", setting]
        self._process = spawn(command, account=self._account, log=self.folder / "log")
        wait_until(lambda: "ready to accept" in (self.folder / "log").read_text(), 30)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._process is not None:
            end(self._process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _binaries(self) -> Path:
        def found() -> list[Path]:
            return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

        if not found():
            program("pg_lsclusters", "postgresql")
        return found()[-1].parent
