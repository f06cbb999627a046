"""`act` on plain lists and on streams, as an operator types it: done, written down, taken back."""

import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.collectors.queues.consuming import list_worker
from tests.console.verbs.shop import collector, configuration
from tests.project.program import quarterdeck
from tests.servers.waiting import wait_until

LAB = '[console]\nname = "shop"\nenvironment = "lab"\n'
HOSTILE = [bytes(range(256)), b"[red]\x1b[2J", b"", b'{"error": "E: 7"}']


@pytest.fixture
def shop(tmp_path: Path, valkey_db: str) -> Path:
    configuration(
        tmp_path,
        collector("lists", "queues.redis", valkey_db, keys='["mail"]', dead='"{queue}:dead"'),
        collector("streams", "queues.streams", valkey_db, keys='["orders"]'),
        head=LAB,
    )
    return tmp_path


def test_dead_jobs_are_retried_by_a_worker(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.lpush("mail:dead", *HOSTILE)
        with list_worker(valkey_db, "mail") as done:
            ran = quarterdeck(
                "act", "queues.retry", "lists/mail", "--with", "canary=1s", "--max", "9",
                "--yes", "lab/mail", "--json", home=shop,
            )  # fmt: skip
            assert (ran.code, ran.json["outcome"], ran.json["count"]) == (0, "done", 4), ran.all
            wait_until(lambda: len(done) == 4, 15)
        assert done == HOSTILE
        assert client.exists("mail:dead") == 0


def test_a_purge_is_planned_done_and_taken_back(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.lpush("mail", *HOSTILE)
        before = client.dump("mail")
        said = ("act", "queues.purge", "lists/mail", "--with", "of=ready", "--max", "9")
        told = quarterdeck(*said, "--dry-run", "--json", home=shop).json
        assert (told["risk"], told["count"]["value"], told["refusals"]) == ("destructive", 4, [])
        assert all(line.isprintable() for line in told["sample"])
        ran = quarterdeck(*said, "--yes", "lab/mail", "--json", home=shop).json
        assert (ran["outcome"], ran["count"], client.exists("mail")) == ("done", 4, 0)
        back = quarterdeck("act", "--undo", ran["journal_id"], "--yes", "lab/mail", "--json", home=shop)
        assert (back.code, back.json["outcome"], back.json["count"]) == (0, "done", 4), back.all
        assert client.dump("mail") == before
        assert quarterdeck("journal", "--verify", home=shop).code == 0


def test_a_backlog_of_a_group_is_skipped_and_taken_back(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as raw:
        client: Any = raw
        for number in range(5):
            client.xadd("orders", {"n": number}, id=f"{int(time.time() * 1000) - 5000 + number}-0")
        client.xgroup_create("orders", "mail", "0")
        target = "streams/orders%00mail"
        ran = quarterdeck(
            "act", "queues.purge", target, "--max", "9", "--yes", "lab/orders%00mail", "--json", home=shop
        )
        assert (ran.code, ran.json["outcome"], ran.json["count"]) == (0, "done", 5), ran.all
        assert client.xinfo_groups("orders")[0]["lag"] == 0
        undo = ("act", "--undo", ran.json["journal_id"], "--yes", "lab/orders%00mail", "--json")
        assert quarterdeck(*undo, home=shop).json["outcome"] == "done"
        assert client.xinfo_groups("orders")[0]["last-delivered-id"] == b"0-0"


def test_every_action_of_both_is_listed(shop: Path, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.lpush("mail", "a")
        told = quarterdeck("act", "--list", "--json", home=shop).json
    listed = {one["action"]: [each["target"] for each in one["targets"]] for one in told["actions"]}
    assert {"queues.retry", "queues.purge", "queues.delete"} <= set(listed)
    assert "lists/mail" in listed["queues.delete"]
