"""The road from plan to journal, on a real Valkey."""

import asyncio
import os
from pathlib import Path

import pytest

from collectors.action import Outcome, RefusedError, Result
from console.actions import planner as planning
from console.actions.guard import Consent
from tests.console.actions.road import CUT_OFFS, road
from tests.servers.waiting import wait_until_async


async def test_it_is_planned_run_verified_and_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(7)
        planned = await there.plan()
        assert (planned.plan.count.value, planned.refusals, planned.consent) == (7, (), Consent.TYPED)
        assert planned.phrase == "lab/items"
        run = await there.runner.start(planned, "lab/items")
        outcome = await there.done(run)
        assert (outcome.result, outcome.count, str(outcome.words)) == (Result.DONE, 7, "7 taken, 0 left")
        assert there.left == 0
        intent, ended = there.records
        assert (intent["phase"], ended["phase"], ended["outcome"]) == ("intent", "outcome", "done")
        assert intent["id"] == ended["id"] == run.state.id
        assert intent["plan"]["hash"] == planned.plan.hash
        assert intent["who"] == {"user": "root", "person": "ada", "host": "jump-1"}
        [event] = [one for one in there.core.store.snapshot().events if one.kind == "action"]
        assert "7 taken" in event.text
        assert there.client.keys("quarterdeck:*") == []


@pytest.mark.parametrize("typed", [None, "", "items", "production/items", "lab/items "])
async def test_what_is_not_confirmed_touches_nothing(
    typed: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(3)
        with pytest.raises(RefusedError, match="typed"):
            await there.runner.start(await there.plan(), typed)
        assert (there.left, there.records) == (3, [])


@pytest.mark.parametrize(
    ("environment", "read_only", "words"),
    [("production", False, "protected and not armed"), ("", False, "not armed"), ("lab", True, "read-only")],
)
async def test_a_console_that_may_not_act_does_not(
    environment: str,
    read_only: bool,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    valkey_db: str,
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db, environment=environment, read_only=read_only) as there:
        there.fill(3)
        for action in ("queues.take", "queues.look", "queues.halt"):
            planned = await there.plan(action)
            assert any(words in why for why in planned.refusals)
            with pytest.raises(RefusedError, match=words):
                await there.runner.start(planned, planned.phrase)
        assert (there.left, there.records) == (3, [])


async def test_arming_is_written_down_and_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db, environment="production") as there:
        there.fill(2)
        with pytest.raises(RefusedError, match="reason"):
            await there.runner.arm("  ")
        await there.runner.arm("ticket 7")
        assert there.core.store.snapshot().acting.arm.until is not None
        planned = await there.plan()
        await there.runner.disarm()
        with pytest.raises(RefusedError, match="not armed"):
            await there.runner.start(planned, planned.phrase)
        await there.runner.arm("ticket 7")
        outcome = await there.done(await there.runner.start(planned, planned.phrase))
        assert outcome.result is Result.DONE
        assert [one["phase"] for one in there.records] == ["arm", "disarm", "arm", "intent", "outcome"]
        assert there.records[3]["why"] == "ticket 7"


async def test_more_than_the_maximum_is_refused_and_never_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(5)
        planned = await there.plan(maximum=4)
        assert planned.refusals == ("it would hit 5, and 4 is the most: choose fewer, or raise the limit",)
        with pytest.raises(RefusedError, match="would hit 5"):
            await there.runner.start(planned, planned.phrase)
        assert there.left == 5


async def test_drift_asks_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str) -> None:
    monkeypatch.setattr(planning, "AGED", 0.0)
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(10)
        planned = await there.plan()
        there.fill(13)
        with pytest.raises(RefusedError, match="13 now, not 10"):
            await there.runner.start(planned, planned.phrase)
        assert there.left == 13


async def test_a_plan_made_again_is_as_of_the_same_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    monkeypatch.setattr(planning, "AGED", 0.0)
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(3)
        CUT_OFFS.clear()
        await there.take()
        assert len(CUT_OFFS) == 2
        assert CUT_OFFS[0] == CUT_OFFS[1]


