"""Lines of keys in a TOML text, which tomllib does not keep; made only when something is to be told."""

import re
import tomllib

from console.settings.problems import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


class PositionIndex:
    """The line of every key and array element of a text; an unreadable text is indexed as far as it goes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted_at = 0
        self._counted = 1
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}
        try:
            self._document()
        except (ValueError, RecursionError):
            return

    def line(self, path: KeyPath) -> int:
        """The line of a key, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            found = self._lines.get(path[:length])
            if found is not None:
                return found
        return 1

    def knows(self, path: KeyPath) -> bool:
        """Whether the text sets exactly this key."""
        return path in self._lines

    def _document(self) -> None:
        table: KeyPath = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        path = self._resolve(self._key())
        self._expect("]]" if is_array else "]")
        if is_array:
            self._note(path, line)
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        self._note(path, line)
        self._lines[path] = line
        return path

    def _resolve(self, key: KeyPath) -> KeyPath:
        """Put in which element of an array of tables a header speaks of."""
        path: KeyPath = ()
        for position, part in enumerate(key):
            path = (*path, part)
            if path in self._arrays and position < len(key) - 1:
                path = (*path, self._arrays[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._key())
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length], line)
        self._expect("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip(lines=False)
        char = self._text[self._at : self._at + 1]
        if char == "[":
            self._array(path)
        elif char == "{":
            self._inline(path)
        elif not any(self._match(pattern) for pattern in _STRINGS):
            self._match(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        while self._skip() and self._text[self._at] != "]":
            self._note((*path, position), self._line())
            self._value((*path, position))
            position += 1
            self._comma("]")
        self._expect("]")

    def _inline(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip() and self._text[self._at] != "}":
            self._pair(path)
            self._comma("}")
        self._expect("}")

    def _comma(self, end: str) -> None:
        self._skip()
        if not self._text.startswith(end, self._at):
            self._expect(",")

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(lines=False)
            start = self._at
            if self._match(_BARE):
                parts.append(self._text[start : self._at])
            elif self._match(_STRINGS[2]) or self._match(_STRINGS[3]):
                parts.append(str(tomllib.loads(f"k = {self._text[start : self._at]}")["k"]))
            else:
                raise ValueError(f"no key at {start}")
            self._skip(lines=False)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _skip(self, *, lines: bool = True) -> bool:
        """Step over blanks and comments; whether any text is left."""
        if lines:
            self._match(_BLANK)
        else:
            while self._text.startswith((" ", "\t"), self._at):
                self._at += 1
        return self._at < len(self._text)

    def _match(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True

    def _expect(self, token: str) -> None:
        self._skip(lines=False)
        if not self._text.startswith(token, self._at):
            raise ValueError(f"no {token} at {self._at}")
        self._at += len(token)

    def _line(self) -> int:
        self._counted += self._text.count("\n", self._counted_at, self._at)
        self._counted_at = self._at
        return self._counted

    def _note(self, path: KeyPath, line: int) -> None:
        self._lines.setdefault(path, line)
