"""Files through a Host: the program on the other machine is real, the machine is this one."""

import asyncio
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.errors import AccessError, UnsupportedError
from collectors.model.quantity import Known
from collectors.transport.local import LocalHost
from collectors.transport.read import remote_follow
from collectors.transport.read.remote_look import READ_COMMANDS, text
from tests.collectors.logs.following import Following, Kept, following
from tests.collectors.logs.test_resume import (
    copied_and_cut,
    copied_and_cut_and_grown,
    dated,
    put,
    renamed,
    renamed_twice,
    rotate,
)
from tests.collectors.logs.test_rotation import ended, numbers, writer
from tests.collectors.machines import AsNobody


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_follow, "EVERY", 0.05)
    monkeypatch.setattr(remote_follow, "AGAIN_AFTER", 0.05)


def has(stream: Following, *, new: int = -1, replayed: int = -1) -> Callable[[], bool]:
    """Whether so many numbered records came."""
    return lambda: (
        len(stream.numbers(replayed=False)) >= new and len(stream.numbers(replayed=True)) >= replayed
    )


async def run(path: Path, kept: Kept, **options: object) -> Following:
    async with following(path, positions=kept, host=LocalHost(), **options) as stream:
        await stream.collect()
        await stream.until(lambda: stream.reading.behind.value == 0, pause=0.05)
        await stream.collect()
        return stream


async def test_lines_come_and_the_way_is_told(tmp_path: Path) -> None:
    path = tmp_path / "it's $HOME;.log"
    put(path, range(5))
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        assert stream.numbers(replayed=False) == list(range(5))
        assert stream.reading.word == "following"
        assert stream.reading.subject.label == path.name
        assert stream.reading.subject.id.key == os.fsencode(path)
        put(path, range(5, 8))
        await stream.until(has(stream, new=8))
        assert stream.reading.line_rate.value is not None
        assert stream.reading.lost.value == 0


async def test_a_line_that_comes_in_two_parts_is_one(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(2))
    async with following(path, host=LocalHost(), positions=kept) as stream:
        await stream.collect()
        with path.open("ab") as file:
            file.write(b'{"n":2,"event":"tw')
        tail = stream.collector._way._follower.tails[0]  # type: ignore[union-attr] # of the way to servers
        await stream.until(lambda: tail.slots[0].received == path.stat().st_size)
        await stream.collect()
        assert stream.numbers(replayed=False) == [0, 1]
    # the next run begins with the line
    with path.open("ab") as file:
        file.write(b'o parts"}\n{"n":3,"event":"whole"}\n')
    async with following(path, host=LocalHost(), positions=kept) as stream:
        await stream.until(has(stream, new=2))
        assert stream.numbers(replayed=False) == [2, 3]
        assert "two parts" in stream.messages
        with path.open("ab") as file:
            file.write(b'{"n":4,"event":"tw')
        tail = stream.collector._way._follower.tails[0]  # type: ignore[union-attr] # of the way to servers
        await stream.until(lambda: tail.slots[0].received == path.stat().st_size)
        await stream.collect()
        with path.open("ab") as file:
            file.write(b'o"}\n')
        await stream.until(has(stream, new=3))
        assert stream.messages[-1] == "two"


async def test_a_file_that_is_not_there_yet_is_a_state(tmp_path: Path) -> None:
    path = tmp_path / "late" / "app.log"
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        assert stream.reading.word == "missing"
        assert "waiting" in stream.reading.note
        path.parent.mkdir()
        put(path, range(3), ago=7200)
        await stream.until(has(stream, new=3))
        assert stream.reading.word == "following"
        path.unlink()
        path.mkdir()
        await stream.until(lambda: stream.reading.word == "not a file")


