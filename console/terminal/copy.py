"""The clipboard at the other end of the line: OSC 52, capped, cleaned, and passed on by multiplexers."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.text import LINE_LIMIT, Shown

COPY_LIMIT = 74_994
"""Bytes of one copy: base64 of more exceeds the 100,000 bytes at which terminals drop an OSC 52."""

_SCREEN_CHUNK = 512
"""Bytes that GNU screen passes on in one device control string; its buffer holds 768."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is offered to the clipboard, and whether it had to be cut to fit."""

    text: str
    cut: bool


def prepare(text: str) -> Copy:
    """Clean every line of ``text`` (newlines and tabs stay) and cut it to COPY_LIMIT bytes of UTF-8."""
    rough = text[: COPY_LIMIT + 1]
    lines = rough.replace("\r\n", "\n").split("\n")
    cleaned = "\n".join(
        "\t".join(Shown(field, LINE_LIMIT + COPY_LIMIT) for field in line.split("\t")) for line in lines
    )
    encoded = cleaned.encode("utf-8", "replace")
    kept = encoded[:COPY_LIMIT].decode("utf-8", "ignore")
    return Copy(kept, len(text) > len(rough) or len(encoded) > COPY_LIMIT)


def osc52(text: str) -> str:
    """The sequence that sets the clipboard (xterm ctlseqs, OSC 52)."""
    return f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}\x07"


def passthrough(sequence: str, environ: Mapping[str, str]) -> str:
    """``sequence`` in the wrapping that tmux or GNU screen hands through to its own terminal, or "".

    tmux takes the plain sequence itself with ``set-clipboard on`` and the wrapped one with
    ``allow-passthrough on``; neither can be asked from here, so a caller sends both.
    """
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        chunks = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return ""
