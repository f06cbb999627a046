import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.engine import marks
from console.engine.folders import state_folder
from console.engine.marks import FILE, Marks, append
from tests.servers.waiting import wait_until

NOW = 1_700_000_000.0


def test_a_mark_is_read_once_by_whoever_follows(tmp_path: Path) -> None:
    folder = tmp_path / "quarterdeck" / "shop-lab"
    reader, other = Marks(folder), Marks(folder)
    assert reader.new(0.0) == []
    append(folder, NOW, "deploy v41", "orders", "ada")
    (event,) = reader.new(0.0)
    assert (event.at, event.kind, event.service, event.text) == (NOW, "mark", "orders", "deploy v41")
    assert reader.new(0.0) == []
    append(folder, NOW + 1, "rolled back", "", "ada")
    assert [one.text for one in reader.new(0.0)] == ["rolled back"]
    assert [one.text for one in other.new(NOW + 1)] == ["rolled back"]


def test_marks_are_private_at_every_level(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        append(tmp_path / "a" / "b", NOW, "x", "", "")
    finally:
        os.umask(umask)
    modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a", "a/b", f"a/b/{FILE}")]
    assert modes == [0o700, 0o700, 0o600]


def test_secrets_and_controls_do_not_get_in(tmp_path: Path) -> None:
    append(tmp_path, NOW, "login password=hunter2secret\x1b[2J\nnext", "orders\n", "a\x07" * 500)
    raw = (tmp_path / FILE).read_bytes()
    assert raw.count(b"\n") == 1
    assert b"hunter2secret" not in raw
    assert b"\x1b" not in raw
    assert len(json.loads(raw)["who"]) <= 80
    assert Marks(tmp_path).new(0.0)[0].text.startswith("login password=‹")


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b'{"at": 1}', b"[" * 100_000,
        b'{"at": null, "text": "", "service": ""}', b'{"at": NaN, "text": "", "service": ""}',
        b'{"at": 1e999, "text": "", "service": ""}',
        b'{"at": 1' + b"0" * 400 + b', "text": "", "service": ""}',
    ],
)  # fmt: skip
def test_a_foreign_line_is_passed_over(tmp_path: Path, line: bytes) -> None:
    append(tmp_path, NOW, "one", "", "")
    with (tmp_path / FILE).open("ab") as file:
        file.write(line + b"\n")
    append(tmp_path, NOW, "two", "", "")
    assert [event.text for event in Marks(tmp_path).new(0.0)] == ["one", "two"]


@given(st.binary(max_size=200))
def test_no_bytes_stop_the_marks(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("marks")
    (folder / FILE).write_bytes(noise + b"\n")
    append(folder, NOW, "after", "", "")
    assert Marks(folder).new(0.0)[-1].text == "after"


def test_a_torn_line_waits_for_its_end(tmp_path: Path) -> None:
    append(tmp_path, NOW, "whole", "", "")
    line = (tmp_path / FILE).read_bytes()
    reader = Marks(tmp_path)
    (tmp_path / FILE).write_bytes(line + line[:20])
    assert len(reader.new(0.0)) == 1
    (tmp_path / FILE).write_bytes(line + line)
    assert len(reader.new(0.0)) == 1


def test_a_line_without_end_does_not_stop_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST_READ", 1000)
    (tmp_path / FILE).write_bytes(b"x" * 2500 + b"\n")
    append(tmp_path, NOW, "after", "", "")
    reader = Marks(tmp_path)
    told = [event.text for _ in range(5) for event in reader.new(0.0)]
    assert told == ["after"]


def test_a_file_that_was_emptied_is_read_anew(tmp_path: Path) -> None:
    reader = Marks(tmp_path)
    for _ in range(3):
        append(tmp_path, NOW, "a rather long text", "", "")
    assert len(reader.new(0.0)) == 3
    (tmp_path / FILE).unlink()
    assert reader.new(0.0) == []
    append(tmp_path, NOW, "new", "", "")
    assert [event.text for event in reader.new(0.0)] == ["new"]


def test_a_mark_that_cannot_be_written_whole_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", lambda fd, data: write(fd, data[:9]))
        with pytest.raises(OSError, match="no space left"):
            append(tmp_path, NOW, "torn", "", "")
    append(tmp_path, NOW, "next", "", "")
    assert [event.text for event in Marks(tmp_path).new(0.0)] == ["next"]
    with pytest.raises(OSError, match="Not a directory"):
        append(tmp_path / FILE, NOW, "x", "", "")


WRITER = """
import sys, time
from pathlib import Path
from console.engine.marks import append
for number in range(200):
    append(Path(sys.argv[1]), time.time(), f"{sys.argv[2]} {number}", "", "")
"""


def test_two_processes_at_once_lose_no_mark(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in ("ada", "bob")
    ]
    reader = Marks(tmp_path)
    told: list[str] = []

    def all_told() -> bool:
        told.extend(event.text for event in reader.new(0.0))
        return len(told) == 400

    wait_until(all_told, 30, "400 marks")
    assert [writer.wait(10) for writer in writers] == [0, 0]
    for name in ("ada", "bob"):
        assert [text for text in told if text.startswith(name)] == [f"{name} {n}" for n in range(200)]


@pytest.mark.parametrize(
    ("environ", "name", "environment", "folder"),
    [
        ({"HOME": "/home/ada"}, "shop", "lab", "/home/ada/.local/state/quarterdeck/shop-lab"),
        ({"HOME": "/h", "XDG_STATE_HOME": "/x"}, "shop", "", "/x/quarterdeck/shop"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, "", "", "/h/.local/state/quarterdeck/console"),
        ({"HOME": "/h"}, "../../etc", "a/b", "/h/.local/state/quarterdeck/_.._etc-a_b"),
        ({"HOME": "/h"}, "..", "", "/h/.local/state/quarterdeck/console"),
    ],
)
def test_each_console_has_a_folder_of_its_own_under_the_state_folder(
    environ: dict[str, str], name: str, environment: str, folder: str
) -> None:
    assert str(state_folder(environ, name, environment)) == folder