@pytest.mark.parametrize("mode", ["rename", "delete"])
async def test_each_line_once_when_the_file_is_renamed_or_deleted(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        with writer(path, mode, 1500, 0.0008, 500):
            await stream.until(lambda: ended(stream), pause=0.02)
        await stream.until(has(stream, new=1503))
        assert numbers(stream) == Counter({-1, *range(1500), 1_000_500, 1_001_000})
        assert stream.reading.rotations.value == 2
        assert stream.reading.lost.value == 0
        assert stream.reading.lost.known is Known.EXACT


async def test_rotations_quicker_than_its_look_are_read_from_the_numbered_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_follow, "EVERY", 0.7)
    path = tmp_path / "app.log"
    put(path, range(100))
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        renamed_twice(path)
        await stream.until(has(stream, new=130))
        assert stream.numbers(replayed=False) == list(range(130))
        assert stream.reading.rotations.value == 2


async def test_copytruncate_is_read_on_in_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    put(path, range(100))
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        for turn in (1, 2):
            put(path, range(100 * turn, 100 * turn + 50))
            shutil.copy(path, tmp_path / "app.log.1")
            os.truncate(path, 0)
            put(path, range(100 * turn + 50, 100 * turn + 100))
            await stream.until(has(stream, new=100 * turn + 100))
        assert stream.numbers(replayed=False) == list(range(300))
        assert dict(stream.reading.extra)["file.truncations"].value == 2
        assert stream.reading.lost.known is Known.EXACT


