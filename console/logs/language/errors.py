"""A question that cannot be understood: where, why, and what to write instead."""

import unicodedata

from collectors.errors import QuarterdeckError
from collectors.text import Shown

SEEN = 60
"""Characters of the question shown on either side of the mistake."""


class QuestionError(QuarterdeckError):
    """``at``: the first wrong character of ``text``, from 0; ``length``: how many are wrong, at least 1."""

    exit_code = 64

    def __init__(self, text: str, at: int, why: object, hint: object = "", length: int = 1) -> None:
        super().__init__(why, hint)
        self.text = text
        self.at = min(at, len(text))
        self.length = max(1, min(length, len(text) - self.at))

    def pointed(self) -> tuple[Shown, Shown]:
        """The question's part around the mistake, and carets under the wrong characters."""
        start = max(0, self.at - SEEN)
        end = min(len(self.text), self.at + SEEN)
        before = ("…" if start else "") + _plain(self.text[start : self.at])
        wrong = _plain(self.text[self.at : min(end, self.at + self.length)])
        after = _plain(self.text[self.at : end]) + ("…" if end < len(self.text) else "")
        return Shown(before + after), Shown(" " * _width(before) + "^" * max(1, _width(wrong)))

    def __str__(self) -> str:
        line, carets = self.pointed()
        hint = f" – {self.hint}" if self.hint else ""
        return f"{line}\n{carets}\n{self.why}{hint}"


def _plain(text: str) -> str:
    """One visible character for each, so that carets stand under what they mean."""
    return "".join(
        char if char.isprintable() and not unicodedata.combining(char) else " " if char.isspace() else "�"
        for char in text
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
