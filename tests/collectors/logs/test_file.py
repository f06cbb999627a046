"""logs.file: states of the path, reading back, patterns, bounds, counters."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from collectors import registry
from collectors.base import Context, HasRecords
from collectors.logs import _local as module
from collectors.logs._formats.loggers import BY_NAME
from collectors.logs._formats.names import AUTO, FORMATS, PLAIN
from collectors.logs._formats.text import NAMES
from collectors.logs.file import FileLogs, FileOptions
from collectors.model.logs import Severity
from collectors.model.quantity import Known
from collectors.transport.read import files
from collectors.transport.read.files import Tail
from tests.collectors.logs.following import following


def stamp(ago: float) -> str:
    return datetime.fromtimestamp(time.time() - ago, UTC).isoformat()


def line(message: str, ago: float | None = None, level: str = "info") -> bytes:
    told = {"event": message, "level": level}
    if ago is not None:
        told["timestamp"] = stamp(ago)
    return json.dumps(told).encode() + b"\n"


async def test_the_registry_finds_it_and_its_formats_are_those_of_the_parser() -> None:
    assert registry.load("logs.file") is FileLogs
    assert isinstance(FileLogs(FileOptions(path="x"), Context(collector="a")), HasRecords)
    assert set(FORMATS) == {AUTO, PLAIN, "json", "logfmt", *NAMES, *BY_NAME}


@pytest.mark.parametrize(
    "wrong", [{"path": ""}, {"path": "a\0b"}, {"path": "a", "max_line": 10}, {"path": "a", "format": "xml"}]
)
def test_options_that_can_not_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(FileOptions).validate_python(wrong)


async def test_a_file_that_is_not_there_yet_is_a_state(tmp_path: Path) -> None:
    path = tmp_path / "late" / "app.log"
    async with following(path) as stream:
        await stream.collect()
        assert stream.reading.word == "missing"
        assert "waiting" in stream.reading.note
        assert not stream.reading.errors.is_known
        assert not stream.reading.last_line_age.is_known
        path.parent.mkdir()
        path.write_bytes(line("first", 3600))
        await stream.collect()
        assert stream.messages == ["first"]
        assert stream.reading.word == "following"
        assert stream.reading.errors.value == 0
        assert stream.reading.subject.label == "app.log"
        assert stream.reading.subject.id.key == os.fsencode(path)
        assert stream.reading.subject.service == "shop"


async def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path):
        async with following(path) as stream:
            await stream.collect()
            assert stream.reading.word == "not a file"


PERMISSION = """
import asyncio, os, sys
from pathlib import Path
from collectors.transport.read import files
from collectors.transport.read.files import Tail
from tests.collectors.logs.following import following
async def main():
    folder = Path(sys.argv[1])
    path = folder / "app.log"
    path.write_bytes(b'{"msg":"one"}\\n')
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534); os.chown(path, 65534, 65534); os.setgid(65534); os.setuid(65534)
    async with following(path) as stream:
        await stream.collect()
        path.rename(folder / "app.log.1")
        path.write_bytes(b'{"msg":"hidden"}\\n')
        path.chmod(0)
        with (folder / "app.log.1").open("ab") as file:
            file.write(b'{"msg":"two"}\\n')
        await stream.collect()
        print(stream.reading.word, "|", stream.reading.note, "|", stream.messages)
        path.chmod(0o600)
        await stream.collect()
        print(stream.reading.word, "|", stream.messages)
