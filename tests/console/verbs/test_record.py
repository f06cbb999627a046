"""`record` and `mark`: what is written, how it ends, and that it reads back."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from console.engine.history import History
from console.engine.recording import RecordingError, entries, read_back
from tests.console.verbs.shop import REFUSED, collector, configuration, listening, push
from tests.project.program import Running, quarterdeck
from tests.servers.waiting import wait_until

STATE = ".local/state/quarterdeck/shop-lab"
HEAD = '[console]\nname = "shop"\nenvironment = "lab"\n[services.orders]\n'


def queue(folder: Path, url: str) -> None:
    configuration(
        folder,
        collector("jobs", "queues.redis", url, keys='["mail"]', every='"1s"', service='"orders"'),
        head=HEAD,
    )


def recorded(path: Path, kind: str) -> list[list[Any]]:
    """The entries of one kind; nothing while there is no file or no block yet."""
    try:
        return [entry for entry in entries(path) if entry[0] == kind]
    except (OSError, RecordingError):
        return []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_recording_ends_well_when_it_is_told_to(
    tmp_path: Path, valkey_db: str, how: signal.Signals
) -> None:
    push(valkey_db, "mail", 3)
    queue(tmp_path, valkey_db)
    with Running("record", home=tmp_path) as running:
        wait_until(lambda: "recording to" in running.err, 20, "it says where")
        path = Path(running.err.split()[-1])
        wait_until(lambda: list((tmp_path / STATE / "recordings").glob("*.qdr")), 20, "the file")
        wait_until(lambda: recorded(path, "sweep"), 30, "a first block")
        done = running.end(how)
    assert (done.code, done.out) == (0, "")
    assert path.parent == tmp_path / STATE / "recordings"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    last = done.err.splitlines()[-1]
    passes = len(recorded(path, "sweep"))
    assert last.startswith(f"quarterdeck: {passes} passes in ")
    assert recorded(path, "head") == [["head", "shop", "lab", "0.1.0"]]
    history = History()
    count, _events = read_back(path.parent, history, 0.0)
    assert count == passes
    series = history.series(SubjectId(Practice.QUEUES, "jobs", "", b"mail"), "ready")
    assert [point.value for point in series] == [3.0] * len(series)
    assert series


def test_for_a_while_to_a_file_of_ones_own(tmp_path: Path) -> None:
    with listening() as url:
        target = tmp_path / "one.qdr"
        done = quarterdeck("record", url, "--for", "1s", "--to", target, home=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[0] == f"quarterdeck: recording to {target}"
    (sweep,) = recorded(target, "sweep")
    assert sweep[5][0][0] == "health"


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "one.qdr"
    target.write_bytes(b"mine")
    done = quarterdeck("record", REFUSED, "--for", "1s", "--to", target, home=tmp_path)
    assert (done.code, done.out) == (73, "")
    assert done.err == f"quarterdeck: cannot record to {target}: File exists\n"
    assert target.read_bytes() == b"mine"


def test_a_mark_reaches_a_recording_that_runs(tmp_path: Path) -> None:
    with listening() as url:
        configuration(tmp_path, collector("one", "health.tcp", url, service='"orders"'), head=HEAD)
        with Running("record", home=tmp_path) as running:
            wait_until(lambda: "recording to" in running.err, 20, "it says where")
            path = Path(running.err.split()[-1])
            done = quarterdeck("mark", "--service", "orders", "deploy", "v42", home=tmp_path)
            assert (done.code, done.out, done.err) == (0, "", "")
            wait_until(lambda: recorded(path, "event"), 30, "the mark")
            running.end()
    (event,) = recorded(path, "event")
    assert event[2:] == ["mark", "orders", "deploy v42"]


def test_a_mark_made_before_is_seen_by_a_start_within_the_hour(tmp_path: Path) -> None:
    with listening() as url:
        configuration(tmp_path, collector("one", "health.tcp", url), head=HEAD)
        assert quarterdeck("mark", "freeze", home=tmp_path).code == 0
        target = tmp_path / "one.qdr"
        assert quarterdeck("record", "--for", "2s", "--to", target, home=tmp_path).code == 0
    assert [event[4] for event in recorded(target, "event")] == ["freeze"]


def test_a_mark_says_who_and_holds_no_control_byte(tmp_path: Path) -> None:
    configuration(tmp_path, collector("one", "health.tcp", REFUSED), head=HEAD)
    done = quarterdeck("mark", "a\x1b]52;c;eA==\x07b\nc", home=tmp_path, env={"SUDO_USER": "ada"})
    assert done.code == 0
    path = tmp_path / STATE / "marks.jsonl"
    (line,) = path.read_bytes().splitlines()
    told = json.loads(line)
    assert (told["who"], told["service"]) == ("ada", "")
    assert told["text"].isprintable()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_mark_on_a_service_that_is_not_there_is_refused(tmp_path: Path) -> None:
    configuration(tmp_path, collector("one", "health.tcp", REFUSED), head=HEAD)
    done = quarterdeck("mark", "--service", "order", "x", home=tmp_path)
    assert (done.code, done.err) == (64, "quarterdeck: no service 'order'; there are orders\n")


def test_a_mark_needs_no_configuration(tmp_path: Path) -> None:
    assert quarterdeck("mark", "deploy", home=tmp_path).code == 0
    assert (tmp_path / ".local/state/quarterdeck/console/marks.jsonl").exists()


@pytest.mark.parametrize("verb", [("mark", "x"), ("record", "--for", "1s")])
def test_73_where_the_state_cannot_be_written(tmp_path: Path, verb: tuple[str, ...]) -> None:
    configuration(tmp_path, collector("one", "health.tcp", REFUSED), head=HEAD)
    (tmp_path / "file").write_text("")
    done = quarterdeck(*verb, home=tmp_path, env={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert (done.code, done.out) == (73, "")
    assert "cannot" in done.err
