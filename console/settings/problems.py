"""What is wrong with a configuration: every mistake, with file, line, key and remedy."""

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from collectors.errors import QuarterdeckError
from collectors.text import Shown, shown

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables and positions in arrays."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake; ``line`` is 0 and ``file`` empty where it stands in no file."""

    file: str
    line: int
    key: str
    message: Shown
    remedy: Shown = Shown("")

    def __str__(self) -> str:
        file = Shown(self.file)
        place = f"{file}:{self.line}: " if self.line else f"{file}: " if file else ""
        key = f"{self.key}: " if self.key else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{key}{self.message}{remedy}"


class SettingsError(QuarterdeckError):
    """The configuration is wrong; ``problems`` are all its mistakes, ``warnings`` what else was seen."""

    exit_code = 78

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        count = len(self.problems)
        super().__init__(
            f"the configuration has {count} mistake{'' if count == 1 else 's'}",
            "run `quarterdeck config validate`",
        )

    def __str__(self) -> str:
        return "\n".join([str(self.why), *map(str, self.problems)])


class UsageError(QuarterdeckError):
    """What was asked for on the command line cannot be."""

    exit_code = 64


class AmbiguousError(UsageError):
    """Several configurations and no choice; ``choices`` are their names for ``-e``."""

    def __init__(self, folder: Path, choices: Iterable[str]) -> None:
        self.choices = tuple(choices)
        super().__init__(
            f"{folder} holds several configurations: {', '.join(self.choices)}",
            f"choose one with -e, such as `quarterdeck -e {self.choices[0]}`",
        )


_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: KeyPath) -> str:
    """A key path as TOML writes it; positions stand in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if _BARE.fullmatch(part) else f'"{shown(part, 80)}"'
            text += f".{key}" if text else key
    return text


def nearest(word: str, words: Iterable[str]) -> str:
    """The word most like ``word``, or empty where none is like it."""
    return next(iter(difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A remedy for a word that is not among ``words``: the nearest, else all of them."""
    known = sorted(words)
    near = nearest(word, known)
    if near:
        return f"did you mean {near!r}?"
    return f"known are {', '.join(known[:20])}" if known else "there are none"


class Problems:
    """Collects mistakes and warnings; what follows from a mistake already told is left out."""

    def __init__(self, where: Callable[[KeyPath], tuple[str, int]]) -> None:
        self._where = where
        self._found: dict[Problem, None] = {}
        self._warnings: dict[str, None] = {}
        self._spoiled: set[KeyPath] = set()

    def add(self, at: KeyPath, message: object, remedy: object = "") -> None:
        """A mistake at a key; it spoils nothing but itself."""
        if any(at[:length] in self._spoiled for length in range(1, len(at) + 1)):
            return
        file, line = self._where(at)
        self._found.setdefault(Problem(file, line, dotted(at), shown(message), shown(remedy)))

    def put(self, problem: Problem) -> None:
        """A mistake whose place is known already."""
        self._found.setdefault(problem)

    def spoil(self, at: KeyPath, message: object, remedy: object = "") -> None:
        """A mistake after which nothing at or below the key is worth a word."""
        self.add(at, message, remedy)
        self._spoiled.add(at)

    def hush(self, at: KeyPath) -> None:
        """Nothing at or below the key is worth a word, because its cause is told elsewhere."""
        self._spoiled.add(at)

    def is_spoiled(self, at: KeyPath) -> bool:
        """Whether the value itself is known to be wrong."""
        return at in self._spoiled

    def is_tainted(self, at: KeyPath) -> bool:
        """Whether the value or anything in it is known to be wrong."""
        return any(path[: len(at)] == at for path in self._spoiled)

    def warn(self, at: KeyPath, message: object) -> None:
        """Something that works and that the operator should know."""
        file, line = self._where(at)
        place = f"{Shown(file)}:{line}: " if line else ""
        self._warnings.setdefault(f"{place}{dotted(at)}: {shown(message)}")

    def note(self, sentence: str) -> None:
        """A warning whose place is in its words."""
        self._warnings.setdefault(str(shown(sentence)))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings, in order."""
        return tuple(self._warnings)

    def raise_any(self) -> None:
        """Raise SettingsError with all that was found, by file and line, if anything was."""
        if self._found:
            raise SettingsError(sorted(self._found), self._warnings)
