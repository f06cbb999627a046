from collectors.model.level import Level
from collectors.model.practice import Practice
from console.engine.history import History
from console.present import plain
from tests.console.findings.readings import queue
from tests.console.present.scene import row, same_as_golden, snapshot
from tests.console.present.shop import SERVICES, history, shop


def test_the_fleet_in_lines() -> None:
    same_as_golden("plain_fleet.txt", "\n".join(plain.fleet_lines(shop(), SERVICES)) + "\n")


def test_a_practice_in_lines() -> None:
    same_as_golden(
        "plain_queues.txt", "\n".join(plain.practice_lines(shop(), history(), Practice.QUEUES)) + "\n"
    )


def test_a_level_is_a_word_and_no_line_ends_in_blanks() -> None:
    rows = [row(queue(str(level)), level, "why") for level in Level]
    lines = list(plain.practice_lines(snapshot(rows), History(), Practice.QUEUES))
    assert [line.split()[0] for line in lines[1:]] == ["critical", "unknown", "warning", "ok", "no"]
    assert all(line == line.rstrip() for line in lines)
    assert list(plain.practice_lines(snapshot(), History(), Practice.CACHES))[1:] == []


def test_only_what_is_new_or_different_is_said_again() -> None:
    assert list(plain.changed_lines(["a", "b"], ["b", "c", "a"])) == ["c"]
