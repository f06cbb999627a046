"""Programs that only tell: a fixed table of argument lists, checked arguments, a deadline."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.errors import AccessError, OptionsError, UnsupportedError
from collectors.text import one_line
from collectors.transport.host import OUTPUT_LIMIT, Host, Ran
from collectors.transport.local import LocalHost
from collectors.transport.read.scripts import HOST, PROCESS, UNIT


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, to which come, after ``--``, those that fit ``arguments`` in turn.

    ``repeats``: the last pattern stands for any number, also none. ``sudo``: it may be run as root by
    ``sudo -n``; a script of ours never, as who may run a shell may run everything.
    """

    argv: tuple[str, ...]
    arguments: tuple[re.Pattern[str], ...] = ()
    repeats: bool = False
    sudo: bool = False


UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}")
"""No glob: systemctl would show other units too."""

PATH = re.compile(r"/[^\0\n]{0,4095}")
"""A whole path."""

NUMBER = re.compile(r"\d{1,20}")
"""A process's number, or its start in clock ticks after boot; 0 for none."""

BOOT = re.compile(r"[0-9a-f][0-9a-f-]{0,63}|")
"""A boot's id, empty where it is not known."""

TABLE: Mapping[str, Command] = {
    "systemd.show": Command(("systemctl", "show", "--no-pager", f"--property={UNIT}"), (UNIT_NAME,)),
    "process.look": Command(
        ("sh", "-c", PROCESS),
        (
            re.compile("pid|file|port|unit"),
            re.compile(rf"\d{{1,10}}|{PATH.pattern}|{UNIT_NAME.pattern}"),
            NUMBER,
            NUMBER,
            BOOT,
        ),
    ),
    "sockets.list": Command(("ss", "-H", "-t", "-a", "-n", "-p"), sudo=True),
    "host.look": Command(("sh", "-c", HOST), (PATH,), repeats=True),
}
"""Every program that a collector starts, and none else; none of them changes anything."""

SUDO = ("env", "LC_ALL=C", "sudo", "-n")
"""Before a command that runs as root; sudo's own words must not be translated."""

_ASKS = ("a password is required", "a terminal is required", "no tty present", "sorry, you must have a tty")
"""What ``sudo -n`` says instead of asking, 1.8 to 1.9."""

_SUDO_SAYS = re.compile(r"sudo: |Sorry, user |\S+ is not in the sudoers file")
_DENIES = ("is not in the sudoers file", "is not allowed to execute", "is not allowed to run sudo")


@dataclass(frozen=True, slots=True)
class Output:
    """What a program left: its exit code (negative: the signal), and its two outputs as text."""

    code: int
    out: str
    err: str


def argv_of(name: str, *arguments: str, sudo: bool = False) -> list[str]:
    """The argument list of a command of the table.

    Raises OptionsError for an argument that does not fit, and for ``sudo`` where it may not be run so.
    """
    command = TABLE[name]
    wanted = len(command.arguments)
    if len(arguments) < wanted - command.repeats or (len(arguments) > wanted and not command.repeats):
        raise OptionsError(f"{command.argv[0]} takes {wanted} arguments here, not {len(arguments)}")
    patterns = (*command.arguments, *command.arguments[-1:] * (len(arguments) - wanted))
    for pattern, argument in zip(patterns, arguments, strict=False):
        if not pattern.fullmatch(argument) or argument.startswith("-"):
            raise OptionsError(f"{argument!r} cannot be given to {command.argv[0]}", "correct the name")
    if sudo and not command.sudo:
        raise OptionsError(f"{command.argv[0]} is not run by sudo from here", "drop `sudo`")
    return [*(SUDO if sudo else ()), *command.argv, *(("--", *arguments) if arguments else ())]


async def run(
    name: str,
    *arguments: str,
    host: Host | None = None,
    timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
    sudo: bool = False,
    limit: int = OUTPUT_LIMIT,
) -> Output:
    """Run a command of the table on ``host`` (default: this machine); whatever happens, it is gone on return.

    Raises OptionsError as ``argv_of`` does, AccessError where sudo refuses, and what ``Host.run`` raises.
    """
    host = host or LocalHost()
    argv = argv_of(name, *arguments, sudo=sudo)
    ran = await host.run(argv, timeout=timeout, limit=limit)
    if sudo:
        check_sudo(ran, argv, host)
    return Output(ran.code, ran.out.decode("utf-8", "replace"), ran.err.decode("utf-8", "replace"))


def check_sudo(ran: Ran, argv: list[str], host: Host) -> None:
    """Raise AccessError in words where ``sudo -n`` did not run ``argv``; nothing where it did."""
    said = ran.err.decode("utf-8", "replace").strip()
    where = f"sudo on {host.name}" if host.name else "sudo"
    if ran.code == 127 and "sudo" in said.partition(argv[len(SUDO)])[0]:
        raise UnsupportedError(f"{where} is missing", "install it, or drop `sudo`")
    # sudo speaks in its own name, and first; what the program itself says is the caller's to judge
    if ran.code == 0 or not _SUDO_SAYS.match(said):
        return
    exact = (
        f"allow this exact command NOPASSWD in its sudoers, {one_line(shlex.join(argv[len(SUDO) :]), 300)}"
    )
    if any(words in said for words in _ASKS):
        raise AccessError(f"{where} wants a password", exact)
    if any(words in said for words in _DENIES):
        raise AccessError(f"{where} does not allow it", exact)
    if "command not found" in said:
        raise UnsupportedError(f"{where} finds no {argv[len(SUDO)]}")
    raise AccessError(f"{where}: {one_line(said, 160)}", exact)
