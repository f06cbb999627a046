"""A program as text for the shell of a server, so that it ends there when nobody waits for it here."""

import shlex
from collections.abc import Sequence

# An exit code of 255 is also ssh's own for a broken line, so the program's is told on stderr.
_SCRIPT = """\
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C SYSTEMD_COLORS=0
export PATH LC_ALL SYSTEMD_COLORS
cd /
{run}
[ $c = 255 ] && echo {mark} >&2
exit $c"""
# sshd ends no program whose connection is gone: whoever reads fd 3 does
_WATCHED = """\
exec 3<&0
"$@" </dev/null 3<&- &
p=$!
(read -r _; kill $p) <&3 >/dev/null 2>&1 &
w=$!
wait $p
c=$?
kill $w 2>/dev/null"""
_GIVEN = '"$@"\nc=$?'

MARK = "quarterdeck:255"
"""The last line on stderr where the program itself ended with 255."""


def remote_command(argv: Sequence[str], *, given: bool = False) -> str:
    """The one string that ssh hands to the user's shell.

    Without input of its own, the program ends as soon as standard input does; with it (``given``), it is
    trusted to end when it has read all.
    """
    return shlex.join(["exec", *watched(argv, given=given)])


def watched(argv: Sequence[str], *, given: bool = False) -> tuple[str, ...]:
    """The same as a list of arguments, for a way that hands them on as they are."""
    script = _SCRIPT.format(run=_GIVEN if given else _WATCHED, mark=MARK)
    return ("sh", "-c", script, "sh", *argv)
