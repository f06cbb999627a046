"""What a question costs, by counts: how many lines are read whole, how often, how much is kept."""

import json
from pathlib import Path

import pytest

from collectors.lines.facts import detect, facts
from console.logs.asking import plan, quick, told
from console.logs.asking.ask import ask
from console.logs.asking.needle import Needle, needle_of
from console.logs.asking.testing import Moment
from console.logs.gathering import FileLines
from console.logs.language import parse
from console.logs.source import Stream
from tests.bench import bench_questions
from tests.console.logs.asked import NOW, Held, line

COUNT = 5_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("questions") / "app.jsonl"
    bench_questions.write(made, COUNT)
    return made


def test_the_bench_answers_as_the_other_engines_do(path: Path, tmp_path: Path) -> None:
    answer = bench_questions.ours(path)
    assert sorted(answer) == sorted(bench_questions.REGIONS)
    values = {region: [] for region in answer}  # type: dict[str, list[float]]
    for one in map(json.loads, path.read_bytes().splitlines()):
        values[one["region"]].append(one["duration_ms"])
    for region, each in values.items():
        each.sort()
        place = (len(each) - 1) * 0.95
        low, high = each[int(place)], each[int(place) + 1]
        assert answer[region] == pytest.approx(low + (high - low) * (place - int(place)))
    assert bench_questions.filtering(1_000)[0] == 1_000


def test_clean_json_lines_are_never_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(*given: object) -> object:
        nonlocal read
        read += 1
        return facts(*given)  # type: ignore[arg-type] # handed on

    for module in (told, quick):
        monkeypatch.setattr(module, "facts", counted)
    for text in (
        "region=eu | p95(duration_ms)",
        "level>=warn | p50(duration) by service",
        "since:2026-11-23T18:00:01Z | uniq(user_id)",
        "| hist 1s by level",
        '"order placed" | count',
    ):
        read = 0
        answer = ask(parse(text), FileLines([(str(path), Stream("app"))]), Moment(NOW))
        assert answer.coverage.lines == COUNT
        # one for each level that there is, before and after the paths are learned
        assert read <= 6, text


def test_all_paths_of_a_duration_are_looked_at_only_while_they_are_learned(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    rows = plan.Reader.rows

    def counted(self: plan.Reader, block: bytes) -> plan.Rows | None:
        sizes.append(len(self._attributes))
        return rows(self, block)

    monkeypatch.setattr(plan.Reader, "rows", counted)
    ask(parse("| p95(duration) by region"), FileLines([(str(path), Stream("app"))]), Moment(NOW))
    assert sizes[0] > 20
    assert set(sizes[1:]) == {2}


def test_a_rare_needle_narrows_a_block() -> None:
    needle = needle_of(parse("event:login.failed level>=warn region=eu").filter)
    assert needle is not None
    assert needle.bytes == b"login.failed"
    lines = [line(event="request", n=at) for at in range(500)]
    lines[7] = line(event="LOGIN.failed")
    lines[9] = b'{"event":"login\\u002efailed"}'
    narrowed = needle.narrowed(b"\n".join(lines) + b"\n")
    assert narrowed == lines[7] + b"\n" + lines[9] + b"\n"
    assert Needle("request", folds=True).narrowed(b"\n".join(lines) + b"\n") is None
    for text in ("status=200", "message:oops", "-event:oops", "event:a OR event:oops", "level:error", "x:5s"):
        assert needle_of(parse(text).filter) is None, text


def test_memory_is_bounded_by_what_an_answer_keeps() -> None:
    lines = [line(event=f"e{at}", n=at) for at in range(3_000)]
    answer = ask(
        parse("| count by event"), Held((lines, detect(lines), "app"), size=500), Moment(NOW), most=10
    )
    assert answer.table is not None
    assert len(answer.table.rows) == 3_000
    assert (
        len(ask(parse("*"), Held((lines, detect(lines), "app"), size=500), Moment(NOW), most=10).records)
        == 10
    )
