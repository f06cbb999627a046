"""The one door through which untrusted text becomes Shown: visible, capped, redacted."""

import re
import unicodedata
from typing import Self

from collectors.redaction import may_hold_secret, redact, token

__all__ = [
    "FIELD_LIMIT",
    "LINE_LIMIT",
    "Shown",
    "is_hostile",
    "may_hold_secret",
    "one_line",
    "redact",
    "shown",
    "token",
]

FIELD_LIMIT = 8 * 1024
"""Characters of one field."""

LINE_LIMIT = 64 * 1024
"""Characters of one log line."""

_BEYOND = 2048
"""Characters read beyond a limit, so that a secret across it is recognised."""

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef"
_UNSEEN = re.compile(f"[{_BLANKS}]")
"""Printable by their category, and yet invisible."""

_HARMLESS = "\t\n\r\xa0\u3000"

_SELECTORS = re.compile("[\ufe0e\ufe0f]")
"""They ask for another look of the character before, whose width then differs between terminals."""

_HEAPS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
"""Diacritics heaped on one character reach into the lines above and below."""


class Shown(str):
    """Text that is safe to put on a terminal: no control, no bidi, no surrogate, and short.

    Making one always cleans: C0 and DEL become their pictures (``␛``), C1 and invisible
    characters become ``<9B>`` and ``<U+202E>``, bytes are decoded as UTF-8 with replacement.
    It is still data: widgets show it as Content, never as markup.
    """

    __slots__ = ()

    def __new__(cls, text: str | bytes = "", limit: int = FIELD_LIMIT) -> Self:
        """Clean and cap ``text``; a Shown within the limit comes back as it is."""
        if type(text) is cls and len(text) <= limit:
            return text
        return super().__new__(cls, _clean(text, limit))


def shown(text: object, limit: int = FIELD_LIMIT) -> Shown:
    """Text from outside: decoded, redacted, cleaned and capped."""
    if type(text) is Shown:
        return Shown(text, limit)
    if isinstance(text, (bytes, bytearray, memoryview)):
        raw = bytes(text[: 4 * (limit + _BEYOND)]).decode("utf-8", "replace")
    else:
        raw = str(text)
    return Shown(redact(raw[: limit + _BEYOND]), limit)


def one_line(text: object, limit: int = 200) -> Shown:
    """Text from outside for one line of the screen: runs of blanks and newlines become one space."""
    most = 4 * limit + _BEYOND
    raw = text[: 4 * most].decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return shown(" ".join(raw[:most].split()), limit)


def is_hostile(text: str) -> bool:
    """Whether text holds control, bidi or invisible characters (tab and newline excepted)."""
    plain = text
    if not text.isprintable():
        for blank in _HARMLESS:
            plain = plain.replace(blank, " ")
        if not plain.isprintable():
            return True
    return not text.isascii() and _UNSEEN.search(text) is not None


def _clean(text: str | bytes, limit: int) -> str:
    limit = max(1, limit)
    if isinstance(text, bytes):
        text = text[: 4 * limit + 4].decode("utf-8", "replace")
    over = len(text) > limit
    if over:
        text = text[: limit - 1]
    if not (text.isascii() and text.isprintable()):
        text = _made_visible(text)
        if len(text) + over > limit:
            over, text = True, text[: limit - 1]
    return text + "…" if over else str(text)


def _made_visible(text: str) -> str:
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _mark(char) for char in text)
    text = _SELECTORS.sub("", text)
    text = _UNSEEN.sub(lambda match: f"<U+{ord(match.group()):04X}>", text)
    return _HEAPS.sub(lambda match: match.group()[:3] + f"<{len(match.group()) - 3} marks>", text)


def _mark(char: str) -> str:
    code = ord(char)
    if code in _PICTURES:
        return chr(_PICTURES[code])
    if 0x80 <= code < 0xA0:
        return f"<{code:02X}>"
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return f"<U+{code:04X}>"
