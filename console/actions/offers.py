"""What can be done with each subject, and why not: for the menu, the palette and the command line alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.action import Action, ActionSpec
from collectors.model.subject import SubjectId
from collectors.text import Shown, one_line
from console.actions import guard
from console.actions.planner import Planner
from console.actions.targets import target_text
from console.engine.state import Row, Snapshot, SourceId

Rights = Mapping[tuple[SourceId, str], str]
"""By source and action id: what the user there lacks; empty text for nothing."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action on a subject; ``refusals`` say why it may not be done now, none: it may."""

    spec: ActionSpec
    subject: SubjectId
    label: Shown
    service: str
    refusals: tuple[Shown, ...] = ()

    @property
    def target(self) -> str:
        """The target as people write it."""
        return target_text(self.subject)


def offers_of(planner: Planner, row: Row, snapshot: Snapshot, rights: Rights) -> tuple[Offer, ...]:
    """What can be done with one row; from any thread, and without asking the source."""
    source = planner.core.source(row.source)
    collector = source.collector if source is not None else None
    if collector is None:
        return ()
    actions = planner.actions(collector, row.reading.subject)
    return tuple(_offer(planner, action, row, snapshot, rights) for action in actions)


def all_offers(planner: Planner, snapshot: Snapshot, rights: Rights) -> Iterator[Offer]:
    """What can be done with every row, in the snapshot's order."""
    for row in snapshot.rows:
        yield from offers_of(planner, row, snapshot, rights)


def _offer(planner: Planner, action: Action[Any, Any], row: Row, snapshot: Snapshot, rights: Rights) -> Offer:
    subject, service = row.reading.subject.id, row.reading.subject.service
    unfit = _unfit(action, row)
    lacking = rights.get((row.source, action.spec.id), "")
    refusals = (
        *guard.standing(action.spec, service, planner.core.settings, planner.arming),
        *guard.unsound(row, snapshot),
        *((Shown(unfit),) if unfit else ()),
        *((Shown(lacking),) if lacking else ()),
    )
    return Offer(action.spec, subject, row.reading.subject.label, service, tuple(dict.fromkeys(refusals)))


def _unfit(action: Action[Any, Any], row: Row) -> str:
    try:
        return action.unfit(row.reading)
    except Exception as error:  # noqa: BLE001 - one of the four boundaries: an action must not end the console
        return one_line(f"bug: {type(error).__name__}: {error}")
