"""A distribution of collectors by somebody else, good and bad ones, as a wheel."""

import subprocess
import sys
from pathlib import Path

from tests.project.program import environment

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-collectors"
version = "1.2"

[tool.hatch.build.targets.wheel]
packages = ["acme"]

[project.entry-points."quarterdeck.collectors"]
"""

HEAD = """
import time
from dataclasses import dataclass

from collectors.base import Collector
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    \"\"\"Options of Acme. ``queues``: how many there are.\"\"\"

    queues: int = 1


class Acme(Collector[Options]):
    \"\"\"Tells of Acme's queues.\"\"\"

    api = 1
    practice = Practice.QUEUES
    Options = Options

    async def collect(self) -> Sweep:
        names = [f"service-{number:03}.mail" for number in range(self.options.queues)]
        return self.sweep(
            QueueReading(subject=self.context.subject(self.practice, name.encode()), ready=exact(7))
            for name in names
        )
"""


def changed(method: str, line: str) -> str:
    """The same collector with another method of one line."""
    arguments = "self, options, context" if method == "__init__" else "self"
    prefix = "" if method == "__init__" else "async "
    return f"{HEAD}\n    {prefix}def {method}({arguments}):\n        {line}\n"


MODULES = {
    "works": HEAD,
    "fails_at_import": "raise ValueError('acme is broken')\n",
    "leaves_at_import": "raise SystemExit(0)\n",
    "blocks_at_import": "import time\ntime.sleep(3600)\n",
    "is_no_collector": "class Acme:\n    pass\n",
    "is_too_old": HEAD.replace("api = 1", "api = 0"),
    "fails_when_made": changed("__init__", "raise KeyError('nothing')"),
    "fails_in_open": changed("open", "raise RuntimeError('the door is shut')"),
    "fails_in_collect": changed("collect", "raise ZeroDivisionError('of course')"),
    "leaves_in_collect": changed("collect", "raise SystemExit(0)"),
    "blocks_in_open": changed("open", "time.sleep(3600)"),
    "blocks_in_collect": changed("collect", "time.sleep(3600)"),
    "blocks_in_close": changed("close", "time.sleep(3600)"),
    "gives_nothing": changed("collect", "return None"),
}
"""Modules of the distribution; each brings the type `queues.` and its name."""


def installed(home: Path) -> Path:
    """Build the wheel, install it into a folder of its own, and return that."""
    package = home / "source" / "acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    points = "".join(f'"queues.{name}" = "acme.{name}:Acme"\n' for name in MODULES)
    (package.parent / "pyproject.toml").write_text(PROJECT + points)
    for name, text in MODULES.items():
        (package / f"{name}.py").write_text(text)
    target = home / "target"
    pip(home, "wheel", "--no-build-isolation", "-w", home, package.parent)
    pip(home, "install", "--target", target, *home.glob("*.whl"))
    return target


def pip(home: Path, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", arguments[0], "-q", "--no-deps", "--no-index", *arguments[1:]]
    done = subprocess.run(
        [str(part) for part in command],
        cwd=home,
        env=environment(home, {"PYTHONWARNINGS": ""}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