async def test_what_truncation_destroys_is_told(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    put(path, range(100))
    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        os.truncate(path, 0)
        put(path, range(100, 400))
        await stream.until(has(stream, new=400))
        assert stream.numbers(replayed=False) == list(range(400))
        assert stream.reading.lost.known is Known.AT_LEAST
        assert "nobody knows" in stream.reading.note


async def test_what_came_meanwhile_comes_once_and_the_last_minutes_are_replayed(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(500), ago=600)
    put(path, range(500, 1000))
    first = await run(path, kept)
    assert first.numbers(replayed=False) == list(range(1000))
    put(path, range(1000, 1100))
    second = await run(path, kept, back=60.0)
    assert second.numbers(replayed=False) == list(range(1000, 1100))
    assert second.numbers(replayed=True) == list(range(500, 1000))
    assert second.reading.lost.known is Known.EXACT


@pytest.mark.parametrize(
    ("change", "last"),
    [
        (renamed, 120),
        (renamed_twice, 130),
        (dated, 120),
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


async def test_what_is_destroyed_between_two_runs_is_a_gap(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(100))
    await run(path, kept)
    path.unlink()
    put(path, range(110, 120), ago=-1)
    second = await run(path, kept)
    assert second.numbers(replayed=False) == list(range(110, 120))
    assert second.reading.lost.known is Known.AT_LEAST


async def test_more_than_is_to_be_caught_up_is_left_out_and_told(tmp_path: Path) -> None:
    path, kept = tmp_path / "app.log", Kept()
    put(path, range(100), ago=3600)
    await run(path, kept)
    put(path, range(100, 5000), ago=3000)
    second = await run(path, kept, catch_up=100_000)
    got = second.numbers(replayed=False)
    assert got == list(range(got[0], 5000))
    assert 50 * len(got) < 100_000 < 80 * len(got)
    assert "catch_up" in second.reading.note


async def test_a_pattern_follows_what_comes_and_goes(tmp_path: Path) -> None:
    put(tmp_path / "one.log", range(3))
    put(tmp_path / "two.log", range(10, 13))
    put(tmp_path / "two.log.1", range(90, 99), ago=7200)
    os.utime(tmp_path / "two.log.1", (time.time() - 7200,) * 2)
    (tmp_path / "old.log.gz").write_bytes(b"x")
    async with following(tmp_path / "*.log*", host=LocalHost()) as stream:
        await stream.collect()
        assert sorted(stream.numbers(replayed=False)) == [0, 1, 2, 10, 11, 12]
        assert {str(one.subject.label) for one in stream.readings} == {"one.log", "two.log"}
        put(tmp_path / "three.log", range(20, 23), ago=7200)
        (tmp_path / "one.log").rename(tmp_path / "renamed.log")
        put(tmp_path / "renamed.log", range(3, 5))
        await stream.until(has(stream, new=11))
        assert sorted(stream.numbers(replayed=False)) == [0, 1, 2, 3, 4, 10, 11, 12, 20, 21, 22]
        await stream.until(
            lambda: {str(one.subject.label) for one in stream.readings} == {"two.log", "three.log"}
        )
        assert len(stream.numbers(replayed=False)) == 11


async def test_a_pattern_that_fits_nothing_says_so(tmp_path: Path) -> None:
    async with following(tmp_path / "*.log", host=LocalHost()) as stream:
        await stream.collect()
        assert stream.readings == []
        assert stream.sweep is not None
        assert "no file fits" in stream.sweep.note
        put(tmp_path / "a.log", range(2))
        await stream.until(has(stream, new=2))


async def test_the_program_ends_with_its_collector(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    put(path, range(3))

    def readers() -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(path).encode() in line:
                    found.append(int(entry.name))
        return found

    async with following(path, host=LocalHost()) as stream:
        await stream.collect()
        assert readers()
    end = time.monotonic() + 15
    while readers():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("busybox")
async def test_busybox_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools, kept = tmp_path / "tools", Kept()
    tools.mkdir()
    for name in ("cat", "head", "kill", "ls", "sh", "sleep", "stat", "tail", "tr"):
        (tools / name).symlink_to(shutil.which("busybox") or "")
    monkeypatch.setenv("PATH", str(tools))
    path = tmp_path / "app.log"
    put(path, range(500))
    async with following(path, host=LocalHost(), positions=kept) as stream:
        await stream.collect()
        put(path, range(500, 510))
        rotate(path)
        put(path, range(510, 520))
        await stream.until(has(stream, new=520))
        path.unlink()
        put(path, range(520, 530))
        await stream.until(has(stream, new=530))
        assert stream.numbers(replayed=False) == list(range(530))
    renamed(path)
    async with following(path, host=LocalHost(), positions=kept) as stream:
        await stream.until(has(stream, new=20))
        assert stream.numbers(replayed=False) == list(range(100, 120))


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@as_root
async def test_what_may_not_be_read_is_told(open_folder: Path) -> None:
    path = open_folder / "app.log"
    put(path, range(3))
    path.chmod(0o600)
    async with following(path, host=AsNobody()) as stream:
        await stream.collect()
        assert stream.reading.word == "denied"
        assert "may not read it" in stream.reading.note
        path.chmod(0o644)
        await stream.until(has(stream, new=3))


@as_root
@pytest.mark.usefixtures("sudo")
async def test_by_sudo_a_file_is_read_and_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_follow, "EVERY_BY_SUDO", 0.05)
    path = tmp_path / "app.log"
    put(path, range(3))
    async with following(path, host=LocalHost(), sudo=True) as stream:
        await stream.collect()
        put(path, range(3, 6))
        await stream.until(has(stream, new=6))
        put(path, range(6, 8))
        rotate(path)
        put(path, range(8, 10))
        await stream.until(has(stream, new=10))
        assert stream.numbers(replayed=False) == list(range(10))
        assert stream.reading.lost.known is Known.EXACT
        assert stream.reading.rotations.value == 1


@as_root
@pytest.mark.usefixtures("sudo")
async def test_a_password_for_sudo_is_not_asked_for_but_told(tmp_path: Path) -> None:
    async with following(tmp_path / "app.log", host=AsNobody(), sudo=True) as stream:
        with pytest.raises(AccessError) as caught:
            await stream.collect()
    assert caught.value.why == "web-1: sudo wants a password"
    assert "ls, stat, tail" in caught.value.hint


def test_by_sudo_runs_nothing_but_the_list() -> None:
    told = set()
    for name in ("list", "peek", "follow"):
        told |= set(re.findall(r"\bas (\w+)", text(name)))
    assert told == set(READ_COMMANDS)


async def test_a_server_without_the_tools_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "sh").symlink_to("/bin/sh")
    async with following(tmp_path / "app.log", host=LocalHost()) as stream:
        with pytest.raises(UnsupportedError, match="not found"):
            await stream.collect()


async def test_a_pattern_that_no_shell_knows_is_refused(tmp_path: Path) -> None:
    async with following(tmp_path / "**" / "*.log", host=LocalHost()) as stream:
        with pytest.raises(UnsupportedError, match="not known to the shells"):
            await stream.collect()
