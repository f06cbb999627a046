"""The real program on a real terminal: hung servers, hostile names, its bytes, its first picture."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.pty.programs import HERE, Program, environment, opened
from tests.pty.terminal import Terminal
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until
from tests.servers.web import black_hole

COMMAND = (sys.executable, "-P", "-m", "console")
HEAD = '[console]\nname = "small"\nenvironment = "lab"\n\n[services.orders]\n'


def table(name: str, kind: str, **options: object) -> str:
    lines = [f"[collectors.{name}]", f'type = "{kind}"', 'service = "orders"', 'every = "1s"']
    return "\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in options.items())]) + "\n"


def program(folder: Path, *tables: str, ready: str = "needs you") -> Program:
    """The console on a configuration of these tables."""
    file = folder / "small.toml"
    file.write_text("\n".join([HEAD, *tables]))
    file.chmod(0o600)
    return Program("quarterdeck", (*COMMAND, "--config", str(file)), ready)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def key_times(terminal: Terminal, count: int = 7) -> list[float]:
    """Seconds from a key to the screen that it opens, some times over."""
    times = []
    for turn in range(count):
        key, shown = (("2", "› queues"), ("1", "› health"))[turn % 2]
        begun = time.monotonic()
        terminal.send(key)
        terminal.wait_for(shown)
        times.append(time.monotonic() - begun)
    return times


def test_the_first_picture_waits_for_no_source(tmp_path: Path) -> None:
    with black_hole() as port:
        tables = [table("port", "health.tcp", url=f"tcp://127.0.0.1:{port}", timeout="60s")]
        tables += [
            table(f"jobs-{n}", "queues.redis", url=f"redis://127.0.0.1:{port}", keys=["jobs"], timeout="60s")
            for n in range(5)
        ]
        with opened(program(tmp_path, *tables), tmp_path) as terminal:
            terminal.wait_for("0 of 6 sources have answered so far")
            terminal.wait_for(lambda screen: "orders" in screen and "waiting" in screen)
            assert statistics.median(key_times(terminal)) < 0.3
            begun = time.monotonic()
            terminal.send("qq")
            assert terminal.end(6) == 0
            assert time.monotonic() - begun < 3.2, "a second, with threefold slack"
            assert terminal.left_on() == []


def test_a_frozen_server_freezes_no_key(tmp_path: Path, make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        client.rpush("jobs", *"abc")
    tables = (
        table("jobs", "queues.redis", url=server.url, keys=["jobs"]),
        table("cache", "caches.redis", url=server.url),
        table("port", "health.tcp", url=f"tcp://127.0.0.1:{server.port}"),
    )
    with opened(program(tmp_path, *tables), tmp_path, (120, 40)) as terminal:
        terminal.send("2")
        terminal.wait_for(lambda screen: " jobs " in screen and " 3 " in screen)
        with frozen(server.pid):
            assert statistics.median(key_times(terminal)) < 0.3
            terminal.send("2")
            terminal.wait_for(lambda screen: "stale" in screen and " 3 " in screen, 20)
            assert statistics.median(key_times(terminal)) < 0.3
            terminal.send("f")
            terminal.wait_for("service")
            begun = time.monotonic()
            terminal.send("q")
            assert terminal.end(6) == 0
            assert time.monotonic() - begun < 3.2, "a second, with threefold slack"
            assert terminal.left_on() == []
            assert terminal.attributes() == terminal.before


def test_a_frozen_server_that_goes_on_is_live_again(tmp_path: Path, make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        client.rpush("jobs", *"abc")
    tables = (table("jobs", "queues.redis", url=server.url, keys=["jobs"]),)
    with opened(program(tmp_path, *tables), tmp_path, (120, 40)) as terminal:
        terminal.send("2")
        terminal.wait_for(" 3 ")
        with frozen(server.pid):
            terminal.wait_for("stale", 20)
        terminal.wait_for(lambda screen: "stale" not in screen, 40)


HOSTILE = [
    b"[@click=app.quit]x[/]",
    b"[/",
    b"clear\x1b[2J",
    b"clip\x1b]52;c;cm0gLXJmIC8K\x07",
    b"title\x1b]0;owned\x07",
    b"c1\x9b2J\x90q\x9c",
    "bidi\u202e\u2066\u200b".encode(),
    b"shift\x0e\x0f\x08\x7f\r\n",
    b"\xff\xfe\xed\xa0\x80",
]


def test_hostile_names_reach_the_terminal_as_text(tmp_path: Path, make_valkey: MakeValkey) -> None:
    server = make_valkey()
    log = tmp_path / "app.log"
    log.touch()
    with redis.Redis.from_url(server.url) as client:
        for name in HOSTILE:
            client.sadd("rq:queues", b"rq:queue:" + name)
            client.rpush(b"rq:queue:" + name, "job")
    tables = (
        table("jobs", "queues.rq", url=server.url),
        table("log", "logs.file", path=str(log)),
    )
    with opened(program(tmp_path, *tables), tmp_path, (150, 40)) as terminal:
        terminal.send("2")
        terminal.wait_for(lambda screen: "[@click=app.quit]x[" in screen and "clear␛[2J" in screen)
        with log.open("ab") as file:
            for name in HOSTILE:
                file.write(b"2026-01-01T00:00:00Z ERROR " + name.replace(b"\n", b"") + b"\n")
        terminal.send("5")
        terminal.wait_for(lambda screen: "clear␛[2J" in screen and "[@click=app.quit]x[/]" in screen)
        for keys in ("2", "\r", "\x1b", "a", "\x1b", "?", "\x1b", "5", "S", "f", "/[/]\r", "\x1b"):
            terminal.send(keys)
            terminal.quiet(0.4)  # longer than an Escape waits for what may follow it
        terminal.send("2")
        terminal.wait_for("› queues")
        terminal.send("y")
        terminal.wait_for("copied")
        assert terminal.process.poll() is None
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert terminal.left_on() == []
        copied = terminal.raw.count(b"\x1b]52;c;")
        assert copied == 1, "what the operator copied, and nothing else"
        rest = terminal.raw.split(b"\x1b]52;c;")
        terminal.raw = rest[0] + rest[1].partition(b"\x07")[2]
        assert terminal.foreign() == ""
        assert terminal.titles() == ["quarterdeck small lab", ""]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Path]]:
    folder = tmp_path_factory.mktemp("staged")
    (folder / "value").write_text("12")
    one = Program("staged", (sys.executable, "-P", str(HERE / "staged_console.py")), "moving")
    with opened(one, folder, (120, 40), PYTHONPATH=str(HERE.parents[1])) as terminal:
        terminal.wait_for(lambda screen: "● 12 " in screen and screen.count("● 3 ") >= 20)
        terminal.quiet(2.5, 30)
        yield terminal, folder / "value"


def test_nothing_changed_sends_nothing(staged: tuple[Terminal, Path]) -> None:
    terminal, _ = staged
    sent = []
    for _ in range(5):  # a slow machine may still be painting what came before
        mark = len(terminal.raw)
        time.sleep(3)
        sent.append(len(terminal.raw) - mark)
        if sent[-1] <= 60:
            break
    assert min(sent) <= 60


def test_one_changed_value_sends_its_own_cell(staged: tuple[Terminal, Path]) -> None:
    terminal, value = staged
    for number in ("13", "17", "45"):
        mark = len(terminal.raw)
        value.write_text(number)
        terminal.wait_for(f"● {number} ")
        terminal.quiet(0.4)
        assert len(terminal.raw) - mark < 200, bytes(terminal.raw[mark:])


def test_plain_lines_go_into_a_pipe(tmp_path: Path) -> None:
    command = (*COMMAND, "--plain", "--config", str(HERE / "small.toml"))
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(tmp_path), text=True
    ) as run:
        assert run.stdout is not None
        line = run.stdout.readline()
        while "orders" not in line:
            line = run.stdout.readline()
        assert "\x1b" not in line
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 130


def test_plain_needs_no_terminal_of_any_kind(tmp_path: Path) -> None:
    command = (*COMMAND, "--plain", "--config", str(HERE / "small.toml"))
    with Terminal(command, environment(tmp_path, TERM="dumb")) as terminal:
        wait_until(lambda: b"orders" in terminal.raw, 15)
        terminal.send(b"\x03")
        assert terminal.end(6) == 130
        assert b"\x1b" not in terminal.raw


def test_closed_ports_are_told_on_the_screen(tmp_path: Path) -> None:
    command = (*COMMAND, "--config", str(HERE / "small.toml"))
    with Terminal(command, environment(tmp_path), (120, 40)) as terminal:
        terminal.wait_for(lambda screen: "refused" in screen.lower() and "orders" in screen)
        terminal.send("S")
        terminal.wait_for(lambda screen: "orders-jobs" in screen and "refused" in screen.lower())
        terminal.send("qq")
        assert terminal.end(6) == 0
