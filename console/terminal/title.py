"""The terminal's title: OSC 0 with text that can neither end nor extend the sequence."""

from collections.abc import Mapping

from collectors.text import one_line

TITLE_LIMIT = 120
"""Characters of a title."""

SAVE = "\x1b[22;0t"
"""XTWINOPS: push the title that the terminal had (xterm ctlseqs)."""

RESTORE = "\x1b]0;\x07\x1b[23;0t"
"""Empty the title, then pop the old one: where nothing can be popped, no claim of ours stays behind."""

_WITHOUT_OSC = ("linux", "vt", "ansi", "cons", "dumb", "unknown")


def title_sequence(text: str) -> str:
    """The sequence that sets window and icon title; whatever is hostile in ``text`` is a visible mark."""
    return f"\x1b]0;{one_line(text, TITLE_LIMIT)}\x07"


def takes_osc(environ: Mapping[str, str]) -> bool:
    """Whether the terminal understands OSC (title, clipboard) at all; consoles of old kernels print it."""
    return not environ.get("TERM", "unknown").startswith(_WITHOUT_OSC)
