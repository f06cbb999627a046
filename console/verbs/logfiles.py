"""Which words of ``logs`` are files and which is the question; and the log files of a configuration."""

import glob
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.errors import QuarterdeckError
from collectors.text import shown
from collectors.transport.read.files_glob import expand, is_pattern
from collectors.transport.read.files_past import neighbours
from console.logs.language.names import did_you_mean
from console.logs.origins import where_of
from console.logs.source import State, Stream
from console.logs.warm import PASTS
from console.settings import Settings
from console.settings.values import CollectorSettings

PIPE = "-"
MOST_FILES = 1_000
_ENDINGS = (".log", ".json", ".jsonl", ".ndjson", ".txt", ".gz", ".csv", ".logfmt", ".out", ".err")


class NoFileError(QuarterdeckError):
    """What was named is not there, or names nothing."""


@dataclass(frozen=True, slots=True)
class Named:
    """Files (``-`` is standard input) and the question, empty where there is none."""

    paths: tuple[str, ...]
    question: str


def named(words: Sequence[str]) -> Named:
    """What the words name; raises NoFileError."""
    paths: list[str] = []
    rest: list[str] = []
    for word in words:
        found = _files(word)
        if found:
            paths += found
        else:
            rest.append(word)
    missing = next((word for word in rest if _looks_like_file(word)), None)
    if missing is not None:
        raise NoFileError(f"there is no file {missing}", "name files that are there, then the question")
    if len(rest) > 1:
        hint = "put the question in one pair of quotes, behind the files"
        raise NoFileError(f"{shown(rest[0], 60)!r} is no file, and one question at a time is answered", hint)
    return Named(tuple(dict.fromkeys(paths)), rest[0] if rest else "")


def _files(word: str) -> list[str]:
    if word == PIPE:
        return [PIPE]
    if not word or "\0" in word or len(word) > 4096:
        return []
    path = Path(word).expanduser()
    try:
        if path.is_dir():
            raise NoFileError(
                f"{word} is a folder", f"name the files in it, such as {word.rstrip('/')}/*.log"
            )
        if path.exists():
            return [str(path)]
    except OSError:
        return []
    if is_pattern(word) and "/" in word:
        # Path.glob takes no absolute pattern
        return sorted(one for one in glob.glob(str(path), recursive=True) if Path(one).is_file())[:MOST_FILES]  # noqa: PTH207
    return []


def _looks_like_file(word: str) -> bool:
    if any(char.isspace() or char in '|<>=!"' for char in word):
        return False
    return word.startswith(("/", "./", "../", "~/")) or word.endswith(_ENDINGS)


def without_neighbours(paths: Sequence[str]) -> list[str]:
    """Files less those that are the past of another one that is named too."""
    past = {
        os.path.realpath(one.path)
        for path in paths
        if path != PIPE
        for one in neighbours(path)
        if os.path.realpath(one.path) != os.path.realpath(path)
    }
    return [path for path in paths if path == PIPE or os.path.realpath(path) not in past]


def piped() -> bool:
    """Whether somebody gives us lines on standard input."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def saved(name: str, settings: Settings) -> str:
    """The text of ``@NAME``; raises NoFileError with the nearest name."""
    found = settings.questions.get(name[1:])
    if found is None:
        hint = (
            did_you_mean(name[1:], settings.questions)
            if settings.questions
            else "there are none in [questions]"
        )
        raise NoFileError(f"no question {name} is saved", hint)
    return found.ask


@dataclass(frozen=True, slots=True)
class Far:
    """A collector whose streams' past lies elsewhere."""

    settings: CollectorSettings
    stream: Stream


@dataclass(frozen=True, slots=True)
class Configured:
    """The files of log collectors here, the logs that lie elsewhere, and the streams that cannot be read."""

    here: list[tuple[str, Stream]] = field(default_factory=list)
    far: list[Far] = field(default_factory=list)
    beyond: list[State] = field(default_factory=list)


def configured(settings: Settings, *, past: bool) -> Configured:
    """What the configuration watches; what lies elsewhere is asked only for a span of time (``past``)."""
    found = Configured()
    for one in settings.collectors:
        if one.type not in PASTS or not one.enabled or one.options is None:
            continue
        if one.type == "logs.file" and not (one.server or one.options.sudo):
            path = str(Path(one.options.path).expanduser())
            paths = [each for each, _ in expand(path, MOST_FILES)[0]] if is_pattern(path) else [path]
            paths = without_neighbours(paths) if past else paths
            names = [f"{one.name}/{Path(each).name}" if len(paths) > 1 else one.name for each in paths]
            found.here.extend(
                (path, Stream(name, one.service, one.instance))
                for path, name in zip(paths, names, strict=True)
            )
            continue
        stream = Stream(f"{one.name}/{one.instance}" if one.instance else one.name, one.service, one.instance)
        if past:
            found.far.append(Far(one, stream))
        else:
            why = f"lies {where_of(one)}: say since: to have it read there"
            found.beyond.append(State(stream.name, complete=False, why=why))
    return found
