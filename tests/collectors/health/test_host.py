"""A machine as it tells itself: the real one, the same through busybox, and answers that lack or lie."""

import os
import re
import shutil
import time
from pathlib import Path
from typing import cast

import pytest

from collectors.base import Context
from collectors.errors import AnswerError, OptionsError
from collectors.health.host import HostHealth, HostHealthOptions
from collectors.health.host.skew import skew_of
from collectors.health.host.told import Told, told_of
from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.quantity import Known, Quantity, Unit, exact, unknown
from collectors.transport.endpoint import DirectDialer
from collectors.transport.host import Host
from collectors.transport.read.exec import TABLE, argv_of
from console.engine.limits import judge_hard
from tests.collectors.machines import Elsewhere, Says, Through, busybox_path


@pytest.fixture
def busybox(tmp_path: Path) -> str:
    return busybox_path(tmp_path / "busybox")


def watching(host: Host | None = None, **options: object) -> HostHealth:
    server = "" if host is None else "web-1"
    dialer = DirectDialer() if host is None else Elsewhere(host)
    context = Context(collector="web", service="shop", server=server, dialer=dialer)
    return HostHealth(HostHealthOptions(**options), context)  # type: ignore[arg-type] # each test's own


async def look(collector: HostHealth) -> tuple[HealthReading, dict[str, Quantity]]:
    [reading] = (await collector.collect()).readings
    found = cast("HealthReading", reading)
    return found, found.quantities()


def value(quantity: Quantity) -> float:
    assert quantity.value is not None
    return quantity.value


def check(reading: HealthReading, found: dict[str, Quantity]) -> None:
    """Compare with what this machine tells by other ways."""
    root = shutil.disk_usage("/")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert reading.state is HealthState.UP
    assert reading.note == ""
    assert str(reading.word).startswith("load ")
    assert value(found["host.cpus"]) == os.cpu_count()
    assert value(found["host.memory_total"]) == pytest.approx(pages, rel=0.01)
    assert 0 < value(found["host.memory"]) < 1
    assert value(found["host.disk"]) >= root.used / (root.used + root.free) - 0.01
    assert 0 <= value(found["host.inodes"]) <= 1
    assert value(found["host.files_open"]) > 0
    assert value(found["uptime"]) == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=30)
    assert reading.started == pytest.approx(time.time() - value(found["uptime"]), abs=5)
    assert reading.version == os.uname().release


async def test_this_machine() -> None:
    collector = watching()
    reading, found = await look(collector)
    check(reading, found)
    assert reading.subject.label == "this machine"
    assert "host.clock_error" not in found, "its clock is ours"
    detail = await collector.detail(reading.subject.id, "disks")
    assert "/" in {str(row[0]) for row in detail.rows}


async def test_a_server_with_busybox_alone(busybox: str) -> None:
    host = Through(busybox)
    reading, found = await look(watching(host))
    check(reading, found)
    assert len(host.asked) == 1, "one command for a pass"
    error = found["host.clock_error"]
    assert error.known is Known.ABOUT
    assert error.margin is not None
    assert value(error) <= error.margin, "busybox tells whole seconds: the truth is within the margin"
    assert error.margin >= 0.5


async def test_a_server_whose_clock_is_told_to_the_nanosecond() -> None:
    _reading, found = await look(watching(Through(os.environ["PATH"])))
    error = found["host.clock_error"]
    assert error.margin is not None
    assert value(error) <= error.margin < 5


async def test_named_paths_are_looked_at_alone_and_a_missing_one_is_told(busybox: str) -> None:
    for path in (busybox, os.environ["PATH"]):
        reading, found = await look(watching(Through(path), paths=("/", "/no/such place")))
        assert "/no/such place" in reading.note
        root = os.statvfs("/")
        used, free = root.f_blocks - root.f_bfree, root.f_bavail
        assert value(found["host.disk"]) == pytest.approx(used / (used + free), abs=0.02)


@pytest.mark.parametrize("path", ["var", "", "-x", "/a\nb", "/a\0"])
def test_paths_that_are_none_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no whole path"):
        HostHealthOptions(paths=(path,))


