"""The text of a question and how far it is read."""

import re
from typing import NoReturn

from console.logs.language.errors import QuestionError

NAME = re.compile(r"[^\W\d][\w@.$/-]*|[@$][\w@.$/-]+")
"""A field's name that needs no quotes."""

_BLANK = re.compile(r"\s+")
_BARE = re.compile(r'[^\s()|"]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


class Cursor:
    """Reads pieces from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, why: str, hint: str = "", at: int | None = None, length: int = 1) -> NoReturn:
        """Raise QuestionError at the next character, or at ``at``."""
        raise QuestionError(self.text, self.at if at is None else at, why, hint, length)

    def skip(self) -> None:
        """Pass over blanks."""
        found = _BLANK.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def peek(self, text: str) -> bool:
        """Whether ``text`` comes next."""
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> bool:
        """Pass over ``text`` if it comes next."""
        found = self.peek(text)
        self.at += len(text) if found else 0
        return found

    def match(self, pattern: re.Pattern[str]) -> str:
        """What a pattern takes next, or empty."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def bare(self) -> str:
        """Up to a blank, a quote, a parenthesis or a bar; empty where one comes next."""
        return self.match(_BARE)

    def balanced(self) -> str:
        """As ``bare``, over what stands in parentheses or brackets: for patterns."""
        start, depth = self.at, 0
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char == "\\":
                self.at += 1
            elif char in "([":
                depth += 1
            elif char in ")]":
                if depth == 0 and char == ")":
                    break
                depth -= depth > 0
            elif char.isspace() or (char == "|" and depth == 0):
                break
            self.at += 1
        self.at = min(self.at, len(text))
        return text[start : self.at]

    def quoted(self) -> str:
        r"""A text in double quotes, ``\"`` and ``\\`` undone; the quote comes next."""
        found = _QUOTED.match(self.text, self.at)
        if found is None:
            self.fail("this quote is not closed", 'close it with "', length=len(self.text))
        self.at = found.end()
        return _ESCAPED.sub(r"\1", found[0][1:-1])


def quote(text: str) -> str:
    """A text in double quotes, as ``quoted`` reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
