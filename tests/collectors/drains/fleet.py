"""Two orders behind a real HAProxy, customers that never stop, and requests that take a while."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.servers.haproxy import Haproxy, haproxy
from tests.servers.waiting import wait_until

ORDERS = Path(__file__).with_name("orders.py")
SECTIONS = """
frontend www
    bind 127.0.0.1:{www}
    default_backend orders
backend orders
    option httpchk GET /readyz
    default-server check inter 100 fall 2 rise 1
"""


@dataclass
class Instance:
    """One running service."""

    name: str
    port: int
    pid_file: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def drain(self) -> None:
        """Take its readiness off, as somebody else would."""
        httpx.post(self.url + "/drain", trust_env=False)

    def ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + "/readyz", trust_env=False).status_code == 200
        return False


def by_itself(port: int, pid_file: Path) -> list[str]:
    """The application starts uvicorn and writes its number."""
    return [sys.executable, str(ORDERS), str(port), str(pid_file)]


@contextmanager
def instance(
    name: str, port: int, folder: Path, command: Callable[[int, Path], list[str]] = by_itself
) -> Iterator[Instance]:
    """Start one and wait until it is ready; a zombie stays until the end, as its parent does not wait."""
    pid_file = folder / f"{name}.pid"
    process = subprocess.Popen(command(port, pid_file))
    one = Instance(name, port, pid_file, process)
    try:
        wait_until(one.ready, 30, f"{name} is ready")
        yield one
    finally:
        process.kill()
        process.wait()


@contextmanager
def balanced(instances: list[Instance], free_port: Callable[[], int]) -> Iterator[tuple[Haproxy, str]]:
    """HAProxy before them; gives it and the base of its frontend."""
    www = free_port()
    lines = "".join(f"    server {one.name} 127.0.0.1:{one.port}\n" for one in instances)
    with haproxy(SECTIONS.format(www=www) + lines, free_port()) as server:
        yield server, f"http://127.0.0.1:{www}"


@dataclass
class Load:
    """Customers, each in a thread with a connection kept alive; `failed` are the requests that were lost."""

    url: str
    served: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self._live) for _ in range(3)]
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(self.served) > 20, 20, "customers are served")
        return self

    def _live(self) -> None:
        with httpx.Client(timeout=40, trust_env=False) as client:
            while not self.over.wait(0.01):
                try:
                    answer = client.get(self.url + "/buy")
                except httpx.HTTPError as problem:
                    self.failed.append(repr(problem))
                else:
                    (self.served if answer.status_code == 200 else self.failed).append(answer.text)

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(45)


@contextmanager
def slow_request(url: str, seconds: float) -> Iterator[list[object]]:
    """One request that takes a while, in a thread; its status or its error comes into the list."""
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(httpx.get(f"{url}/slow?s={seconds}", timeout=60, trust_env=False).status_code)
        except httpx.HTTPError as problem:
            answers.append(repr(problem))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    wait_until(lambda: "active_requests 1" in httpx.get(url + "/metrics", trust_env=False).text, 10)
    yield answers
    thread.join(0.1)