async def test_another_server_is_not_acted_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(2)
        planned = await there.plan()
        there.command("REPLICAOF", "127.0.0.1", "1")
        try:
            with pytest.raises(RefusedError, match=r"another one|another role"):
                await there.runner.start(planned, planned.phrase)
        finally:
            there.command("REPLICAOF", "NO", "ONE")
        assert (there.left, there.records) == (2, [])


async def test_missing_rights_refuse_before_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as first:
        first.command("ACL", "SETUSER", "low", "on", ">low", "~*", "-@all", "+@read", "+info",
                                     "+acl|whoami", "+acl|dryrun", "+client")  # fmt: skip
    low = valkey_db.replace("redis://", "redis://low:low@")
    async with road(monkeypatch, tmp_path, valkey_db, act_url=low) as there:
        there.fill(2)
        planned = await there.plan()
        with pytest.raises(RefusedError, match="the user low may not UNLINK, SET"):
            await there.runner.start(planned, planned.phrase)
        await there.runner.look_for_rights(there.core.store.snapshot().sources[0].id)
        assert "may not" in next(iter(there.runner.rights.values()))
        assert (there.left, there.records) == (2, [])
        there.command("ACL", "DELUSER", "low")


async def test_stop_ends_it_at_the_next_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(50)
        planned = await there.plan(rate=20.0)
        run = await there.runner.start(planned, planned.phrase)
        await wait_until_async(lambda: run.state.done >= 2, 10)
        assert there.runner.stop() == 1
        outcome = await there.done(run)
        assert outcome.result is Result.FAILED
        assert outcome.count == 50 - there.left < 50
        assert "stopped by the operator" in outcome.words
        assert there.records[-1]["count"] == outcome.count


async def test_the_rate_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(10)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        outcome = await there.take(rate=10.0)
        assert outcome.count == 10
        # ten items at ten a second: at the earliest the last begins when eight tenths have passed
        assert loop.time() - begun >= 0.8


async def test_the_deadline_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(50)
        planned = await there.plan(rate=10.0)
        object.__setattr__(planned.plan.spec, "deadline", 0.5)
        try:
            outcome = await there.done(await there.runner.start(planned, planned.phrase))
        finally:
            object.__setattr__(planned.plan.spec, "deadline", 20.0)
        assert (outcome.result, there.left > 40) == (Result.FAILED, True)
        assert "deadline" in outcome.words


