"""The journal's chain: whole under many writers, torn tails and full disks; a changed byte is found."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.action import RefusedError
from console.actions.journal import FILE, GENESIS, Journal
from tests.project.program import ROOT

WRITER = """
import sys
from pathlib import Path
from console.actions.journal import Journal
journal = Journal(Path(sys.argv[1]) / 'journal.jsonl')
for number in range(int(sys.argv[2])):
    journal.append({"phase": "intent", "id": f"{sys.argv[3]}-{number}", "words": "x" * 300})
    print(number, flush=True)
"""


def filled(folder: Path, records: int = 5) -> Journal:
    journal = Journal(folder / FILE)
    for number in range(records):
        journal.append({"phase": "intent", "id": f"run-{number}"})
    return journal


def writer(folder: Path, records: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(records), name], cwd=ROOT, stdout=subprocess.PIPE
    )


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    found = Journal(tmp_path / FILE).verify()
    assert (found.records, found.head, found.broken) == (0, GENESIS, ())


def test_records_follow_each_other_and_are_private(tmp_path: Path) -> None:
    seen: list[bytes] = []
    journal = Journal(tmp_path / FILE, seen.append)
    heads = [journal.append({"id": str(number)}) for number in range(3)]
    records = list(journal.records())
    assert [record["seq"] for record in records] == [1, 2, 3]
    assert [record["prev"] for record in records] == [GENESIS, *heads[:2]]
    assert journal.verify().head == heads[-1]
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert b"".join(seen) == journal.path.read_bytes()


def test_any_changed_byte_is_found(tmp_path: Path) -> None:
    journal = filled(tmp_path, 6)
    data = journal.path.read_bytes()
    rng = random.Random(3)
    places = {0, len(data) // 2, len(data) - 1, *rng.sample(range(len(data)), 150)}
    for place in sorted(places):
        changed = bytearray(data)
        changed[place] ^= 1 << rng.randrange(8)
        journal.path.write_bytes(bytes(changed))
        assert journal.verify().broken, (place, data[place : place + 1], changed[place : place + 1])
    journal.path.write_bytes(data)
    assert journal.verify().broken == ()


def test_a_removed_and_a_swapped_record_are_found(tmp_path: Path) -> None:
    journal = filled(tmp_path, 4)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([lines[0], *lines[2:]]))
    assert journal.verify().broken == ((2, "a record before it is missing or was changed"),)
    journal.path.write_bytes(b"".join([lines[0], lines[2], lines[1], lines[3]]))
    assert [line for line, _why in journal.verify().broken] == [2, 3, 4]


def test_a_torn_tail_is_cut_off_by_the_next_record(tmp_path: Path) -> None:
    journal = filled(tmp_path, 3)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"id": "half')
    assert journal.verify().broken == ((4, "the last line is torn"),)
    assert [record["id"] for record in journal.records()] == ["run-0", "run-1", "run-2"]
    journal.append({"id": "run-3"})
    assert journal.verify().broken == ()
    assert journal.path.read_bytes().startswith(whole)


def test_four_writers_and_a_kill_leave_a_whole_chain(tmp_path: Path) -> None:
    writers = [writer(tmp_path, 60, f"w{number}") for number in range(4)]
    victim = writers[0]
    assert victim.stdout is not None
    while int(victim.stdout.readline()) < 5:
        pass
    victim.send_signal(signal.SIGKILL)
    for one in writers:
        one.communicate(timeout=60)
    journal = Journal(tmp_path / FILE)
    journal.append({"id": "last"})
    found = journal.verify()
    assert found.broken == ()
    ids = [record["id"] for record in journal.records()]
    assert len(ids) == len(set(ids)) == found.records
    assert sum(not one.startswith("w0") for one in ids) == 181


def test_a_full_disk_refuses_and_leaves_the_chain_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 2)
    before = journal.path.read_bytes()
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2]))
        with pytest.raises(RefusedError, match="No space left"):
            journal.append({"id": "lost"})
    assert journal.path.read_bytes() == before
    journal.append({"id": "kept"})
    assert journal.verify().broken == ()


def test_a_folder_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match="cannot be written"):
        Journal(tmp_path / "file" / "below" / FILE).append({"id": "x"})


def test_a_very_long_record_is_the_last_one_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / FILE)
    journal.append({"id": "long", "sample": "y" * 300_000})
    journal.append({"id": "next"})
    assert json.loads((tmp_path / FILE).read_bytes().splitlines()[1])["seq"] == 2
    assert journal.verify().broken == ()
