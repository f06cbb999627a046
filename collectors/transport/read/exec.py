"""Programs that only tell: a fixed table of argument lists, no shell, one checked argument, a deadline."""

import asyncio
import contextlib
import os
import re
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.errors import AnswerError, OptionsError, TimedOutError, UnsupportedError
from collectors.transport.faults import span

OUTPUT_LIMIT = 256 * 1024
"""Bytes of an answer, and of a complaint."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, to which one more is added, after ``--``, that fits ``argument``."""

    argv: tuple[str, ...]
    argument: re.Pattern[str]


_UNIT = (
    "Id,LoadState,ActiveState,SubState,MainPID,ExecMainCode,ExecMainStatus,Result,NRestarts,TimeoutStopUSec,"
    "SendSIGKILL,StateChangeTimestampMonotonic,InactiveEnterTimestampMonotonic,ExecMainStartTimestampMonotonic"
)

TABLE: Mapping[str, Command] = {
    "systemd.show": Command(
        ("systemctl", "show", "--no-pager", f"--property={_UNIT}"),
        # no glob: systemctl would show other units too
        re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}"),
    ),
}
"""Every program that a collector starts, and none else; none of them changes anything."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a program left: its exit code (negative: the signal), and its two outputs as text."""

    code: int
    out: str
    err: str


async def run(
    name: str,
    argument: str,
    *,
    timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
) -> Output:
    """Run a command of the table within ``timeout`` seconds; whatever happens, it is gone on return.

    Raises OptionsError for an argument that does not fit, UnsupportedError where the program is missing,
    TimedOutError, and AnswerError for endless output.
    """
    command = TABLE[name]
    if not command.argument.fullmatch(argument) or argument.startswith("-"):
        raise OptionsError(f"{argument!r} cannot be given to {command.argv[0]}", "correct the name")
    program = command.argv[0]
    # the table names no folder: a console under systemd has a PATH that its operator set
    environment = {"PATH": os.environ.get("PATH", _PATH), "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    try:
        process = await asyncio.create_subprocess_exec(
            *command.argv, "--", argument, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment, cwd="/"
        )
    except FileNotFoundError:
        raise UnsupportedError(f"there is no {program} on this machine") from None
    except OSError as error:
        raise UnsupportedError(f"{program} cannot be started: {error.strerror}") from None
    try:
        async with asyncio.timeout(timeout):
            out, err = await asyncio.gather(_read(process.stdout), _read(process.stderr))
            code = await process.wait()
    except TimeoutError:
        raise TimedOutError(
            f"{program} gave no answer in {span(timeout)}", "is the machine overloaded?"
        ) from None
    finally:
        await _ended(process)
    return Output(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """All of a pipe, to its end; raises AnswerError beyond the limit."""
    read = bytearray()
    while stream is not None and (piece := await stream.read(65536)):
        read += piece
        if len(read) > OUTPUT_LIMIT:
            raise AnswerError(f"an answer of more than {OUTPUT_LIMIT // 1024} KiB")
    return bytes(read)


async def _ended(process: Process) -> None:
    """Kill what still runs and reap it, also while we are being cancelled."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await asyncio.shield(process.wait())