@pytest.mark.parametrize("yes", [True, False])
async def test_a_question_waits_for_its_answer(
    yes: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(2)
        planned = await there.plan(arguments={"mode": "ask"})
        run = await there.runner.start(planned, planned.phrase)
        await wait_until_async(lambda: run.state.question, 10)
        assert there.left == 2
        there.runner.answer(run.state.id, yes)
        outcome = await there.done(run)
        assert (outcome.result, there.left) == ((Result.DONE, 0) if yes else (Result.FAILED, 2))


async def test_a_bug_is_an_unknown_outcome_and_nothing_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(5)
        outcome = await there.take(arguments={"mode": "fall"})
        assert (outcome.result, outcome.count, there.left) == (Result.UNKNOWN, 2, 3)
        assert "bug: RuntimeError: a bug" in outcome.words
        assert there.records[-1]["outcome"] == "unknown"
        assert there.client.keys("quarterdeck:*") == []


async def test_leaving_writes_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(5)
        planned = await there.plan(arguments={"mode": "stuck"})
        run = await there.runner.start(planned, planned.phrase)
        await wait_until_async(lambda: run.state.words == "stuck", 10)
        await there.runner.close(0.1)
        assert there.records[-1]["outcome"] == "unknown"
        assert "interrupted" in there.records[-1]["words"]
        assert there.left == 4


async def test_an_unknown_argument_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        with pytest.raises(RefusedError, match="takes no 'colour'"):
            await there.plan(arguments={"colour": "red"})
        with pytest.raises(RefusedError, match="none of"):
            await there.plan(arguments={"mode": "loud"})
        with pytest.raises(RefusedError, match=r"no action 'queues\.burn'"):
            await there.plan("queues.burn")


async def test_an_empty_subject_is_unfit_and_a_vanished_one_unsound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        planned = await there.plan()
        assert planned.refusals == ("there is nothing",)
        gone = there.subject._replace(key=b"other")
        planned = await there.runner.planner.plan(gone, "queues.take")
        assert "the source does not name it any more" in planned.refusals


async def test_two_consoles_keep_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with (
        road(monkeypatch, tmp_path / "a", valkey_db, name="ada") as first,
        road(monkeypatch, tmp_path / "b", valkey_db, name="bob") as second,
    ):
        first.fill(40)
        planned = await first.plan(rate=10.0)
        run = await first.runner.start(planned, planned.phrase)
        await wait_until_async(lambda: run.state.done >= 1, 10)
        outcome: Outcome = await second.take()
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert "ada@jump-1" in outcome.words
        first.runner.stop()
        await first.done(run)
        outcome = await second.take()
        assert (outcome.result, second.left) == (Result.DONE, 0)


async def test_one_subject_is_acted_on_once_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(40)
        planned = await there.plan(rate=10.0)
        run = await there.runner.start(planned, planned.phrase)
        with pytest.raises(RefusedError, match="already"):
            await there.runner.start(planned, planned.phrase)
        there.runner.stop(run.state.id)
        await there.done(run)


async def test_a_run_is_taken_back_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(4)
        planned = await there.plan()
        run = await there.runner.start(planned, planned.phrase)
        await there.done(run)
        assert run.state.undo
        with pytest.raises(RefusedError, match="has no run"):
            await there.runner.undo("nonsense")
        back = await there.runner.undo(run.state.id)
        outcome = await there.done(back)
        assert (outcome.result, outcome.count, there.left) == (Result.DONE, 4, 4)
        assert there.records[-2]["undoes"] == run.state.id
        with pytest.raises(RefusedError, match="already"):
            await there.runner.undo(run.state.id)


async def test_what_is_owed_is_told_until_it_is_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(1)
        planned = await there.plan("queues.halt")
        assert planned.consent is Consent.YES
        await there.done(await there.runner.start(planned, ""))
        [owed] = there.core.store.snapshot().acting.owed
        assert (owed.action, owed.target, owed.words) == ("queues.look", "items/items", "look again")
    async with road(monkeypatch, tmp_path, valkey_db) as again:
        [owed] = again.core.store.snapshot().acting.owed
        planned = await again.plan("queues.look")
        assert planned.consent is Consent.NONE
        await again.done(await again.runner.start(planned))
        assert again.core.store.snapshot().acting.owed == ()


async def test_what_cannot_be_counted_is_typed_where_it_is_protected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db, environment="production") as there:
        planned = await there.plan("queues.halt")
        assert (planned.consent, planned.phrase) == (Consent.TYPED, "production/items")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
async def test_a_full_disk_refuses_before_it_acts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(3)
        planned = await there.plan()

        def full(fd: int, line: bytes) -> int:
            raise OSError(28, os.strerror(28))

        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(RefusedError, match="No space left"):
                await there.runner.start(planned, planned.phrase)
        assert (there.left, there.records) == (3, [])
        assert there.client.keys("quarterdeck:*") == []
        assert list((tmp_path / "undo").glob("*.jsonl")) == []


async def test_what_is_owed_does_not_alarm_until_it_is_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    async with road(monkeypatch, tmp_path, valkey_db) as there:
        there.fill(1)
        watching = asyncio.get_running_loop().create_task(there.runner.watch())
        planned = await there.plan("queues.halt")
        await there.done(await there.runner.start(planned, ""))
        await wait_until_async(lambda: there.core.store.snapshot().mutes, 10)
        await there.done(await there.runner.start(await there.plan("queues.look")))
        await wait_until_async(lambda: not there.core.store.snapshot().mutes, 10)
        watching.cancel()


async def test_arming_runs_out_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    monkeypatch.setattr("console.actions.arming.ARMED_FOR", 0.3)
    async with road(monkeypatch, tmp_path, valkey_db, environment="production") as there:
        watching = asyncio.get_running_loop().create_task(there.runner.watch())
        await there.runner.arm("ticket 7")
        assert there.core.store.snapshot().acting.arm.until is not None
        await wait_until_async(lambda: there.core.store.snapshot().acting.arm.until is None, 10)
        watching.cancel()
