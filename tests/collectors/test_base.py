"""What the console gives to a collector, and what a collector gives back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from collectors.base import MOST_SUBJECTS, Collector, Context, HasDetails, HasRecords
from collectors.clock import SystemClock
from collectors.errors import QuarterdeckError, SourceError, TimedOutError, UnsupportedError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.options import parse_duration, parse_size
from collectors.secret import Secret, SecretUrl
from collectors.text import Shown


class StoppedClock:
    def boottime(self) -> float:
        return 100.0

    def wall(self) -> float:
        return 1_700_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """None."""


class Plain(Collector[NoOptions]):
    practice: ClassVar[Practice] = Practice.QUEUES
    Options: ClassVar[type[NoOptions]] = NoOptions

    async def collect(self) -> Sweep:
        return self.sweep([])


def reading(context: Context, number: int) -> QueueReading:
    return QueueReading(subject=context.subject(Practice.QUEUES, b"q%d" % number), ready=exact(number))


# subjects


def test_a_subject_carries_its_owner_and_a_label_that_is_safe() -> None:
    context = Context(collector="jobs", instance="web-1", service="orders")
    subject = context.subject(Practice.QUEUES, b"mail\x1b[2J\xff")
    assert subject.id == SubjectId(Practice.QUEUES, "jobs", "web-1", b"mail\x1b[2J\xff")
    assert subject.label == "mail␛[2J\ufffd"
    assert (subject.service, subject.practice, subject.collector, subject.instance) == (
        "orders",
        Practice.QUEUES,
        "jobs",
        "web-1",
    )
    assert context.subject(Practice.QUEUES, b"k", label="a\nb").label == "a b"
    assert len(context.subject(Practice.QUEUES, b"k" * 500).label) == 120


def test_names_are_attributed_by_the_first_pattern_that_fits() -> None:
    rules = (("catalog-*", "catalog"), ("cat*", "cats"), ("bill?", "billing"))
    context = Context(collector="jobs", service="shared", attribute=rules)
    told = {
        name: context.service_of(name) for name in ("catalog-1", "catalog", "bills", "Bills", "other", "")
    }
    assert told == {
        "catalog-1": "catalog",
        "catalog": "cats",
        "bills": "billing",
        "Bills": "shared",
        "other": "shared",
        "": "shared",
    }
    assert context.subject(Practice.QUEUES, b"catalog-1").service == "catalog"
    assert context.subject(Practice.QUEUES, b"x", owner="bills").service == "billing"


# sweeps


def test_a_sweep_is_stamped_by_the_injected_clock() -> None:
    plain = Plain(NoOptions(), Context(collector="c", clock=StoppedClock()))
    sweep = plain.sweep([], cost=Cost(requests=2), note=Shown("n"), complete=False, beyond=3)
    assert (sweep.taken, sweep.arrived) == (1_700_000_000.0, 100.0)
    assert (sweep.cost.requests, sweep.note, sweep.complete, sweep.beyond) == (2, "n", False, 3)


def test_readings_over_the_limit_are_counted_and_not_kept() -> None:
    context = Context(collector="c")
    plain = Plain(NoOptions(), context)
    sweep = plain.sweep((reading(context, number) for number in range(MOST_SUBJECTS + 7)), beyond=2)
    assert len(sweep.readings) == MOST_SUBJECTS
    assert sweep.beyond == 9
    assert sweep.readings[0].subject.id.key == b"q0"
    assert plain.sweep([reading(context, 1)] * MOST_SUBJECTS).beyond == 0


def test_the_system_clock_counts_seconds_since_boot_and_epoch() -> None:
    clock = SystemClock()
    assert 0 < clock.boottime() <= clock.boottime()
    assert clock.wall() > 1_700_000_000


# capabilities


async def test_open_and_close_need_not_be_written_and_capabilities_are_asked_of_the_object() -> None:
    plain = Plain(NoOptions(), Context(collector="c"))
    await plain.open()
    await plain.close()
    assert not isinstance(plain, HasDetails)
    assert not isinstance(plain, HasRecords)

    class Detailed(Plain):
        details: ClassVar[tuple[DetailSpec, ...]] = ()

        async def detail(self, subject: SubjectId, name: str) -> Detail:
            raise SourceError("none")

    assert isinstance(Detailed(NoOptions(), Context(collector="c")), HasDetails)


def test_a_collector_without_collect_cannot_be_made() -> None:
    class Half(Collector[NoOptions]):
        pass

    with pytest.raises(TypeError, match="collect"):
        Half(NoOptions(), Context(collector="c"))  # type: ignore[abstract] # that is what is shown


def test_records_of_nobody_listening_go_nowhere() -> None:
    context = Context(collector="c")
    context.emit(LogBatch(context.subject(Practice.LOGS, b"s"), ()))


def test_contexts_do_not_share_leases_by_accident() -> None:
    assert Context(collector="a").leases is not Context(collector="a").leases


def test_an_endpoint_goes_to_the_collectors_server() -> None:
    context = Context(collector="c", server="web-1")
    endpoint = context.endpoint(SecretUrl("redis://h/0"))
    assert (endpoint.server, endpoint.url.reveal()) == ("web-1", "redis://h/0")


# errors


def test_errors_are_sentences_without_secrets_and_controls() -> None:
    error = TimedOutError("no answer from redis://:hunter2@h/0\x1b[31m", "is password=hunter2 right?")
    assert isinstance(error, SourceError)
    assert isinstance(error, QuarterdeckError)
    for text in (error.why, error.hint, str(error), repr(error)):
        assert "hunter2" not in text
        assert "\x1b" not in text
    assert error.retryable
    assert not UnsupportedError("no").retryable


# options


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1h 5m", 3900),
        (" 2d ", 172800),
        ("1w", 604800),
        (3, 3),
        (0.5, 0.5),
    ],
)
def test_durations_are_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 2**26), ("10 kB", 10_000), ("1.5GB", 1_500_000_000), ("7", 7), ("7B", 7), (0, 0)],
)
def test_sizes_are_read(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "value",
    ["", "5", "s", "5 x", "-5s", "5s!", -1, True, None, [], "1h30", math.inf, math.nan, "9" * 400 + "s"],
)
def test_what_is_no_duration_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match="1m30s"):
        parse_duration(value)


@pytest.mark.parametrize("value", ["", "5 x", "MiB", -1, 1.5, True, None, "5 mb"])
def test_what_is_no_size_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match="64MiB"):
        parse_size(value)


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, lambda secret: f"{secret!s:>40}", lambda secret: str([secret])]
)
def test_secrets_print_as_masks(show: Callable[[object], str]) -> None:
    assert "hunter2" not in show(Secret("hunter2"))
    assert "hunter2" not in show(SecretUrl("redis://u:hunter2@h/0?password=hunter2"))
    assert "u@h" in show(SecretUrl("redis://u:hunter2@h/0"))
