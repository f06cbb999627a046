"""Patterns: what differs is left out, the rest is counted, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.logs import LogRecord, Severity
from collectors.text import Shown
from console.logs.templates import LONGEST, Templates, template_of


def record(message: str, time: float = 0.0, severity: Severity | None = Severity.INFO) -> LogRecord:
    return LogRecord(0, time, True, severity, Shown(message), b"")


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("request 17 done in 41.5ms", "request * done in *"),
        ("order 4bf92f3577b34da6a3ce929d0e0e4736 lost", "order * lost"),
        ("id a3f97c2e-1b2c-4d3e-8f90-0123456789ab", "id *"),
        ("no number at all", "no number at all"),
        ("deadbeef is a word without a digit", "deadbeef is a word without a digit"),
        ("boom␊Traceback 12", "boom"),
        ("", ""),
    ],
)
def test_templates(message: str, template: str) -> None:
    assert template_of(message) == template


def test_groups_know_count_level_times_and_their_newest_line() -> None:
    templates = Templates()
    templates.add(
        [record("took 1 s", 10.0), record("took 2 s", 30.0, Severity.ERROR), record("took 3 s", 20.0, None)]
    )
    (group,) = templates.groups.values()
    assert (group.count, group.first, group.last, group.severity) == (3, 10.0, 30.0, Severity.ERROR)
    assert group.sample.message == "took 2 s"
    assert group.fixed() == "took"


def test_new_is_what_nobody_saw_before_and_unknown_where_nobody_looked() -> None:
    templates = Templates()
    assert templates.since(5.0) is None
    templates.add([record("a", 10.0)])
    assert templates.since(5.0) is None
    templates.add([record("a", 100.0), record("b", 100.0)])
    fresh = templates.since(50.0)
    assert fresh is not None
    assert [group.template for group in fresh] == ["b"]


def test_too_many_templates_are_counted_together_the_rarest_first() -> None:
    templates = Templates(most=40)
    templates.add([record("frequent") for _ in range(50)])
    for number in range(500):
        templates.add([record("x" * (number + 1), float(number))])
    assert len(templates.groups) <= 40
    assert templates.groups["frequent"].count == 50
    assert templates.rest + sum(group.count for group in templates.groups.values()) == 550 == templates.lines


@given(st.text(max_size=2000))
def test_any_message_has_a_template(message: str) -> None:
    assert len(template_of(message)) <= LONGEST
    Templates().add([record(message)])


def test_no_message_makes_it_slow() -> None:
    for piece in ("a1", "aaaaaaaaf", "f-", "0-", "1.", "abcdef-"):
        template_of(piece * 40_000)
