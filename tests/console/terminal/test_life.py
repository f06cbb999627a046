"""The watch over the end, with an end that can be looked at."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from console.terminal import life as life_module
from console.terminal.life import Life
from tests.servers.waiting import wait_until


class Watched:
    """A Life whose callbacks are counted and whose end ends nothing."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.hooks: list[float] = []
        self.forced: list[str] = []
        self.ended: list[int] = []
        self.answers = True
        self.release = threading.Event()
        self.life = Life(self.ask, self.hook, self.let_go, lambda: self.forced.append("vanished"), self.end)

    def ask(self, code: int) -> bool:
        self.asked.append(code)
        return self.answers

    def hook(self, seconds: float) -> None:
        self.hooks.append(seconds)
        self.release.wait(20)

    def let_go(self) -> None:
        self.forced.append("let go")

    def end(self, code: int) -> None:
        self.ended.append(code)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(life_module, "PATIENCE", 0.6)
    watched = Watched()
    before = {number: signal.getsignal(number) for number in life_module.SIGNALS}
    yield watched
    watched.release.set()
    watched.life.close()
    assert {number: signal.getsignal(number) for number in life_module.SIGNALS} == before


def test_the_first_reason_counts_and_the_hook_runs_once(watched: Watched) -> None:
    watched.life.install(None)
    assert not watched.life.leaving
    watched.life.begin(143)
    watched.life.begin(0)
    watched.release.set()
    assert watched.life.finish(0) == 143
    assert watched.hooks == [life_module.HOOK_SECONDS]
    assert watched.life.leaving


def test_a_signal_is_asked_for_until_somebody_answers(watched: Watched) -> None:
    watched.answers = False
    watched.life.install(None)
    os.kill(os.getpid(), signal.SIGTERM)
    wait_until(lambda: len(watched.asked) > 1, 5)
    watched.answers = True
    watched.release.set()
    wait_until(lambda: watched.life.leaving, 5)
    assert set(watched.asked) == {143}
    assert watched.life.finish(0) == 143


def test_what_does_not_end_is_ended_after_the_terminal_is_let_go(watched: Watched) -> None:
    watched.life.install(None)
    watched.life.begin(0)
    wait_until(lambda: watched.ended, 5)
    assert watched.ended == [0]
    assert watched.forced == ["let go"]


def test_one_closing_window_is_not_two_signals(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life_module, "PATIENCE", 30.0)
    monkeypatch.setattr(life_module, "_SAME", 5.0)
    watched.life.install(None)
    os.kill(os.getpid(), signal.SIGHUP)
    os.kill(os.getpid(), signal.SIGTERM)
    wait_until(lambda: watched.asked, 5)
    time.sleep(2 * life_module.HURRY)
    assert watched.ended == []
    assert watched.asked[0] in {129, 143}


def test_a_second_signal_hurries(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life_module, "PATIENCE", 600.0)
    monkeypatch.setattr(life_module, "_SAME", 0.05)
    watched.life.install(None)
    os.kill(os.getpid(), signal.SIGQUIT)
    wait_until(lambda: watched.asked, 5)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
    wait_until(lambda: watched.ended, 5)
    assert watched.ended == [131]


def test_what_the_parent_ignores_stays_ignored(watched: Watched) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        watched.life.install(None)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        watched.life.close()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_hang_up_is_seen_though_nobody_reads(watched: Watched) -> None:
    master, slave = os.openpty()
    watched.life.install(slave)
    os.close(master)
    wait_until(lambda: watched.asked, 5)
    assert watched.asked[0] == 129
    assert watched.forced[0] == "vanished"
    os.close(slave)
