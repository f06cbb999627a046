r"""Words and phrases, looked for in a line as it was written and in what it says.

A JSON line writes a quote as ``\"`` and may write any letter as ``\u0061``: where a line holds a
backslash, its keys and texts are looked at as well.
"""

from collections.abc import Callable, Iterator
from typing import Any

from collectors.logs._formats.ladder import read_json
from console.logs.asking.batch import Batch, Mask
from console.logs.asking.testing import glob
from console.logs.language.syntax import Text

BETWEEN = "\x1f"
"""Stands between the texts of a line."""

_DEEPEST = 60


class Searcher:
    """Looks for one Text."""

    def __init__(self, wanted: Text) -> None:
        text = wanted.text
        self._folds = text == text.lower()
        self._plain = text.encode("utf-8", "surrogatepass")
        self._ascii = text.isascii()
        self._text = text
        self._fits: Callable[[str], bool] | None = None
        if "*" in text and not wanted.quoted:
            self._fits = glob(text, part=True)

    def mask(self, batch: Batch) -> Mask:
        """Which rows hold it."""
        return list(map(self.holds, batch.lines()))

    def holds(self, line: bytes) -> bool:
        """Whether a line holds it."""
        if self._fits is None and (self._ascii or not self._folds):
            if self._plain in (line.lower() if self._folds else line):
                return True
            return b"\\" in line and self._in_text(spoken(line))
        if self._in_text(line.decode("utf-8", "replace")):
            return True
        return b"\\" in line and self._in_text(spoken(line))

    def _in_text(self, text: str) -> bool:
        if self._folds:
            text = text.lower()
        return self._fits(text) if self._fits is not None else self._text in text


def spoken(line: bytes) -> str:
    """Keys and values of a JSON line as text; empty for what is none."""
    found, _ = read_json(line) if line[:1] == b"{" else (None, None)
    return BETWEEN.join(_texts(found, 0)) if found is not None else ""


def _texts(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - any value of JSON
    if type(value) is str:
        yield value
    elif depth < _DEEPEST and type(value) is dict:
        for key, inner in value.items():
            yield key
            yield from _texts(inner, depth + 1)
    elif depth < _DEEPEST and type(value) is list:
        for inner in value:
            yield from _texts(inner, depth + 1)
