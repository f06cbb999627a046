import math

from hypothesis import given
from hypothesis import strategies as st

from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, at_least, exact, unknown
from collectors.model.subject import SubjectId
from console.engine.history import COARSE, FINE, History

MAIL = SubjectId(Practice.QUEUES, "jobs", "", b"mail")

quantities = st.one_of(
    st.just(unknown()),
    st.builds(exact, st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(at_least, st.floats(0, 1e9)),
)


@given(st.lists(st.dictionaries(st.sampled_from(["ready", "dead", "oldest_age"]), quantities), max_size=40))
def test_every_sample_comes_back_as_it_was(samples: list[dict[str, Quantity]]) -> None:
    history = History()
    for second, sample in enumerate(samples):
        history.add(MAIL, 1000.0 + second, sample)
    for field in ("ready", "dead", "oldest_age"):
        told = {point.at: (point.value, point.known) for point in history.series(MAIL, field)}
        for second, sample in enumerate(samples):
            if not any(field in one for one in samples):
                continue
            quantity = sample.get(field, unknown())
            assert told[1000.0 + second] == (quantity.value, quantity.known)


def test_a_field_that_appears_later_was_unknown_before() -> None:
    history = History()
    history.add(MAIL, 1.0, {"ready": exact(1)})
    history.add(MAIL, 2.0, {"ready": exact(2), "dead": exact(7)})
    history.add(MAIL, 3.0, {"dead": exact(8)})
    assert [point.value for point in history.series(MAIL, "ready")] == [1, 2, None]
    assert [(point.value, point.known) for point in history.series(MAIL, "dead")] == [
        (None, Known.UNKNOWN),
        (7, Known.EXACT),
        (8, Known.EXACT),
    ]


def test_the_past_gets_coarser_and_the_last_half_hour_stays_whole() -> None:
    history = History()
    for second in range(0, 4 * 3600, 2):
        history.add(MAIL, float(second), {"ready": exact(second)})
    times = [point.at for point in history.series(MAIL, "ready")]
    now = times[-1]
    fine = [at for at in times if at >= now - FINE]
    coarse = [at for at in times if at < now - FINE - 600]
    assert len(fine) >= FINE / 2
    assert len(coarse) <= len(range(0, int(now - FINE - 600), int(COARSE))) + 2
    assert times[0] == 0.0


def test_all_columns_together_stay_within_their_budget() -> None:
    budget = 200_000
    history = History(budget)
    for second in range(3000):
        for number in range(10):
            subject = SubjectId(Practice.QUEUES, "jobs", "", b"%d" % number)
            history.add(subject, float(second), {"ready": exact(second), "dead": exact(0)})
        assert history.size() <= budget
    newest = history.series(SubjectId(Practice.QUEUES, "jobs", "", b"3"), "ready")[-1]
    assert newest.at == 2999.0


def test_a_sample_from_before_the_last_one_is_left_out() -> None:
    history = History()
    history.add(MAIL, 10.0, {"ready": exact(1)})
    history.add(MAIL, 10.0, {"ready": exact(2)})
    history.add(MAIL, 9.0, {"ready": exact(3)})
    assert [point.value for point in history.series(MAIL, "ready")] == [1]
    assert history.before(MAIL, "ready", 10.5) == 1
    assert history.before(MAIL, "ready", 9.5) is None
    assert history.series(MAIL, "ready", 11.0) == []
    assert not math.isnan(history.series(MAIL, "ready")[0].value or 0.0)
