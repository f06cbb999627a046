"""Programs that only tell: a fixed table of argument lists, no shell, one checked argument, a deadline."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.errors import OptionsError
from collectors.transport.host import Host
from collectors.transport.local import LocalHost


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
    host: Host | None = None,
    timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
) -> Output:
    """Run a command of the table on ``host`` (default: this machine); whatever happens, it is gone on return.

    Raises OptionsError for an argument that does not fit, and what ``Host.run`` raises.
    """
    command = TABLE[name]
    if not command.argument.fullmatch(argument) or argument.startswith("-"):
        raise OptionsError(f"{argument!r} cannot be given to {command.argv[0]}", "correct the name")
    ran = await (host or LocalHost()).run([*command.argv, "--", argument], timeout=timeout)
    return Output(ran.code, ran.out.decode("utf-8", "replace"), ran.err.decode("utf-8", "replace"))
