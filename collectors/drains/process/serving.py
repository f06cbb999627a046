"""Which web server a process is, by its arguments, and what SIGTERM makes it do; pure.

What each does was measured with uvicorn 0.54, gunicorn 27 and hypercorn 0.18.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?")
_TAKE_A_VALUE = frozenset({"-X", "-W", "--check-hash-based-pycs"})
_TITLE = re.compile(r"gunicorn: (master|arbiter|worker)\b")
"""What setproctitle makes of gunicorn's arguments, which are lost then."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that was recognised. ``limit``: seconds after SIGTERM until it cuts what is not finished.

    None: it has no limit. ``sure``: its arguments say so; else it is its default, which a file or a variable
    may change. ``then``: what it does to those.
    """

    name: str
    limit: float | None
    sure: bool
    then: str
    takes: str = "takes no new connection"

    @property
    def words(self) -> str:
        """What SIGTERM makes it do."""
        if self.limit is None:
            sure = "" if self.sure else " (its configuration may set one)"
            return f"{self.name} {self.takes} after SIGTERM, and waits for what it has without a limit{sure}"
        sure = "" if self.sure else " (its default: its configuration may say otherwise)"
        return (
            f"{self.name} {self.takes} after SIGTERM, and {self.then} what is not finished "
            f"{self.limit:g} s later{sure}"
        )

    @property
    def brief(self) -> str:
        """For a line among others: ``uvicorn, no limit after SIGTERM``."""
        limit = "no limit" if self.limit is None else f"{self.limit:g} s"
        return f"{self.name}, {limit} after SIGTERM{'' if self.sure else ', by default'}"


def recognised(arguments: Sequence[str]) -> Serving | None:
    """The server that was started with these arguments; None where it is none that we know."""
    if len(arguments) == 1 and _TITLE.match(arguments[0]):
        return _gunicorn(())
    name, rest = _program(arguments)
    make = {"gunicorn": _gunicorn, "uvicorn": _uvicorn, "hypercorn": _hypercorn}.get(name)
    return make(rest) if make else None


def _gunicorn(rest: Sequence[str]) -> Serving:
    told = _seconds(rest, "--graceful-timeout")
    # sync and threaded workers leave the port open until they end, and reset what came meanwhile
    asks = any("asgi" in one or "uvicorn" in one.lower() for one in rest)
    takes = "takes no new connection" if asks else "resets new connections"
    limit = 30.0 if told is None else told
    return Serving("gunicorn", limit, told is not None, "kills its workers with", takes)


def _uvicorn(rest: Sequence[str]) -> Serving:
    told = _seconds(rest, "--timeout-graceful-shutdown")
    return Serving("uvicorn", told, told is not None, "answers 500 to")


def _hypercorn(rest: Sequence[str]) -> Serving:
    told = _seconds(rest, "--graceful-timeout")
    limit = 3.0 if told is None else told
    return Serving("hypercorn", limit, told is not None, "answers 500 to", "resets new connections")


def _program(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The name of what runs, of Python the script's or the module's, and the arguments after it."""
    rest = list(arguments)
    if not rest or not _PYTHON.fullmatch(PurePosixPath(rest[0]).name):
        return (PurePosixPath(rest[0]).name, rest[1:]) if rest else ("", rest)
    while rest := rest[1:]:
        word = rest[0]
        if word == "-m" and len(rest) > 1:
            return rest[1].removesuffix(".__main__").removesuffix(".app.wsgiapp"), rest[2:]
        if word in _TAKE_A_VALUE:
            rest = rest[1:]
        elif not word.startswith("-"):
            return PurePosixPath(word).name, rest[1:]
        elif word in ("-c", "-"):
            break
    return "", []


def _seconds(rest: Sequence[str], option: str) -> float | None:
    """The last value of an option that is a number of seconds; None where it has none that can be read."""
    found = None
    for place, word in enumerate(rest):
        name, _, value = word.partition("=")
        # argparse takes the begin of a name for it
        if len(name) < 8 or not option.startswith(name):
            continue
        text = value or (rest[place + 1] if place + 1 < len(rest) else "")
        try:
            seconds = float(text)
        except ValueError:
            continue
        found = seconds if 0 <= seconds < math.inf else found
    return found
