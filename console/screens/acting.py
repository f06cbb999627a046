"""Where keys, palette and mouse lead to when something is to be done: one road, the runner's."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from textual import on

from collectors.action import RefusedError, Result
from collectors.errors import QuarterdeckError
from collectors.model.subject import SubjectId
from collectors.text import Shown, one_line
from console.actions.offers import offers_of
from console.actions.past import past_words
from console.actions.runner import Runner
from console.actions.series import Series, sound
from console.engine.core import Core
from console.engine.state import ActState, Owed, SourceId
from console.logs.ring import Ring
from console.present.deeds import leaving_words
from console.present.planned import place_cell
from console.present.practice import find_row
from console.screens.arguments import ArgumentsScreen
from console.screens.asking import Question
from console.screens.choices import label_of
from console.screens.foundation import ConsoleApp
from console.screens.herald import Herald
from console.screens.plan import PlanScreen, Wish
from console.screens.prompt import Prompt
from console.screens.subject import SubjectScreen
from widgets.cell import Cell
from widgets.table import LiveTable

T = TypeVar("T")


class ActingApp(ConsoleApp):
    """A console that can do something: arms, plans, asks, begins, stops, takes back, tells how it ended."""

    def __init__(self, core: Core, ring: Ring, *, runner: Runner, **options: Any) -> None:  # noqa: ANN401 - ConsoleApp's own
        super().__init__(core, ring, **options)
        self.runner = runner
        self.series = Series(runner)
        self.series.on_end = lambda words, result: self.tell(words, bad=result is not Result.DONE)
        self._herald = Herald(self)

    # -- the core's loop

    def begin(self) -> None:
        """Find out what became of runs that nobody saw end, and watch what runs out."""
        self.submit(lambda: self.core.spawn(self._reconcile(), "reconcile"))
        self.submit(lambda: self.core.spawn(self.runner.watch(), "what runs out"))

    async def closing(self, seconds: float) -> None:
        """Stop what runs: it ends by itself, or is written down as interrupted."""
        await self.series.close()
        await self.runner.close(seconds)

    async def on_core(self, command: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The value of a coroutine that runs on the core's loop."""
        return await self._thread.call(command)

    async def _reconcile(self) -> None:
        try:
            closed = await sound(self.runner.reconcile())
        except RefusedError as error:
            self.tell(f"what became of an interrupted action could not be found out: {error.why}", bad=True)
            return
        for past in closed:
            self.tell(f"interrupted earlier: {past_words(past)}", bad=past.result != "done")

    def tell(self, words: str, *, bad: bool = False) -> None:
        """Say something that has happened; from any thread."""
        self.notify(words, markup=False, severity="warning" if bad else "information", timeout=8)

    # -- the road

    def meant(self) -> tuple[SubjectId, ...]:
        """The marked rows, or else the row under the cursor; none where there is no row."""
        screen = self._console_screen()
        if screen is None:
            return ()
        subject = screen.subject()
        return screen.marked() or ((subject,) if subject is not None else ())

    def detail_row(self) -> Mapping[str, str]:
        """What the row of a detail under the cursor says, by column."""
        screen = self._console_screen()
        return screen.row() if isinstance(screen, SubjectScreen) else {}

    def choose(self, wish: Wish, refusals: Sequence[Shown]) -> None:
        """An action was chosen: ask for its arguments, then plan it; what is refused says why."""
        if refusals:
            self.say_refused(f"{wish.spec.verb} {wish.label}", refusals)
        elif wish.spec.arguments:

            def said(values: Mapping[str, str] | None) -> None:
                if values is not None:
                    self.plan(replace(wish, arguments=values))

            self.push_screen(ArgumentsScreen(wish.spec, wish.label, wish.arguments), said)
        else:
            self.plan(wish)

    def plan(self, wish: Wish) -> None:
        """Open the dialog of a wish."""
        self.push_screen(PlanScreen(wish), self._begun)

    def say_refused(self, name: str, refusals: Sequence[Shown]) -> None:
        """Why nothing is done."""
        self.tell(f"{name} is refused: {'; '.join(refusals)}", bad=True)

    def look_for_rights(self, subjects: Sequence[SubjectId]) -> None:
        """Find out, behind the screen, what the user of the sources' writers lacks."""
        for source in {SourceId(one.collector, one.instance) for one in subjects}:
            call = self.on_core(lambda source=source: self.runner.look_for_rights(source))  # type: ignore[misc]  # a lambda with a default
            self.run_worker(call, name="rights", exit_on_error=False)

    def _begun(self, words: str | None) -> None:
        if words is not None:
            self.tell(words)
            screen = self._console_screen()
            if screen is not None and screen.clear_marks():
                self.repaint()

    # -- what runs, what ended, what is owed

    def stop_acting(self) -> int:
        """Stop everything that runs or waits for its turn, at once; how many that is."""
        count = len(self.store.acting.running) + self.series.left + self.series.beginning
        self.series.stop()
        self.submit(self.runner.stop)
        return count

    def take_back(self, act: ActState) -> None:
        """Ask, and undo."""

        async def undo() -> None:
            try:
                await self.on_core(lambda: sound(self.runner.undo(act.id)))
            except QuarterdeckError as error:
                self.say_refused(f"undo of {act.action} {act.target}", [error.why])
            else:
                self.tell(f"undo of {act.action} {act.target} runs")

        def said(yes: bool | None) -> None:  # noqa: FBT001 - a plain answer
            if yes:
                self.run_worker(undo(), name="undo")

        facts = (
            ("takes back", Cell(f"{act.action} {act.target}")),
            ("which", Cell(f"{act.phase}: {act.words}")),
            ("journal", Cell(act.id)),
        )
        self.push_screen(Question(f"undo {act.action}", self._place(), facts, "Undo"), said)

    def pay(self, owed: Owed) -> None:
        """Plan what is owed."""
        snapshot, planner = self.store.snapshot(), self.runner.planner
        row = find_row(snapshot, owed.subject)
        offers = offers_of(planner, row, snapshot, self.runner.rights) if row is not None else ()
        offer = next((one for one in offers if one.spec.id == owed.action), None)
        if offer is None:
            why = "its collector has no such action" if row else "the source does not name it any more"
            self.say_refused(f"{owed.action} {owed.target}", [Shown(why)])
        else:
            label = label_of(self, (owed.subject,))
            self.choose(Wish(offer.spec, (owed.subject,), label), offer.refusals)

    def leave(self) -> None:
        """Quit, once the operator knows what is left behind."""
        facts = leaving_words(self.store.acting, self.series.left, self.clock.wall())
        if not facts:
            self.exit(return_code=0)
            return
        what = ("leaving", Cell("stops what runs at its next step; the journal keeps what is owed"))
        question = Question("quit?", self._place(), (*facts, what), "Leave", "Stay")
        self.push_screen(question, lambda yes: self.exit(return_code=0) if yes else None)

    # -- arming

    def ask_arm(self) -> None:
        """Ask why, and arm."""
        if not self._wants_arming:
            self.run_worker(self.arm(""), name="arm")
            return

        async def given(reason: str | None) -> None:
            if reason is not None:
                await self.arm(reason)

        hint = "why? It is written into the journal. Enter arms, Esc does not"
        self.push_screen(Prompt("arm for 15 min", hint), given)

    async def arm(self, reason: str) -> None:
        """Arm for a reason, and say so; in an open environment nothing needs arming."""
        if not self._wants_arming:
            name = one_line(self.settings.environment, 60)
            self.tell(f"{name} is an open environment: arming is not needed")
            return
        try:
            await self.on_core(lambda: self.runner.arm(reason))
        except RefusedError as error:
            self.say_refused("arm", [one_line(f"{error.why}: {error.hint}")])
            return
        self._painter.now()

    async def disarm(self) -> None:
        """Put the catch back on."""
        try:
            await self.on_core(self.runner.disarm)
        except RefusedError as error:
            self.tell(f"disarmed, but it could not be written down: {error.why}", bad=True)
        self._painter.now()

    @property
    def _wants_arming(self) -> bool:
        arming = self.runner.planner.arming
        return arming.protected or arming.read_only

    @on(LiveTable.RowMarked)
    def _row_marked(self, event: LiveTable.RowMarked) -> None:
        if not isinstance(event.key, SubjectId):
            event.table.clear_marks()
            self.tell("only rows of a practice's screen are marked: an action runs on each of them")

    def _place(self) -> Cell:
        return place_cell(self.settings.environment, self.store.acting.arm, self.clock.boottime())

    def _paint(self) -> None:
        super()._paint()
        if not self.stalled:
            self._herald.hear()
