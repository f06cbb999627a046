"""Processes, folders and ports of the lab: nothing of them outlives the process that made them."""

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# a login shell of an ordinary user does not look here
SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")
GUARD = Path(__file__).with_name("guard.py")
SOURCE = Path(__file__).parents[2]
PREFIX = "quarterdeck-lab-"
LOCK = ".alive"
# below Linux's outgoing ports, so that no connection takes one between our look and the server's bind
PORTS = range(20_000, 32_000)
# the numbers that systemd, too, takes for users of one run
UIDS = range(61_184, 65_520)


class LabError(Exception):
    """Something of the lab did not start or did not answer; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user to run as, by number."""

    uid: int
    gid: int


def named_account() -> Account | None:
    """Tell whom PostgreSQL runs as, which wants a name: nobody if we are root, else None: ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LabError(
            "as root the lab needs the user 'nobody', because PostgreSQL refuses to run as root"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def fresh_account() -> Account | None:
    """Tell whom Valkey runs as: if we are root a number of its own, else None: ourselves.

    RQ's worker runs what it finds in Valkey, so nobody else may read the password there, not even a daemon
    that runs as nobody.
    """
    if os.geteuid() != 0:
        return None
    number = random.SystemRandom().choice(UIDS)
    return Account(number, number)


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    death: signal.Signals = signal.SIGKILL,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that gets `death` when the calling thread ends.

    `log` takes stdout and stderr. Without `env` none of our environment is handed on, so that the operator's
    PGHOST or PYTHONSTARTUP does not reach the lab.
    """
    user = f"{account.uid}:{account.gid}" if account else "-"
    argv = [sys.executable, "-I", "-S", str(GUARD), str(int(death)), str(os.getpid()), user, "--"]
    argv += [os.fspath(part) for part in command]
    with contextlib.ExitStack() as stack:
        out: IO[bytes] | int = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        return subprocess.Popen(  # noqa: S603 - argv is ours, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else clean_environment(),
            cwd=cwd or "/",
            start_new_session=True,
        )


def clean_environment() -> dict[str, str]:
    """Return the few variables that a server of the lab needs."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours; `-P`: not one from the operator's folder."""
    return [sys.executable, "-P", "-m", name, *arguments]


def module_environment(before: Mapping[str, str]) -> dict[str, str]:
    """Return `before`, with the path to our modules where they are not installed but run from source."""
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return {**before} if str(SOURCE) in installed else {**before, "PYTHONPATH": str(SOURCE)}


def end(
    process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, *, patience: float = 5.0
) -> None:
    """End a process with `how`, after `patience` seconds with SIGKILL, and reap it."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], what: str, log: Path) -> None:
    """Wait up to 20 s until `condition`; LabError with the end of the log if that does not come."""
    deadline = time.monotonic() + 20
    while not condition():
        if process.poll() is not None:
            raise LabError(f"{what} ended with {process.returncode} while starting: {tail(log)}")
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not answer within 20 s: {tail(log)}")
        time.sleep(0.005)


def tail(log: Path, size: int = 600) -> str:
    """Return the last characters of a log on one line."""
    with contextlib.suppress(OSError):
        return " | ".join(log.read_text(errors="replace")[-size:].splitlines())
    return "no log"


def free_port() -> int:
    """Find a TCP port of 127.0.0.1 that nobody listens on."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise LabError("no free port on 127.0.0.1 between 20000 and 32000")


def write_private(path: Path, text: str) -> None:
    """Write a file that only our user may read; who reads meanwhile finds the whole old or the whole new."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def base_folder() -> Path:
    """Return where folders of labs lie: the temporary folder, or /tmp where its name is long."""
    base = tempfile.gettempdir()
    # a UNIX socket's path holds 107 bytes
    return Path(base if len(base) < 40 else "/tmp")  # noqa: S108 - only mkdtemp's folders are used


class Folder:
    """A private folder (0700) under the temporary one, locked while we live, removed by `remove`."""

    def __init__(self, name: str, account: Account | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-", dir=base_folder()))
        self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if account:
            os.chown(self.path, account.uid, account.gid)

    def remove(self) -> None:
        """Remove the folder with all that is in it; more than once does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sweep() -> list[Path]:
    """Remove folders of labs that were killed so hard that they could not; return what was removed.

    Safe beside other sweeps, and a folder that could not be emptied now is tried again by the next.
    """
    account = named_account()
    ours = {os.geteuid(), *([account.uid, *UIDS] if account else [])}
    removed: list[Path] = []
    for folder in base_folder().glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            state = folder.lstat()
            if stat.S_ISDIR(state.st_mode) and state.st_uid in ours and _remove_abandoned(folder):
                removed.append(folder)
    return removed


def _remove_abandoned(folder: Path) -> bool:
    """Remove a folder whose lock nobody holds; a folder without one is left alone.

    We hold the lock meanwhile and remove its file last: whoever ends half-way, or finds that a dying server
    still writes, leaves a folder that is known as abandoned.
    """
    lock = folder / LOCK
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        # the age leaves time between another lab's making of the lock file and its taking it
        if time.time() - os.fstat(handle).st_mtime < 10:
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != lock:
                entry.unlink()
        lock.unlink()
        folder.rmdir()
    finally:
        os.close(handle)
    return True


def find_program(name: str) -> Path | None:
    """Find a program in PATH or among the system's; None where there is none."""
    found = shutil.which(name) or shutil.which(name, path=":".join(SYSTEM))
    return Path(found) if found else None


def reachable(path: Path, account: Account | None) -> bool:
    """Tell whether another account may read and execute `path`; only the bits for all count."""
    if account is None:
        return True
    everyone = stat.S_IROTH | stat.S_IXOTH
    if path.stat().st_mode & everyone != everyone:
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
