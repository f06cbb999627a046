"""The action road of a console, put together from its settings and the operator's environment."""

from collections.abc import Mapping
from pathlib import Path

from console.actions.arming import Arming
from console.actions.journal import FILE, Journal
from console.actions.mirror import Mirror, to_program, to_syslog
from console.actions.planner import Planner
from console.actions.runner import Runner
from console.actions.undo import UndoStore
from console.actions.who import who_acts
from console.engine.core import Core
from console.engine.folders import state_folder
from console.settings import Settings


def journal_of(settings: Settings, environ: Mapping[str, str]) -> Journal:
    """The journal of one console, without a mirror: in its own folder, or where the file says."""
    path = settings.journal.path
    folder = state_folder(environ, settings.name, settings.environment)
    return Journal(Path(path) if path else folder / FILE)


def make_runner(core: Core, environ: Mapping[str, str]) -> Runner:
    """The runner of one console; its undo store lies in the console's own folder."""
    settings = core.settings
    journal, mirror = journal_of(settings, environ), _mirror(settings)
    if mirror is not None:
        journal.mirror = mirror
    undo = UndoStore(state_folder(environ, settings.name, settings.environment))
    arming = Arming(core.clock, protected=settings.protected, read_only=settings.console.read_only)
    who = who_acts(environ, settings.console.operator)
    return Runner(Planner(core, arming), journal, undo, who)


def _mirror(settings: Settings) -> Mirror | None:
    if settings.journal.mirror_command:
        return Mirror(to_program(settings.journal.mirror_command))
    return Mirror(to_syslog()) if settings.journal.mirror == "syslog" else None
