"""What the operator must hear wherever the cursor is: what ended, what asks, what is owed, what is armed."""

from typing import Literal

from console.engine.state import ActState
from console.present.deeds import is_armed, open_debts
from console.present.words import counted
from console.screens.foundation import ConsoleApp

Severity = Literal["information", "warning", "error"]

SEVERITY: dict[str, Severity] = {"done": "information", "failed": "error", "unknown": "warning"}
"""How an outcome is told."""

SHOWN_FOR = 8.0
"""Seconds."""


class Herald:
    """Says each thing once; ``hear`` looks at what is known now."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._seen: dict[str, tuple[bool, str]] = {}
        self._owed: frozenset[str] = frozenset()
        self._armed = False

    def hear(self) -> None:
        """Tell what is new."""
        app = self._app
        acting, now, wall = app.store.acting, app.clock.boottime(), app.clock.wall()
        before, self._seen = self._seen, {act.id: (act.running, str(act.question)) for act in acting.acts}
        for act in acting.acts:
            self._of(act, *before.get(act.id, (True, "")))
        owed = frozenset(one.id for one in open_debts(acting, wall))
        if owed - self._owed:
            self._tell(f"{counted(len(owed), 'thing')} owed: A shows what, Enter there plans it", "warning")
        self._owed = owed
        armed = is_armed(acting.arm, now)
        if armed != self._armed:
            self._armed = armed
            name = f"quarterdeck {app.settings.name} {app.settings.environment}"
            app.set_title(f"ARMED {name}" if armed else name)

    def _of(self, act: ActState, was_running: bool, asked: str) -> None:  # noqa: FBT001 - a plain fact
        if act.question and str(act.question) != asked:
            self._tell(f"{act.action} {act.target} asks: {act.question} Press A to answer.", "warning")
        if was_running and not act.running:
            words = f"{act.action} {act.target}: {act.phase}: {act.words}"
            self._tell(words, SEVERITY.get(act.phase, "warning"))

    def _tell(self, words: str, severity: Severity) -> None:
        if self._app.current_mode == "actions" and len(self._app.screen_stack) == 1:
            return  # it stands there
        self._app.notify(words, markup=False, severity=severity, timeout=SHOWN_FOR)
