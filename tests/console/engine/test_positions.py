"""Log positions in the state folder: written whole, read by the next run, never in the way."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from collectors.logs.file import FileOptions
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.positions import HERE
from console.engine import keeper as keeper_module
from console.engine import positions as module
from console.engine.core import Core
from console.engine.keeper import Keeper
from console.engine.positions import NAME, PositionFile
from tests.console.engine.samples import collector_settings, settings_of
from tests.servers.waiting import wait_until_async


def test_the_next_run_finds_what_this_one_saved(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    book = PositionFile(folder)
    own = book.of("app", "web-1")
    assert own.get(b"/l/a.log") is None
    own.put(b"/l/a.log", {"offset": 1})
    own.put(b"/l/\xff\x1f", {"offset": 2})
    book.of("app", "web-2").put(b"/l/a.log", {"offset": 3})
    assert own.get(b"/l/a.log") == {"offset": 1, HERE: True}
    book.save()
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [NAME]
    later = PositionFile(folder)
    assert later.of("app", "web-1").get(b"/l/a.log") == {"offset": 1}
    assert later.of("app", "web-1").get(b"/l/\xff\x1f") == {"offset": 2}
    assert later.of("app", "web-2").get(b"/l/a.log") == {"offset": 3}
    assert later.of("other", "").get(b"/l/a.log") is None


def test_nothing_is_written_where_nothing_moved(tmp_path: Path) -> None:
    book = PositionFile(tmp_path)
    book.save()
    assert not (tmp_path / NAME).exists()
    book.of("a", "").put(b"s", {})
    book.save()
    (tmp_path / NAME).unlink()
    book.save()
    assert not (tmp_path / NAME).exists()


def test_what_is_old_or_too_much_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = time.time() - 31 * 86400, time.time() - 86400
    rows = [["a", "", "old", old, {}], ["a", "", "new", new, {}], ["a", "", "newer", new + 1, {}]]
    (tmp_path / NAME).write_text(json.dumps({"format": 1, "streams": rows}))
    book = PositionFile(tmp_path)
    book.of("a", "").put(b"mine", {})
    monkeypatch.setattr(module, "MOST", 3)
    book.save()
    told = json.loads((tmp_path / NAME).read_text())
    assert [row[2] for row in told["streams"]] == ["mine", "newer", "new"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2, "streams": []}', '{"format": 1, "streams": [[1]]}', "[" * 10_000]
)
def test_a_file_that_is_none_is_begun_anew(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    book = PositionFile(tmp_path)
    assert book.of("a", "").get(b"s") is None
    book.of("a", "").put(b"s", {"x": 1})
    book.save()
    assert PositionFile(tmp_path).of("a", "").get(b"s") == {"x": 1}


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = PositionFile(tmp_path / "file")
    book.of("a", "").put(b"s", {})
    book.save()
    assert "not kept" in book.failed


async def test_a_second_run_of_the_console_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    one = collector_settings(
        "app", "logs.file", practice=Practice.LOGS, options=FileOptions(path=str(path)), timeout=5.0
    )

    async def run(wanted: int) -> list[tuple[str, bool]]:
        got: list[tuple[str, bool]] = []

        def emit(batch: LogBatch) -> None:
            got.extend((str(record.message), batch.replayed) for record in batch.records)

        core = Core(settings_of(one), emit=emit)
        keeper = Keeper(core, state)
        await core.start()
        await wait_until_async(lambda: len(got) >= wanted)
        await core.stop()
        keeper.close()
        return got

    path.write_bytes(b'{"event":"one"}\n')
    assert await run(1) == [("one", False)]
    with path.open("ab") as file:
        file.write(b'{"event":"two"}\n')
    assert await run(2) == [("one", True), ("two", False)]


async def test_positions_are_written_right_after_the_pass_that_moved_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that is killed has few lines again: its own clock would let a minute's come twice."""
    monkeypatch.setattr(keeper_module, "TICK", 60.0)
    path = tmp_path / "app.log"
    path.write_bytes(b'{"event":"one"}\n')
    one = collector_settings(
        "app", "logs.file", practice=Practice.LOGS, options=FileOptions(path=str(path)), timeout=5.0
    )
    core = Core(settings_of(one), emit=lambda _batch: None)
    keeper = Keeper(core, {"XDG_STATE_HOME": str(tmp_path / "state")})
    (folder,) = {file.parent for file in (tmp_path / "state").rglob("recordings")}
    await core.start()
    keeping = asyncio.create_task(keeper.run())

    def written() -> bool:
        size = path.stat().st_size
        told = (folder / NAME).read_text() if (folder / NAME).exists() else ""
        return f":{size}" in told

    await wait_until_async(written, 20)
    for _ in range(3):
        with path.open("ab") as file:
            file.write(b'{"event":"more"}\n')
        await wait_until_async(written, 20)
    keeping.cancel()
    await core.stop()
    keeper.close()