asyncio.run(main())
"""


def test_a_file_that_may_not_be_read_is_told_and_the_old_one_drained() -> None:
    # not below pytest's own folders, which only their owner may enter
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", PERMISSION, folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    first, second = done.stdout.splitlines() or [done.stderr, ""]
    assert first.startswith("denied |"), done.stderr
    assert "Permission denied" in first
    assert "['one', 'two']" in first
    assert second == "following | ['one', 'two', 'hidden']"


async def test_the_last_minutes_are_read_back_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("wb") as file:
        for number in range(20_000):
            file.write(
                line(f"line {number}", (20_000 - number) * 0.5, "error" if number % 100 == 0 else "info")
            )
    async with following(path, back=60.0) as stream:
        await stream.until(lambda: stream.messages[-1:] == ["line 19999"])
        assert 118 <= len(stream.records) <= 121
        assert all(record.timed for record in stream.records)
        cost = stream.sweep.cost.bytes if stream.sweep else 0
        assert cost < 200_000
        # two of the last 120 lines are errors, and the minute was read back whole
        assert stream.reading.errors.value == 1
        assert stream.reading.errors.known is Known.EXACT
        assert stream.reading.note == ""
        assert [record.seq for record in stream.records] == sorted(record.seq for record in stream.records)


async def test_reading_back_is_bounded_by_bytes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(line(f"line {number}", 10) for number in range(5000)))
    async with following(path, back_bytes=10_000) as stream:
        await stream.collect()
        assert 50 < len(stream.records) < 200
        assert stream.messages[-1] == "line 4999"
        assert "limit in bytes" in stream.reading.note
        assert stream.reading.errors.known is Known.AT_LEAST


async def test_a_young_file_is_read_back_into_its_neighbour(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    (tmp_path / "app.log.1").write_bytes(b"".join(line(f"old {ago}", ago) for ago in (4000, 2000, 500, 400)))
    path.write_bytes(line("new 300", 300) + line("new 200", 200))
    async with following(path) as stream:
        await stream.until(lambda: len(stream.records) == 4)
        assert stream.messages == ["old 500", "old 400", "new 300", "new 200"]
        assert stream.reading.rotations.value == 0
        with path.open("ab") as file:
            file.write(line("live"))
        await stream.collect()
        assert stream.messages[-1] == "live"
        assert len(stream.messages) == 5


async def test_nothing_is_read_back_where_nothing_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line("old", 1) + b'{"event":"half')
    async with following(path, back=0.0) as stream:
        await stream.collect()
        assert stream.messages == []
        with path.open("ab") as file:
            file.write(b' and half"}\n')
        await stream.collect()
        assert stream.messages == ["half and half"]
        assert stream.reading.errors.known is Known.AT_LEAST


async def test_a_line_without_a_time_is_dated_by_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line("timed", 300) + line("untimed"))
    async with following(path) as stream:
        await stream.collect()
        timed, untimed = stream.records
        assert (untimed.timed, untimed.time) == (False, timed.time)
        with path.open("ab") as file:
            file.write(line("now"))
        await stream.collect()
        assert abs(stream.records[-1].time - time.time()) < 60


async def test_lines_without_a_time_are_read_back_as_of_unknown_age(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(b"ERROR:app:line %d\n" % number for number in range(100)))
    async with following(path) as stream:
        await stream.collect()
        assert len(stream.records) == 100
        assert not any(record.timed for record in stream.records)
        # of unknown age: not counted as of the last minute
        assert (stream.reading.errors.value, stream.reading.errors.known) == (0, Known.AT_LEAST)
        assert "unknown age" in stream.reading.note
        with path.open("ab") as file:
            file.write(b"ERROR:app:now\n")
        await stream.collect()
        assert stream.reading.errors.value == 1


async def test_a_file_that_rests_since_long_is_begun_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line("old", 7200))
    os.utime(path, (time.time() - 7200,) * 2)
    async with following(path) as stream:
        await stream.collect()
        assert stream.records == []
        age = stream.reading.last_line_age.value
        assert age is not None
        assert 7200 <= age < 7300


async def test_counters_and_rates(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with path.open("ab") as file:
            for level, count in (("info", 10), ("warning", 3), ("error", 2), ("fatal", 1)):
                for _ in range(count):
                    file.write(line("x", level=level))
            file.write(b"{not json}\n")
        await asyncio.sleep(0.05)
        await stream.collect()
        reading = stream.reading
        assert (reading.errors.value, reading.warnings.value) == (3, 3)
        assert reading.errors.known is Known.EXACT
        assert reading.line_rate.value is not None
        assert reading.error_rate.value is not None
        assert reading.error_rate.value / reading.line_rate.value == pytest.approx(3 / 17)
        assert reading.unparsed.value == pytest.approx(1 / 17)
        assert reading.format == "json"
        assert reading.behind.value == 0
        assert reading.last_line_age.value is not None
        assert reading.last_line_age.value < 5


async def test_the_first_pass_tells_no_rate_of_a_missing_file(tmp_path: Path) -> None:
    async with following(tmp_path / "none") as stream:
        await stream.collect()
        assert stream.reading.line_rate.known is Known.NEEDS_SAMPLES
        assert not stream.reading.behind.is_known


async def test_a_line_without_its_newline_is_held_for_two_seconds(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with path.open("ab") as file:
            file.write(b'{"event":"be')
            file.flush()
            await stream.collect()
            file.write(b'gun"}\n{"event":"unended"}')
            file.flush()
            await stream.collect()
            assert stream.messages == ["begun"]
            begin = time.monotonic()
            await stream.until(lambda: stream.messages == ["begun", "unended"])
            assert time.monotonic() - begin > 1.5


async def test_a_line_of_a_hundred_megabytes_costs_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with path.open("wb") as file:
            file.write(b'{"event":"')
            for _ in range(100):
                file.write(b"x" * 1_000_000)
            file.write(b'"}\n{"event":"next"}\n')
        tracemalloc.start()
        await stream.until(lambda: stream.messages[-1:] == ["next"])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8_000_000
        big = stream.records[0]
        assert len(big.raw) == 256 * 1024
        assert big.lost_bytes == 100_000_012 - 256 * 1024
        assert not big.parsed
        assert len(big.message) <= 8 * 1024
        assert stream.reading.lost.value == big.lost_bytes


async def test_a_flood_is_read_in_shares_and_what_is_behind_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.log"
    path.touch()
    monkeypatch.setattr(module, "PIECE", 64 * 1024)
    async with following(path, every=0.05) as stream:
        await stream.collect()
        with path.open("wb") as file:
            for number in range(60_000):
                file.write(b'{"n":%d,"event":"flood","level":"info","region":"eu"}\n' % number)
        turns = 0
        stop = False

        async def tick() -> None:
            nonlocal turns
            while not stop:
                await asyncio.sleep(0)
                turns += 1

        ticking = asyncio.create_task(tick())
        await stream.collect()
        assert stream.reading.behind.value is not None
        assert stream.reading.behind.value > 0
        await stream.until(lambda: stream.reading.behind.value == 0, deadline=30)
        stop = True
        await ticking
        assert [int(value) for value in stream.field("n")] == list(range(60_000))
        assert turns > path.stat().st_size / (64 * 1024)


async def test_a_cancelled_pass_loses_and_repeats_nothing(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with path.open("wb") as file:
            for number in range(20_000):
                file.write(b'{"n":%d,"event":"x"}\n' % number)
        for delay in (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03):
            task = asyncio.create_task(stream.collect())
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.wait({task})
        await stream.until(lambda: len(stream.records) >= 20_000)
        assert [int(value) for value in stream.field("n")] == list(range(20_000))


async def test_a_hung_mount_holds_up_neither_loop_nor_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line("one", 1))
    release = threading.Event()
    async with following(path) as stream:
        real: Callable[..., object] = Tail.read

        calls = 0

        def hung(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            release.wait(20)
            return real(*arguments)

        monkeypatch.setattr(Tail, "read", hung)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.collect(), 0.05)
        assert calls == 1
        begin = time.monotonic()
        await stream.collector.close()
        assert time.monotonic() - begin < 1.5
        release.set()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINGER", 0.2)
    monkeypatch.setattr(module, "EXPAND_EVERY", 0.1)


@pytest.mark.usefixtures("_impatient")
async def test_a_pattern_follows_what_comes_and_goes(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "a.log.1", "c.log.gz"):
        (tmp_path / name).write_bytes(line(f"in {name}", 5))
    async with following(tmp_path / "*.log*") as stream:
        await stream.until(lambda: len(stream.records) == 3)
        assert sorted(stream.messages) == ["in a.log", "in a.log.1", "in b.log"]
        assert sorted(reading.subject.label for reading in stream.readings) == ["a.log", "b.log"]
        (tmp_path / "d.log").write_bytes(line("late", 7200))
        await stream.until(lambda: "late" in stream.messages)
        (tmp_path / "b.log").unlink()
        await stream.until(lambda: len(stream.readings) == 2, deadline=20)


@pytest.mark.usefixtures("_impatient")
async def test_a_file_renamed_within_the_pattern_is_no_second_stream(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line("one", 5))
    async with following(tmp_path / "*.log", every=2.0) as stream:
        await stream.collect()
        path.rename(tmp_path / "app-20261123.log")
        path.write_bytes(line("two", 1))
        begin = time.monotonic()
        await stream.until(lambda: time.monotonic() - begin > 0.6)
        assert stream.messages == ["one", "two"]
        assert len(stream.readings) == 1


async def test_a_pattern_that_fits_nothing_says_so(tmp_path: Path) -> None:
    async with following(tmp_path / "*.log") as stream:
        await stream.collect()
        assert stream.readings == []
        assert stream.sweep is not None
        assert "no file fits" in stream.sweep.note


async def test_a_trace_over_two_passes_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with path.open("ab") as file:
            file.write(b"2026-11-23 18:53:44,970 ERROR app.web: failed\n")
            file.write(b"Traceback (most recent call last):\n  File x\n")
            file.flush()
            await stream.collect()
            assert stream.records == []
            file.write(b"ValueError: no\n2026-11-23 18:53:45,970 INFO app.web: next\n")
            file.flush()
            await stream.collect()
        assert stream.messages == ["failed", "next"]
        assert stream.records[0].severity is Severity.ERROR
        assert stream.field("stack")[0].endswith("ValueError: no")
        assert stream.records[0].raw.count(b"\n") == 3
        assert stream.reading.errors.value == 1
        assert stream.reading.format == "text"
