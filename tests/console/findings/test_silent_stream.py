import pytest

from collectors.model.level import Level
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import stream


def test_a_stream_that_usually_speaks_and_is_silent_is_found() -> None:
    film = Film()
    film.calm(stream(1.0))
    film.calm(stream(59.0), passes=1)
    (found,) = film.show(stream(61.0))
    assert rules((found,)) == [("silent-stream", "orders", Level.WARNING)]
    assert found.reason == (
        "app.jsonl is silent since 1 min, never longer than 5 s before: "
        "its writer hangs, is gone, or writes elsewhere"
    )
    assert found.evidence == ("usually 2/s; the stream itself is followed without a fault",)
    assert found.since == film.now - 61
    assert film.show(stream(0.5)) == ()


def test_each_silent_stream_is_named_and_the_others_are_not() -> None:
    film = Film()
    found = film.show(stream(700.0, 200.0, key="a"), stream(500.0, 200.0, key="b"), stream(700.0, key="c"))
    assert [str(one.reason).partition(" ")[0] for one in found] == ["c", "a"]


@pytest.mark.parametrize(
    "reading",
    [
        stream(600.0, 250.0),
        stream(600.0, None),
        stream(None),
        stream(600.0, 5.0, None),
        stream(600.0, 5.0, 0.0),
        stream(600.0, word="missing"),
        stream(59.0, 0.1),
    ],
    ids=[
        "as ever",
        "no past",
        "never a line",
        "no usual rate",
        "usually nothing",
        "not followed",
        "a breath",
    ],
)
def test_what_is_no_silence_stays_silent(reading: object) -> None:
    film = Film()
    for _ in range(3):
        assert film.show(reading) == ()  # type: ignore[arg-type] # a LogReading
