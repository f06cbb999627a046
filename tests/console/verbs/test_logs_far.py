"""Logs on servers are asked where they lie: the same answer as here, a limit that is told."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.logs.file import FileOptions
from collectors.model.practice import Practice
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase
from console.logs.asking.ask import ask
from console.logs.asking.testing import Moment
from console.logs.far import FarLines
from console.logs.gathering import FileLines
from console.logs.language import parse
from console.logs.language.moments import Window
from console.logs.source import Stream
from console.settings.values import CollectorSettings
from console.verbs import logfar
from console.verbs.logfar import Together, far_lines
from console.verbs.logfiles import Far
from tests.console.engine.ways import ScriptedPool
from tests.project.program import quarterdeck
from tests.servers.journald import Journald, need
from tests.servers.sshd import Operator, Sshd

QUESTION = "event:login.failed since:yesterday until:today | uniq(user_id), count"
NOW = datetime.now(UTC)
NOON = (NOW - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
SERVERS: Mapping[str, Server] = {"web-1": Server("web-1", host="h")}


def line(number: int, at: datetime, event: str) -> str:
    user = f"u{number % 7}"
    fields = {"timestamp": at.isoformat(), "level": "info", "event": event, "user_id": user}
    return json.dumps(fields) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of today, and yesterday's lines in its rotated neighbour: each third is no failed login."""
    path, old = tmp_path / "app.jsonl", tmp_path / "app.jsonl.1"
    events = ["login.failed", "login.failed", "login.ok"]
    old.write_text("".join(line(n, NOON + timedelta(seconds=n), events[n % 3]) for n in range(3000)))
    os.utime(old, ((NOON + timedelta(hours=11)).timestamp(),) * 2)
    path.write_text("".join(line(n, NOW, "login.failed") for n in range(30)))
    return path


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    """A way to a server that is this machine."""
    made = ScriptedPool(SERVERS, lambda: None)
    monkeypatch.setattr(logfar, "open_pool", lambda *_: made)
    return made


@contextmanager
def far(log: Path, **more: Any) -> Iterator[FarLines]:
    options = FileOptions(path=str(log))
    settings = CollectorSettings(
        name="app", type="logs.file", practice=Practice.LOGS, options=options, server="web-1"
    )
    files = [Far(settings, Stream("app"))]
    given: dict[str, Any] = {"say": lambda _words: None, "cancelled": lambda: False, **more}
    with far_lines(files, SERVERS, parse(QUESTION), **given) as made:
        yield made


def test_the_answer_is_the_one_that_is_given_here(log: Path, pool: ScriptedPool) -> None:
    moment, said = Moment(NOW.timestamp()), list[str]()
    here = ask(parse(QUESTION), FileLines([(str(log), Stream("app"))]), moment)
    with far(log, say=said.append) as lines:
        there = ask(parse(QUESTION), lines, moment)
    assert here.table is not None
    assert there.table is not None
    assert there.table.rows == here.table.rows == ((7, 2000),)
    assert there.coverage.complete
    assert there.coverage.lines < here.coverage.lines, "searched there"
    assert said == ["app: at most 0.3 MiB are read on web-1"]
    assert pool.closed


def test_a_limit_that_comes_first_is_told(log: Path, pool: ScriptedPool) -> None:
    with far(log, cap=1000) as lines:
        answer = ask(parse("* since:2d | count"), lines, Moment(NOW.timestamp()))
    assert answer.coverage.complete is False
    assert "limit" in answer.coverage.streams[0].why


def test_a_way_that_is_broken_is_told_and_the_rest_is_answered(log: Path, pool: ScriptedPool) -> None:
    pool.put("web-1", Phase.STOPPED, Fault.KEY_CHANGED)
    with far(log.with_name("no.jsonl")) as missing:
        both = Together(FileLines([(str(log), Stream("here"))]), missing)
        answer = ask(parse("* since:2d | count"), both, Moment(NOW.timestamp()))
    assert answer.table is not None
    assert answer.table.rows == ((3030,),)
    assert [state.complete for state in answer.coverage.streams] == [True, False]


def test_what_is_given_up_ends(log: Path, pool: ScriptedPool) -> None:
    with far(log, cancelled=lambda: True) as lines:
        answer = ask(parse(QUESTION), lines, Moment(NOW.timestamp()))
    assert answer.table is not None
    assert pool.closed


def test_a_pattern_is_as_many_logs_as_there_are_less_their_own_past(log: Path, pool: ScriptedPool) -> None:
    (log.parent / "web.jsonl").write_bytes(log.read_bytes())
    with far(log.parent / "*.jsonl*") as lines:
        answer = ask(parse("event:login.failed since:2d | count by stream"), lines, Moment(NOW.timestamp()))
    assert answer.table is not None
    assert sorted(answer.table.rows) == [("app/app.jsonl", 2030), ("app/web.jsonl", 30)]
    with far(log.parent / "*.none") as lines:
        answer = ask(parse("* since:2d | count"), lines, Moment(NOW.timestamp()))
    assert [(one.complete, "no file fits" in one.why) for one in answer.coverage.streams] == [(False, True)]


def test_through_a_real_sshd(log: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    with Sshd() as server:
        operator = Operator(home / ".ssh")
        operator.meet(server)
        operator.config.rename(home / ".ssh" / "config")
        config = home / "quarterdeck.toml"
        config.write_text(
            f'[servers.web-1]\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'[collectors.app]\ntype = "logs.file"\nserver = "web-1"\npath = "{log}"\n'
        )
        config.chmod(0o600)
        told = quarterdeck("logs", "--config", str(config), QUESTION, "--json", home=home)
        assert told.code == 0, told.err
        answer = json.loads(told.out)
        assert answer["rows"] == [[7, 2000]]
        assert answer["coverage"]["complete"] is True
        assert "are read on web-1" in told.err
        without = quarterdeck("logs", "--config", str(config), "event:login.failed | count", home=home)
        assert without.code == 3
        assert "lies on web-1: say since:" in without.out


def test_the_journal_is_asked_for_its_past(tmp_path: Path) -> None:
    need()
    with Journald() as journald:
        journald.identifier = "orders"
        journald.lines(range(300))
        config = tmp_path / "quarterdeck.toml"
        config.write_text(
            '[collectors.orders]\ntype = "logs.journald"\nidentifiers = ["orders"]\n'
            f'namespace = "{journald.namespace}"\n'
        )
        config.chmod(0o600)
        question = ("logs", "--config", str(config), "since:1h | count, uniq(N)", "--json")
        told = quarterdeck(*question, home=tmp_path)
        assert told.code == 0, told.err
        answer = json.loads(told.out)
        assert answer["rows"] == [[300, 300]]
        assert answer["coverage"]["complete"] is True
        assert "orders: at most 256.0 MiB are read on this machine" in told.err
        without = quarterdeck("logs", "--config", str(config), "* | count", home=tmp_path)
        assert "say since:" in without.out


def test_lines_here_and_there_come_by_their_time(log: Path, pool: ScriptedPool) -> None:
    old = FileLines([(str(log) + ".1", Stream("here"))])
    with far(log) as lines:
        found = [chunk for chunk in Together(old, lines).chunks(Window()) if chunk.size]
    names = [chunk.stream.name for chunk in found]
    assert names[0] == "app", "today's lines are on the server"
    assert set(names) == {"app", "here"}
