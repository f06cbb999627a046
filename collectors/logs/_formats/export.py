"""Blocks of systemd's journal export format, as ``journalctl -o export`` writes them.

The format is that of systemd's "Journal Export Formats": ``NAME=value`` lines, or for values that are
no plain text a line ``NAME``, eight bytes of length (little endian), the value, a newline; an empty line
ends a block.
"""

from typing import Any

FIRST = b"__CURSOR="
_MOST = 256 * 1024


class Fields:
    """Follows one block from line to line; lines come without their newlines."""

    def __init__(self) -> None:
        self._binary: bytearray | None = None
        self.ended = False

    def takes(self, line: bytes) -> bool:
        """Take a further line; False where it cannot belong to the block."""
        if self._binary is not None:
            self._go_on(line)
            return True
        if not line:
            self.ended = True
            return True
        name, sign, _ = line.partition(b"=")
        if not _is_name(name):
            return False
        if not sign:
            self._binary = bytearray()
        return True

    def _go_on(self, line: bytes) -> None:
        held = self._binary
        if held is None:
            return
        held += line + b"\n"
        if len(held) >= 8:
            length = int.from_bytes(held[:8], "little")
            if len(held) >= length + 9 or length > _MOST:
                self._binary = None


def read(data: bytes) -> dict[str, Any]:
    """The fields of a block; a field that is there several times is a list."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        name, sign, value = data[at:end].partition(b"=")
        at = end + 1
        if not sign and len(name) > 0:
            length = int.from_bytes(data[at : at + 8], "little")
            value = data[at + 8 : at + 8 + length]
            at += 8 + length + 1
        if not _is_name(name):
            continue
        key, text = name.decode(), value.decode("utf-8", "replace")
        known = found.get(key)
        if known is None:
            found[key] = text
        else:
            found[key] = [*known, text] if isinstance(known, list) else [known, text]
    return found


def _is_name(name: bytes) -> bool:
    return 0 < len(name) <= 64 and name.replace(b"_", b"").isalnum() and name.upper() == name
