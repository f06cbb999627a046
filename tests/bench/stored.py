"""What is kept: memory of the history by subject, and the size of a recording by hour."""

import json
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator

from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, exact
from collectors.model.subject import SubjectId
from console.engine.history import History
from console.engine.recording import entries
from tests.bench.figures import Figure
from tests.bench.place import OURS, Place

SUBJECTS, SAMPLES, FIELDS, EVERY = 20, 450, 8, 2.0
RECORDED = 30


def history(_place: Place) -> Iterator[Figure]:
    """A quarter of an hour at 2 s, 8 fields a subject: columns beside the same samples as objects."""
    columns = _allocated(_fill_history)
    objects = _allocated(_fill_lists)
    beside = f"{objects / SUBJECTS / 1024:.0f} KiB (the same as objects)"
    words = f"{columns / SUBJECTS / 1024:.0f} KiB"
    yield Figure("history of a subject, 15 min at 2 s", "–", words, beside)


def recording(place: Place) -> Iterator[Figure]:
    """The whole lab at 2 s, recorded by the real command."""
    config = place.lab_config("recording")
    path = place.folder / "bench.qdr"
    command = [*OURS, "record", "--config", str(config), "--for", f"{RECORDED}s", "--to", str(path)]
    env = place.environment()
    subprocess.run(command, env=env, cwd=env["HOME"], check=True, capture_output=True)
    told = list(entries(path))
    plain = len(json.dumps(told, default=repr))
    scale = 3600 / RECORDED / 2**20
    sweeps = sum(entry[0] == "sweep" for entry in told)
    beside = f"{plain * scale:.0f} MiB (the same as JSON)"
    words = f"{path.stat().st_size * scale:.1f} MiB ({sweeps} passes in {RECORDED} s)"
    yield Figure("recording of the lab, an hour", "–", words, beside)


def _quantities(sample: int) -> dict[str, Quantity]:
    return {f"field_{number}": exact(float(sample + number)) for number in range(FIELDS)}


def _subjects() -> list[SubjectId]:
    return [SubjectId(Practice.QUEUES, "bench", "", b"%d" % number) for number in range(SUBJECTS)]


def _fill_history() -> object:
    kept = History()
    for subject in _subjects():
        for sample in range(SAMPLES):
            kept.add(subject, sample * EVERY, _quantities(sample))
    return kept


def _fill_lists() -> object:
    return {
        subject: [(sample * EVERY, _quantities(sample)) for sample in range(SAMPLES)]
        for subject in _subjects()
    }


def _allocated(make: Callable[[], object]) -> int:
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return size
