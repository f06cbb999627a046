"""`check`, `act` and `doctor` through a real sshd, with the operator's own configuration of ssh."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.console.verbs.schema import check_report
from tests.console.verbs.shop import collector, configuration, push
from tests.project.program import quarterdeck
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until
from tests.servers.web import uvicorn_server

LAB = '[console]\nname = "through"\nenvironment = "lab"\n\n'
BEHIND = {"server": '"web-1"'}


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody whose ~/.ssh/config is his own."""
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    made = Operator(folder)
    made.config = folder / "config"
    made.write()
    return made


def web_1(sshd: Sshd) -> str:
    return f'{LAB}[servers.web-1]\nhost = "127.0.0.1"\nport = {sshd.port}\n'


async def ready(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def test_check_reads_through_a_server_and_tells_of_it(
    tmp_path: Path, sshd: Sshd, operator: Operator, valkey_db: str, postgres_db: str
) -> None:
    operator.meet(sshd)
    push(valkey_db, "mail", 3)
    with uvicorn_server(ready) as port:
        configuration(
            tmp_path,
            web_1(sshd),
            collector("jobs", "queues.redis", valkey_db, keys='["mail"]', **BEHIND),
            collector("db", "pools.postgres", postgres_db, **BEHIND),
            collector("ready", "health.http", f"http://127.0.0.1:{port}/readyz", **BEHIND),
        )
        done = quarterdeck("check", "--json", home=tmp_path)
    check_report(done.json)
    assert done.json["failures"] == []
    assert {one["collector"] for one in done.json["readings"]} == {"jobs", "db", "ready"}
    (told,) = done.json["servers"]
    by_hand = told.pop("by_hand")
    assert told == {"name": "web-1", "way": "ssh", "phase": "up", "fault": "", "why": "", "hint": ""}
    assert by_hand == f"ssh -p {sshd.port} 127.0.0.1"
    assert done.code == 0
    wait_until(lambda: not sshd.sessions(), 15, "no session is left behind")


def test_a_key_that_is_not_known_is_refused_in_words_and_not_added(
    tmp_path: Path, sshd: Sshd, operator: Operator, valkey_db: str
) -> None:
    sshd.trust(operator.public)
    configuration(
        tmp_path, web_1(sshd), collector("jobs", "queues.redis", valkey_db, keys='["mail"]', **BEHIND)
    )
    done = quarterdeck("check", "--json", home=tmp_path)
    check_report(done.json)
    assert done.code == 3
    (failure,) = done.json["failures"]
    assert failure["why"] == "web-1: unknown host key"
    (told,) = done.json["servers"]
    assert (told["phase"], told["fault"]) == ("stopped", "unknown host key")
    text = quarterdeck("check", home=tmp_path)
    assert "UNKNOWN: web-1: stopped: unknown host key; 1 source without fresh values" in text.out
    assert "quarterdeck: web-1: unknown host key" in text.err
    assert told["by_hand"] in text.err
    assert operator.known_hosts.read_text() == ""


def test_an_action_goes_through_the_server(
    tmp_path: Path, sshd: Sshd, operator: Operator, valkey_db: str
) -> None:
    operator.meet(sshd)
    push(valkey_db, "mail", 3)
    configuration(
        tmp_path, web_1(sshd), collector("jobs", "queues.redis", valkey_db, keys='["mail"]', **BEHIND)
    )
    purge = ("act", "queues.purge", "jobs/mail", "--with", "of=ready", "--max", "5", "--yes", "lab/mail")
    done = quarterdeck(*purge, home=tmp_path)
    assert done.code == 0, done.all
    with redis.Redis.from_url(valkey_db) as client:
        assert client.llen("mail") == 0
    sshd.stop()
    try:
        done = quarterdeck(*purge, home=tmp_path)
    finally:
        sshd.start()
    assert done.code == 69
    assert "web-1: connection refused" in done.err


def test_the_doctor_says_what_would_be_run_and_dials_nothing(
    tmp_path: Path, sshd: Sshd, operator: Operator, valkey_db: str
) -> None:
    configuration(
        tmp_path, web_1(sshd), collector("jobs", "queues.redis", valkey_db, keys='["mail"]', **BEHIND)
    )
    before = sshd.log().count("Accepted ")
    done = quarterdeck("doctor", home=tmp_path)
    lines = done.out.splitlines()
    assert any(line.startswith("ok   ssh is /") and "OpenSSH" in line for line in lines), lines
    assert f"ok   server web-1: 127.0.0.1, by ssh; by hand: ssh -p {sshd.port} 127.0.0.1" in lines
    assert sshd.log().count("Accepted ") == before
