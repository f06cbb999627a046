"""The one door through which untrusted text becomes Shown: visible, capped, redacted."""

import hashlib
import re
import unicodedata
from functools import partial
from typing import Self

FIELD_LIMIT = 8 * 1024
"""Characters of one field."""

LINE_LIMIT = 64 * 1024
"""Characters of one log line."""

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


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
        return text
    if isinstance(text, (bytes, bytearray, memoryview)):
        raw = bytes(text[: 4 * limit + 4]).decode("utf-8", "replace")
    else:
        raw = str(text)
    return Shown(redact(raw[: limit + 1]), limit)


def one_line(text: object, limit: int = 200) -> Shown:
    """Text from outside for one line of the screen: runs of blanks and newlines become one space."""
    raw = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return shown(" ".join(raw[: 4 * limit].split()), limit)


def is_hostile(text: str) -> bool:
    """Whether text holds control, bidi or invisible characters (tab and newline excepted)."""
    if text.isascii() and text.isprintable():
        return False
    return any(not char.isprintable() and char not in "\t\n\r\xa0\u3000" for char in text)


def _clean(text: str | bytes, limit: int) -> str:
    if isinstance(text, bytes):
        text = text[: 4 * limit + 4].decode("utf-8", "replace")
    over = len(text) - limit
    if over > 0:
        text = text[: limit - 1]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _mark(char) for char in text)
        if len(text) > limit:
            over, text = 1, text[: limit - 1]
    return text + "…" if over > 0 else str(text)


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


_KEY_WORDS = (
    r"(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|auth(?:orization)?"
    r"|cookie|credential)s?"
)
_PEM = r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{0,8000}+(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
_BEARER = r"(?i)(?<=\bbearer )[\w.~+/=-]{8,4096}+|(?<=\bbasic )[\w+/=-]{8,4096}+"
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}\b"
_RULES = (
    ("key", ("PRIVATE KEY",), re.compile(_PEM)),
    ("password", ("://",), re.compile(r"(?<=://)[^\s/@:\"']{0,256}+:[^\s/@\"']{1,256}+(?=@)")),
    ("jwt", ("eyJ",), re.compile(r"\beyJ[\w-]{8,4096}+\.[\w-]{4,4096}+\.[\w-]{0,4096}+")),
    ("token", ("earer ", "EARER ", "asic ", "ASIC "), re.compile(_BEARER)),
    ("aws", ("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("email", ("@",), re.compile(_EMAIL)),
)
_KEYED = re.compile(
    rf"(?i)((?<!‹)\b[\w.-]{{0,32}}?{_KEY_WORDS}[\"']?\s{{0,3}}[=:]\s{{0,3}}[\"']?)([^\s\"',;&}}\]‹]{{3,512}}+)"
)
_KEYED_GATE = ("pass", "secret", "token", "key", "auth", "cookie", "credential")


_GATES = tuple(gate for _kind, gates, _pattern in _RULES for gate in gates)


def may_hold_secret(text: str) -> bool:
    """Whether ``redact`` could change ``text``: quick, and yes too often rather than too seldom."""
    for gate in _GATES:
        if gate in text:
            return True
    lowered = text.lower()
    for gate in _KEYED_GATE:  # noqa: SIM110 - a generator doubles the cost, on every log line
        if gate in lowered:
            return True
    return False


def redact(text: str) -> str:
    """Replace secrets by stable tokens such as ``‹email:3f9a›``, so that counting still works."""
    if not may_hold_secret(text):
        return text
    for kind, gates, pattern in _RULES:
        if any(gate in text for gate in gates):
            text = pattern.sub(partial(_tokenised, kind), text)
    lowered = text.lower()
    if any(gate in lowered for gate in _KEYED_GATE):
        text = _KEYED.sub(lambda match: match[1] + token("secret", match[2]), text)
    return text


def _tokenised(kind: str, match: re.Match[str]) -> str:
    return token(kind, match.group())


def token(kind: str, value: str) -> str:
    """The stable token of a redacted value: the same value always gives the same token."""
    digest = hashlib.blake2s(value.encode("utf-8", "surrogatepass"), digest_size=2, person=b"quarterd")
    return f"‹{kind}:{digest.hexdigest()}›"
