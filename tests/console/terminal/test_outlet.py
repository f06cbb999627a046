"""Writing to a terminal that may stop reading, in process."""

import os
import pty
import select
import termios
import time
import tty
from collections.abc import Iterator

import pytest

from console.terminal import outlet as outlet_module
from console.terminal.outlet import BACKLOG_LIMIT, HARD_LIMIT, Outlet
from tests.servers.waiting import wait_until


class Pty:
    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)

    def read(self, seconds: float = 0.2) -> bytes:
        data = b""
        while select.select([self.master], [], [], seconds)[0]:
            data += os.read(self.master, 65536)
        return data


@pytest.fixture(params=["own descriptor", "shared descriptor"])
def line(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pty]:
    if request.param == "shared descriptor":
        monkeypatch.setattr(outlet_module, "own_descriptor", lambda fd: None)
    terminal = Pty()
    yield terminal
    for fd in (terminal.master, terminal.slave):
        os.close(fd)


def test_everything_arrives_in_order(line: Pty) -> None:
    outlet = Outlet(line.slave, lambda: None)
    for number in range(300):
        outlet.put(f"{number},".encode())
    assert line.read() == b"".join(f"{number},".encode() for number in range(300))
    assert outlet.close(5)


def test_a_stall_never_blocks_and_drops_frames_only(line: Pty) -> None:
    calls: list[float] = []
    outlet = Outlet(line.slave, lambda: calls.append(time.monotonic()))
    frame = b"f" * 8000
    for _ in range(60):
        outlet.put(frame, droppable=True)
        time.sleep(0.002)
    assert outlet.starving
    outlet.put(b"mode")
    kept = line.read(0.5)
    assert kept.count(b"mode") == 1
    assert len(kept) < 40 * 8000
    assert len(kept) % 8000 == 4, "a frame was torn"
    wait_until(lambda: len(calls) == 1, 5, "one call when all is drained")
    assert not outlet.starving
    outlet.put(frame, droppable=True)
    assert line.read() == frame
    assert outlet.close(5)
    assert len(calls) == 1


def test_after_a_dropped_frame_none_is_taken_until_all_is_drained(line: Pty) -> None:
    outlet = Outlet(line.slave, lambda: None)
    for _ in range(60):
        outlet.put(b"f" * 8000, droppable=True)
        time.sleep(0.002)
    taken = b""
    while outlet._backlog > BACKLOG_LIMIT:
        taken += os.read(line.master, 1000)
    assert outlet.starving
    outlet.put(b"late", droppable=True)  # a partial frame upon a screen that missed another
    outlet.put(b"mode")
    taken += line.read()
    assert b"late" not in taken
    assert taken.endswith(b"mode")
    assert outlet.close(5)


def test_even_what_is_never_dropped_is_bounded(line: Pty) -> None:
    outlet = Outlet(line.slave, lambda: None)
    for _ in range(40):
        outlet.put(b"m" * 100_000)
    kept = 0
    while data := line.read(0.3):
        kept += len(data)
    assert BACKLOG_LIMIT < kept < HARD_LIMIT + 400_000
    assert outlet.close(5)


def test_cut_leaves_the_last_words_alone_for_a_terminal_that_reads_again(line: Pty) -> None:
    outlet = Outlet(line.slave, lambda: None)
    for _ in range(200):
        outlet.put(b"x" * 4000)
    time.sleep(0.1)
    begun = time.monotonic()
    assert not outlet.close(0.1)
    outlet.cut(b"restored")
    assert time.monotonic() - begun < 3
    rest = line.read()
    assert b"\x18\x1b\\restored" in rest
    assert len(rest) < 5000, "more than the page that the terminal's side holds already"
    assert os.get_blocking(line.slave)
    outlet.put(b"after")
    assert not outlet._pending
    assert line.read(0.05) == b""


def test_a_vanished_terminal_ends_it(line: Pty) -> None:
    outlet = Outlet(line.slave, lambda: None)
    os.close(line.master)
    outlet.put(b"x")
    begun = time.monotonic()
    outlet.close(5)
    outlet.cut(b"restored")
    assert time.monotonic() - begun < 4
    line.master = os.open(os.devnull, os.O_RDONLY)


def test_the_shells_own_descriptor_stays_blocking() -> None:
    terminal = Pty()
    outlet = Outlet(terminal.slave, lambda: None)
    outlet.put(b"x")
    assert terminal.read() == b"x"
    assert os.get_blocking(terminal.slave)
    outlet.cut(b"y")
    assert os.get_blocking(terminal.slave)
    assert termios.tcgetattr(terminal.slave)
    for fd in (terminal.master, terminal.slave):
        os.close(fd)
