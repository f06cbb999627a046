"""What is owed follows the outcome's own word, where it has one."""

from typing import Any

import pytest

from console.actions.past import Story


def records(outcome: str, **told: Any) -> list[dict[str, Any]]:
    plan = {
        "action": "drains.drain",
        "target": "orders-1-drain/%2Freadyz",
        "subject": ["drains", "orders-1-drain", "orders-1", b"/readyz".hex()],
        "service": "orders",
        "at": 1.0,
        "detail": {},
        "owed": ["drains.ready", "the readiness of orders-1 is off"],
    }
    return [
        {"phase": "intent", "id": "run", "plan": plan},
        {"phase": "outcome", "id": "run", "outcome": outcome, **told},
    ]


@pytest.mark.parametrize(
    ("outcome", "told", "owed"),
    [
        ("done", {}, True),
        ("unknown", {}, True),
        ("failed", {}, False),
        ("failed", {"owes": True}, True),
        ("done", {"owes": False}, False),
        ("unknown", {"owes": False}, False),
    ],
)
def test_what_is_owed(outcome: str, told: dict[str, bool], owed: bool) -> None:
    story = Story.of(records(outcome, **told))
    assert [str(one.words) for one in story.owed(2.0)] == ["the readiness of orders-1 is off"] * owed
