"""Where the console keeps its own files: under XDG_STATE_HOME, private to the user."""

import re
from collections.abc import Mapping
from pathlib import Path


def state_folder(environ: Mapping[str, str], name: str, environment: str) -> Path:
    """The folder of one console: ``~/.local/state/quarterdeck/NAME-ENVIRONMENT``; not made here."""
    base = environ.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".local" / "state"
    safe = re.sub(r"[^\w.-]+", "_", f"{name}-{environment}" if environment else name).strip(".") or "console"
    return root / "quarterdeck" / safe


def make_private(folder: Path) -> None:
    """Make a folder, and what it lies in, for this user alone; what is there stays as it is."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