def test_no_argument_reaches_the_text_of_the_script() -> None:
    argv = argv_of("host.look", "/$(reboot)", "/'; reboot")
    assert argv[:3] == list(TABLE["host.look"].argv)
    assert argv[3:] == ["--", "/$(reboot)", "/'; reboot"]
    assert argv_of("host.look") == list(TABLE["host.look"].argv)
    with pytest.raises(OptionsError, match="takes 1 arguments"):
        argv_of("systemd.show", "a", "b")
    with pytest.raises(OptionsError, match="takes 1 arguments"):
        argv_of("systemd.show")


ANSWER = """
== began
1700000000.250000000

== machine
35b9dad5-b54c-4166-948c-17a6af5dcd20
6.1.0-18-amd64

== loadavg
12.50 8.00 4.25 3/400 999

== stat
cpu0 1 2 3
cpu1 1 2 3
btime 1699990000

== uptime
10000.50 19000.00

== meminfo
MemTotal:       16000000 kB
MemFree:          100000 kB
MemAvailable:    4000000 kB
SwapTotal:       2000000 kB
SwapFree:         500000 kB

== file-nr
9600\t0\t10000

== mounts
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sdb1 /var/lib/big\\040data xfs rw 0 0
/dev/sdb1 /srv/bind xfs rw 0 0
/dev/loop0 /snap/core squashfs ro,nodev 0 0
//nas/my\\040share /mnt/nas cifs rw 0 0
/dev/sdc1 /usr ext4 ro,relatime 0 0
btrfs /pool btrfs rw 0 0

== disks
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/sda1 1000 940 0 100% /
/dev/sdb1 1000 500 500 50% /var/lib/big data
/dev/sdb1 1000 500 500 50% /srv/bind
/dev/loop0 100 100 0 100% /snap/core
//nas/my share 1000 900 100 90% /mnt/nas
/dev/sdc1 100 100 0 100% /usr
btrfs 1000 100 900 10% /pool
ghost 10 10 0 100% /not/mounted

== inodes
Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/sda1 100 40 60 40% /
/dev/sdb1 100 97 3 97% /var/lib/big data
btrfs 0 0 0 - /pool

== ended
1700000000.750000000
"""


def without(*names: str) -> str:
    """The answer, with the content of those sections left out."""
    text = ANSWER
    for name in names:
        text = re.sub(rf"(== {name}\n).*?\n(?===|\Z)", r"\1", text, flags=re.DOTALL)
    return text


def test_each_value_is_read() -> None:
    told = told_of(ANSWER)
    assert (told.loads, told.cpus, told.uptime, told.booted) == ((12.5, 8.0, 4.25), 2, 10000.5, 1699990000.0)
    assert (told.memory, told.available) == (16000000 * 1024, 4000000 * 1024)
    assert (told.swap, told.swap_free) == (2000000 * 1024, 500000 * 1024)
    assert (told.files, told.files_max) == (9600, 10000)
    disks = {disk.at: (disk.share, disk.free, disk.inodes) for disk in told.disks}
    assert list(disks) == ["/", "/var/lib/big data", "/mnt/nas", "/pool"], "fullest first, by either"
    assert disks["/"] == (1.0, 0.0, 0.4), "what is kept for root is free for nobody else"
    assert disks["/var/lib/big data"] == (0.5, 500 * 1024, 0.97)
    assert disks["/mnt/nas"] == (0.9, 100 * 1024, None)
    assert disks["/pool"] == (0.1, 900 * 1024, None), "btrfs has no number of inodes"


async def test_what_is_full_alarms_and_what_is_only_high_does_not() -> None:
    reading, found = await look(watching(Says(ANSWER)))
    assert found["host.memory"].value == 0.75
    assert found["host.swap"].value == 0.75
    assert found["host.load_per_cpu"].value == 6.25
    said = {one.reason: one.level for one in judge_hard(reading)}
    assert said["disk 100 % full on /"] is Level.CRITICAL
    assert said["inodes 97 % full on /var/lib/big data"] is Level.WARNING
    assert said["table of open files 96 % full"] is Level.CRITICAL
    assert sorted(level for level in said.values() if level is not Level.OK) == ["critical"] * 2 + ["warning"]


