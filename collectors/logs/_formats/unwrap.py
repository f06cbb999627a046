"""A single line without what a container runtime put around it."""

import re
from typing import Any

from collectors.logs._formats.envelope import Envelope
from collectors.logs._formats.ladder import read_json

_COLOURS = re.compile(r"\x1b\[[\d;]{0,16}m")


def colourless(data: bytes) -> tuple[str, bool]:
    """A line as text without terminal colours, and whether it was not UTF-8."""
    try:
        text, invalid = data.decode(), False
    except UnicodeDecodeError:
        text, invalid = data.decode("utf-8", "replace"), True
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    return text, invalid


def unwrapped(raw: bytes) -> tuple[bytes, float | None, dict[str, Any]]:
    """What a program wrote, the runtime's time (UTC epoch seconds), and the runtime's own fields.

    Lines that the runtime split come joined by newlines and are put together.
    """
    data = raw.strip(b"\0\r")
    if data[:1].isdigit() or data[:8] == b'{"log":"':
        envelope = Envelope()
        lines = data.split(b"\n")
        first = _one(lines[0], envelope)
        if first is not None:
            inner, time, fields = first
            rest = [_one(line, envelope) for line in lines[1:]]
            parts = [
                inner,
                *(line if one is None else one[0] for one, line in zip(rest, lines[1:], strict=True)),
            ]
            whole = [part for part in parts if part is not None]
            return b"\n".join(whole) or envelope.rest(), time, fields
    return data, None, {}


def _one(line: bytes, envelope: Envelope) -> tuple[bytes | None, float | None, dict[str, Any]] | None:
    if line[:1].isdigit():
        found = envelope.cri(line)
        return None if found is None else (*found, {})
    if line[:1] != b"{":
        return None
    wrapper, _ = read_json(line)
    if wrapper is None or (found := envelope.docker(wrapper)) is None:
        return None
    return (*found, {"attrs": wrapper["attrs"]} if "attrs" in wrapper else {})
