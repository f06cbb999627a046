"""`act` and `journal` as an operator types them: real RQ, real workers, real processes of ours."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.collectors.queues.rq.dying import bury, dead, status
from tests.console.verbs.shop import collector, configuration
from tests.project.program import COMMAND, ROOT, environment, quarterdeck
from tests.servers.waiting import wait_until

LAB = '[console]\nname = "shop"\nenvironment = "lab"\n'
PRODUCTION = '[console]\nname = "shop"\nenvironment = "production"\n'
MAIL = "jobs/mail"


@contextmanager
def working(url: str, *how: str) -> Iterator[None]:
    """An RQ worker on the queue mail."""
    command = [sys.executable, "-m", "tests.collectors.queues.rq_worker", url, "mail", *how]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            with redis.Redis.from_url(url) as client:
                wait_until(lambda: client.smembers("rq:workers:mail"), 30, "a worker")
                if "scheduler" in how:
                    wait_until(lambda: client.exists("rq:scheduler-lock:mail"), 30, "a scheduler")
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def shop(tmp_path: Path, valkey_db: str) -> Path:
    configuration(tmp_path, collector("jobs", "queues.rq", valkey_db, service='"orders"'), head=LAB)
    return tmp_path


def test_a_job_is_retried_and_the_journal_tells(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        job = bury(client, "tick", valkey_db, "mark")
        with working(valkey_db):
            told = quarterdeck("act", "queues.retry", MAIL, "--dry-run", "--json", home=shop)
            plan = told.json
            assert (told.code, plan["action"], plan["target"]) == (0, "queues.retry", MAIL)
            assert (plan["risk"], plan["refusals"], plan["count"]["value"]) == ("disruptive", [], 1)
            assert {"sample", "undo", "cut_off", "server", "hash"} <= plan.keys()
            assert dead(client) == 1
            unsure = quarterdeck("act", "queues.retry", MAIL, "--max", "5", home=shop)
            assert (unsure.code, dead(client)) == (77, 1)
            assert "--yes lab/mail" in unsure.err
            done = quarterdeck(
                "act", "queues.retry", MAIL, "--max", "5", "--yes", "lab/mail", "--json", home=shop
            )
            outcome = done.json
            assert (done.code, outcome["outcome"], outcome["count"]) == (0, "done", 1)
            assert status(client, job) == "finished"
        journal = quarterdeck("journal", "--json", home=shop).json["records"]
        assert [one["phase"] for one in journal] == ["intent", "outcome"]
        assert journal[0]["id"] == outcome["journal_id"]
        whole = quarterdeck("journal", "--verify", "--json", home=shop)
        assert (whole.code, whole.json["records"], whole.json["broken"]) == (0, 2, [])
        assert "queues.retry jobs/mail" in quarterdeck("journal", home=shop).out


def test_a_changed_journal_is_found(shop: Path) -> None:
    folder = shop / ".local" / "state" / "quarterdeck" / "shop-lab"
    assert quarterdeck("journal", "--verify", home=shop).code == 0
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text('{"id":"x"}\n')
    found = quarterdeck("journal", "--verify", home=shop)
    assert (found.code, found.err.count("was changed")) == (2, 1)


def test_every_action_is_listed_with_its_targets_and_refused_where_it_is_protected(
    tmp_path: Path, valkey_db: str
) -> None:
    configuration(tmp_path, collector("jobs", "queues.rq", valkey_db, service='"orders"'), head=PRODUCTION)
    with redis.Redis.from_url(valkey_db) as client:
        job = bury(client, "tick", valkey_db, "mark")
        with working(valkey_db):
            told = quarterdeck("act", "--list", "--json", home=tmp_path).json
            assert (told["protected"], told["environment"]) == (True, "production")
            actions = {one["action"]: one for one in told["actions"]}
            assert {"queues.retry", "queues.purge", "queues.delete", "queues.pause", "queues.resume"} == set(
                actions
            )
            for one in actions.values():
                assert one["words"]
                assert one["risk"] in {"safe", "disruptive", "destructive"}
                for target in one["targets"]:
                    assert any("protected and not armed" in why for why in target["refusals"])
            before = {key: client.dump(key) for key in client.keys("rq:job:*")}
            for name in actions:
                refused = quarterdeck(
                    "act", name, MAIL, "--yes", "production/mail", "--max", "9", "--with", f"ids={job}",
                    home=tmp_path,
                ) if name in {"queues.retry", "queues.delete"} else quarterdeck(
                    "act", name, MAIL, "--yes", "production/mail", "--max", "9", home=tmp_path
                )  # fmt: skip
                assert refused.code == 77, (name, refused.all)
                assert "not armed" in refused.err
            assert before == {key: client.dump(key) for key in client.keys("rq:job:*")}
            assert not client.exists("rq:suspended")
            assert not list((tmp_path / ".local").rglob("journal.jsonl"))
            armed = quarterdeck(
                "act", "queues.retry", MAIL, "--yes", "production/mail", "--max", "9", "--arm", "ticket 7",
                home=tmp_path,
            )  # fmt: skip
            assert (armed.code, status(client, job)) == (0, "finished")
        phases = quarterdeck("journal", "--json", home=tmp_path).json["records"]
        assert [one["phase"] for one in phases] == ["arm", "intent", "outcome"]
        assert phases[0]["why"] == "ticket 7"


def test_a_console_killed_in_the_middle_is_found_out_by_the_next(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client, working(valkey_db, "scheduler"):
        jobs = [bury(client, "tick", valkey_db, f"mark-{index}", ago=index + 1) for index in range(20)]
        serving_url = [*COMMAND, "act", "queues.retry", MAIL, "--max", "50", "--yes", "lab/mail",
                       "--with", "delay=60s"]  # fmt: skip
        with subprocess.Popen(
            serving_url, cwd=shop, env=environment(shop), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            wait_until(lambda: client.zcard("rq:scheduled:mail") == 14, 40, "the rest is scheduled")
            process.kill()
        open_ones = quarterdeck("journal", "--json", home=shop).json["records"]
        assert [one["phase"] for one in open_ones] == ["intent"]
        next_one = quarterdeck("act", "queues.retry", MAIL, "--dry-run", home=shop)
        assert f"{open_ones[0]['id']} was interrupted" in next_one.err
        closed = quarterdeck("journal", "--json", home=shop).json["records"][-1]
        assert (closed["phase"], closed["id"], closed["reconciled"]) == ("outcome", open_ones[0]["id"], True)
        assert quarterdeck("journal", "--verify", home=shop).code == 0
        # what is not due yet goes back as it was
        back = quarterdeck("act", "--undo", open_ones[0]["id"], "--json", home=shop)
        assert (back.code, back.json["outcome"], back.json["count"]) == (0, "done", 14)
        assert (client.zcard("rq:scheduled:mail"), dead(client)) == (0, 14)
        assert sum(status(client, job) == "finished" for job in jobs) == 6


def test_what_cannot_be_understood_is_64_and_says_what_there_is(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        bury(client, "tick", valkey_db, "mark")
    for arguments in (
        ("act",),
        ("act", "queues.retry"),
        ("act", "--undo", "x", "queues.retry"),
        ("act", "queues.retry", MAIL, "--rate", "fast"),
        ("act", "queues.retry", MAIL, "--max", "0"),
        ("act", "queues.retry", MAIL, "--with", "ids"),
    ):
        assert quarterdeck(*arguments, home=shop).code == 64, arguments
    refused: tuple[tuple[tuple[str, ...], str], ...] = (
        (("act", "queues.burn", MAIL), "there are queues."),
        (("act", "queues.retry", "jobs/male"), "there are jobs/mail"),
        (("act", "queues.retry", "job/mail"), "there are jobs"),
        (("act", "queues.retry", MAIL, "--with", "color=red"), "it takes ids"),
        (("act", "--undo", "nonsense"), "quarterdeck journal"),
    )
    for wanted, words in refused:
        told = quarterdeck(*wanted, home=shop)
        assert (told.code, words in told.err) == (77, True), (wanted, told.err)


def test_an_unreachable_source_is_69_and_touches_nothing(tmp_path: Path) -> None:
    configuration(tmp_path, collector("jobs", "queues.rq", "redis://127.0.0.1:1"), head=LAB)
    told = quarterdeck("act", "queues.retry", MAIL, "--json", home=tmp_path)
    assert (told.code, json.loads(told.out)["refused"]) == (69, "jobs: refused")
