"""Numbered lines of a real writer, each exactly once, through every kind of rotation."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from collectors.model.quantity import Known
from tests.collectors.logs.following import Following, following

WRITER = Path(__file__).with_name("writer.py")


@contextmanager
def writer(path: Path, mode: str, count: int, pause: float, batch: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(WRITER), str(path), mode, str(count), str(pause), str(batch)]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def numbers(stream: Following) -> Counter[int]:
    return Counter(int(value) for value in stream.field("n"))


def has_records(stream: Following, count: int) -> bool:
    return len(stream.records) >= count


def ended(stream: Following) -> bool:
    return "end" in stream.messages[-3:]


@pytest.mark.parametrize("mode", ["rename", "delete"])
async def test_each_line_once_when_the_file_is_renamed_or_deleted(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    async with following(path) as stream:
        await stream.collect()
        with writer(path, mode, 3000, 0.0002, 500):
            await stream.until(lambda: ended(stream), pause=0.005)
        seen = numbers(stream)
        lasts = {1_000_000 + number for number in range(500, 3000, 500)}
        assert seen == Counter({-1, *range(3000), *lasts})
        assert stream.reading.rotations.value == 5
        assert stream.reading.lost.value == 0
        assert stream.reading.lost.known is Known.EXACT


async def test_rotations_quicker_than_our_look_are_read_from_the_numbered_files(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with writer(path, "rename", 400, 0, 100) as process:
            process.wait(10)
        await stream.until(lambda: ended(stream))
        seen = numbers(stream)
        assert seen == Counter({-1, *range(400), 1_000_100, 1_000_200, 1_000_300})
        assert stream.reading.rotations.value == 3
        assert stream.reading.lost.known is Known.EXACT


async def test_a_file_that_vanished_between_two_looks_is_told(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b'{"n":1,"msg":"one"}\n')
    async with following(path) as stream:
        await stream.collect()
        for number in (2, 3, 4):
            path.replace(tmp_path / "app.log.1")
            path.write_bytes(b'{"n":%d,"msg":"more"}\n' % number)
        await stream.collect()
        assert stream.field("n") == ["1", "3", "4"]
        assert stream.reading.lost.known is Known.AT_LEAST
        assert "nobody knows" in stream.reading.note


async def test_copytruncate_is_read_on_in_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as stream:
        await stream.collect()
        with writer(path, "plain", 4000, 0.0002, 10**6):
            for turn in range(4):
                await stream.until(partial(has_records, stream, 500 * (turn + 1)), pause=0.02)
                shutil.copyfile(path, tmp_path / "app.log.copy")
                destroyed_from = (tmp_path / "app.log.copy").stat().st_size
                (tmp_path / "app.log.copy").replace(tmp_path / "app.log.1")
                destroyed_to = path.stat().st_size
                os.truncate(path, 0)
                assert destroyed_to >= destroyed_from
            await stream.until(lambda: ended(stream))
        seen = numbers(stream)
        assert max(seen.values()) == 1
        # only what was written between the copy and the truncation can be missing
        assert len(seen) > 3800
        truncations = dict(stream.reading.extra)["file.truncations"].value
        assert truncations == 4
        assert stream.reading.rotations.value == 4


async def test_truncation_without_a_copy_says_that_lines_may_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(b'{"n":%d,"msg":"x"}\n' % number for number in range(100)))
    async with following(path) as stream:
        await stream.collect()
        os.truncate(path, 0)
        with path.open("ab") as file:
            file.write(b'{"n":100,"msg":"after"}\n')
        await stream.collect()
        assert numbers(stream) == Counter(range(101))
        assert stream.reading.lost.known is Known.AT_LEAST
        assert stream.reading.rotations.value == 1


async def test_a_truncated_file_that_grew_past_our_place_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b'{"n":1,"msg":"short"}\n')
    async with following(path) as stream:
        await stream.collect()
        path.write_bytes(b"".join(b'{"n":%d,"msg":"longer"}\n' % number for number in range(10, 60)))
        await stream.collect()
        assert numbers(stream) == Counter([1, *range(10, 60)])


async def test_same_size_after_truncation_is_no_silence(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b'{"n":1,"msg":"a"}\n')
    async with following(path) as stream:
        await stream.collect()
        await asyncio.sleep(0.02)
        path.write_bytes(b'{"n":2,"msg":"b"}\n')
        await stream.collect()
        assert stream.field("n") == ["1", "2"]


async def test_a_writer_without_append_leaves_a_hole_that_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("wb") as file:
        file.write(b'{"n":1,"msg":"a"}\n')
        file.flush()
        async with following(path) as stream:
            await stream.collect()
            os.truncate(path, 0)
            file.seek(3 * 10**9)
            file.write(b'{"n":2,"msg":"behind the hole"}\n')
            file.flush()
            await stream.collect()
            assert stream.field("n") == ["1", "2"]
            assert not stream.records[-1].hostile
            assert stream.reading.behind.value == 0


async def test_a_reused_inode_number_does_not_deceive(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    async with following(path) as stream:
        for number in range(5):
            path.write_bytes(b'{"n":%d,"msg":"same head"}\n' % number)
            await stream.collect()
            path.unlink()
        assert stream.field("n") == ["0", "1", "2", "3", "4"]


async def test_a_file_rewritten_by_an_editor_is_not_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    lines = b"".join(b'{"n":%d,"msg":"x"}\n' % number for number in range(1000))
    path.write_bytes(lines)
    async with following(path) as stream:
        await stream.collect()
        fresh = tmp_path / "fresh"
        fresh.write_bytes(lines + b'{"n":1000,"msg":"x"}\n')
        fresh.replace(path)
        await stream.collect()
        assert numbers(stream) == Counter(range(1001))
        assert stream.reading.rotations.value == 0


async def test_a_symlink_that_moves_on_is_a_rotation(tmp_path: Path) -> None:
    first, second, path = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "current"
    first.write_bytes(b'{"n":1,"msg":"a"}\n')
    path.symlink_to(first)
    async with following(path) as stream:
        await stream.collect()
        second.write_bytes(b'{"n":2,"msg":"b"}\n')
        path.unlink()
        path.symlink_to(second)
        with first.open("ab") as file:
            file.write(b'{"n":3,"msg":"late"}\n')
        await stream.collect()
        assert sorted(stream.field("n")) == ["1", "2", "3"]
