"""What has to be known about the terminal before textual is imported; this module never imports it."""

import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import TextIO

_HEADLESS = "Without a screen: quarterdeck check, quarterdeck show PRACTICE, or --plain."


def screen_refusal(environ: Mapping[str, str], stdin: TextIO | None, stdout: TextIO | None) -> str | None:
    """Why no screen can be opened here, in one line that names the way out; None where one can."""
    if not _is_terminal(stdin):
        return f"A screen needs a terminal, and standard input is none. {_HEADLESS}"
    if not _is_terminal(stdout):
        return f"A screen needs a terminal, and standard output is none. {_HEADLESS}"
    kind = environ.get("TERM", "")
    if not kind:
        return f"TERM is not set, so nobody knows what this terminal can show. {_HEADLESS}"
    if kind in {"dumb", "unknown"}:
        return f"TERM={kind} is a terminal that cannot move its cursor. {_HEADLESS}"
    return None


def glyphs_are_safe(stdout: TextIO | None) -> bool:
    """Whether marks such as ● arrive as one cell each; else the ASCII set is to be used."""
    encoding = getattr(stdout, "encoding", None) or ""
    return encoding.lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}


def low_bandwidth(environ: Mapping[str, str]) -> bool:
    """Whether the line to the terminal is to be spared: it runs through SSH."""
    return bool(environ.get("SSH_CONNECTION"))


def apply_environment(*, low_bandwidth: bool, environ: MutableMapping[str, str] | None = None) -> bool:
    """Set textual's switches where the user has not; False where textual has read them already.

    Textual reads them at import. Frames are capped at 30 a second (15 on a spared line), which
    bounds a key's wait at 67 ms; data itself changes at most 10 times a second.
    """
    target = os.environ if environ is None else environ
    switches = {"TEXTUAL_FPS": "30", "TEXTUAL_ANIMATIONS": "none"}
    if low_bandwidth:
        # The kitty protocol makes each key a report of many bytes, and a killed console leaves it on.
        switches |= {"TEXTUAL_FPS": "15", "TEXTUAL_DISABLE_KITTY_KEY": "1", "TEXTUAL_SMOOTH_SCROLL": "0"}
    for name, value in switches.items():
        target.setdefault(name, value)
    return "textual.constants" not in sys.modules


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
