"""Positions: what an earlier run has had comes again for the eyes alone, and the rest exactly once."""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.model.quantity import Known
from collectors.transport.read.files_lines import Line
from collectors.transport.read.files_place import FilePlace, FilesPosition, FilesRead, Proof, Span
from tests.collectors.logs.following import Following, Kept, following
from tests.collectors.logs.test_rotation import writer
from tests.servers.waiting import wait_until

FOLLOWER = Path(__file__).with_name("follower.py")


def put(path: Path, numbers: range, *, ago: float = 1.0) -> None:
    stamp = datetime.fromtimestamp(time.time() - ago, UTC).isoformat()
    with path.open("ab") as file:
        for number in numbers:
            file.write(json.dumps({"timestamp": stamp, "n": number, "event": "x"}).encode() + b"\n")


async def run(path: Path, kept: Kept, **options: object) -> Following:
    async with following(path, positions=kept, **options) as stream:
        for _ in range(4):
            await stream.collect()
        return stream


def rotate(path: Path) -> None:
    for number in (2, 1):
        older = Path(f"{path}.{number}")
        if older.exists():
            older.rename(f"{path}.{number + 1}")
    path.rename(f"{path}.1")


async def test_what_came_meanwhile_comes_once_and_the_last_minutes_are_replayed(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(50), ago=600)
    put(path, range(50, 100))
    first = await run(path, kept)
    assert first.numbers(replayed=False) == list(range(100))
    assert first.numbers(replayed=True) == []
    put(path, range(100, 150))
    second = await run(path, kept, back=60.0)
    assert second.numbers(replayed=False) == list(range(100, 150))
    replayed = second.numbers(replayed=True)
    assert replayed == list(range(50, 100))
    assert second.reading.lost.value == 0
    assert second.reading.lost.known is Known.EXACT
    third = await run(path, kept)
    assert third.numbers(replayed=False) == []
    assert third.numbers(replayed=True) == list(range(150))


async def test_a_quiet_file_is_resumed_at_its_end(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(5), ago=7200)
    os.utime(path, (time.time() - 7200,) * 2)
    assert (await run(path, kept)).records == []
    put(path, range(5, 8), ago=7000)
    second = await run(path, kept)
    assert second.numbers(replayed=False) == [5, 6, 7]


def renamed(path: Path) -> None:
    put(path, range(100, 110))
    rotate(path)
    put(path, range(110, 120))


def renamed_twice(path: Path) -> None:
    renamed(path)
    rotate(path)
    put(path, range(120, 130))


def dated(path: Path) -> None:
    put(path, range(100, 110))
    path.rename(f"{path}-20261123")
    put(path, range(110, 120))


