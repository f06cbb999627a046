"""The tail by itself: what a collector's passes meet too seldom to be waited for."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.transport.read.files import LINGER, PARTIAL_HELD, Tail, TailOptions
from collectors.transport.read.files_back import PROBE
from collectors.transport.read.files_lines import Line, LineSplitter
from collectors.transport.read.files_open import KEPT, SURE, OpenFile

WALL = 1_795_460_000.0


def when(line: bytes) -> float | None:
    """Lines of these tests begin with their epoch second, or tell no time."""
    head = line.split(b" ", 1)[0]
    return float(head) if head.isdigit() else None


class Reader:
    def __init__(self, path: Path, back: float = 0.0, **options: int) -> None:
        self.tail = Tail(str(path), when, TailOptions(back=back, **options))
        self.now = 1000.0

    def read(self, limit: int = 10**6, wait: float = 0.0) -> list[bytes]:
        self.now += wait
        self.got = self.tail.read(limit, self.now, WALL)
        return [line.data for line in self.got.lines]

    def all(self) -> list[bytes]:
        lines = self.read()
        while self.got.bytes:
            lines += self.read()
        return lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_rotated_files_from_before_are_no_news(path: Path) -> None:
    path.with_name("app.log.1").write_bytes(b"old\n")
    path.touch()
    reader = Reader(path)
    reader.read()
    path.unlink()
    path.write_bytes(b"new\n")
    assert reader.all() == [b"new"]
    assert (reader.got.status.rotations, reader.got.status.lost_more) == (1, False)


def test_bytes_that_were_seen_and_not_read_are_counted_as_lost(path: Path) -> None:
    path.touch()
    reader = Reader(path)
    reader.read()
    add(path, b"one\n" * 100)
    reader.read(limit=40)
    assert reader.got.status.behind == 360
    os.truncate(path, 0)
    reader.read()
    assert (reader.got.status.lost, reader.got.status.lost_more, reader.got.status.truncations) == (
        360,
        True,
        1,
    )


def test_a_truncation_during_a_read_is_found_by_the_next(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    reader = Reader(path)
    reader.read()
    add(path, b"one\ntwo\n")
    real = OpenFile.read

    def read(file: OpenFile, limit: int) -> list[Line]:
        lines = real(file, limit)
        path.write_bytes(b"new\n")
        return lines

    monkeypatch.setattr(OpenFile, "read", read)
    assert reader.read() == [b"one", b"two"]
    monkeypatch.undo()
    assert reader.read() == [b"new"]


def test_an_older_rotated_file_with_the_same_head_is_no_copy_of_ours(path: Path) -> None:
    path.with_name("app.log.1").write_bytes(b"started\nold\n")
    path.touch()
    reader = Reader(path)
    reader.read()
    add(path, b"started\n")
    assert reader.read() == [b"started"]
    os.truncate(path, 0)
    add(path, b"x\n")
    assert reader.all() == [b"x"]


def test_a_file_that_was_away_is_read_on_where_it_was(path: Path) -> None:
    away = path.with_name("away")
    path.touch()
    reader = Reader(path)
    reader.read()
    add(path, b"a long line\n" * 500)
    assert len(reader.read()) == 500
    path.rename(away)
    for _ in range(3):
        assert reader.read(wait=LINGER) == []
    assert not reader.tail._files
    add(away, b"more\n")
    away.rename(path)
    assert reader.all() == [b"more"]
    assert reader.got.status.rotations == 0


def test_a_deleted_file_is_read_until_it_rests_and_then_given_back(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        reader = Reader(path)
        reader.read()
        path.unlink()
        for _ in range(4):
            file.write(b"still\n")
            assert reader.read(wait=LINGER / 2) == [b"still"]
        assert reader.read(wait=0.1) == []
        file.write(b"last without newline")
        reader.read(wait=0.1)
        reader.read(wait=0.1)
        assert reader.read(wait=PARTIAL_HELD) == [b"last without newline"]
        reader.read(wait=LINGER)
        assert reader.tail._files == []


def test_a_file_with_unread_bytes_is_not_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with path.open("ab", buffering=0) as file:
        reader = Reader(path)
        reader.read()
        path.unlink()
        reader.read()
        file.write(b"late\n")
        with monkeypatch.context() as patch:
            patch.setattr(OpenFile, "read", lambda _file, _limit: [])
            reader.read(wait=2 * LINGER)
        assert reader.read() == [b"late"]


def test_a_neighbour_that_shrinks_while_it_is_read_back_holds_nothing_up(path: Path) -> None:
    older = path.with_name("app.log.1")
    older.write_bytes(b"".join(b"%d old\n" % (WALL - 100 + number) for number in range(50)))
    path.write_bytes(b"%d new\n" % (WALL - 10))
    os.utime(path, (WALL, WALL))
    os.utime(older, (WALL, WALL))
    reader = Reader(path, back=200.0)
    assert reader.read(limit=30) == [b"1795459900 old", b"1795459901 old"]
    os.truncate(older, 0)
    assert reader.all() + reader.all() == [b"1795459990 new"]


def test_a_banner_that_never_changes_does_not_hide_a_truncation(path: Path) -> None:
    banner = b"=" * (KEPT + 100) + b"\n"
    path.touch()
    reader = Reader(path)
    reader.read()
    add(path, banner + b"one\n")
    reader.read()
    path.write_bytes(banner + b"two, and longer\n")
    assert reader.read() == [banner[:-1], b"two, and longer"]


def test_a_long_block_without_times_does_not_mislead_the_search(path: Path) -> None:
    old = b"".join(b"%d old\n" % (WALL - 50_000 + number) for number in range(40_000))
    block = b"no time at all\n" * (6 * PROBE // 15)
    recent = b"".join(b"%d recent\n" % (WALL - 100 + number) for number in range(100))
    path.write_bytes(old + b"%d wanted\n" % (WALL - 500) + block + recent)
    os.utime(path, (WALL, WALL))
    reader = Reader(path, back=600.0)
    lines = reader.all()
    assert b"1795459500 wanted" in lines
    assert lines[-1].endswith(b"recent")
    assert sum(b"old" in line for line in lines) < 20_000


def test_the_search_looks_at_little_of_a_large_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        b"%d a line of the usual length, or so\n" % (WALL - 200_000 + number) for number in range(200_000)
    )
    path.write_bytes(b"".join(lines))
    os.utime(path, (WALL, WALL))
    looked = 0
    real = OpenFile.pread

    def pread(file: OpenFile, count: int, offset: int) -> bytes:
        nonlocal looked
        looked += count
        return real(file, count, offset)

    monkeypatch.setattr(OpenFile, "pread", pread)
    reader = Reader(path, back=600.0, back_bytes=64 * 1024 * 1024)
    read = reader.all()
    assert read[0].startswith(b"17954")
    assert 600 <= len(read) < 4500
    assert looked < 20 * PROBE
    assert not reader.got.status.cut


def test_short_files_that_begin_alike_are_not_taken_for_one(path: Path) -> None:
    path.write_bytes(b"started\n")
    reader = Reader(path, back=10.0**9)
    assert reader.read() == [b"started"]
    path.with_name("fresh").write_bytes(b"started\n")
    path.with_name("fresh").rename(path)
    assert reader.read() == [b"started"]
    assert SURE > 8


@pytest.mark.parametrize("size", [1, 3, 7, 64, 1000])
def test_lines_are_the_same_however_the_bytes_come(size: int) -> None:
    data = b"one\n\ntwo is longer\r\n" + b"x" * 200 + b"\nend\npart"
    splitter = LineSplitter(cap=100)
    lines = [
        line for start in range(0, len(data), size) for line in splitter.feed(data[start : start + size])
    ]
    assert [(line.data, line.lost) for line in lines] == [
        *((b"one", 0), (b"", 0), (b"two is longer\r", 0), (b"x" * 100, 100), (b"end", 0))
    ]
    assert splitter.partial
    assert splitter.flush() == [(b"part", 0)]
    assert not splitter.partial


@pytest.mark.parametrize("wait", [0.0, LINGER])
def test_a_file_written_to_after_its_rotation_is_no_news_at_the_next(path: Path, wait: float) -> None:
    path.touch()
    reader = Reader(path)
    reader.read()
    path.rename(path.with_name("app.log.1"))
    path.write_bytes(b"two\n")
    assert reader.all() == [b"two"]
    add(path.with_name("app.log.1"), b"one, late\n")
    assert reader.all() == [b"one, late"]
    reader.read()
    reader.read(wait=wait)
    path.with_name("app.log.1").rename(path.with_name("app.log.2"))
    path.rename(path.with_name("app.log.1"))
    path.write_bytes(b"three\n")
    assert reader.all() == [b"three"]


def test_an_empty_copy_from_before_is_not_taken_for_our_place(path: Path) -> None:
    path.touch()
    reader = Reader(path)
    reader.read()
    path.with_name("app.log.1").touch()
    os.utime(path, (WALL, WALL))
    add(path, b"one\n")
    assert reader.all() == [b"one"]
    add(path, b"two\n")
    path.with_name("app.log.1").rename(path.with_name("app.log.2"))
    path.with_name("app.log.1").write_bytes(path.read_bytes())
    os.truncate(path, 0)
    assert reader.all() == [b"two"]
    assert not reader.got.status.lost_more


class Shop:
    """A writer and its rotations, all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "app.log"
        self.path.touch()
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self.written = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            os.write(self.descriptor, b"line %d\n" % self.written)
            self.written += 1

    def shift(self) -> None:
        for number in range(8, 0, -1):
            older = Path(f"{self.path}.{number}")
            if older.exists():
                older.rename(f"{self.path}.{number + 1}")

    def rename(self, _: int) -> None:
        self.shift()
        self.path.rename(f"{self.path}.1")
        self.reopen()

    def copytruncate(self, _: int) -> None:
        self.shift()
        Path(f"{self.path}.1").write_bytes(self.path.read_bytes())
        os.truncate(self.path, 0)

    def delete(self, _: int) -> None:
        self.path.unlink()
        self.reopen()

    def reopen(self) -> None:
        fresh = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        # a daemon writes on to the old file until it is told
        self.write(1)
        os.close(self.descriptor)
        self.descriptor = fresh


STEPS = st.tuples(
    st.sampled_from(["write", "write", "read", "read", "rename", "copytruncate", "delete"]),
    st.integers(1, 60),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_any_course_of_rotations_repeats_nothing_and_hides_no_loss(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        reader = Reader(shop.path)
        reader.read()
        lines: list[bytes] = []
        for step, amount in steps:
            if step == "read":
                lines += reader.read(limit=amount * 20, wait=0.5)
                continue
            if step == "delete":
                # what is made and deleted between two looks leaves no trace
                lines += reader.read()
            getattr(shop, step)(amount)
        lines += reader.all()
        os.close(shop.descriptor)
        reader.tail.close()
        numbers = [int(line.split()[1]) for line in lines]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == shop.written or reader.got.status.lost_more
