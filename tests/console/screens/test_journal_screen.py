"""The journal on the screen: newest first, bounded, filtered, opened, verified; text from outside."""

from typing import Any

import pytest

from console.present import journal as present
from console.screens.journal import EntryScreen, JournalScreen
from tests.console.screens.deeds import Deeds
from tests.console.screens.road import PRODUCTION, acting, choose, ended, planned, put_cursor, said
from tests.console.screens.stage import Stage
from tests.servers.waiting import wait_until_async
from widgets.table import LiveTable


async def go(stage: Stage) -> LiveTable:
    """Open the journal by the palette."""
    await stage.press(":", *"journal")
    await stage.until("what was done, by whom")
    await stage.press("down", "enter")
    await wait_until_async(lambda: isinstance(stage.app.screen, JournalScreen), 10)
    return stage.screen.query_one(LiveTable)


async def deed(stage: Stage, verb: str, key: bytes, count: int) -> None:
    await put_cursor(stage, key)
    await choose(stage, verb)
    await planned(stage)
    await stage.press("right", "enter")
    await ended(stage, "done", count)


async def test_what_was_done_stands_there_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(), settings=PRODUCTION, armed="incident 7") as stage:
        await deed(stage, "touch", b"mail", 1)
        await deed(stage, "touch", b"invoices", 2)
        table = await go(stage)
        await wait_until_async(lambda: len(table.rows) == 3, 10)
        await stage.press()
        told = [(row.cells[2].text, row.cells[3].text, row.cells[4].text) for row in table.rows]
        assert told == [
            ("queues.touch", "invoices", "done"),
            ("queues.touch", "mail", "done"),
            ("arm", "", ""),
        ]
        assert "because incident 7" in stage.screen.hint()
        await stage.press("/", *"mail", "enter")
        await wait_until_async(lambda: len(table.rows) == 1, 10)
        await stage.press("enter")
        await wait_until_async(lambda: isinstance(stage.app.screen, EntryScreen), 10)
        shown = await stage.until("journal · record")
        for words in ("incident 7", "production", "queues.touch", "queues-source/mail", "run 8f2c primary"):
            assert words in shown, words
        await stage.press("G")
        await stage.until("outcome hash")
        await stage.press("escape", "escape")
        await wait_until_async(lambda: len(table.rows) == 3, 10)


async def test_v_tells_the_head_or_the_first_broken_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await deed(stage, "touch", b"mail", 1)
        journal = stage.app.runner.journal
        await go(stage)
        await stage.press("v")
        await said(stage, f"2 records, the chain is whole. Head {journal.verify().head}")
        await stage.until("journal · whole")
        journal.path.write_bytes(journal.path.read_bytes().replace(b"touch", b"couch", 1))
        await stage.press("v")
        await said(stage, "BROKEN at line 1: the record was changed")
        await stage.until("journal · BROKEN")


async def test_an_empty_journal_says_where_it_will_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await go(stage)
        await stage.until("nothing was done yet; it will stand in /")
        await stage.press("enter", "v", "y")
        assert stage.app.is_running


async def test_a_journal_that_cannot_be_read_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:

        def fails() -> Any:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(stage.app.runner.journal, "records", fails)
        monkeypatch.setattr(stage.app.runner.journal, "verify", fails)
        await go(stage)
        await stage.until("the journal cannot be read: Permission denied")
        await stage.press("v")
        await said(stage, "the journal cannot be read: Permission denied")


def test_only_the_newest_are_shown() -> None:
    records = [{"phase": "arm", "why": str(n), "seq": n} for n in range(present.MOST_RECORDS + 10)]
    found = present.entries(records)
    assert len(found) == present.MOST_RECORDS
    assert found[0].record["why"] == str(present.MOST_RECORDS + 9)


def test_an_outcome_whose_intent_is_too_old_stands_by_itself() -> None:
    [entry] = present.entries([{"phase": "outcome", "id": "x", "outcome": "failed", "words": "no"}])
    assert "failed" in present.hint_of(entry)
    assert dict(present.facts(entry))["outcome"]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"phase": None, "who": 3, "plan": [], "when": 5},
        {
            "phase": "intent",
            "id": "a",
            "plan": {"action": {"x": 1}, "target": None, "count": "no", "sample": 7},
        },
        {"phase": "outcome", "id": ["a"], "outcome": {}},
        {"phase": "intent", "id": "b", "plan": "text", "who": {"user": ["x"]}, "why": {"a": "b"}},
    ],
)
def test_whatever_a_record_holds_is_shown(record: dict[str, Any]) -> None:
    [entry] = present.entries([record])
    present.table([entry], 80)
    assert list(present.facts(entry))
    assert isinstance(present.hint_of(entry), str)
