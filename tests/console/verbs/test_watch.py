"""`show --watch` and `--plain`: a line for each change, and silence where nothing changes."""

import json
import signal
from itertools import pairwise
from pathlib import Path

from tests.console.verbs.schema import check_report
from tests.console.verbs.shop import REFUSED, collector, configuration, push
from tests.project.program import Running, quarterdeck
from tests.servers.waiting import wait_until


def queue(folder: Path, url: str) -> None:
    configuration(
        folder,
        collector("jobs", "queues.redis", url, keys='["mail"]', every='"1s"', service='"orders"'),
        "[collectors.jobs.thresholds]\nready = { warning = 3 }\n",
    )


def test_watch_prints_what_changes_and_nothing_else(tmp_path: Path) -> None:
    configuration(tmp_path, collector("down", "health.tcp", REFUSED, every='"1s"'))
    done = quarterdeck("show", "health", "--watch", "--for", "4s", home=tmp_path)
    rows = [line for line in done.out.splitlines() if "down" in line and not line.startswith("level")]
    assert done.code == 2
    assert len(rows) == 1
    assert len(set(done.out.splitlines())) == len(done.out.splitlines())


def test_watch_prints_a_change_as_it_comes(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail")
    queue(tmp_path, valkey_db)
    with Running("show", "queues", "--watch", home=tmp_path) as running:
        wait_until(lambda: "no limit" in running.out or "ok " in running.out, 20, "the first row")
        push(valkey_db, "mail", 4)
        wait_until(lambda: "ready 5, above the limit of 3" in running.out, 20, "the change")
        done = running.end(signal.SIGINT)
    assert done.code == 130
    assert "\nwarning  " in done.out


def test_watched_json_is_one_report_a_line_and_only_when_it_differs(tmp_path: Path) -> None:
    configuration(tmp_path, collector("down", "health.tcp", REFUSED, every='"1s"'))
    done = quarterdeck("show", "health", "--watch", "--json", "--for", "5s", home=tmp_path)
    lines = [json.loads(line) for line in done.out.splitlines()]
    for told in lines:
        check_report(told)
        for reading in told["readings"]:
            reading["taken"] = ""
    assert 1 <= len(lines) <= 3
    assert all(before != after for before, after in pairwise(lines))
    assert lines[-1]["level"] == "critical"


def test_plain_is_a_line_with_its_time_for_each_change(tmp_path: Path, valkey_db: str) -> None:
    push(valkey_db, "mail")
    queue(tmp_path, valkey_db)
    with Running("--plain", home=tmp_path) as running:
        wait_until(lambda: "orders queues: ok" in running.out, 20, "the first line")
        push(valkey_db, "mail", 4)
        wait_until(lambda: "WARNING: orders: " in running.out, 20, "the change")
        done = running.end(signal.SIGTERM)
    assert done.code == -signal.SIGTERM
    assert done.err == ""
    for line in done.out.splitlines():
        time, zone, rest = line.split(" ", 2)
        assert len(time) == 8
        assert zone == "UTC"
        assert rest
    told = [line.split(" ", 2)[2] for line in done.out.splitlines()]
    assert all(before != after for before, after in pairwise(told))


def test_plain_may_stand_before_and_after_the_urls(tmp_path: Path) -> None:
    for arguments in (("--plain", REFUSED), (REFUSED, "--plain"), ("open", "--plain", REFUSED)):
        with Running(*arguments, home=tmp_path) as running:
            wait_for(running, "liveness is down: refused")
            running.end()


def wait_for(running: Running, words: str) -> None:
    wait_until(lambda: words in running.out, 20, words)
