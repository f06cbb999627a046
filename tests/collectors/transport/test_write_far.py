"""A signal on a server reaches the process of that start and no other, and what got no answer is unknown."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.action import RefusedError
from collectors.errors import AnswerError, TimedOutError, UnsupportedError
from collectors.hands import ProcessHands
from collectors.transport.host import Host, Ran
from collectors.transport.read.processes import boot_here, process
from collectors.transport.write._far import FarHands
from tests.collectors.machines import OTHER_BOOT, AsNobody, Says, Through, busybox_path
from tests.servers.processes import alive
from tests.servers.waiting import wait_until_async


@pytest.fixture(params=["debian", "busybox"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    if request.param == "debian":
        return Through(os.environ["PATH"])
    return Through(busybox_path(tmp_path / "busybox"))


@pytest.fixture
def child() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(["sleep", "60"]) as made:
        yield made
        made.kill()


def start_of(pid: int) -> int:
    one = process(pid)
    assert one is not None
    return one.identity.start


def hands(host: Host) -> FarHands:
    return FarHands(host, seconds=15)


async def test_it_reaches_the_process_of_that_start_alone(
    host: Host, child: "subprocess.Popen[bytes]"
) -> None:
    writing: ProcessHands = hands(host)
    assert writing.server == "web-1"
    start = start_of(child.pid)
    assert await writing.signal("TERM", child.pid, start + 1) == "gone"
    assert alive(child.pid)
    assert await writing.signal("TERM", child.pid, start) == "done"
    await wait_until_async(lambda: not alive(child.pid))
    assert await writing.signal("TERM", child.pid, start) == "gone", "a zombie has ended"
    assert child.wait(10) == -signal.SIGTERM
    assert await writing.signal("TERM", child.pid, start) == "gone"


async def test_it_reaches_the_process_of_that_boot_alone(
    host: Host, child: "subprocess.Popen[bytes]"
) -> None:
    start = start_of(child.pid)
    assert await hands(host).signal("TERM", child.pid, start, OTHER_BOOT) == "gone"
    assert alive(child.pid)
    assert await hands(host).signal("TERM", child.pid, start, boot_here()) == "done"
    assert child.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("name", ["KILL", "STOP", "9", "TERM; id", ""])
async def test_no_other_signal_is_ever_sent(name: str, child: "subprocess.Popen[bytes]") -> None:
    asked = Through(os.environ["PATH"])
    assert (await hands(asked).signal(name, child.pid, start_of(child.pid))).startswith("refused: ")
    assert (await hands(asked).signal("TERM", 1, 1)).startswith("refused: process 1 is not a service")
    assert asked.asked == []


async def test_without_rights_it_is_told_whose_it_is(child: "subprocess.Popen[bytes]") -> None:
    said = await hands(AsNobody()).signal("TERM", child.pid, start_of(child.pid))
    assert said == f"refused: process {child.pid} on web-1 belongs to root"
    assert alive(child.pid)


@pytest.mark.parametrize("answer", ["", "answer\n", "answer maybe\n", "done\n"])
async def test_an_answer_that_is_none_leaves_it_unknown(answer: str) -> None:
    with pytest.raises(AnswerError, match="web-1 did not say whether it sent TERM"):
        await hands(Says(answer)).signal("TERM", 4711, 5)


async def test_a_greeting_before_the_answer_does_no_harm() -> None:
    assert await hands(Says("Welcome!\nanswer done\n")).signal("TERM", 4711, 5) == "done"


async def test_programs_are_run_there_and_what_is_missing_is_refused(host: Host) -> None:
    writing = hands(host)
    status, said = await writing.run(["sh", "-c", "echo out; echo err >&2; exit 3"], 15)
    assert (status, said) == (3, b"out\nerr\n")
    assert await writing.why_not(["sh", "no-such-program"]) == "no-such-program cannot be found on web-1"
    assert await writing.why_not(["sh"]) == ""
    with pytest.raises(TimedOutError):
        await writing.run(["sh", "-c", "read nothing </dev/zero; sleep 30"], 0.2)


async def test_a_program_that_cannot_be_started_is_refused() -> None:
    class Nothing(Says):
        async def run(self, argv: Sequence[str], **_: Any) -> Ran:
            raise UnsupportedError("there is no systemctl")

    with pytest.raises(RefusedError, match="web-1: there is no systemctl"):
        await hands(Nothing("")).run(["systemctl", "stop"], 5)


async def test_one_console_keeps_another_of_this_user_out() -> None:
    first, second = hands(Says("")), hands(Says(""))
    try:
        assert await first.hold("web/far", "ann", 60) == ""
        assert await second.hold("web/far", "bob", 60) == "ann"
    finally:
        await first.close()
    assert await second.hold("web/far", "bob", 60) == ""
    await second.let_go("web/far", "bob")
    await second.close()
