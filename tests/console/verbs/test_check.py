"""`check` and `show`: what they print, on real servers."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.console.verbs.schema import READING, REPORT, SERVER, check_report
from tests.console.verbs.shop import REFUSED, collector, configuration, listening, push
from tests.project.program import ROOT, quarterdeck
from tests.servers.web import raw_server

README = (ROOT / "README.md").read_text()


def test_the_report_has_the_fields_that_the_readme_shows(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail", 3)
    limit = "[collectors.jobs.thresholds]\nready = { warning = 3 }\n"
    configuration(
        tmp_path,
        collector("jobs", "queues.redis", valkey_db, keys='["mail"]', service='"orders"'),
        limit,
        collector("cache", "caches.redis", "redis://127.0.0.1:1", service='"orders"'),
        head='[console]\nenvironment = "staging"\n',
    )
    done = quarterdeck("check", "--json", home=tmp_path)
    check_report(done.json)
    (block,) = re.findall(r'(\{"format": 1, .*?\]\})\n', README, re.DOTALL)
    fields = REPORT | READING | SERVER
    assert {name for name in fields if f'"{name}"' in block} == fields
    told = done.json
    assert (done.code, told["level"], told["environment"]) == (3, "unknown", "staging")
    (reading,) = told["readings"]
    assert reading | {"taken": "", "quantities": {}, "note": ""} == {
        "practice": "queues",
        "service": "orders",
        "instance": "",
        "collector": "jobs",
        "subject": "mail",
        "key": "mail",
        "level": "warning",
        "because": "ready 3, at the limit of 3",
        "freshness": "live",
        "taken": "",
        "word": "",
        "note": "",
        "quantities": {},
    }
    assert reading["quantities"]["ready"] == {"value": 3, "unit": "count", "known": "exact"}
    assert reading["quantities"]["add_rate"] == {"value": None, "unit": "1/s", "known": "needs 2 samples"}
    assert reading["quantities"]["workers"]["value"] is None
    (failure,) = told["failures"]
    assert failure | {"since": ""} == {
        "collector": "cache",
        "instance": "",
        "practice": "caches",
        "service": "orders",
        "why": "refused",
        "hint": failure["hint"],
        "since": "",
    }
    assert "127.0.0.1:1" in failure["hint"]


def test_going_on_for_a_while_makes_rates_known(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail", 3)
    configuration(tmp_path, collector("jobs", "queues.redis", valkey_db, keys='["mail"]', every='"1s"'))
    told = quarterdeck("check", "--json", "--for", "3s", home=tmp_path).json
    check_report(told)
    (reading,) = told["readings"]
    assert reading["quantities"]["add_rate"]["value"] == 0


def test_text_says_a_line_for_each_place_and_what_needs_somebody_first(
    tmp_path: Path, valkey_db: str
) -> None:
    push(valkey_db, "mail", 3)
    with listening() as url:
        configuration(
            tmp_path,
            collector("ready", "health.tcp", url, service='"orders"'),
            collector("jobs", "queues.redis", valkey_db, keys='["mail"]', service='"orders"'),
            "[collectors.jobs.thresholds]\nready = { warning = 3 }\n",
        )
        done = quarterdeck("check", home=tmp_path)
    first, *rest = done.out.splitlines()
    assert first.startswith("WARNING: orders: ")
    assert "ready 3, at the limit of 3" in first
    assert [line.partition(":")[0] for line in rest] == ["orders health", "orders queues"]
    assert rest[0].startswith("orders health: ok: ")
    assert rest[1].startswith("orders queues: warning: ")
    assert (done.code, done.err) == (1, "warning: 2 readings\n")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", REFUSED])
def test_json_is_the_only_thing_on_stdout_and_ascii(tmp_path: Path, url: str) -> None:
    done = quarterdeck("check", "--json", url, home=tmp_path)
    assert done.err == ""
    assert done.out.isascii()
    assert done.out.endswith("}\n")
    check_report(done.json)


def test_show_is_checks_part_of_one_practice(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail", 3)
    configuration(
        tmp_path,
        collector("ready", "health.tcp", REFUSED),
        collector("jobs", "queues.redis", valkey_db, keys='["mail"]'),
        collector("cache", "caches.redis", "redis://127.0.0.1:1"),
    )
    whole = quarterdeck("check", "--json", home=tmp_path)
    shown = {
        practice: quarterdeck("show", practice, "--json", home=tmp_path)
        for practice in ("health", "queues", "caches")
    }
    assert (whole.code, whole.json["level"]) == (2, "critical")
    for practice, done in shown.items():
        check_report(done.json)
        assert {one["practice"] for one in done.json["readings"] + done.json["failures"]} == {practice}
    assert sum(len(done.json["readings"]) for done in shown.values()) == len(whole.json["readings"]) == 2
    assert {practice: done.code for practice, done in shown.items()} == {
        "health": 2,
        "queues": 0,
        "caches": 3,
    }
    (mine,) = shown["queues"].json["readings"]
    (theirs,) = [one for one in whole.json["readings"] if one["practice"] == "queues"]
    assert mine | {"taken": "", "quantities": {}} == theirs | {"taken": "", "quantities": {}}
    assert mine["quantities"].keys() == theirs["quantities"].keys()


def test_show_prints_a_table_that_says_in_words_what_failed(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail", 3)
    configuration(
        tmp_path,
        collector("jobs", "queues.redis", valkey_db, keys='["mail"]'),
        collector("more", "queues.redis", "redis://127.0.0.1:1", keys='["x"]'),
    )
    done = quarterdeck("show", "queues", home=tmp_path)
    head, row, failed = done.out.splitlines()
    assert head.split()[:4] == ["level", "service", "queue", "ready"]
    assert row.startswith("no limit")
    assert row.split()[2:5] == ["jobs", "mail", "3"]
    assert failed.startswith("failed     more: refused")
    assert done.code == 3


def test_a_practice_that_nothing_tells_is_an_empty_table_and_ok(tmp_path: Path) -> None:
    done = quarterdeck("show", "queues", REFUSED, home=tmp_path)
    assert done.code == 0
    assert len(done.out.splitlines()) == 1
    told = quarterdeck("show", "queues", "--json", REFUSED, home=tmp_path).json
    check_report(told)
    assert (told["readings"], told["failures"], told["level"]) == ([], [], "ok")


async def test_what_is_quick_does_not_turn_stale_while_something_slow_hangs(tmp_path: Path) -> None:
    async def silent(_reader: object, _writer: object) -> None:
        await asyncio.sleep(60)

    with listening() as url:
        async with raw_server(silent) as slow:
            configuration(
                tmp_path,
                collector("quick", "health.tcp", url, every='"1s"', timeout='"500ms"'),
                collector("slow", "health.http", slow.url(), timeout='"4s"'),
            )
            done = await asyncio.to_thread(quarterdeck, "check", "--json", home=tmp_path)
    told = {one["collector"]: one for one in done.json["readings"]}
    assert told["quick"]["freshness"] == "live"
    assert told["quick"]["level"] == "ok"
    assert told["slow"]["level"] == "critical"


def test_a_collector_that_is_switched_off_is_not_asked(tmp_path: Path) -> None:
    with listening() as url:
        configuration(
            tmp_path,
            collector("on", "health.tcp", url),
            collector("off", "health.tcp", REFUSED, enabled="false"),
        )
        told = quarterdeck("check", "--json", home=tmp_path).json
    assert [one["collector"] for one in told["readings"]] == ["on"]


def test_instances_are_told_apart(tmp_path: Path) -> None:
    with listening() as url:
        port = url.rpartition(":")[2]
        configuration(
            tmp_path,
            '[services.web]\ninstances = ["127.0.0.[1-2]"]\nquorum = 1\n',
            collector("ready", "health.tcp", f"tcp://{{instance}}:{port}", service='"web"'),
        )
        done = quarterdeck("check", "--json", home=tmp_path)
    told = {one["instance"]: one["level"] for one in done.json["readings"]}
    assert told == {"127.0.0.1": "ok", "127.0.0.2": "critical"}
    # one of two is enough, so the service is only warned of
    assert (done.code, done.json["level"]) == (1, "warning")


def test_numbers_in_json_are_numbers_and_never_not_a_number(tmp_path: Path, valkey_db: str) -> None:
    done = quarterdeck("check", valkey_db, "--json", home=tmp_path)
    json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    check_report(done.json)
