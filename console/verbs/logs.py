"""``logs``: questions about log files, pipes and the configured streams; records or a table on stdout."""

import json
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

from collectors.text import shown
from collectors.transport.servers.spec import Server
from console.cli import INTERRUPTED, USAGE, Wanted
from console.logs.asking.answer import Answer, Record
from console.logs.asking.ask import ask
from console.logs.asking.streaming import Streaming
from console.logs.asking.testing import Moment
from console.logs.following import Follower
from console.logs.gathering import FileLines, PipeLines
from console.logs.language import Question, QuestionError, parse
from console.logs.language.moments import REMEDY, span
from console.logs.language.syntax import Around, When
from console.logs.source import Lines, State, Stream
from console.logs.telling import (
    answer_json,
    coverage_line,
    record_json,
    record_line,
    records_csv,
    table_csv,
    table_lines,
)
from console.settings import Settings
from console.verbs.logfiles import (
    PIPE,
    Far,
    Named,
    NoFileError,
    configured,
    named,
    piped,
    saved,
    without_neighbours,
)
from console.verbs.sourcing import redact_or_exit, settings_or_exit

UNREAD = 3
"""Exit status where nothing of what was named could be read."""


@dataclass(frozen=True, slots=True)
class LogsWish:
    """What the command line asks for; ``words`` are files and at most one question.

    ``form``: "text", "json" or "csv". ``limit``: so many of the newest records.
    """

    words: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    limit: int | None = None
    form: str = "text"
    follow: bool = False


@dataclass(slots=True)
class Stop:
    """Set by ctrl+c: what was found so far is the answer."""

    asked: bool = False

    def __call__(self) -> bool:
        """Whether to give up."""
        return self.asked


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    files: list[tuple[str, Stream]]
    beyond: list[State] = field(default_factory=list)
    far: list[Far] = field(default_factory=list)
    servers: Mapping[str, Server] = field(default_factory=dict)


def run_logs(wanted: Wanted, wish: LogsWish) -> int:
    """Answer, print, and give the exit status; ctrl+c ends it with what was found, and 130."""
    try:
        asked = _asked(wanted, wish)
    except QuestionError as error:
        print(f"quarterdeck: this question cannot be understood:\n{error}", file=sys.stderr)
        return USAGE
    except NoFileError as error:
        print(f"quarterdeck: {error.why} – {error.hint}", file=sys.stderr)
        return USAGE
    with _stoppable() as stop:
        code = (_follow if wish.follow else _answer)(asked, wish, stop)
    return INTERRUPTED if stop.asked else code


def _asked(wanted: Wanted, wish: LogsWish) -> _Asked:
    words = named(wish.words)
    settings: Settings | None = None
    if words.question.startswith("@"):
        settings = settings_or_exit(wanted, idle=True)
        words = Named(words.paths, saved(words.question, settings))
    question = _windowed(parse(words.question), wish)
    if words.paths or (not (wanted.config or wanted.environment) and piped()):
        if settings is None:
            redact_or_exit(wanted)
        paths = list(words.paths) or [PIPE]
        if _asks_past(question):
            paths = without_neighbours(paths)
        return _Asked(question, [(path, Stream(path)) for path in paths])
    settings = settings or settings_or_exit(wanted, idle=True)
    found = configured(settings, past=_asks_past(question) and not wish.follow)
    if not found.here and not found.far and not found.beyond:
        hint = "name a file, pipe lines in, or configure collectors of type logs.file"
        raise NoFileError("there are no logs to ask", hint)
    return _Asked(question, found.here, found.beyond, found.far, settings.servers)


def _windowed(question: Question, wish: LogsWish) -> Question:
    """The question with the times of ``--since`` and ``--until``."""
    more: list[When] = []
    for word, text in (("since", wish.since), ("until", wish.until)):
        if text:
            try:
                span(word, text, 1e9)
            except (ValueError, OverflowError):
                raise QuestionError(text, 0, f"--{word} wants a time", REMEDY, len(text)) from None
            more.append(When(word, text))
    return replace(question, when=(*question.when, *more))


def _asks_past(question: Question) -> bool:
    """Whether the question tells since when, so that rotated files belong to it."""
    return any(when.word in ("since", "time") for when in question.when)


