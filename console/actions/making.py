"""The action road of a console, put together from its settings and the operator's environment."""

from collections.abc import Mapping

from console.actions.arming import Arming
from console.actions.journal import Journal
from console.actions.planner import Planner
from console.actions.runner import Runner
from console.actions.undo import UndoStore
from console.actions.who import who_acts
from console.engine.core import Core
from console.engine.folders import state_folder


def make_runner(core: Core, environ: Mapping[str, str]) -> Runner:
    """The runner of one console; its journal and undo store lie in the console's own folder."""
    settings = core.settings
    folder = state_folder(environ, settings.name, settings.environment)
    arming = Arming(core.clock, protected=settings.protected, read_only=settings.console.read_only)
    who = who_acts(environ, settings.console.operator)
    return Runner(Planner(core, arming), Journal(folder), UndoStore(folder), who)
