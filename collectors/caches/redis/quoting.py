r"""Names of keys as an operator types and reads them: plain, or quoted as redis-cli does (``"a\xff\n"``)."""

import re

from collectors.text import Shown, may_hold_secret, one_line, shown

_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_SAID = {code: rf"\{sign}" for sign, [code] in _ESCAPES.items()} | {ord('"'): r"\"", ord("\\"): r"\\"}
_PART = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)|([^\\])", re.DOTALL)


def typed(text: str) -> bytes:
    r"""The bytes that were meant: UTF-8 of the text; in double quotes ``\xff``, ``\n``, ``\"``, ``\\`` count.

    Raises ValueError for text in quotes that ends in a backslash, and for text that has no bytes.
    """
    if len(text) < 2 or not text[0] == text[-1] == '"':
        return text.encode("utf-8", "surrogateescape")
    inside, meant, at = text[1:-1], bytearray(), 0
    while at < len(inside):
        part = _PART.match(inside, at)
        if part is None:
            raise ValueError(r'the last " is escaped: write "…\\" for a backslash at the end')
        code, escaped, plain = part.groups()
        if code is not None:
            meant += bytes.fromhex(code)
        elif escaped is not None:
            meant += _ESCAPES.get(escaped) or escaped.encode("utf-8", "surrogateescape")
        else:
            meant += plain.encode("utf-8", "surrogateescape")
        at = part.end()
    return bytes(meant)


def written(key: bytes, limit: int = 80) -> Shown:
    """A key for one line, in a form that can be typed; only of what is long or secret a part is missing."""
    try:
        text = key.decode()
    except UnicodeDecodeError:
        text = ""
    plain = one_line(text, limit)
    tidy = text.isprintable() and " ".join(text.split()) == text and text[:1] not in ("", '"')
    if tidy and (plain == text or len(text) > limit or may_hold_secret(text)):
        return plain
    said = "".join(_SAID.get(code) or _sign(code) for code in key[: limit + 1])
    return shown(f'"{said}"', limit)


def _sign(code: int) -> str:
    return chr(code) if 0x20 <= code < 0x7F else rf"\x{code:02x}"
