"""`logs`: files, pipes and configured logs are asked; records and tables as text, JSON and CSV."""

import array
import fcntl
import gzip
import json
import os
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.cli import run
from tests.project.program import COMMAND, environment, quarterdeck
from tests.servers.waiting import wait_until

NOW = datetime.now(UTC)
YESTERDAY = (NOW - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


def line(time: datetime, **fields: Any) -> bytes:
    stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"timestamp": stamp, "level": "info", "event": "x", **fields}).encode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place with logs of today, of yesterday (rotated) and of the day before (packed)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name, day, users in (("app.log.2.gz", 1, 3), ("app.log.1", 0, 4), ("app.log", -1, 5)):
        at = YESTERDAY - timedelta(days=day)
        times = [at + timedelta(seconds=user) for user in range(users)]
        failed = {"event": "login.failed", "region": "eu"}
        lines = [line(each, **failed, user_id=user, duration_ms=user) for user, each in enumerate(times)]
        last = at + timedelta(minutes=1)
        lines.append(line(last, level="warning", event="slow", region="us", duration_ms=90))
        data = b"\n".join(lines) + b"\n"
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        os.utime(tmp_path / name, (last.timestamp(),) * 2)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield tmp_path


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    """Stdout and stderr of a call in this process."""
    assert run(["logs", *words]) == code
    told = capsys.readouterr()
    return told.out, told.err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(asked(capsys, *words, "--json")[0])


@pytest.mark.usefixtures("home")
def test_the_seed_questions_are_one_line_each_over_rotated_files(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "app.log", "event:login.failed since:yesterday until:today | uniq(user_id)")
    assert found["format"] == 1
    assert found["columns"] == ["uniq(user_id)"]
    assert found["rows"] == [[4]]
    assert found["coverage"]["complete"] is True
    assert found["coverage"]["matched"] == 4
    found = answer(capsys, "app.log", "region=eu | p95(duration)")
    assert found["rows"] == [[pytest.approx(0.0038)]]
    assert found["units"] == ["s"]
    # without a time only the file itself is meant, with one its past too
    assert answer(capsys, "app.log", "| count")["rows"] == [[6]]
    assert answer(capsys, "app.log", "since:100d | count")["rows"] == [[15]]
    assert answer(capsys, "app.log", "app.log.1", "app.log.2.gz", "since:100d | count")["rows"] == [[15]]
    assert answer(capsys, "app.log.2.gz", "| count", "--since", "100d")["rows"] == [[4]]


