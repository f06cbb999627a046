"""The palette: every key's action by name, mutes, themes, and the lab's incidents."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from collectors.text import one_line
from console.keys import KEYS
from console.present.header import key_name
from console.screens.choices import Entry, actions, label_of
from console.screens.logcommands import log_commands
from widgets.theme import DARK, LIGHT

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

ARM = "act: arm"
DISARM = "act: disarm"

_FIRST = 1e6
"""A score above all others."""

Command = tuple[str, str, Callable[[], object]]


class Commands(Provider):
    """What the palette offers."""

    _chosen = False

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def _all(self) -> list[Command]:
        return [(name, words, partial(self._once, run)) for name, words, run in self._offered()]

    async def _once(self, run: Callable[[], object]) -> None:
        """Run what was chosen, and nothing more: a second Enter chooses again before the palette has left."""
        if not self._chosen:
            self._chosen = True
            done = run()
            if inspect.isawaitable(done):
                await done

    def _offered(self) -> list[Command]:
        console = self.console
        found: list[Command] = []
        found.extend(
            (
                f"{key.group}: {key.words}",
                " ".join(map(key_name, console.key_map[key.id])),
                partial(self._run, key.action),
            )
            for key in KEYS
            if key.id != "app.command"
        )
        found.append(
            (
                "go to: journal",
                "what was done, by whom, and how it ended",
                partial(console.action_go, "journal"),
            )
        )
        found.append((ARM, "arm REASON: for 15 minutes, in a protected environment", console.ask_arm))
        found.append((DISARM, "put the catch back on", console.disarm))
        subjects = console.meant()
        found.extend(
            (f"act: {entry.name} {label_of(console, subjects)}", _told(entry), partial(entry.run, console))
            for entry in actions(console, subjects, console.detail_row())
        )
        found.extend(
            (f"theme: {theme.name}", "", partial(setattr, console, "theme", theme.name))
            for theme in (DARK, LIGHT)
        )
        found.extend(console.login_commands())
        found.extend(log_commands(console))
        found.extend((f"lab: {name}", words, run) for name, words, run in console.lab_commands())
        return found

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for name, words, run in self._all():
            yield DiscoveryHit(Content(name), run, text=name, help=Content(words).plain)

    async def search(self, query: str) -> Hits:
        """The commands that match; ``arm REASON`` is one by itself."""
        word, _, reason = query.strip().partition(" ")
        if word == "arm" and reason.strip():
            words = str(one_line(f"arm: {reason}"))
            arm = partial(self._once, partial(self.console.arm, reason.strip()))
            yield Hit(_FIRST, Content(words), arm, text=words, help="for 15 minutes, with this reason")
            return
        matcher = self.matcher(query)
        for name, words, run in self._all():
            score = _FIRST if _word(name) == query.strip() else matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, text=name, help=Content(words).plain)

    async def _run(self, action: str) -> None:
        await self.console.run_action(action)


def _word(name: str) -> str:
    """The word that calls a command: ``servers`` of ``go to: servers; the ways to other machines``."""
    return name.partition(": ")[2].partition(";")[0]


def _told(entry: Entry) -> str:
    """What an action does, or why it may not be done now."""
    return f"refused: {'; '.join(entry.refusals)}" if entry.refusals else entry.words
