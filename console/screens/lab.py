"""The lab's incidents as commands of the palette."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import App

from console.lab import control
from console.lab.control import list_incidents
from console.lab.processes import LabError


def lab_commands(app: App[int], lab: Path) -> list[tuple[str, str, Callable[[], object]]]:
    """Name, words and what runs: start and stop for each incident of the lab in this folder."""
    return [
        (
            f"{verb} incident {incident.name}",
            incident.title,
            partial(_incident, app, lab, verb, incident.name),
        )
        for incident in list_incidents()
        for verb in ("start", "stop")
    ]


async def _incident(app: App[int], lab: Path, verb: str, name: str) -> None:
    try:
        await (control.start if verb == "start" else control.stop)(name, lab)
    except LabError as error:
        app.notify(str(error), markup=False, severity="error")
    else:
        app.notify(f"{verb} {name}", markup=False, timeout=3)
