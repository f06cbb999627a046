"""What the benches stand on: a folder, the lab, a peer from PyPI, configurations, programs on a pty."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from console.lab.run import Lab, start_lab
from tests.bench.meter import SIZE, Meter

ROOT = Path(__file__).parents[2]
OURS = (sys.executable, "-m", "console")
BARE = (sys.executable, str(ROOT / "tests/bench/bare_app.py"))
TEN = (
    "catalog-ready", "orders-1-ready", "orders-2-ready", "payments-ready", "database", "jobs", "webhooks",
    "catalog-cache", "shop-db", "orders-1-log",
)  # fmt: skip
"""Ten collectors of the lab: every practice and every driver that there is."""

_COLLECTOR = re.compile(r"(?m)^(?=\[collectors\.([a-z0-9-]+)\]$)")


class Place:
    """Starts what the benches need when the first of them needs it, and ends it; a context manager."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._homes = 0
        self.folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="quarterdeck-bench-"))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    @cached_property
    def lab(self) -> Lab:
        """The demo shop on its real servers."""
        return self._stack.enter_context(start_lab())

    @cached_property
    def glances(self) -> tuple[str, ...]:
        """The peer, installed into a venv of its own; empty where it cannot be had."""
        venv = self.folder / "peer"
        try:
            subprocess.run([sys.executable, "-m", "venv", venv], check=True, capture_output=True, timeout=120)
            install = [str(venv / "bin/pip"), "install", "-q", "glances"]
            subprocess.run(install, check=True, capture_output=True, timeout=180)
        except (OSError, subprocess.SubprocessError):
            return ()
        return (str(venv / "bin/glances"), "--disable-check-update")

    def lab_config(self, name: str, collectors: Sequence[str] = (), every: str = "2s") -> Path:
        """The lab's configuration with these collectors only, or with all of them."""
        head, *parts = _COLLECTOR.split(self.lab.config_path.read_text())
        tables = dict(zip(parts[::2], parts[1::2], strict=True))
        wanted = "".join(tables[one] for one in collectors or tables)
        return self.config(name, head + wanted.replace('every = "2s"', f'every = "{every}"'))

    def config(self, name: str, text: str) -> Path:
        """A configuration file that only we may write."""
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    def environment(self) -> dict[str, str]:
        """A terminal user's environment with a home that nobody has used yet."""
        self._homes += 1
        home = self.folder / f"home-{self._homes}"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        own = {"HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        return kept | own

    @contextlib.contextmanager
    def program(
        self, command: Sequence[str], more: Mapping[str, str] | None = None, size: tuple[int, int] = SIZE
    ) -> Iterator[Meter]:
        """A program on a terminal; it is asked to leave at the end, and killed where it does not."""
        with Meter(command, self.environment() | dict(more or {}), size) as meter:
            yield meter
            if meter.process.poll() is None:
                # Some quit by q, a bare Textual app by ctrl+q.
                meter.send("q\x11")
                with contextlib.suppress(AssertionError):
                    meter.end(10.0)

    def ours(self, config: Path) -> contextlib.AbstractContextManager[Meter]:
        """Our program with a configuration."""
        return self.program([*OURS, "--config", str(config)])
