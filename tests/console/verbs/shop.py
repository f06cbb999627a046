"""Small configurations and what they watch."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.project.program import write

REFUSED = "tcp://127.0.0.1:1"
"""A port on which nothing ever listens."""


@contextmanager
def listening() -> Iterator[str]:
    """The tcp:// URL of a port that takes connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def collector(name: str, kind: str, url: str, **more: str) -> str:
    """The TOML of one collector; values of ``more`` are TOML."""
    lines = [f"[collectors.{name}]", f'type = "{kind}"', f'url = "{url}"']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in more.items())]) + "\n"


def configuration(folder: Path, *parts: str, head: str = "", name: str = "quarterdeck.toml") -> Path:
    """A configuration in ``folder``, where the program looks for it by itself."""
    return write(folder / name, "\n".join(part for part in (head, *parts) if part))


def push(url: str, queue: str | bytes, count: int = 1) -> None:
    """Put elements into a list."""
    with redis.Redis.from_url(url) as client:
        client.lpush(queue, *([b"{}"] * count))
