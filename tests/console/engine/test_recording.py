import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit, about, at_least, exact, needs_samples, unknown
from collectors.model.subject import SubjectId
from collectors.text import Shown, one_line
from console.engine import recording
from console.engine.history import History
from console.engine.recording import MAGIC, Recorder, RecordingError, entries, read_back
from console.engine.state import Event
from tests.console.engine.recorded import JOBS, NOW, record, sweep


def series(history: History, field: str, key: bytes = b"mail") -> list[tuple[float, float | None, Known]]:
    told = history.series(SubjectId(Practice.QUEUES, "jobs", "web-1", key), field)
    return [(one.at, one.value, one.known) for one in told]


quantities = st.one_of(
    st.builds(exact, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(Unit)),
    st.builds(at_least, st.floats(0, 1e9), st.sampled_from(Unit)),
    st.builds(about, st.floats(0, 1e9), st.floats(0, 10), st.sampled_from(Unit)),
    st.just(unknown()),
    st.just(needs_samples()),
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["x.a", "x.b", "x.c"]), quantities, min_size=1),
        min_size=1,
        max_size=8,
    ),
    st.binary(min_size=1, max_size=40),
)
def test_what_is_recorded_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, samples: list[dict[str, Quantity]], key: bytes
) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    recorder = Recorder(folder / "a.qdr", "shop", "lab", "1.0")
    for index, fields in enumerate(samples):
        recorder.sweep(JOBS, *sweep(NOW + index, fields, key))
    recorder.close()
    history = History()
    count, _events = read_back(folder, history, 0.0)
    assert count == len(samples)
    (told,) = {entry[5][0][2] for entry in entries(folder / "a.qdr") if entry[0] == "sweep"}
    for field in ("x.a", "x.b", "x.c"):
        known = [
            (NOW + index, fields[field].value, fields[field].known)
            for index, fields in enumerate(samples)
            if field in fields and fields[field].is_known
        ]
        assert [one for one in series(history, field, told) if one[1] is not None] == known


def test_a_recording_says_what_it_is_and_holds_every_kind(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder.sweep(JOBS, *sweep(NOW, {"x.a": exact(2.5)}))
    recorder.findings(NOW + 1, sweep(NOW, {})[1])
    recorder.event(Event(NOW + 2, "mark", "orders", Shown("deploy v41")))
    recorder.close()
    recorder.close()
    assert (tmp_path / "a.qdr").read_bytes().startswith(b"quarterdeck recording 1\n")
    assert list(entries(tmp_path / "a.qdr")) == [
        ["head", "shop", "lab", "1.0"],
        ["sweep", "jobs", "web-1", NOW, True,
            [["queues", "orders", b"mail", "mail", "warning", "why", {"x.a": [2.5, 0, "count"]}]]],
        ["verdicts", NOW + 1, [["warning", "limits", "orders", "queues", "why"]]],
        ["event", NOW + 2, "mark", "orders", "deploy v41"],
    ]  # fmt: skip
    assert recorder.written == (tmp_path / "a.qdr").stat().st_size
    assert recorder.stopped == ""


def test_files_are_private_and_so_are_their_folders(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        record(tmp_path / "state" / "quarterdeck" / "a.qdr", (NOW, {}))
    finally:
        os.umask(umask)
    told = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "state").rglob("*")
        if path.name != "state"
    }
    assert told == {"quarterdeck": 0o700, "a.qdr": 0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 13, 40])
def test_a_torn_tail_is_left_out_and_the_rest_read(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.qdr"
    record(path, *[(NOW + second, {"x.a": exact(second)}) for second in range(5)], each_block=True)
    os.truncate(path, path.stat().st_size - cut)
    assert len(list(entries(path))) == 5
    history = History()
    assert read_back(tmp_path, history, 0.0)[0] == 4
    assert [value for _at, value, _known in series(history, "x.a")] == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [0, 3, len(MAGIC)])
