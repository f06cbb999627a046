"""Start and end the lab from the console or from the command line."""

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from console.lab import control
from console.lab.control import SOCKET
from console.lab.processes import LabError, module, module_environment
from console.lab.servers import sshd

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(slots=True)
class Lab:
    """A running lab; a context manager that ends it.

    It also ends when this process does, however it does: the supervisor watches the pipe that we hold.
    """

    config_path: Path
    folder: Path
    process: subprocess.Popen[str]
    folders: list[Path] = field(default_factory=list)

    @property
    def control_socket(self) -> Path:
        """The UNIX socket that `console.lab.control` talks to."""
        return self.folder / SOCKET

    @property
    def running(self) -> bool:
        """Whether the supervisor lives."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End everything within some seconds; more than once does no harm."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_lab(*, ssh: bool = False) -> Lab:
    """Start the lab and wait until it is ready (about 4 s); LabError in one sentence if it cannot.

    `ssh`: behind real sshds on loopback.
    """
    for package in ("rq", "starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise control.not_installed(ImportError(name=package))
    if ssh:
        sshd.check()
    process = subprocess.Popen(  # noqa: S603 - argv is ours, no shell
        module("console.lab.supervisor", *(["--ssh"] if ssh else [])),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=module_environment(os.environ),
        # ctrl+c in the terminal is ours to answer
        start_new_session=True,
    )
    lab = Lab(Path(), Path(), process)
    try:
        lab.config_path, lab.folder, lab.folders = _first_line(process)
    except BaseException:
        lab.stop()
        raise
    return lab


def _first_line(process: subprocess.Popen[str]) -> tuple[Path, Path, list[Path]]:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise LabError(f"the lab's supervisor ended with {process.wait()} before it said anything")
    answer = json.loads(line)
    if error := answer.get("error"):
        raise LabError(error)
    return Path(answer["config"]), Path(answer["folder"]), [Path(one) for one in answer["folders"]]


def serve(incident: str | None = None, *, ssh: bool = False) -> int:
    """Start the lab, print `config: PATH`, run until SIGTERM, SIGINT or SIGHUP; return the exit code."""
    over = threading.Event()

    def hear(_number: int, _frame: FrameType | None) -> None:
        over.set()

    before = {number: signal.signal(number, hear) for number in SIGNALS}
    try:
        return _serve(incident, over, ssh=ssh)
    except LabError as problem:
        print(f"quarterdeck demo: {problem}", file=sys.stderr)  # noqa: T201 - a command's talk
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(incident: str | None, over: threading.Event, *, ssh: bool) -> int:
    known = [one.name for one in control.list_incidents()]
    if incident is not None and incident not in known:
        print(f"quarterdeck demo: no incident {incident!r}; there are {', '.join(known)}", file=sys.stderr)  # noqa: T201
        return 64
    with start_lab(ssh=ssh) as lab:
        if incident is not None:
            asyncio.run(control.start(incident, lab.folder))
        print(f"config: {lab.config_path}", flush=True)  # noqa: T201 - a command's answer
        while not over.wait(1):
            if not lab.running:
                raise LabError("the lab's supervisor is gone")
    return 0
