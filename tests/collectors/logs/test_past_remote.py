"""The past on another machine: the same lines as here, cut and searched there; the machine is this one."""

import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.errors import UnsupportedError
from collectors.logs import _past_remote
from collectors.logs._past import Past
from collectors.logs._past_remote import RemotePast
from collectors.transport.host import Ran
from collectors.transport.local import LocalHost
from collectors.transport.read.remote_look import text
from tests.collectors.logs.test_past import NOW, STEP, line, put
from tests.collectors.logs.test_remote_file import as_root
from tests.collectors.machines import AsNobody

COUNT = 1200


class Counting(LocalHost):
    """This machine, and what was asked of it."""

    name = "web-1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.received = 0

    async def run(self, argv: Sequence[str], **given: Any) -> Ran:
        self.asked.append(list(argv))
        ran = await super().run(argv, **given)
        self.received += len(ran.out)
        return ran


@pytest.fixture
def rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_past_remote, "PIECE", 20_021)
    monkeypatch.setattr(_past_remote, "BRACKET", 4096)
    monkeypatch.setattr(_past_remote, "PROBE", 1024)
    put(tmp_path / "app.jsonl.2.gz", 0, COUNT, gzip.compress)
    put(tmp_path / "app.jsonl.1", COUNT, 2 * COUNT)
    put(tmp_path / "app.jsonl", 2 * COUNT, 3 * COUNT)
    return tmp_path / "app.jsonl"


async def lines(past: RemotePast, *window: float | None, **given: Any) -> list[int]:
    return [json.loads(one)["n"] async for piece in past.pieces(*window, **given) for one in piece.lines]


async def test_every_line_comes_once(rotated: Path) -> None:
    past = RemotePast(Counting(), str(rotated))
    got = await lines(past)
    assert sorted(got) == list(range(3 * COUNT))
    # the newest file first
    assert got[0] >= 2 * COUNT
    assert got[-1] < COUNT
    assert past.coverage.files == 3
    assert past.coverage.unread == []
    assert await past.estimate() == Past(str(rotated)).estimate()


@pytest.mark.parametrize(
    ("first", "last"), [(COUNT + 100, COUNT + 130), (2 * COUNT - 20, 2 * COUNT + 20), (0, 5)]
)
async def test_a_window_is_cut_there(rotated: Path, first: int, last: int) -> None:
    host = Counting()
    past = RemotePast(host, str(rotated))
    got = await lines(past, NOW + first * STEP, NOW + last * STEP)
    assert set(range(first, last + 1)) <= set(got)
    packed = COUNT if first < COUNT else 0
    assert len(got) <= last - first + 200 + packed
    assert host.received < 500_000
    assert await past.estimate(NOW + first * STEP, NOW + last * STEP) <= await past.estimate()


async def test_texts_are_searched_for_there(rotated: Path) -> None:
    host = Counting()
    past = RemotePast(host, str(rotated))
    assert await lines(past, contains=b'"n": 1777,') == [1777]
    assert host.received < 100_000
    assert past.coverage.bytes > sum(len(line(number)) for number in range(COUNT, 3 * COUNT))
    searches = [argv for argv in host.asked if text("past") in argv]
    assert searches
    assert all(argv[:3] == ["nice", "-n", "19"] for argv in searches)
    odd = b"$(touch /x) 'q' -e"
    assert await lines(past, contains=odd) == []
    assert await lines(past, contains=b"\n") == []


async def test_a_limit_is_kept_and_told(rotated: Path) -> None:
    past = RemotePast(Counting(), str(rotated))
    got = await lines(past, cap=30_000)
    assert min(got) >= 2 * COUNT
    assert past.coverage.capped
    assert past.coverage.bytes <= 30_000 + 20_021 + 1024


async def test_what_cannot_be_read_is_told(rotated: Path) -> None:
    packed = rotated.with_name("app.jsonl.2.gz")
    packed.write_bytes(packed.read_bytes()[:-3000])
    os.utime(packed, (NOW,) * 2)
    past = RemotePast(Counting(), str(rotated))
    got = [one async for piece in past.pieces() for one in piece.lines]
    assert 2 * COUNT < len(got) < 3 * COUNT
    assert past.coverage.unread == [(str(packed), "its end is damaged or missing")]


@as_root
async def test_rights_are_told(rotated: Path, open_folder: Path) -> None:
    for path in rotated.parent.iterdir():
        path.rename(open_folder / path.name)
    rotated = open_folder / rotated.name
    os.chmod(rotated, 0o600)  # noqa: PTH101 - in a coroutine
    past = RemotePast(AsNobody(), str(rotated))
    assert sorted(await lines(past)) == list(range(2 * COUNT))
    assert past.coverage.unread == [(str(rotated), "it may not be read")]


async def test_a_machine_without_the_tools_is_told(rotated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnsupportedError):
        await lines(RemotePast(Counting(), str(rotated)))
