"""The lab's incidents as commands of the palette, and what to press in each."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import App

from console.lab import control
from console.lab.control import IncidentInfo, list_incidents
from console.lab.processes import LabError

# seconds: long enough to read what to press
_READING = 12


def lab_commands(app: App[int], lab: Path) -> list[tuple[str, str, Callable[[], object]]]:
    """Name, words and what runs: start and stop for each incident of the lab in this folder."""
    return [
        (
            f"{verb} incident {incident.name}",
            incident.title if verb == "stop" else f"{incident.title} Press {incident.press}",
            partial(_incident, app, lab, verb, incident),
        )
        for incident in list_incidents()
        for verb in ("start", "stop")
    ]


async def tell_active(app: App[int], lab: Path) -> None:
    """Say what to press in each incident that is under way, as one is that the demo began with."""
    try:
        under_way = await control.active(lab)
    except LabError as error:
        app.notify(str(error), markup=False, severity="error")
        return
    for incident in list_incidents():
        if incident.name in under_way:
            app.notify(f"{incident.name}: press {incident.press}", markup=False, timeout=_READING)


async def _incident(app: App[int], lab: Path, verb: str, incident: IncidentInfo) -> None:
    try:
        await (control.start if verb == "start" else control.stop)(incident.name, lab)
    except LabError as error:
        app.notify(str(error), markup=False, severity="error")
        return
    if verb == "start":
        app.notify(f"start {incident.name}: press {incident.press}", markup=False, timeout=_READING)
    else:
        app.notify(f"stop {incident.name}", markup=False, timeout=3)
