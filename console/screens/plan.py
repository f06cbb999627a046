"""The dialog of one wish: plan it, show what it would do, take the consent, begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from collectors.action import ActionSpec
from collectors.errors import QuarterdeckError
from collectors.model.subject import SubjectId
from collectors.text import one_line
from console.actions.guard import Consent
from console.actions.series import Bundle
from console.present.planned import consent_words, error_facts, place_cell, plan_facts, started_words
from console.present.words import span
from console.screens.asking import Asking
from widgets.cell import Cell
from widgets.facts import Fact
from widgets.fit import to_ascii


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants: an action on what was under the cursor or marked when it was asked for."""

    spec: ActionSpec
    subjects: tuple[SubjectId, ...]
    label: str
    arguments: Mapping[str, str] = field(default_factory=dict)


class PlanScreen(Asking[str | None]):
    """Gives one line on what has begun, None where nothing has.

    Cancel has the focus. What is destructive wants its phrase typed before Run can be reached; what
    is safe begins at once; what is refused has no Run.
    """

    HELP = (
        "What the action would do, planned by reads on the server. Cancel has the focus: Enter does nothing. "
        "Go to Run with the right arrow, or type what is asked for."
    )
    DEFAULT_CSS = """
    PlanScreen #typed, PlanScreen #typed:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "again", "plan anew", show=False)]

    def __init__(self, wish: Wish) -> None:
        title = str(one_line(f"{wish.spec.verb} {wish.label}", 120))
        buttons = (("cancel", "Cancel (Esc)"), ("again", "Plan anew (r)"), ("run", "Run"))
        super().__init__(title, buttons)
        self._wish = wish
        self._bundle: Bundle | None = None
        self._busy = False
        self._since = 0.0

    def extras(self) -> Sequence[Widget]:
        """What is asked, and the line for what must be typed."""
        line = Input(id="typed", compact=True, select_on_focus=False)
        line.cursor_blink = False
        return Static(id="ask", markup=False), line

    def on_mount(self) -> None:
        """Begin to plan."""
        self.set_interval(1.0, self._tell_wait, name="waiting")
        self._plan()

    def on_key(self, event: events.Key) -> None:
        """What is typed goes into the line where one has to type."""
        line = self.query_one(Input)
        if line.display and self.focused is not line and event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self.set_focus(line)
            line.insert_text_at_cursor(event.character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """``r`` plans anew only where there is nothing to run: elsewhere it is a letter."""
        return self._can_replan if action == "again" else True

    def action_again(self) -> None:
        """Plan anew."""
        self._plan()

    def action_leave(self) -> None:
        """Do nothing; what is being begun goes on, and says so."""
        self.dismiss(None)

    def pressed(self, name: str) -> None:
        """A button was pressed after it could be read."""
        {"cancel": self.action_leave, "again": self.action_again, "run": self._run}[name]()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._unlock()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        run = self.query_one("#run", Button)
        if run.disabled:
            self._ask("That is not it. ", *consent_words(self._bundle) if self._bundle else "")
        else:
            self.set_focus(run)

    @property
    def _can_replan(self) -> bool:
        return not self._busy and (self._bundle is None or bool(self._bundle.refusals))

    def _plan(self) -> None:
        self._bundle, self._busy, self._since = None, True, self.console.clock.boottime()
        self.listen_anew()
        self._offer(run=False, again=False)
        self._tell_wait()
        self.console.run_worker(self._planned(), name="plan")

    async def _planned(self) -> None:
        wish, series = self._wish, self.console.series
        try:
            bundle = await self.console.on_core(
                lambda: series.plan(wish.spec.id, wish.subjects, wish.arguments)
            )
        except QuarterdeckError as error:
            self._failed(error)
            return
        if not self.is_attached:
            return
        self._bundle, self._busy = bundle, False
        self._show(plan_facts(bundle))
        if bundle.consent is Consent.NONE and not bundle.refusals:
            self._run()
            return
        self.listen_anew()
        self._ask(*consent_words(bundle))
        self._offer(run=not bundle.refusals, again=bool(bundle.refusals))

    def _run(self) -> None:
        bundle = self._bundle
        if bundle is None or self._busy or bundle.refusals or not self._unlock():
            return
        self._busy = True
        typed = self.query_one(Input).value if bundle.consent is Consent.TYPED else ""
        self._offer(run=False, again=False)
        self._ask("Beginning … ctrl+c stops it.")
        self.console.run_worker(self._begun(bundle, typed), name="begin")

    async def _begun(self, bundle: Bundle, typed: str) -> None:
        series = self.console.series
        try:
            await self.console.on_core(lambda: series.start(bundle, typed))
        except QuarterdeckError as error:
            self._failed(error)
        else:
            words = str(started_words(bundle))
            self.dismiss(words) if self.is_attached else self.console.tell(words)

    def _failed(self, error: QuarterdeckError) -> None:
        beginning, self._bundle, self._busy = self._bundle is not None, None, False
        if not self.is_attached:
            if beginning:
                self.console.say_refused(f"{self._wish.spec.verb} {self._wish.label}", [error.why])
            return
        self.listen_anew()
        self._show(error_facts(error))
        self._ask("r plans it anew, Esc leaves.")
        self._offer(run=False, again=True)

    def _unlock(self) -> bool:
        """Let Run be pressed where what must be typed has been; whether it may."""
        bundle = self._bundle
        wanted = bundle.phrase if bundle is not None and bundle.consent is Consent.TYPED else ""
        unlocked = self.query_one(Input).value == wanted
        self.query_one("#run", Button).disabled = not unlocked
        return unlocked

    def _offer(self, *, run: bool, again: bool) -> None:
        """Show the buttons that mean something now, and give the focus to Cancel."""
        line = self.query_one(Input)
        line.value = ""
        line.display = run and self._bundle is not None and self._bundle.consent is Consent.TYPED
        self.query_one("#run", Button).display = run
        self.query_one("#again", Button).display = again
        self._unlock()
        self.set_focus(self.query_one("#cancel", Button))
        self.call_after_refresh(self._fit)

    def _show(self, facts: Sequence[Fact]) -> None:
        arm = self.console.store.acting.arm
        self.set_class(arm.protected, "-protected")
        environment = self.console.settings.environment
        self.show(place_cell(environment, arm, self.console.clock.boottime()), facts)

    def _ask(self, *words: str) -> None:
        """Say what to press; the last but one of several parts is what must be typed."""
        sign = to_ascii if self.console.ascii_only else str
        parts = [Content(sign(part)) for part in words]
        if len(parts) > 2:
            parts[-2] = parts[-2].stylize("bold $foreground")
        self.query_one("#ask", Static).update(Content.assemble(*parts))

    def _tell_wait(self) -> None:
        if self._busy and self._bundle is None:
            waited = self.console.clock.boottime() - self._since
            spec = self._wish.spec
            since = f", since {span(waited)}" if waited >= 1 else ""
            plan = Cell(f"being made by reads on the server{since}")
            self._show((("action", Cell(f"{spec.id}: {spec.words}")), ("plan", plan)))
            self._ask("Nothing is done yet. Esc leaves.")
