"""The reader of the past: rotated neighbours, packed ones, windows of time, both ways round."""

import bz2
import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.logs import _past
from collectors.logs._past import Past
from collectors.transport.read import files_pages
from collectors.transport.read.files_past import in_order

NOW = 1_795_460_000.0
STEP = 30.0


def line(number: int) -> bytes:
    time = datetime.fromtimestamp(NOW + number * STEP, UTC).isoformat()
    return json.dumps({"timestamp": time, "n": number, "event": "x" * (number % 200)}).encode()


def numbers(lines: list[bytes]) -> list[int]:
    return [json.loads(one)["n"] for one in lines]


def put(path: Path, first: int, after: int, pack: Callable[[bytes], bytes] = bytes) -> None:
    path.write_bytes(pack(b"".join(line(number) + b"\n" for number in range(first, after))))
    os.utime(path, (NOW + (after - 1) * STEP,) * 2)


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """Lines 0 to 7999 in four files, two of them packed."""
    put(tmp_path / "app.jsonl.3.gz", 0, 2000, gzip.compress)
    put(tmp_path / "app.jsonl.2.gz", 2000, 4000, gzip.compress)
    put(tmp_path / "app.jsonl.1", 4000, 6000)
    put(tmp_path / "app.jsonl", 6000, 8000)
    return tmp_path / "app.jsonl"


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of odd sizes, so that lines lie across them."""
    monkeypatch.setattr(_past, "PIECE", 10_007)
    monkeypatch.setattr(_past, "PROBE", 2048)
    monkeypatch.setattr(files_pages, "SEGMENT", 50_021)


@pytest.mark.usefixtures("small_steps")
def test_every_line_comes_once_in_both_orders(rotated: Path) -> None:
    past = Past(str(rotated))
    assert [Path(one.path).name for one in past.files()] == [
        "app.jsonl.3.gz",
        "app.jsonl.2.gz",
        "app.jsonl.1",
        "app.jsonl",
    ]
    assert numbers(list(past.lines(newest_first=False))) == list(range(8000))
    assert numbers(list(past.lines())) == list(reversed(range(8000)))
    assert past.coverage.files == 4
    assert past.coverage.bytes == sum(len(line(number)) + 1 for number in range(8000))
    assert past.coverage.unread == []


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("first", "last"), [(100, 130), (1990, 2020), (3000, 5000), (7990, 9000), (-9, 3)])
def test_a_window_is_found_without_reading_the_rest(rotated: Path, first: int, last: int) -> None:
    past = Past(str(rotated))
    got = numbers(list(past.lines(NOW + first * STEP, NOW + last * STEP)))
    wanted = set(range(max(0, first), min(7999, last) + 1))
    assert wanted <= set(got)
    assert got == sorted(got, reverse=True)
    # what comes too: the slack, and a probe at both ends of each file
    assert len(got) <= len(wanted) + 200
    whole = sum(len(line(number)) + 1 for number in range(8000))
    assert past.coverage.bytes < whole * (len(wanted) + 400) / 8000
    assert past.estimate(NOW + first * STEP, NOW + last * STEP) < past.estimate()


@pytest.mark.usefixtures("small_steps")
def test_a_filter_and_a_limit(rotated: Path) -> None:
    past = Past(str(rotated))
    assert numbers(list(past.lines(contains=b'"n": 777,'))) == [777]
    assert not past.coverage.capped
    got = numbers(list(past.lines(cap=30_000)))
    assert got == list(range(7999, 7999 - len(got), -1))
    assert past.coverage.capped
    assert past.coverage.bytes <= 30_000 + 10_007


def test_what_cannot_be_read_is_told(rotated: Path) -> None:
    put(rotated.with_name("app.jsonl.4.bz2"), 0, 10, bz2.compress)
    packed = rotated.with_name("app.jsonl.3.gz")
    packed.write_bytes(packed.read_bytes()[:-3000])
    os.utime(packed, (NOW + 1999 * STEP,) * 2)
    past = Past(str(rotated))
    got = list(past.lines())
    told = {Path(path).name: why for path, why in past.coverage.unread}
    assert told == {
        "app.jsonl.4.bz2": "only .gz can be unpacked here",
        "app.jsonl.3.gz": "its end is damaged or missing",
    }
    assert 6000 < len(got) < 8000


def test_lines_without_times_and_longer_than_the_cap(tmp_path: Path) -> None:
    path = tmp_path / "plain.log"
    path.write_bytes(b"first\n\n" + b"y" * 3_000_000 + b"\nlast, not ended")
    for newest_first in (True, False):
        past = Past(str(path), line_cap=1000)
        got = list(past.lines(1.0, None, newest_first=newest_first))
        order = got[::-1] if newest_first else got
        assert order == [b"first", b"", b"y" * 1000, b"last, not ended"]
        assert past.coverage.cut_bytes == 2_999_000
        assert past.coverage.untimed == 1
    assert Past(str(tmp_path / "none.log")).files() == []


def names(path: str, *found: tuple[str, float]) -> list[str]:
    return [one.path for one in in_order(path, [(name, 1, mtime) for name, mtime in found])]


def test_the_names_of_rotated_files() -> None:
    assert names(
        "/l/a.log", ("a.log.10", 5), ("a.log", 0), ("a.log.9.gz", 4), ("a.log.1.gz", 0), ("a.log.1", 0)
    ) == [
        "/l/a.log.10",
        "/l/a.log.9.gz",
        "/l/a.log.1",
        "/l/a.log",
    ]
    dated = [("a.log-20261122.gz", 9), ("a.log-20261123", 1), ("a-2026-11-21.log", 5), ("a.log", 0)]
    assert names("a.log", *dated) == ["a-2026-11-21.log", "a.log-20261122.gz", "a.log-20261123", "a.log"]
    loguru = ("a.2026-11-23_18-55-31_123456.log", 3)
    assert names("/a.log", loguru, ("a.log.old", 2), ("a.log", 9)) == [
        "/a.log.old",
        f"/{loguru[0]}",
        "/a.log",
    ]
    strangers = [("b.log.1", 1), ("a.logs", 1), ("a.log.bak", 1), ("xa.log.1", 1), ("a.log.1.tmp", 1)]
    assert names("/l/a.log", *strangers) == []
