"""Terminal colours off."""

import re

MOST = 64 * 1024
"""Characters in which colours are looked for."""

_COLOURS = re.compile(r"\x1b\[[\d;]{0,16}m")


def colourless(data: bytes) -> tuple[str, bool]:
    """A line as text without terminal colours, and whether it was not UTF-8."""
    try:
        text, invalid = data.decode(), False
    except UnicodeDecodeError:
        text, invalid = data.decode("utf-8", "replace"), True
    if "\x1b" in text:
        text = _COLOURS.sub("", text[:MOST]) + text[MOST:]
    return text, invalid
