"""What the menu and the palette offer for the rows that the operator means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.action import ActionSpec
from collectors.model.subject import SubjectId
from collectors.text import Shown, one_line
from console.actions.offers import Offer, offers_of
from console.actions.targets import subject_text
from console.engine.state import Freshness, Mute, Row, Snapshot, SourceId
from console.present.practice import find_row, hint_of
from console.present.words import counted
from console.screens.foundation import ConsoleApp
from console.screens.plan import Wish
from console.screens.prompt import Prompt

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

MUTE_FOR = 3600.0
"""Seconds after which a mute ends by itself."""

Run = Callable[["Quarterdeck"], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its name, what it does, what runs; ``refusals`` say why it may not be done now."""

    name: str
    words: str
    run: Run
    risk: str = ""
    refusals: tuple[Shown, ...] = ()

    @property
    def key(self) -> str:
        """Its identity among the others: an action may be called like one of ours."""
        return f"{self.risk} {self.name}"


def about(app: ConsoleApp, subjects: Sequence[SubjectId]) -> str:
    """What the rows are, in one sentence."""
    snapshot = app.store.snapshot()
    if len(subjects) == 1:
        row = find_row(snapshot, subjects[0])
        return hint_of(row, snapshot.now) if row else "this subject has left"
    return f"{counted(len(subjects), 'marked row')}: {label_of(app, subjects)}"


def label_of(app: ConsoleApp, subjects: Sequence[SubjectId]) -> str:
    """The subjects' names, as they are shown."""
    snapshot = app.store.snapshot()
    rows = [_row(app, subject, snapshot) for subject in subjects]
    names = [
        str(row.reading.subject.label) if row else subject_text(subject.key)
        for row, subject in zip(rows, subjects, strict=True)
    ]
    return str(one_line(", ".join(names), 200))


def entries(app: "Quarterdeck", subjects: Sequence[SubjectId], row: Mapping[str, str]) -> tuple[Entry, ...]:
    """Looking and muting, then every action that all the rows have."""
    snapshot = app.store.snapshot()
    return (*_common(subjects, snapshot), *actions(app, subjects, row))


def actions(app: "Quarterdeck", subjects: Sequence[SubjectId], row: Mapping[str, str]) -> tuple[Entry, ...]:
    """Every action that all the rows have, with what stands against it.

    ``row``: what the row of a detail under the cursor says, by column.
    """
    snapshot = app.store.snapshot()
    of_each: list[dict[str, Offer]] = []
    for subject in subjects:
        known = _row(app, subject, snapshot)
        if known is None:
            return ()
        offers = offers_of(app.runner.planner, known, snapshot, app.runner.rights)
        of_each.append({offer.spec.id: offer for offer in offers})
    if not of_each:
        return ()
    shared = [name for name in of_each[0] if all(name in one for one in of_each)]
    label = label_of(app, subjects)
    return tuple(_action([one[name] for one in of_each], label, row) for name in shared)


def filled(spec: ActionSpec, row: Mapping[str, str]) -> dict[str, str]:
    """The argument that a detail's row names: by its leftmost column that is called like one, or like many.

    No other: a job's row may tell its error too, which would say something else than its id does.
    """
    for column, value in row.items():
        for argument in spec.arguments:
            if value and column.lower() in (argument.name, argument.name.removesuffix("s")):
                return {argument.name: value}
    return {}


def _action(offers: Sequence[Offer], label: str, row: Mapping[str, str]) -> Entry:
    spec = offers[0].spec
    refusals = _refusals(offers)
    wish = Wish(spec, tuple(offer.subject for offer in offers), label, filled(spec, row))
    return Entry(
        spec.verb, spec.words, lambda app: app.choose(wish, refusals), risk=str(spec.risk), refusals=refusals
    )


def _refusals(offers: Sequence[Offer]) -> tuple[Shown, ...]:
    """What stands against all once, and what stands against some with their names."""
    found: dict[Shown, list[Shown]] = {}
    for offer in offers:
        for why in offer.refusals:
            found.setdefault(why, []).append(offer.label)
    return tuple(
        why if len(labels) == len(offers) else one_line(f"{', '.join(labels)}: {why}", 400)
        for why, labels in found.items()
    )


def _row(app: ConsoleApp, subject: SubjectId, snapshot: Snapshot) -> Row | None:
    """The row as it is known now, or else as the screen still shows it, which is no ground to act on."""
    row = find_row(snapshot, subject)
    if row is not None:
        return row
    before = find_row(app.shown(), subject)
    return replace(before, freshness=Freshness.GONE) if before is not None else None


def _common(subjects: Sequence[SubjectId], snapshot: Snapshot) -> tuple[Entry, ...]:
    sources = {SourceId(subject.collector, subject.instance) for subject in subjects}
    rows = [find_row(snapshot, subject) for subject in subjects]
    muted = all(row is not None and row.muted for row in rows)
    look = Entry(
        "look now",
        "ask the source now, past its back-off",
        lambda app: app.submit(lambda: app.core.refresh(sources)),
    )
    opened = Entry(
        "open", "all that is known of it, with its details", lambda app: app.open_subject(subjects[0])
    )
    unmute = Entry("unmute", "let its verdicts count again", lambda app: _mute(app, subjects, 0.0))
    mute = Entry(
        "mute 1 h",
        "its verdicts do not count for an hour; measuring goes on",
        lambda app: _ask_reason(app, subjects),
    )
    return (look, *((opened,) if len(subjects) == 1 else ()), unmute if muted else mute)


def _ask_reason(app: "Quarterdeck", subjects: Sequence[SubjectId]) -> None:
    def given(reason: str | None) -> None:
        if reason is not None:
            _mute(app, subjects, MUTE_FOR, reason)

    app.push_screen(Prompt("mute for 1 h", "why? (Enter mutes, Esc does not)"), given)


def _mute(app: "Quarterdeck", subjects: Sequence[SubjectId], seconds: float, reason: str = "") -> None:
    for subject in subjects:
        app.store.mute(Mute(subject, Shown(reason), app.clock.wall() + seconds))
    app.repaint()
