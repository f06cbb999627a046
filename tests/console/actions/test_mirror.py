"""The journal's mirror gets every record in order, and never holds anybody up."""

import json
import socket
import threading
from pathlib import Path

from console.actions.journal import FILE, Journal
from console.actions.mirror import MOST_WAITING, Mirror, to_program, to_syslog
from tests.servers.waiting import wait_until


def test_a_program_gets_each_record(tmp_path: Path) -> None:
    out = tmp_path / "out"
    mirror = Mirror(to_program(["/bin/sh", "-c", f"cat >> {out}"]))
    journal = Journal(tmp_path / FILE, mirror)
    for number in range(3):
        journal.append({"id": f"run-{number}"})
    mirror.close(20)
    assert out.read_bytes() == journal.path.read_bytes()
    assert (mirror.trouble, mirror.missed) == ("", 0)


def test_syslog_gets_each_record_as_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        log.settimeout(20)
        mirror = Mirror(to_syslog(tmp_path / "log"))
        Journal(tmp_path / FILE, mirror).append({"id": "run-0"})
        head, _, record = log.recv(65536).partition(b"quarterdeck: ")
        assert head == b"<85>"
        assert json.loads(record)["id"] == "run-0"
        mirror.close(20)


def test_a_mirror_that_fails_or_hangs_costs_the_journal_nothing(tmp_path: Path) -> None:
    failing = Mirror(to_program(["/bin/false"]))
    journal = Journal(tmp_path / FILE, failing)
    journal.append({"id": "run-0"})
    wait_until(lambda: failing.trouble, 20)
    assert (failing.missed, journal.verify().records) == (1, 1)
    failing.close(20)
    held = threading.Event()

    def hang(_line: bytes) -> None:
        held.wait(60)

    hanging = Mirror(hang)
    for number in range(MOST_WAITING + 10):
        hanging(b"%d" % number)
    assert hanging.missed >= 9
    held.set()
    hanging.close(20)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    mirror = Mirror(to_program([str(tmp_path / "none")]))
    mirror(b"x")
    mirror.close(20)
    assert "No such file" in mirror.trouble
