"""Run the real `quarterdeck` as a process of its own, with a home of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0

_SCRIPT = Path(sys.executable).parent / "quarterdeck"
COMMAND = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "console")


@dataclass(frozen=True)
class Ran:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the process may know: its home is `home`, no warning passes unseen."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    own = {"HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "PYTHONWARNINGS": "error"}
    return kept | own | dict(more or {})


def quarterdeck(
    *arguments: str | Path, home: Path, env: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Ran:
    """Run to the end, in `home`, without a terminal."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=home,
        env=environment(home, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=patience,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


class Running:
    """The program while it runs; its output goes to files, so that it never waits for a reader."""

    def __init__(self, *arguments: str | Path, home: Path, env: Mapping[str, str] | None = None) -> None:
        self._files = (home / f"out-{id(self)}", home / f"err-{id(self)}")
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                cwd=home,
                env=environment(home, env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def out(self) -> str:
        return self._files[0].read_text()

    @property
    def err(self) -> str:
        return self._files[1].read_text()

    def end(self, how: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> Ran:
        """Send a signal and wait for the end."""
        self.process.send_signal(how)
        code = self.process.wait(patience)
        return Ran(code, self.out, self.err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def write(path: Path, text: str) -> Path:
    """A file that only we may write: others' are refused as configuration."""
    path.write_text(text)
    path.chmod(0o600)
    return path
