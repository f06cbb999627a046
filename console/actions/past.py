"""What the journal tells of the past: runs and how they ended, what is open, what is owed."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectors.text import Shown, one_line
from console.actions.plans import subject_of
from console.engine.state import Owed


@dataclass(frozen=True, slots=True)
class Past:
    """One run: its intent, and its outcome once there is one. ``undoes``: the run that it took back."""

    id: str
    intent: Mapping[str, Any]
    outcome: Mapping[str, Any] | None = None
    undoes: str = ""

    @property
    def plan(self) -> Mapping[str, Any]:
        """The ``plan_record`` of the intent."""
        plan = self.intent.get("plan")
        return plan if isinstance(plan, Mapping) else {}

    @property
    def action(self) -> str:
        """The action's id."""
        return str(self.plan.get("action", ""))

    @property
    def target(self) -> str:
        """The target as people write it."""
        return str(self.plan.get("target", ""))

    @property
    def owes(self) -> bool:
        """Whether what its plan owes is owed: as its outcome says, or where it was done, or may be."""
        told = self.outcome.get("owes") if self.outcome else None
        return self.result in ("done", "unknown") if told is None else bool(told)

    @property
    def result(self) -> str:
        """How it ended; empty while nobody knows."""
        return str(self.outcome.get("outcome", "")) if self.outcome else ""


@dataclass(slots=True)
class Story:
    """All runs by id, oldest first, and all records that are none."""

    runs: dict[str, Past] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]]) -> "Story":
        """The story that records tell; what is not understood is passed over."""
        story = cls()
        for record in records:
            story.add(record)
        return story

    def add(self, record: Mapping[str, Any]) -> None:
        """Go on with one record."""
        run, phase = str(record.get("id", "")), record.get("phase")
        if phase == "intent" and run:
            self.runs[run] = Past(run, record, undoes=str(record.get("undoes", "")))
        elif phase == "outcome" and run in self.runs:
            self.runs[run] = replace(self.runs[run], outcome=record)

    def open(self) -> list[Past]:
        """Runs whose end nobody wrote down."""
        return [past for past in self.runs.values() if past.outcome is None]

    def undone(self) -> set[str]:
        """Ids of runs that were taken back."""
        return {past.undoes for past in self.runs.values() if past.undoes and past.result == "done"}

    def owed(self, now: float) -> tuple[Owed, ...]:
        """What is still to be done at ``now`` (UTC epoch seconds)."""
        undone, debts = self.undone(), dict[tuple[str, str], Owed]()
        for past in self.runs.values():
            debts.pop((past.action, past.target), None) if past.result == "done" else None
            owed = past.plan.get("owed")
            if not owed or past.undoes or past.id in undone or not past.owes:
                continue
            with contextlib.suppress(LookupError, TypeError, ValueError):
                action, words = owed
                subject, service = subject_of(past.plan), str(past.plan.get("service", ""))
                until = past.plan.get("detail", {}).get("until")
                ends = None if until is None else float(until)
                since = float(past.plan.get("at", now))
                debts[action, past.target] = Owed(
                    past.id, action, subject, past.target, service, one_line(words), since, ends
                )
        return tuple(debt for debt in debts.values() if debt.until is None or debt.until > now)


def past_words(past: Past) -> Shown:
    """One line: what was done to what, and how it ended."""
    verb = f"undo of {past.action}" if past.undoes else past.action
    ended = past.outcome.get("words", "") if past.outcome else "nobody saw it end"
    return one_line(f"{verb} {past.plan.get('label', past.target)}: {past.result or 'open'}: {ended}", 300)
