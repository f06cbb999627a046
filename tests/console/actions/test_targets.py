"""Targets are read back as they were written, whatever a subject calls itself."""

import pytest

from collectors.action import RefusedError
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.actions.targets import find_target, target_text
from console.engine.state import Freshness, Row, Snapshot, SourceId, SourceState


def snapshot(*subjects: SubjectId) -> Snapshot:
    rows, sources = [], {}
    for one in subjects:
        source = SourceId(one.collector, one.instance)
        sources[source] = SourceState(source, "queues.rq", one.practice, "", 5.0, 2.0)
        reading = QueueReading(subject=Subject(one, "orders", Shown("x")))
        verdict = Verdict(Level.NONE, "", "orders", one.practice, Shown(""))
        rows.append(Row(source, reading, Freshness.LIVE, 0.0, 0.0, verdict))
    return Snapshot(0.0, 0.0, 1, tuple(sources.values()), tuple(rows))


def subject(key: bytes, collector: str = "jobs", instance: str = "") -> SubjectId:
    return SubjectId(Practice.QUEUES, collector, instance, key)


@pytest.mark.parametrize(
    "key", [b"mail", b"a/b", b"%2F", b"\xff\x00", b"[@click=app.quit]x[/]", "Päckchen".encode()]
)
def test_there_and_back(key: bytes) -> None:
    for one in (subject(key), subject(key, instance="web-1")):
        text = target_text(one)
        assert text.isascii()
        assert text.isprintable()
        assert find_target(text, snapshot(one, subject(b"other"))) == one


def test_an_instance_may_be_left_out_where_there_is_one() -> None:
    one, two = subject(b"mail", instance="web-1"), subject(b"mail", instance="web-2")
    assert find_target("jobs/mail", snapshot(one)) == one
    with pytest.raises(RefusedError, match="more than one") as caught:
        find_target("jobs/mail", snapshot(one, two))
    assert "jobs/web-1/mail, jobs/web-2/mail" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("jobs", "is not a target", "COLLECTOR/SUBJECT"),
        ("job/mail", "no collector 'job'", "there are jobs"),
        ("jobs/male", "no subject 'male'", "jobs/mail"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(text: str, why: str, hint: str) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        find_target(text, snapshot(subject(b"mail")))
    assert hint in caught.value.hint
