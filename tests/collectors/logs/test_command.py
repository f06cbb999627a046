"""logs.command: a real program's lines, its ends in words, its restarts, and no shell."""

import asyncio
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from collectors import registry
from collectors.errors import UnsupportedError
from collectors.logs import command as module
from collectors.logs.command import CommandLogs, CommandOptions
from collectors.model.logs import Severity
from collectors.transport.read import program
from tests.collectors.logs.following import Following, following


def printing(*lines: str, then: str = "import time; time.sleep(60)") -> tuple[str, ...]:
    return (sys.executable, "-c", f"for line in {lines!r}: print(line, flush=True)\n{then}")


async def test_lines_of_a_program_are_records() -> None:
    assert registry.load("logs.command") is CommandLogs
    argv = printing('{"level":"error","message":"one","n":1}', "plain $HOME; `x`")
    async with following(kind=CommandLogs, argv=argv) as stream:
        await stream.until(lambda: len(stream.records) >= 2)
        assert stream.messages == ["one", "plain $HOME; `x`"]
        assert stream.records[0].severity is Severity.ERROR
        assert stream.reading.word == "following"
        assert stream.reading.line_rate.value is not None
        assert dict(stream.reading.extra)["command.starts"].value == 1


async def test_a_program_that_ends_is_told_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    ending = "import sys; sys.stderr.write('no such container\\n'); sys.exit(3)"
    async with following(kind=CommandLogs, argv=printing("a", then=ending)) as stream:
        await stream.until(lambda: stream.messages.count("a") >= 3)
        await stream.until(lambda: stream.reading.word == "ended")
        assert "ended with 3: no such container" in stream.reading.note
        assert "started again after" in stream.reading.note
        assert (dict(stream.reading.extra)["command.starts"].value or 0) >= 3
        assert stream.reading.lost.value == 0


async def test_the_last_line_needs_no_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = (sys.executable, "-c", "import sys; sys.stdout.write('one\\ntwo')")
    async with following(kind=CommandLogs, argv=argv) as stream:
        await stream.until(lambda: stream.messages == ["one", "two"])


async def test_a_program_that_is_not_there_is_told() -> None:
    async with following(kind=CommandLogs, argv=("no-such-program-here",)) as stream:
        with pytest.raises(UnsupportedError, match="no-such-program-here"):
            await stream.collect()


async def test_a_flood_waits_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "BUFFERED", 256 * 1024)
    numbers = 'for n in range(8000): print(\'{"n":%d,"message":"%s"}\' % (n, "x" * 100))'
    argv = (sys.executable, "-c", f"{numbers}\nimport sys, time; sys.stdout.flush(); time.sleep(60)")
    held = 0
    async with following(kind=CommandLogs, argv=argv) as stream:
        async with asyncio.timeout(40):
            while len(stream.records) < 8000:
                await stream.collect()
                held = max(held, source_of(stream).waiting)
                await asyncio.sleep(0.01)
        assert stream.numbers(replayed=False) == list(range(8000))
    assert held <= 256 * 1024 + 2 * program.PIECE


def source_of(stream: Following) -> program.ProgramSource:
    (one,) = stream.collector._streams.values()
    assert isinstance(one.source, program.ProgramSource)
    return one.source


@pytest.mark.parametrize("wrong", [{}, {"argv": []}, {"argv": "ls -l"}, {"argv": ["a\0"]}, {"argv": [""]}])
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CommandOptions).validate_python(wrong)
