"""Programs that only Debian has: installed with apt where we are root, else the test says what is missing."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}


def program(name: str, package: str) -> str:
    """The path of a program; installs its package if need be, skips (with CI: fails) where it cannot."""
    found = installed(name, package)
    if found is None:
        words = f"{name} is missing: apt-get install {package}"
        if os.environ.get("CI") in ("1", "true"):
            pytest.fail(words)
        pytest.skip(words)
    return found


def installed(name: str, package: str) -> str | None:
    """The path of a program; installs its package if need be, None where it cannot.

    One process at a time, as apt refuses a second one.
    """
    found = _which(name)
    if found is not None or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    with Path(tempfile.gettempdir(), "quarterdeck-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _which(name) is None:
            for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", package]):
                subprocess.run(command, env=_ENVIRONMENT, capture_output=True, check=False, timeout=300)
    return _which(name)


def _which(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