def packed(path: Path) -> None:
    put(path, range(100, 110))
    rotate(path)
    put(path, range(110, 120))
    rotated = Path(f"{path}.1")
    Path(f"{path}.1.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()


def packed_and_more(path: Path) -> None:
    packed(path)
    Path(f"{path}.1.gz").rename(f"{path}.2.gz")
    path.rename(f"{path}.1")
    put(path, range(120, 130))


def copied_and_cut(path: Path) -> None:
    put(path, range(100, 110))
    shutil.copy(path, f"{path}.1")
    os.truncate(path, 0)
    put(path, range(110, 120))


def copied_and_cut_and_grown(path: Path) -> None:
    put(path, range(100, 110))
    shutil.copy(path, f"{path}.1")
    os.truncate(path, 0)
    put(path, range(110, 400))


@pytest.mark.parametrize(
    ("change", "last"),
    [
        (renamed, 120),
        (renamed_twice, 130),
        (dated, 120),
        (packed, 120),
        (packed_and_more, 130),
        (copied_and_cut, 120),
        (copied_and_cut_and_grown, 400),
    ],
)
async def test_a_rotation_between_two_runs(change: Callable[[Path], None], last: int, tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(100))
    await run(path, kept)
    change(path)
    second = await run(path, kept)
    assert second.numbers(replayed=False) == list(range(100, last))
    assert set(second.numbers(replayed=True)) <= set(range(100))
    assert second.reading.lost.known is Known.EXACT
    third = await run(path, kept)
    assert third.numbers(replayed=False) == []


async def test_what_is_destroyed_between_two_runs_is_a_gap(tmp_path: Path) -> None:
    for change in (os.unlink, lambda path: os.truncate(path, 0)):
        path, kept = tmp_path / "app.log", Kept()
        put(path, range(100))
        await run(path, kept)
        put(path, range(100, 110))
        change(path)
        put(path, range(110, 120), ago=-1)
        second = await run(path, kept)
        assert second.numbers(replayed=False) == list(range(110, 120))
        assert second.reading.lost.known is Known.AT_LEAST
        assert "nobody knows" in second.reading.note
        path.unlink()


async def test_a_reused_inode_number_deceives_nobody(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(100))
    await run(path, kept)
    (key,) = kept.told
    told = json.loads(kept.told[key])
    path.unlink()
    put(path, range(200, 400), ago=-1)
    # the new file has the number of the old one, and is longer
    found = path.stat()
    told["files"][0].update(dev=found.st_dev, ino=found.st_ino)
    kept.told[key] = json.dumps(told)
    second = await run(path, kept)
    assert second.numbers(replayed=False) == list(range(200, 400))
    assert second.reading.lost.known is Known.AT_LEAST


async def test_more_than_is_to_be_caught_up_is_left_out_and_told(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(100), ago=3600)
    await run(path, kept)
    put(path, range(100, 5000), ago=3000)
    second = await run(path, kept, catch_up=100_000)
    numbers = second.numbers(replayed=False)
    assert numbers == list(range(numbers[0], 5000))
    assert 4000 < 5000 - numbers[0] < 5000 or len(numbers) * 60 < 100_000
    assert "catch_up" in second.reading.note


async def test_a_record_that_stands_open_is_not_counted_as_read(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    head = "2026-11-23 18:53:44,001 ERROR orders: "
    path.write_text(f"{head}first\n{head}second\nTraceback (most recent call last):\n")
    async with following(path, positions=kept, back=10**9) as stream:
        await stream.collect()
        await stream.collect()
        assert stream.messages == ["orders: first"]
    with path.open("a") as file:
        file.write('  File "x.py", line 1, in y\nValueError: no\n' + f"{head}third\n")
    async with following(path, positions=kept, back=10**9) as stream:
        await stream.collect()
        replayed = [
            str(record.message) for batch in stream.batches if batch.replayed for record in batch.records
        ]
        new = [
            str(record.message) for batch in stream.batches if not batch.replayed for record in batch.records
        ]
        assert (replayed, new) == (["orders: first"], ["orders: second", "orders: third"])


async def test_positions_are_told_once_a_pass_and_not_where_nothing_moved(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(10))
    async with following(path, positions=kept) as stream:
        for _ in range(3):
            await stream.collect()
        puts = kept.puts
        for _ in range(5):
            await stream.collect()
        assert kept.puts == puts
        put(path, range(10, 20))
        await stream.collect()
        assert kept.puts > puts
    (position,) = (FilesPosition.from_json(json.loads(told)) for told in kept.told.values())
    assert position is not None
    assert [place.offset for place in position.places] == [path.stat().st_size]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"files": []},
        {"files": [{}], "at": 1.0},
        {"files": "x", "at": 1.0},
        {"cursor": "s=1"},
        {"files": [{"dev": 1, "ino": 2, "offset": 3, "head": [0, ""], "before": [9, ""]}], "at": 1.0},
        {"files": [{"dev": 1, "ino": "2", "offset": 3, "head": [0, ""], "before": [0, ""]}], "at": 1.0},
    ],
)
async def test_a_position_that_is_none_is_no_position(told: dict[str, object], tmp_path: Path) -> None:
    assert FilesPosition.from_json(told) is None
    path, kept = tmp_path / "app.log", Kept()
    kept.told[os.fsencode(path)] = json.dumps(told)
    put(path, range(3))
    assert (await run(path, kept)).numbers(replayed=False) == [0, 1, 2]


def test_a_position_within_the_lines_of_one_read() -> None:
    data = b"one\ntwo\n\nfour"
    place = FilePlace((1, 2), 100, Proof.of(b""), Proof.of(b"before"))
    other = FilePlace((1, 3), 0, Proof.of(b""), Proof.of(b""))
    lines = [Line(piece) for piece in data.split(b"\n")]
    spans = (Span(place, 4, 113, ended=False), Span(other, 0, 0))
    read = FilesRead(spans, lines, 5.0)
    offsets, proofs = [], []
    for count in range(5):
        position = FilesPosition.from_json(read.after(count))
        assert position is not None
        offsets.append([one.offset for one in position.places])
        proofs.append(position.places[0].before)
    assert offsets == [[100, 0], [104, 0], [108, 0], [109, 0], [113, 0]]
    assert proofs[1].fits(b"one\n")
    assert proofs[2].fits(b"two\n")
    assert proofs[4].fits(b"four")


def had(account: Path) -> list[int]:
    told = account.read_bytes().splitlines() if account.exists() else []
    return [number for one in told for number in json.loads(one)["numbers"]]


def test_killed_in_between_each_line_is_had_once(tmp_path: Path) -> None:
    path, account = tmp_path / "app.log", tmp_path / "account"
    root = Path(__file__).parents[3]
    command = [sys.executable, str(FOLLOWER), str(path), str(account)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    rng = random.Random(3)
    path.touch()
    kills, before = 0, 0

    def has_more() -> bool:
        return len(had(account)) > before or process.poll() is not None

    with writer(path, "rename", 3000, 0.001, 700) as process:
        while process.poll() is None or kills < 3:
            before = len(had(account))
            with subprocess.Popen(command, cwd=root, env=environment) as follower:
                wait_until(has_more, 20)
                time.sleep(rng.random() * 0.3)
                follower.kill()
            kills += 1
    with subprocess.Popen(command, cwd=root, env=environment) as follower:
        wait_until(lambda: -1 in had(account), 20)
        follower.kill()
    lasts = [1_000_000 + number for number in range(700, 3000, 700)]
    assert sorted(had(account)) == sorted([-1, *range(3000), *lasts])
