import os
import resource
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest

from collectors.text import Shown
from console.engine import recording
from console.engine.recording import Recorder, RecordingError, entries, prune, recordings
from console.engine.state import Event
from tests.console.engine.recorded import JOBS, NOW, record, sweep


def test_the_limit_ends_a_recording_and_says_so(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0", limit=2000)
    second = 0
    while not recorder.stopped:
        second += 1
        assert second < 1000
        recorder.event(Event(NOW + second, "mark", "", Shown(os.urandom(40).hex())))
        recorder.flush()
    assert recorder.nearly_full
    assert "a.qdr has reached" in recorder.stopped
    size = (tmp_path / "a.qdr").stat().st_size
    assert 1000 < size <= 2000
    recorder.event(Event(NOW, "mark", "", Shown("late")))
    assert not recorder.due(NOW + 1e6)
    recorder.close()
    assert (tmp_path / "a.qdr").stat().st_size == size
    assert list(entries(tmp_path / "a.qdr"))


FULL = """
import resource, sys
from pathlib import Path
from collectors.text import Shown
from console.engine.recording import Recorder
from console.engine.state import Event
import os
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
recorder = Recorder(Path(sys.argv[1]), "shop", "lab", "1.0")
for second in range(100):
    recorder.event(Event(float(second), "mark", "", Shown(os.urandom(200).hex())))
    recorder.flush()
recorder.close()
print(recorder.stopped)
"""


def test_a_full_disk_ends_a_recording_in_words_and_leaves_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.qdr"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() in ("a.qdr: File too large", "a.qdr: no space left on device")
    told = list(entries(path))
    assert told[0][0] == "head"
    assert len(told) > 3
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 3000


def test_a_write_that_does_not_fit_whole_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder.flush()
    size = (tmp_path / "a.qdr").stat().st_size
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    recorder.event(Event(NOW, "mark", "", Shown("deploy")))
    recorder.flush()
    assert recorder.stopped == "a.qdr: no space left on device"
    assert (tmp_path / "a.qdr").stat().st_size == size


def test_where_nothing_can_be_written_the_error_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"cannot record to .*/file/a\.qdr: Not a directory"):
        Recorder(tmp_path / "file" / "a.qdr", "shop", "lab", "1.0")
    record(tmp_path / "a.qdr")
    with pytest.raises(RecordingError, match="File exists"):
        Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    with pytest.raises(RecordingError, match="cannot record to /dev/full/a"):
        Recorder(Path("/dev/full/a.qdr"), "shop", "lab", "1.0")


def test_it_is_due_after_some_seconds_or_much_data_and_not_without(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder.flush()
    assert not recorder.due(time.time() + 100)
    # an event of another day does not move the clock of the writer
    recorder.event(Event(NOW + 1e9, "mark", "", Shown("tomorrow")))
    assert not recorder.due(time.time() + 1)
    assert recorder.due(time.time() + recording.FLUSH_AFTER + 0.1)
    for _ in range(1000):
        recorder.sweep(JOBS, *sweep(NOW, {}))
    assert recorder.due(time.time())
    recorder.close()


def test_flushing_while_sweeps_come_loses_none_and_closing_waits(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    over = threading.Event()

    def flush() -> None:
        while not over.is_set():
            recorder.flush()

    flusher = threading.Thread(target=flush)
    flusher.start()
    for index in range(2000):
        recorder.event(Event(NOW + index, "mark", "", Shown(str(index))))
    recorder.close()
    over.set()
    flusher.join()
    told = [entry[4] for entry in entries(tmp_path / "a.qdr") if entry[0] == "event"]
    assert told == [str(index) for index in range(2000)]
    assert recorder.stopped == ""


def test_closing_waits_for_a_block_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    compress, begun, go_on = zlib.compress, threading.Event(), threading.Event()

    def slow(data: bytes, level: int) -> bytes:
        begun.set()
        go_on.wait(10)
        return compress(data, level)

    monkeypatch.setattr(zlib, "compress", slow)
    recorder.event(Event(NOW, "mark", "", Shown("deploy")))
    writer = threading.Thread(target=recorder.flush)
    closer = threading.Thread(target=recorder.close)
    writer.start()
    begun.wait(10)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive()
    go_on.set()
    writer.join()
    closer.join()
    assert recorder.stopped == ""
    assert [entry[0] for entry in entries(tmp_path / "a.qdr")] == ["head", "event"]
    recorder.event(Event(NOW, "mark", "", Shown("late")))
    recorder.flush()
    assert recorder.stopped == ""


def test_the_oldest_recordings_go_first(tmp_path: Path) -> None:
    for index in range(5):
        record(tmp_path / f"2026010{index}T000000-1.qdr")
    (tmp_path / "notes.txt").write_text("mine")
    prune(tmp_path, 2)
    assert [path.name[7:8] for path in recordings(tmp_path)] == ["3", "4"]
    assert (tmp_path / "notes.txt").exists()
    prune(tmp_path, 5)
    assert len(recordings(tmp_path)) == 2
