"""A console that dies between intent and outcome: the next one finds out and closes the record."""

import json
from pathlib import Path

import pytest

from collectors.action import RefusedError
from console.actions.journal import FILE
from console.actions.past import Story
from console.actions.undo import MOST_BYTES, UndoStore
from tests.console.actions.road import Road, road


def forget_the_end(there: Road) -> None:
    """What the disk holds when the console died before the outcome was written."""
    journal = there.runner.journal.path
    lines = journal.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[-1])["phase"] == "outcome"
    journal.write_bytes(b"".join(lines[:-1]))


async def test_the_next_start_names_it_finds_out_and_closes_the_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(3)
        await there.take()
        forget_the_end(there)
    async with road(monkeypatch, tmp_path, valkey_db) as again:
        [past] = await again.runner.reconcile()
        assert (past.action, past.result) == ("queues.take", "failed")
        ended = again.records[-1]
        assert (ended["phase"], ended["reconciled"], ended["count"]) == ("outcome", True, 3)
        assert again.runner.journal.verify().broken == ()
        [event] = again.core.store.snapshot().events
        assert "queues.take items" in event.text
        assert "3 had been taken" in event.text
        assert await again.runner.reconcile() == []
        # what it did can still be taken back
        outcome = await again.done(await again.runner.undo(past.id))
        assert (outcome.count, again.left) == (3, 3)


async def test_one_that_another_console_still_runs_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with (
        road(monkeypatch, tmp_path, valkey_db) as there,
        road(monkeypatch, tmp_path, valkey_db) as other,
    ):
        there.fill(30)
        planned = await there.plan(rate=20.0)
        run = await there.runner.start(planned, planned.phrase)
        assert await other.runner.reconcile() == []
        assert len(Story.of(other.runner.journal.records()).open()) == 1
        there.runner.stop()
        await there.done(run)


async def test_one_whose_collector_is_not_here_stays_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(1)
        await there.take()
        forget_the_end(there)
    async with road(monkeypatch, tmp_path, valkey_db) as again:
        monkeypatch.setattr(again.core, "source", lambda _source: None)
        assert await again.runner.reconcile() == []
        assert len(again.records) == 1


def test_a_foreign_record_stops_nobody() -> None:
    story = Story.of([{}, {"phase": "intent"}, {"phase": "intent", "id": "a", "plan": 7}, {"id": 3}])
    assert [past.action for past in story.open()] == [""]
    assert story.owed(0.0) == ()


def test_the_undo_store_is_private_capped_and_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = UndoStore(tmp_path)
    file = store.begin("one")
    assert store.is_running("one")
    file.keep({"item": "a"})
    with pytest.raises(Exception, match="full"):
        file.keep({"item": "x" * (MOST_BYTES + 1)})
    file.close()
    path = tmp_path / "undo" / "one.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (store.is_running("one"), store.has("one"), store.read("one")) == (False, True, [{"item": "a"}])
    with path.open("ab") as torn:
        torn.write(b'{"item": "b')
    assert store.read("one") == [{"item": "a"}]
    monkeypatch.setattr("console.actions.undo.KEPT_FOR", -1.0)
    assert not store.has("one")
    store.begin("two").close()
    assert not path.exists()


async def test_a_journal_that_cannot_be_read_stops_no_looking_and_refuses_every_action(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    (tmp_path / FILE).mkdir()
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(2)
        planned = await there.plan()
        with pytest.raises(RefusedError, match="cannot be written"):
            await there.runner.start(planned, planned.phrase)
        with pytest.raises(RefusedError, match="cannot be read"):
            await there.runner.reconcile()
        assert there.left == 2