def test_a_file_that_was_hardly_begun_is_empty(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.qdr").write_bytes(MAGIC[:size])
    assert read_back(tmp_path, History(), 0.0) == (0, [])


def test_a_damaged_block_is_told_and_costs_no_other_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.qdr"
    record(path, *[(NOW + second, {"x.a": exact(second)}) for second in range(5)], each_block=True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=r"a\.qdr at byte \d+ is damaged"):
        list(entries(path))
    record(tmp_path / "b.qdr", (NOW + 100, {"x.a": exact(100)}))
    history = History()
    read_back(tmp_path, history, 0.0)
    values = [value for _at, value, _known in series(history, "x.a")]
    assert values[0] == 0
    assert values[-1] == 100


@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_keep_a_console_from_starting(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "noise.qdr").write_bytes(MAGIC + noise)
    record(folder / "torn.qdr", (NOW, {"x.a": exact(1)}), each_block=True)
    data = (folder / "torn.qdr").read_bytes()
    (folder / "torn.qdr").write_bytes(data[:at] + noise + data[at:])
    read_back(folder, History(), 0.0)


@pytest.mark.parametrize(
    "entry",
    [
        ["sweep"], ["sweep", "a", "b", "late", True, []], ["sweep", "a", "b", NOW, True, [["queues"]]],
        ["sweep", "a", "b", NOW, True, [["sails", "", b"", "", "", "", {}]]], ["event", None], [], 7, None,
        ["sweep", "a", "b", NOW, True, [["queues", "", b"", "", "", "", {"x": [1.0, 9, "count"]}]]],
        ["sweep", "a", "b", NOW, True, [["queues", "", b"", "", "", "", {"x": [1.0, 0, "parsecs"]}]]],
        ["sweep", "a", "b", NOW, True, 3],
    ],
)  # fmt: skip
def test_an_entry_of_another_shape_is_damage(tmp_path: Path, entry: Any) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder._add(entry) if isinstance(entry, list) and entry else recorder._entries.append(entry)
    recorder.close()
    record(tmp_path / "b.qdr", (NOW, {"x.a": exact(1)}))
    assert read_back(tmp_path, History(), 0.0)[0] == 1


def test_what_is_no_recording_is_refused_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.qdr").write_bytes(b"PNG" * 100)
    (tmp_path / "b.qdr").mkdir()
    (tmp_path / "c.qdr").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RecordingError, match="is not a recording of format 1"):
        list(entries(tmp_path / "a.qdr"))
    with pytest.raises(RecordingError, match="cannot be read"):
        list(entries(tmp_path / "c.qdr"))
    record(tmp_path / "d.qdr", (NOW, {"x.a": exact(1)}))
    assert read_back(tmp_path, History(), 0.0)[0] == 1


def test_a_block_that_unpacks_to_more_than_it_may_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder.event(Event(NOW, "mark", "", Shown("x" * 5000)))
    recorder.close()
    monkeypatch.setattr(recording, "MOST_BLOCK", 1000)
    with pytest.raises(RecordingError, match="is damaged"):
        list(entries(tmp_path / "a.qdr"))


def test_only_what_is_young_enough_is_read_back(tmp_path: Path) -> None:
    record(
        tmp_path / "a.qdr",
        *[(NOW - 100 + second, {"x.a": exact(second)}) for second in range(0, 100, 10)],
        each_block=True,
    )
    history = History()
    assert read_back(tmp_path, history, NOW - 45)[0] == 4
    assert [value for _at, value, _known in series(history, "x.a")] == [60, 70, 80, 90]
    # blocks of the time before are not even unpacked
    assert [entry[0] for entry in entries(tmp_path / "a.qdr", time.time() + 60)] == ["sweep"]
    os.utime(tmp_path / "a.qdr", (NOW - 5000, NOW - 5000))
    assert read_back(tmp_path, History(), NOW - 45)[0] == 0


def test_what_is_older_than_a_quarter_of_an_hour_is_read_back_thinned(tmp_path: Path) -> None:
    start = time.time() - 1800
    record(tmp_path / "a.qdr", *[(start + second, {"x.a": exact(second)}) for second in range(0, 1800, 10)])
    history = History()
    count, _events = read_back(tmp_path, history, start - 1)
    times = [at - start for at, _value, _known in series(history, "x.a")]
    assert count == len(times)
    assert [round(at) for at in times[:4]] == [0, 30, 60, 90]
    assert len([at for at in times if at > 905]) == 89


def test_events_come_back_once_and_in_order(tmp_path: Path) -> None:
    first, second = (Event(NOW + at, "mark", "orders", Shown(f"deploy {at}")) for at in (1, 2))
    for name, events in (("a.qdr", (second,)), ("b.qdr", (first, second))):
        recorder = Recorder(tmp_path / name, "shop", "lab", "1.0")
        for event in events:
            recorder.event(event)
        recorder.close()
    assert read_back(tmp_path, History(), 0.0)[1] == [first, second]


SECRETS = ("hunter2secret", "AKIAABCDEFGHIJKLMNOP", "correcthorse", "s3cr3tbattery")


def test_no_secret_is_inside(tmp_path: Path) -> None:
    url = f"redis://app:{SECRETS[0]}@db/0"
    recorder = Recorder(tmp_path / "a.qdr", "shop", "lab", "1.0")
    recorder.sweep(
        JOBS, *sweep(NOW, {}, f"jobs:password={SECRETS[2]}".encode(), str(one_line(url)), f"at {url}")
    )
    recorder.findings(NOW, sweep(NOW, {}, reason=f"key {SECRETS[1]}")[1])
    recorder.event(Event(NOW, "mark", "", Shown(f"rotated token={SECRETS[3]} for {url}")))
    recorder.close()
    told = repr(list(entries(tmp_path / "a.qdr")))
    assert told.count("‹") >= 5
    assert not [secret for secret in SECRETS if secret in told]
