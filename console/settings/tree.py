"""All files as one tree of raw values that knows where each of them stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.text import shown
from console.settings.files import Refused, matching, read
from console.settings.interpolate import InterpolationError, interpolate
from console.settings.position import PositionIndex
from console.settings.problems import KeyPath, Problem, Problems, dotted
from console.settings.values import FileStamp, IncludeStamp

Table = dict[str, Any]

_LARGEST = 2**63
"""Beyond it, and where it is not a number at all, a number is a slip."""

_ERROR_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


class Tree:
    """Values of all files merged, with the file of each.

    ``templates`` are strings as written, where a variable was filled in. ``broken`` tells that a
    file could not be read, so that what is missing may well be there. ``is_protected`` follows the
    environment once it is known.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.values: Table = {}
        self.templates: dict[KeyPath, str] = {}
        self.stamps: list[FileStamp] = []
        self.includes: list[IncludeStamp] = []
        self.broken = False
        self.is_protected = True
        self.problems = Problems(self.place)
        self.readable: set[Path] = set()
        self._texts: dict[Path, str] = {}
        self._origins: dict[KeyPath, Path] = {}
        self._indexes: dict[Path, PositionIndex] = {}

    def place(self, path: KeyPath) -> tuple[str, int]:
        """File and line of a key, or of the nearest table around it; ("", 0) where there is no file."""
        file = self.file(path)
        return (str(file), self.index(file).line(path)) if file is not None else ("", 0)

    def file(self, path: KeyPath) -> Path | None:
        """The file in which a key stands."""
        for length in range(len(path), -1, -1):
            found = self._origins.get(path[:length])
            if found is not None:
                return found
        return None

    def index(self, file: Path) -> PositionIndex:
        """The lines of a file."""
        if file not in self._indexes:
            self._indexes[file] = PositionIndex(self._texts.get(file, ""))
        return self._indexes[file]

    def read(self, file: Path) -> None:
        """Take in a file and all that it includes."""
        self._read(file, ())
        self.values = {key: self._filled((key,), value) for key, value in self.values.items()}

    def _read(self, file: Path, chain: tuple[Path, ...]) -> None:
        content = read(file, self.environ)
        self._origins.setdefault((), file)
        if isinstance(content, Refused):
            self.broken = True
            self._put(file, 0, "", *content)
            return
        self._texts[file] = content.text
        self.stamps.append(content.stamp)
        if content.readable:
            self.readable.add(file)
        values = self._parsed(file, content.text)
        patterns = values.pop("include", [])
        self._merge(self.values, values, (), file)
        for position, pattern in enumerate(self._patterns(file, patterns)):
            self._include(file, (*chain, file.resolve()), position, pattern)

    def _parsed(self, file: Path, text: str) -> Table:
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.broken = True
            self._syntax(file, text, str(error))
        head = re.split(r"(?m)^\s*\[", text, maxsplit=1)[0]
        try:
            return {key: value for key, value in tomllib.loads(head).items() if key == "include"}
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def _syntax(self, file: Path, text: str, message: str) -> None:
        found = _ERROR_PLACE.search(message)
        line = int(found[1]) if found and found[1] else text.count("\n") + (not text.endswith("\n"))
        words = _ERROR_PLACE.sub("", message)
        twice = "twice" in words or "overwrite" in words
        remedy = "set it once" if twice else "correct the TOML: strings are quoted, tables are [in brackets]"
        self._put(file, line, self._key_at(text, line), f"not valid TOML: {words}", remedy)

    def _key_at(self, text: str, line: int) -> str:
        """The key that a broken line seems to set; empty where it sets none."""
        lines = text.splitlines()
        found = re.match(r"\s*([\w.\"'-]+)\s*=", lines[line - 1]) if 0 < line <= len(lines) else None
        return found[1] if found else ""

    def _patterns(self, file: Path, patterns: object) -> Iterator[str]:
        if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
            line = self.index(file).line(("include",))
            self._put(file, line, "include", "must be a list of paths", 'write include = ["services/*.toml"]')
            return
        for position, pattern in enumerate(patterns):
            try:
                yield interpolate(pattern, self.environ)
            except InterpolationError as error:
                line = self.index(file).line(("include", position))
                self._put(file, line, f"include[{position}]", str(error), error.remedy)

    def _include(self, file: Path, chain: tuple[Path, ...], position: int, pattern: str) -> None:
        folder = file.parent
        line = self.index(file).line(("include", position))
        try:
            matches = matching(folder, pattern)
        except (ValueError, NotImplementedError, RuntimeError) as error:
            self._put(file, line, "include", f"{pattern!r}: {error}", "write a path, or one with * in it")
            return
        self.includes.append(IncludeStamp(folder, pattern, matches))
        if not matches:
            self.problems.note(f"{file}:{line}: include: {pattern!r} matches no file")
        for match in matches:
            if match.resolve() in chain:
                names = " → ".join([*(path.name for path in chain), match.name])
                self._put(file, line, "include", f"includes itself: {names}", "take one of them out")
            elif match.resolve() not in {path.resolve() for path in self._texts}:
                self._read(match, chain)

    def _merge(self, into: Table, values: Table, at: KeyPath, file: Path) -> None:
        for key, value in values.items():
            path = (*at, key)
            old = into.get(key)
            if isinstance(old, dict) and isinstance(value, dict):
                self._merge(old, value, path, file)
            elif key in into:
                other, line = self.place(path)
                where = f"{other}:{line}"
                mine = self.index(file).line(path)
                self._put(file, mine, dotted(path), f"is set in {where} already", "set it in one file only")
            elif isinstance(value, dict):
                self._origins[path] = file
                into[key] = {}
                self._merge(into[key], value, path, file)
            else:
                self._origins[path] = file
                into[key] = value

    def _filled(self, path: KeyPath, value: Any) -> Any:  # noqa: ANN401 - a raw value of TOML
        if isinstance(value, dict):
            return {key: self._filled((*path, key), inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled((*path, position), inner) for position, inner in enumerate(value)]
        if isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:
            self.problems.spoil(
                path, f"{str(value)[:20]} is no number that can be used", "write a finite number"
            )
            return value
        if not isinstance(value, str) or "$" not in value:
            return value
        self.templates[path] = value
        try:
            return interpolate(value, self.environ)
        except InterpolationError as error:
            self.problems.spoil(path, error, error.remedy)
            return value

    def _put(self, file: Path, line: int, key: str, message: str, remedy: str) -> None:
        self.problems.put(Problem(str(file), line, key, shown(message), shown(remedy)))