@contextmanager
def _lines(asked: _Asked, stop: Stop) -> Iterator[Lines]:
    question = asked.question
    if any(path == PIPE for path, _ in asked.files):
        again = bool(question.stages) and isinstance(question.stages[0], Around)
        stream = Stream("stdin")
        lines = PipeLines(sys.stdin.buffer, stream, time.time(), again=again, cancelled=stop)
        with closing(lines):
            yield lines
        return
    here = FileLines(asked.files, alone=not _asks_past(question))
    if not asked.far:
        yield here
        return
    from console.verbs.logfar import Together, far_lines  # noqa: PLC0415 - only where a log lies on a server

    with far_lines(asked.far, asked.servers, question, say=_say, cancelled=stop) as far:
        yield Together(here, far)


def _say(words: str) -> None:
    print(f"quarterdeck: {shown(words, 300)}", file=sys.stderr, flush=True)


def _answer(asked: _Asked, wish: LogsWish, stop: Stop) -> int:
    with _lines(asked, stop) as lines:
        return _answered(asked, lines, wish, stop)


def _answered(asked: _Asked, lines: Lines, wish: LogsWish, stop: Stop) -> int:
    moment, question = Moment(time.time()), asked.question
    if question.stages or wish.limit is not None:
        answer = ask(question, lines, moment, cancelled=stop, most=wish.limit or 10_000)
        answer = _with_beyond(answer, asked)
        _print_answer(answer, wish)
    else:
        streaming = Streaming(question, lines, moment, cancelled=stop)
        _print_records(streaming, wish, named_streams=len(asked.files) > 1)
        answer = _with_beyond(streaming.answer, asked)
        print(coverage_line(answer.coverage, moment.zone), file=sys.stderr)
    streams = answer.coverage.streams
    nothing = not answer.coverage.lines and bool(streams) and not any(one.complete for one in streams)
    return UNREAD if nothing else 0


def _with_beyond(answer: Answer, asked: _Asked) -> Answer:
    """The answer, telling of streams that could not be asked."""
    if not asked.beyond:
        return answer
    coverage = answer.coverage
    told = replace(coverage, complete=False, streams=(*coverage.streams, *asked.beyond))
    return replace(answer, coverage=told)


def _print_answer(answer: Answer, wish: LogsWish) -> None:
    table = answer.table
    if table is None:
        _print_records(reversed(answer.records), wish, named_streams=len(answer.coverage.streams) > 1)
        print(coverage_line(answer.coverage, None), file=sys.stderr)
    elif wish.form == "json":
        print(json.dumps(answer_json(answer), ensure_ascii=True, allow_nan=False))
    elif wish.form == "csv":
        print(table_csv(table), end="")
        print(coverage_line(answer.coverage, None), file=sys.stderr)
    else:
        for line in table_lines(table, None):
            print(line)
        print(coverage_line(answer.coverage, None))


def _print_records(records: Iterable[Record], wish: LogsWish, *, named_streams: bool) -> None:
    for record in records:
        _print_record(record, wish, named_streams=named_streams)


def _print_record(record: Record, wish: LogsWish, *, named_streams: bool) -> None:
    if wish.form == "json":
        print(json.dumps(record_json(record), ensure_ascii=True, allow_nan=False))
    elif wish.form == "csv":
        print(records_csv((record,)), end="")
    else:
        print(record_line(record, None, named=named_streams))


def _follow(asked: _Asked, wish: LogsWish, stop: Stop) -> int:
    """Print what comes, or the table each time that it has changed, until ctrl+c."""
    follower = Follower(asked.question, [one for one in asked.files if one[0] != PIPE], stop)
    several = len(asked.files) > 1
    before: object = None
    for records in follower:
        for record in records:
            _print_record(record, wish, named_streams=several)
        if asked.question.stages:
            answer = follower.answer(time.time())
            shown = answer.table
            if shown != before:
                _print_answer(_with_beyond(answer, asked), wish)
                before = shown
        sys.stdout.flush()
    return 0


@contextmanager
def _stoppable() -> Iterator[Stop]:
    """While ctrl+c and SIGTERM ask to stop; the second one stops at once."""
    stop = Stop()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
