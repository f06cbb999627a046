"""Pure readers of what a Redis answers."""

from collections.abc import Sequence
from typing import Any


def parse_info(text: bytes) -> dict[str, str]:
    """INFO's ``name:value`` lines of every section, as text."""
    found: dict[str, str] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            found[name] = value
    return found


def pairs(flat: Sequence[Any] | None) -> dict[bytes, Any]:
    """A map as RESP2 sends it, ``[name, value, …]``; the names are bytes."""
    items = list(flat or ())
    return {bytes(name): value for name, value in zip(items[::2], items[1::2], strict=False)}


def number(value: object) -> float | None:
    """A finite number of an integer, bytes or text; None for anything else."""
    if isinstance(value, (bytes, str)):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e308 else None


def glob_escape(text: bytes) -> bytes:
    """Bytes that a server-side glob takes literally."""
    return b"".join(b"\\" + bytes((code,)) if code in b"*?[]\\^-" else bytes((code,)) for code in text)
