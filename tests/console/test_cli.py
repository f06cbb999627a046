"""Exit statuses and the first words on stderr, from the real program."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console import cli
from console.cli import run
from console.lab.control import list_incidents
from tests.console.verbs.shop import REFUSED, collector, configuration, listening, push
from tests.project.program import COMMAND, Running, environment, quarterdeck
from tests.servers.waiting import wait_until


def test_0_when_all_is_well(tmp_path: Path) -> None:
    with listening() as url:
        done = quarterdeck("check", url, home=tmp_path)
    assert (done.code, done.err) == (0, "ok: 1 reading\n")


@pytest.mark.parametrize(("limits", "code"), [("warning = 3", 1), ("warning = 2, critical = 3", 2)])
def test_1_and_2_by_the_limits_of_the_configuration(
    tmp_path: Path, valkey_db: str, limits: str, code: int
) -> None:
    push(valkey_db, "mail", 3)
    limit = f"[collectors.jobs.thresholds]\nready = {{ {limits} }}\n"
    configuration(tmp_path, collector("jobs", "queues.redis", valkey_db, keys='["mail"]'), limit)
    done = quarterdeck("check", home=tmp_path)
    level = ("warning", "critical")[code - 1]
    assert done.code == code
    assert done.err == f"{level}: 1 reading\n"
    assert f"{level}: ready 3, at the limit of 3" in done.out


def test_2_when_a_health_check_is_refused(tmp_path: Path) -> None:
    done = quarterdeck("check", REFUSED, home=tmp_path)
    assert (done.code, done.err) == (2, "critical: 1 reading\n")


def test_3_when_nothing_is_known(tmp_path: Path) -> None:
    done = quarterdeck("check", "redis://127.0.0.1:1", home=tmp_path)
    assert (done.code, done.err) == (3, "unknown: 0 readings, 2 sources failed\n")


def test_critical_counts_more_than_unknown(tmp_path: Path) -> None:
    assert quarterdeck("check", "redis://127.0.0.1:1", REFUSED, home=tmp_path).code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("check", "--nonsense"), "No such option '--nonsense'"),
        (("check", "--for"), "'--for' requires an argument"),
        (("check", "--for", "soon", REFUSED), '--for soon: must be a duration such as "5s"'),
        (("record", "--for", "soon", REFUSED), '--for soon: must be a duration such as "5s"'),
        (("show",), "Missing argument 'PRACTICE'"),
        (("show", "helth"), "no practice 'helth'; there are health, queues, caches"),
        (("check", "gopher://host"), "gopher:// is nothing that can be watched"),
        (("gopher://host",), "gopher:// is nothing that can be watched"),
        (("check", "tcp://host"), "tcp://host has no port"),
        (("check", "localhost"), "'localhost' is not a URL"),
        (("check", "/var/log/app.log"), "write file:///var/log/app.log"),
        (("check", "file://app.log"), "file:// wants an absolute path"),
        (("check", "env:NOT_SET"), "$NOT_SET is not set"),
        (("check", "--config", "a.toml", REFUSED), "URLs and a configuration exclude each other"),
        (("-e", "staging", "check"), "staging.toml"),
        (("collectors", "queues.rqq"), "no collector type 'queues.rqq'; did you mean 'queues.rq'?"),
        (("mark",), "Missing argument 'TEXT...'"),
        (("demo", "--incident", "fire"), "no incident 'fire'; there are dead-letters"),
    ],
)
def test_64_for_what_cannot_be_understood(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = quarterdeck(*arguments, home=tmp_path)
    assert (done.code, done.out) == (64, "")
    assert words in done.err


def test_64_when_there_are_several_configurations_and_no_choice(tmp_path: Path) -> None:
    folder = tmp_path / ".config/quarterdeck"
    folder.mkdir(parents=True)
    with listening() as url:
        for name in ("production", "staging"):
            configuration(folder, collector("one", "health.tcp", url), name=f"{name}.toml")
        done = quarterdeck("check", home=tmp_path)
        assert (done.code, done.out) == (64, "")
        assert "several configurations: production, staging" in done.err
        assert quarterdeck("-e", "staging", "check", home=tmp_path).code == 0
        assert quarterdeck("check", "-e", "staging", home=tmp_path).code == 0


@pytest.mark.parametrize("verb", [("check",), ("show", "health"), ("record",), ("--plain",), ()])
def test_78_when_there_is_nothing_to_watch(tmp_path: Path, verb: tuple[str, ...]) -> None:
    done = quarterdeck(*verb, home=tmp_path)
    assert (done.code, done.out) == (78, "")
    assert "nothing to watch: no configuration file was found" in done.err
    assert "quarterdeck demo" in done.err


@pytest.mark.parametrize("verb", [("check",), ("show", "health"), ("record",), ("mark", "x"), ()])
def test_78_with_every_mistake_and_its_line(tmp_path: Path, verb: tuple[str, ...]) -> None:
    text = (
        '[collectors.one]\ntype = "health.tpc"\n\n[collectors.two]\ntype = "health.tcp"\nurls = "tcp://x:1"\n'
    )
    path = configuration(tmp_path, head=text)
    done = quarterdeck(*verb, home=tmp_path)
    assert (done.code, done.out) == (78, "")
    assert (
        f"{path}:2: collectors.one.type: no collector type 'health.tpc' (did you mean 'health.tcp'?)"
        in done.err
    )
    assert f"{path}:6: collectors.two.urls: unknown key 'urls' (did you mean 'url'?)" in done.err
    assert "the configuration has 3 mistakes" in done.err


def test_a_configuration_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = configuration(tmp_path, collector("one", "health.tcp", REFUSED))
    path.chmod(0o666)
    done = quarterdeck("check", home=tmp_path)
    assert (done.code, done.out) == (78, "")
    assert "may be written by others" in done.err


@pytest.mark.parametrize("verb", [("check", "--for", "50s"), ("show", "health", "--watch"), ("--plain",)])
def test_130_after_ctrl_c(tmp_path: Path, verb: tuple[str, ...]) -> None:
    with listening() as url:
        configuration(tmp_path, collector("one", "health.tcp", url))
        with Running(*verb, home=tmp_path) as running:
            if verb[0] == "check":
                wait_until(lambda: is_polling(running.process.pid), 20, "it polls")
            else:
                wait_until(lambda: running.out, 20, "the first line")
            done = running.end(signal.SIGINT)
    assert (done.code, done.err.strip()) == (130, "")


def is_polling(pid: int) -> bool:
    """Whether the process has opened sockets, as it does once it polls."""
    try:
        return any("socket:" in str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


@pytest.mark.parametrize("arguments", [(), (REFUSED,), ("open", REFUSED)])
def test_without_a_terminal_the_screen_is_refused_and_the_other_ways_are_named(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    if not arguments:
        configuration(tmp_path, collector("one", "health.tcp", REFUSED))
    done = quarterdeck(*arguments, home=tmp_path)
    assert (done.code, done.out) == (64, "")
    assert "needs a terminal" in done.err
    for way in ("quarterdeck check", "quarterdeck show PRACTICE", "--plain"):
        assert way in done.err


def piped(home: Path, *arguments: str, reader: str, unbuffered: bool) -> tuple[int, str]:
    """Exit status and stderr of the program whose stdout goes to a shell command."""
    env = environment(home, {"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        subprocess.run(["/bin/sh", "-c", reader], stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        words = process.stderr.read().decode()
        return process.wait(30), words


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("reader", ["true", "head -1"])
def test_a_reader_that_goes_away_is_no_fault_and_no_level(
    tmp_path: Path, reader: str, unbuffered: bool
) -> None:
    code, words = piped(tmp_path, "show", "health", "--watch", REFUSED, reader=reader, unbuffered=unbuffered)
    assert (code, words) == (141, "")


def test_a_report_that_was_read_to_its_end_keeps_its_status(tmp_path: Path) -> None:
    assert piped(tmp_path, "check", REFUSED, reader="cat", unbuffered=False) == (2, "critical: 1 reading\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_74_on_a_full_disk(tmp_path: Path, unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "check", "--json", REFUSED],
            cwd=tmp_path,
            env=environment(tmp_path, {"PYTHONUNBUFFERED": unbuffered}),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 74
    assert done.stderr == b"quarterdeck: the output cannot be written: No space left on device\n"


def test_without_any_stdout_the_status_still_tells(tmp_path: Path) -> None:
    line = 'exec "$@" >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *COMMAND, "check", "--json", REFUSED],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, b"")


def failing(error: Exception) -> Callable[..., int]:
    def fail(*_arguments: object, **_options: object) -> int:
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [ValueError("redis://app:hunter2secret@db/0 is odd"), FileNotFoundError(2, "no such file", "x")]
)
def test_70_for_a_fault_of_our_own_with_a_report_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("console.verbs.check.run_check", failing(error))
    monkeypatch.setattr("console.terminal.crash.sys.__stderr__", sys.stderr)
    assert run(["check", REFUSED]) == 70
    words = capsys.readouterr()
    assert words.out == ""
    assert "stopped by a fault of its own" in words.err
    (report,) = (tmp_path / "quarterdeck").glob("crash-*.txt")
    assert str(report) in words.err
    assert type(error).__name__ in report.read_text()
    assert "hunter2secret" not in words.err + report.read_text()


def test_the_version_and_the_help(tmp_path: Path) -> None:
    done = quarterdeck("--version", home=tmp_path)
    assert (done.code, done.out, done.err) == (0, "quarterdeck, version 0.1.0\n", "")
    helped = quarterdeck("--help", home=tmp_path)
    assert helped.code == 0
    for verb in cli.main.commands:
        assert f"\n  {verb} " in helped.out
    assert quarterdeck("-h", home=tmp_path).out == helped.out


def test_environment_variables_choose_the_configuration(tmp_path: Path) -> None:
    with listening() as url:
        path = configuration(tmp_path, collector("one", "health.tcp", url), name="elsewhere.toml")
        done = quarterdeck("check", home=tmp_path, env={"QUARTERDECK_CONFIG": str(path)})
        assert done.code == 0
        # a flag beats the variable
        assert quarterdeck("check", REFUSED, home=tmp_path, env={"QUARTERDECK_CONFIG": str(path)}).code == 2


def test_incidents_are_listed_with_what_to_press(tmp_path: Path) -> None:
    done = quarterdeck("demo", "--incident", "list", home=tmp_path)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == [one.name for one in list_incidents()]
    assert all(line.startswith(" " * 15 + "press ") for line in lines[1::2])
    assert lines[1].lstrip().startswith("press 2, then a on mail: retry")
