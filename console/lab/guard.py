"""Run a command that dies with its parent, optionally as another user.

Called as `python -I -S guard.py SIGNAL PARENT USER -- COMMAND…`; USER is `uid:gid` or `-`. It replaces itself
by the command, so that the process id stays. A script instead of `preexec_fn` (unsafe beside threads) and of
`setpriv` (whose `--pdeathsig` not every system has).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int, parent: int) -> None:
    """Get `signal_number` from the kernel when the parent's thread ends; leave if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Become the user, bind our life to the parent's, then become the command."""
    signal_number, parent, user = arguments[:3]
    command = arguments[4:]
    if user != "-":
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    # after the change of user, which clears the setting
    die_with_parent(int(signal_number), int(parent))
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted; the caller chose the program


if __name__ == "__main__":
    main(sys.argv[1:])