@pytest.mark.parametrize(
    ("section", "names", "word"),
    [
        ("loadavg", ["host.load", "host.load5", "host.load15", "host.load_per_cpu"], "load"),
        ("meminfo", ["host.memory", "host.memory_available", "host.memory_total", "host.swap"], "memory"),
        ("disks", ["host.disk", "host.disk_free", "host.inodes"], "disks"),
        ("file-nr", ["host.files", "host.files_open"], "open files"),
        ("stat", ["host.cpus", "host.load_per_cpu"], ""),
        ("uptime", ["uptime"], ""),
        ("inodes", ["host.inodes"], ""),
        ("machine", ["restarts"], ""),
    ],
)
async def test_what_is_not_there_is_unknown(section: str, names: list[str], word: str) -> None:
    whole = (await look(watching(Says(ANSWER))))[1]
    reading, found = await look(watching(Says(without(section))))
    for name, quantity in found.items():
        assert quantity.known is Known.UNKNOWN if name in names else quantity.known is whole[name].known, name
    assert reading.note == (f"partial view: it does not tell {word}" if word else "")
    assert reading.started == (None if section == "stat" else 1699990000.0)


async def test_memory_of_an_old_kernel_is_unknown_and_never_guessed() -> None:
    text = ANSWER.replace("MemAvailable:    4000000 kB\n", "")
    _reading, found = await look(watching(Says(text)))
    assert found["host.memory"] == unknown(Unit.RATIO)
    assert found["host.memory_total"].value == 16000000 * 1024


async def test_a_reboot_is_counted() -> None:
    again = ANSWER.replace("35b9dad5", "00000000")
    collector = watching(Says(ANSWER, ANSWER, without("machine"), again))
    counts = [(await look(collector))[1]["restarts"] for _ in range(4)]
    assert counts == [exact(0), exact(0), unknown(), exact(1)]


@pytest.mark.parametrize(
    "text", ["", "This account is currently not available.\n", "\n== ended\n1.0\n\n== began\n1.0\n"]
)
async def test_an_answer_of_something_else_is_an_error(text: str) -> None:
    with pytest.raises(AnswerError, match="did not print what it was asked for") as caught:
        await look(watching(Says(text)))
    assert "login" in caught.value.hint
    assert text.strip().partition("\n")[0] in caught.value.why


def test_a_mount_point_cannot_speak_for_a_section() -> None:
    evil = ANSWER.replace("btrfs 1000 100 900 10% /pool", "x 1 1 0 100% /a\n== loadavg\n0.00 0.00 0.00 1/1 1")
    with pytest.raises(AnswerError):
        told_of(evil)


# the clock


def told(began: str, ended: str) -> Told:
    return told_of(ANSWER.replace("1700000000.250000000", began).replace("1700000000.750000000", ended))


@pytest.mark.parametrize(
    ("began", "ended", "asked", "took", "skew", "margin"),
    [
        # half a second of way there and back, of which it spent 0.5 looking
        ("1700000000.25", "1700000000.75", 1700000000.0, 1.0, 0.0, 0.25),
        ("1700000100.25", "1700000100.75", 1700000000.0, 1.0, 100.0, 0.25),
        ("1699999990.25", "1699999990.75", 1700000000.0, 1.0, -10.0, 0.25),
        # whole seconds: the first may have been nearly one more
        ("1700000000", "1700000000", 1700000000.0, 0.2, 0.4, 0.6),
        ("1700000000.%N", "1700000000.%N", 1700000000.0, 0.2, 0.4, 0.6),
    ],
)
def test_the_clock_is_told_with_what_one_question_can_know(
    began: str, ended: str, asked: float, took: float, skew: float, margin: float
) -> None:
    found = skew_of(told(began, ended), asked, took)
    assert found.known is Known.ABOUT
    assert found.value == pytest.approx(skew, abs=1e-6)
    assert found.margin == pytest.approx(margin, abs=1e-6)


def test_a_clock_that_was_set_meanwhile_is_unknown() -> None:
    assert skew_of(told("1700000000.0", "1700000050.0"), 1700000000.0, 1.0) == unknown(Unit.SECONDS)
    assert skew_of(told("soon", "1700000050.0"), 1700000000.0, 1.0) == unknown(Unit.SECONDS)


async def test_a_clock_that_is_wrong_is_told_with_its_direction() -> None:
    at_once = ANSWER.replace("1700000000.750000000", "1700000000.250000000")
    reading, found = await look(watching(Says(at_once)))
    assert value(found["host.clock_error"]) > 1e6
    [clock] = [part for part in reading.parts if part.name == "clock"]
    assert clock.word == "behind ours"
    assert clock.value == found["host.clock_error"]
