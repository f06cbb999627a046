"""What is left behind by a fault of our own: a report without local variables or secrets, and one message."""

import contextlib
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from collectors.text import Shown, one_line, redact

EXIT_CRASH = 70
"""EX_SOFTWARE of sysexits.h."""

REPORTS_KEPT = 10
_LIMIT = 64 * 1024


def report_text(error: BaseException, environ: Mapping[str, str]) -> str:
    """The report: versions, terminal, and the traceback with its causes, each line redacted and cleaned."""
    ours, textual = _version("quarterdeck"), _version("textual")
    lines = [
        f"quarterdeck {ours}, textual {textual}, Python {platform.python_version()}",
        f"{platform.system()} {platform.release()}, TERM={environ.get('TERM', 'unset')}",
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "",
    ]
    lines += "".join(
        traceback.TracebackException.from_exception(error, limit=-40, compact=True).format()
    ).splitlines()
    return "\n".join(Shown(redact(line), 2000) for line in lines)[:_LIMIT] + "\n"


def write_report(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """Write the report for the user's eyes only (0600); None when no place can be written."""
    text = report_text(error, environ)
    for folder in (state_folder(environ), None):
        with contextlib.suppress(OSError):
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            prefix = time.strftime("crash-%Y%m%dT%H%M%SZ-", time.gmtime())
            # mkstemp makes it 0600 and follows no link that somebody laid there.
            handle, name = tempfile.mkstemp(".txt", prefix if folder else f"quarterdeck-{prefix}", folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            if folder is not None:
                _prune(folder)
            return Path(name)
    return None


def message(error: BaseException, report: Path | None) -> str:
    """One short message for stderr: what, and where the rest is."""
    what = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    where = (
        f"Report: {Shown(str(report))}" if report is not None else "No report: no folder could be written."
    )
    return f"quarterdeck stopped by a fault of its own: {what}\n{where}\n"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where reports lie: ``quarterdeck`` in $XDG_STATE_HOME, else in ~/.local/state."""
    state = environ.get("XDG_STATE_HOME", "")
    base = (
        Path(state)
        if state.startswith("/")
        else Path(environ.get("HOME") or "/nonexistent") / ".local" / "state"
    )
    return base / "quarterdeck"


def tell(text: str) -> None:
    """Write to stderr, where it still exists."""
    with contextlib.suppress(OSError, ValueError):
        stream = sys.__stderr__
        if stream is not None:
            stream.write(text)
            stream.flush()


def _prune(folder: Path) -> None:
    for old in sorted(folder.glob("crash-*.txt"))[:-REPORTS_KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(unknown)"
