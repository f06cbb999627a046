"""Starts and restarts as answers tell them, in every unit that answers use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.health._durations import duration, iso_moment, moment
from collectors.health._formats.identity import told
from collectors.health._lives import Life, Lives
from collectors.health._parsed import Told
from collectors.model.quantity import Known

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h2m3.5s", 3723.5),
        ("250ms", 0.25),
        ("00:00:00.1", 0.1),
        ("1.02:03:04", 93784),
        ("1 day, 2:03:04", 93784),
        ("3 days, 0:00:01", 259201),
        ("PT1H2M", 3720),
        ("P1DT0.5S", 86400.5),
        ("12.5s", 12.5),
        ("", None),
        ("soon", None),
        ("P", None),
        ("1h2x", None),
        ("9" * 100, None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_moments() -> None:
    for scale in (1, 1e3, 1e6, 1e9):
        assert moment(NOW * scale) == pytest.approx(NOW)
    assert moment(12345.0) is None
    assert iso_moment("2027-01-15T08:00:00Z") == NOW
    assert iso_moment("2027-01-15T10:00:00+02:00") == NOW
    assert iso_moment("2027-01-15T08:00:00") is None, "without a zone it could be any"
    assert iso_moment("0001-01-01T00:00:00+14:00") is None or True
    assert iso_moment("yesterday at noon") is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"started_at": "2027-01-15T08:00:00Z"}, Told(started=NOW)),
        ({"process_start_time_seconds": NOW}, Told(started=NOW)),
        ({"info": {"startTime": NOW * 1000}}, Told(started=NOW)),
        ({"uptimeMs": 90_000}, Told(uptime=90.0)),
        ({"uptime": "1m30s"}, Told(uptime=90.0)),
        ({"uptime": 90}, Told(raw_uptime=90.0)),
        ({"uptime": -1, "restarts": -1}, Told()),
        ({"restarts": 3}, Told(restarts=3)),
        ({"version": "1.2", "releaseId": "77"}, Told(version="77")),  # type: ignore[arg-type]  # compared as text
        ({"git": {"commit": {"id": "abcdef0123456789"}}}, Told(version="abcdef012345")),  # type: ignore[arg-type]  # as above
        ({"version": "1.2", "commit": "abc"}, Told(version="1.2 (abc)")),  # type: ignore[arg-type]  # as above
        ({"pod_name": "web-1"}, Told(instance="web-1")),  # type: ignore[arg-type]  # as above
        ({"version": {"a": 1}, "uptime": [], "started": {}, "instance": None}, Told()),
        ([1], Told()),
        (None, Told()),
    ],
)
def test_what_answers_tell(document: object, expected: Told) -> None:
    assert told(document, {}) == expected


def test_headers_tell_an_instance() -> None:
    assert told(None, {"x-pod-name": "web-7"}).instance == "web-7"
    assert told({"instance": "web-1"}, {"x-pod-name": "web-7"}).instance == "web-1"


def _count(life: Life) -> tuple[float | None, Known]:
    return life.restarts.value, life.restarts.known


def test_nothing_told_is_unknown_and_not_zero() -> None:
    life = Lives().see(Told(), NOW)
    assert _count(life) == (None, Known.UNKNOWN)
    assert (life.started, life.uptime.known) == (None, Known.UNKNOWN)


def test_the_same_start_is_no_restart_though_it_wanders() -> None:
    lives = Lives()
    for second, uptime in enumerate((100.0, 101.4, 101.6, 103.9)):
        life = lives.see(Told(uptime=uptime), NOW + second)
    assert _count(life) == (0, Known.EXACT)
    assert life.flaw == ""


def test_each_later_start_is_one_restart_at_least() -> None:
    lives = Lives()
    for number in range(4):
        life = lives.see(Told(started=NOW + 60 * number), NOW + 60 * number + 30)
    assert _count(life) == (3, Known.AT_LEAST)
    assert (life.started, life.uptime.value) == (NOW + 180, 30)


def test_a_start_that_comes_back_means_several_processes() -> None:
    lives = Lives()
    for started in (0.0, 1000.0, 0.0):
        life = lives.see(Told(started=NOW - 5000 + started), NOW)
    assert life.flaw == "answers come from several instances"
    assert _count(life) == (None, Known.UNKNOWN)
    for _ in range(30):
        life = lives.see(Told(started=NOW - 5000), NOW)
    assert life.flaw == "", "the doubt ends when one process answers alone"


def test_a_new_instance_is_no_restart_and_no_flaw() -> None:
    lives = Lives()
    lives.see(Told(instance="web-1", started=NOW - 100), NOW)  # type: ignore[arg-type]  # text will do
    life = lives.see(Told(instance="web-2", started=NOW), NOW)  # type: ignore[arg-type]  # text will do
    assert (_count(life), life.flaw) == ((0, Known.EXACT), "")


def test_the_start_of_an_instance_may_wander_too() -> None:
    lives = Lives()
    for wander in (0.0, 2.0, 4.0):
        life = lives.see(Told(instance="a", started=NOW + wander), NOW + 60)  # type: ignore[arg-type]  # text will do
    assert _count(life) == (0, Known.EXACT)
    life = lives.see(Told(instance="a", started=NOW + 30), NOW + 60)  # type: ignore[arg-type]  # text will do
    assert _count(life) == (1, Known.AT_LEAST)


def test_restarts_of_the_same_instance_count_behind_a_balancer() -> None:
    lives = Lives()
    for instance, started in (("a", 0), ("b", 10), ("a", 0), ("b", 500)):
        life = lives.see(Told(instance=instance, started=NOW + started), NOW + 600)  # type: ignore[arg-type]  # text will do
    assert life.flaw != ""
    assert _count(life) == (None, Known.UNKNOWN)


def test_restarts_that_are_told_count_from_our_first_look() -> None:
    lives = Lives()
    counts = [lives.see(Told(restarts=told_so_far), NOW).restarts.value for told_so_far in (0, 2, 5)]
    assert counts == [0, 2, 5]
    lives = Lives()
    assert [lives.see(Told(restarts=told_so_far), NOW).restarts.value for told_so_far in (7, 9)] == [0, 2]


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6, 1e9])
def test_a_bare_uptime_shows_its_unit_by_growing(scale: float) -> None:
    lives = Lives()
    life = lives.see(Told(raw_uptime=1000 * scale), NOW)
    assert life.uptime.known is Known.UNKNOWN
    life = lives.see(Told(raw_uptime=1005 * scale), NOW + 5)
    assert life.uptime.value == pytest.approx(1005)
    life = lives.see(Told(raw_uptime=2 * scale), NOW + 10)
    assert _count(life) == (1, Known.AT_LEAST)
    assert life.uptime.value == pytest.approx(2)


def test_a_start_in_the_future_is_not_believed() -> None:
    assert Lives().see(Told(started=NOW + 3600), NOW).started is None


@given(
    st.lists(
        st.builds(
            Told,
            instance=st.sampled_from(["", "a", "b", "c"]),
            started=st.none() | st.floats(0, 4e9),
            uptime=st.none() | st.floats(0, 1e12),
            raw_uptime=st.none() | st.floats(0, 1e300),
            restarts=st.none() | st.integers(0, 10**9),
        ),
        max_size=60,
    )
)
def test_any_story_is_borne(story: list[Told]) -> None:
    lives = Lives()
    for second, page in enumerate(story):
        life = lives.see(page, NOW + second)
        assert life.restarts.value is None or life.restarts.value >= 0
        assert life.uptime.value is None or life.uptime.value >= 0
    assert len(lives._starts) <= 32
    assert len(lives._former) <= 32