@pytest.mark.usefixtures("home")
def test_records_are_json_lines_oldest_first(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = asked(capsys, "app.log", "--json")
    records = [json.loads(one) for one in out.splitlines()]
    assert [list(record) for record in records] == [["time", "level", "message", "fields", "stream"]] * 6
    assert [record["level"] for record in records] == ["info"] * 5 + ["warning"]
    assert records[0]["message"] == "login.failed"
    assert records[0]["fields"] == {"user_id": 0, "region": "eu", "duration_ms": 0}
    assert records[0]["stream"] == "app.log"
    times = [datetime.fromisoformat(record["time"]) for record in records]
    assert times == sorted(times)
    assert times[0].tzinfo is not None
    assert "n=6 of 6 lines" in err
    newest = asked(capsys, "app.log", "--json", "--limit", "2")[0].splitlines()
    assert [json.loads(one)["message"] for one in newest] == ["login.failed", "slow"]
    merged = asked(capsys, "app.log", "app.log.1", "user_id=0")[0].splitlines()
    assert [one[:10] for one in merged] == [str(YESTERDAY.date()), str(NOW.date())]


@pytest.mark.usefixtures("home")
def test_a_table_for_people_says_what_it_covers(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = asked(capsys, "app.log", "| p95(duration), count by region")
    head, first, second, coverage = out.splitlines()
    assert head.split() == ["region", "p95(duration)", "count"]
    assert first.split() == ["us", "90", "ms", "1"]
    assert second.split() == ["eu", "3.8", "ms", "5"]
    assert coverage.startswith("n=6 of 6 lines · ")
    assert coverage.endswith("complete")
    assert err == ""
    out, err = asked(capsys, "app.log", "| max(duration) by region", "--csv")
    assert out == "region,max(duration)\nus,0.09\neu,0.004\n"
    assert "complete" in err
    # a cell is no formula
    Path("odd.log").write_bytes(line(NOW, who="=cmd()") + b"\n")
    assert asked(capsys, "odd.log", "| count by who", "--csv")[0] == "who,count\n'=cmd(),1\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("app.log", "level>=warm"), "level>=warm\n       ^^^^\n'warm' is no level"),
        (("app.log", "x", "--since", "soon"), "--since wants a time"),
        (("gone.log", "x"), "there is no file gone.log"),
        (("app.log", "one", "two"), "'one' is no file"),
        ((".", "x"), ". is a folder"),
        (("app.log", "@slow"), "no question @slow is saved"),
        (("x",), "there are no logs to ask"),
        (("app.log", "--json", "--csv"), "exclude each other"),
    ],
)
def test_64_with_the_place_and_the_remedy(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    out, err = asked(capsys, *words, code=64)
    assert out == ""
    assert told in err


@pytest.mark.usefixtures("home")
def test_a_question_may_begin_with_a_minus(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("-event:slow", "-host:h", "-e:x", "-config:x"):
        assert len(asked(capsys, "app.log", word)[0].splitlines()) == (5 if "slow" in word else 6)


@pytest.mark.usefixtures("home")
def test_saved_questions_and_configured_logs(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    Path("quarterdeck.toml").write_text(
        '[console]\nenvironment = "lab"\n[questions.slow]\nask = "since:100d | max(duration) by service"\n'
        f'[collectors.app]\ntype = "logs.file"\nservice = "shop"\npath = "{home}/app.log"\n'
    )
    Path("quarterdeck.toml").chmod(0o600)
    assert answer(capsys, "@slow")["rows"] == [["shop", 0.09]]
    assert answer(capsys, "since:100d | count by stream")["rows"] == [["app", 15]]
    assert answer(capsys, "app.log.1", "@slow")["columns"] == ["service", "max(duration)"]
    assert "did you mean slow?" in asked(capsys, "@slwo", code=64)[1]


def test_a_pipe_is_asked(tmp_path: Path) -> None:
    data = b"\n".join(line(NOW, event="x", n=at) for at in range(5)) + b"\n"

    def piped(*words: str) -> str:
        done = subprocess.run(
            [*COMMAND, "logs", *words],
            input=data,
            capture_output=True,
            env=environment(tmp_path),
            check=True,
            timeout=60,
        )
        return done.stdout.decode()

    assert json.loads(piped("-", "| sum(n)", "--json"))["rows"] == [[10]]
    assert piped("n=2 | around 1s | count").splitlines()[1].strip() == "5"


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"\n".join(line(NOW, n=at) for at in range(20_000)) + b"\n")
    with subprocess.Popen(
        [*COMMAND, "logs", "app.log"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141


def test_ctrl_c_gives_what_was_found_and_says_so(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "logs", "-", "| count", "--json"],
        env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(b"\n".join(line(NOW, n=at) for at in range(100)) + b"\n")
        process.stdin.flush()
        wait_until(lambda: _pending(process) == 0, 60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 130
    found = json.loads(out)
    assert found["rows"] == [[100]]
    assert found["coverage"]["stopped"] is True
    assert found["coverage"]["complete"] is False


def _pending(process: "subprocess.Popen[bytes]") -> int:
    """Bytes in the pipe that the program has not read yet."""
    assert process.stdin is not None
    held = array.array("i", [0])
    fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, held)
    return held[0]


def test_following_goes_on_through_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(line(NOW, event="old") + b"\n")
    with subprocess.Popen(
        [*COMMAND, "logs", "app.log", "--follow", "--json", "--since", "1h"],
        cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["message"] == "old"
        with log.open("ab") as file:
            file.write(line(NOW, event="new") + b"\n")
        assert json.loads(process.stdout.readline())["message"] == "new"
        log.rename(tmp_path / "app.log.1")
        log.write_bytes(line(NOW, event="newer") + b"\n")
        assert json.loads(process.stdout.readline())["message"] == "newer"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130


def test_help_says_what_it_takes(tmp_path: Path) -> None:
    done = quarterdeck("logs", "--help", home=tmp_path)
    assert done.code == 0
    assert "[FILE ...] [QUESTION]" in done.out
