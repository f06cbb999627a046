"""What all servers of the lab have: a private folder, a port of 127.0.0.1, a process that ends with us."""

import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from console.lab.processes import Account, Folder, LabError, end, free_port, spawn, wait_for


class Standing(ABC):
    """One server; a context manager. `title` names it in sentences, `kind` its folder and its log.

    `death` is the signal that it gets when we end; `port` is 0 until it is started.
    """

    title: ClassVar[str]
    kind: ClassVar[str]
    death: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(self, port: int | None = None) -> None:
        self._wanted_port = port
        self.port = port or 0
        self._folder: Folder | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None

    @property
    def folder(self) -> Path:
        """The private folder with all that is the server's own."""
        if self._folder is None:
            raise LabError(f"this {self.title} is not started")
        return self._folder.path

    @property
    def log_file(self) -> Path:
        """The file that takes what it says."""
        return self.folder / f"{self.kind}.log"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        if self._process is None:
            raise LabError(f"this {self.title} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until it answers; raises LabError, and then nothing of it is left."""
        self._check()
        self._account = self._account or self._whom()
        self._folder = self._folder or Folder(self.kind, self._account)
        try:
            self._prepare()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    @abstractmethod
    def _check(self) -> None:
        """Raise LabError where the program is not installed."""

    def _whom(self) -> Account | None:
        """Whom it runs as; None: ourselves."""
        return None

    @abstractmethod
    def _prepare(self) -> None:
        """Make what it needs once in its folder."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]:
        """The command for `port`; writes the configuration that it names."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    def _launch(self) -> None:
        """Start the process; a port that is taken meanwhile is tried anew."""
        for attempt in range(3):
            self.port = self._wanted_port or free_port()
            log = self.log_file
            self._process = spawn(
                self._command(), death=self.death, account=self._account, cwd=self.folder, log=log
            )
            try:
                wait_for(self.ready, self._process, self.title, log)
            except LabError as problem:
                if "already in use" not in str(problem) or attempt == 2 or self._wanted_port:
                    raise
            else:
                return

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the server a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for a hang."""
        if self._process is not None:
            self._process.send_signal(how)

    def restart(self) -> Self:
        """End the process and start it anew on the same port."""
        if self._process is not None:
            self._end(self._process)
        self._wanted_port = self.port
        return self.start()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # nothing is worth saving, and a stopped process hears nothing else
        end(process, signal.SIGKILL)

    def stop(self) -> None:
        """End the server and remove its folder; more than once does no harm."""
        if self._process is not None:
            self._end(self._process)
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
