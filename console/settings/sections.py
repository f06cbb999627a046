"""``[console]`` and ``[services.*]``."""

from collections.abc import Mapping
from typing import Any

from console.settings.instances import expand
from console.settings.problems import Problems
from console.settings.strict import Strict, check_circle, entries
from console.settings.values import ConsoleSettings, Service

THEMES = ("auto", "dark", "light")


def read_console(problems: Problems, values: object, overrides: Mapping[str, object]) -> ConsoleSettings:
    """``[console]``; ``overrides`` are flags that were typed, and beat the file."""
    table = Strict(problems, ("console",), values)
    standard = ConsoleSettings()
    mouse = table.flag("mouse")
    read: dict[str, Any] = {
        "name": table.text("name"),
        "environment": table.text("environment", example='"production"'),
        "theme": table.choice("theme", THEMES, standard.theme),
        "mouse": standard.mouse if mouse is None else mouse,
        "low_bandwidth": table.flag("low_bandwidth"),
        "read_only": bool(table.flag("read_only")),
        "retention": table.duration("retention", 60.0, 'write it like "6h"') or standard.retention,
    }
    table.done()
    return ConsoleSettings(**{**read, **overrides})


def read_services(problems: Problems, values: object) -> dict[str, Service]:
    """``[services.*]``."""
    found: dict[str, Service] = {}
    for name, at, value in entries(problems, "services", values):
        table = Strict(problems, at, value)
        depends_on = table.names("depends_on")
        instances = read_instances(table)
        quorum = table.integer("quorum", 1, 1000)
        min_ready = table.integer("min_ready", 0, 1000)
        table.done()
        if quorum is not None and table.problems.is_spoiled(table.path("instances")):
            quorum = None
        elif quorum is not None and quorum > len(instances):
            have = f"{len(instances)} instances" if instances else "no instances"
            table.wrong("quorum", f"{quorum} of {have} can never be met", "lower it, or list all instances")
        if min_ready and instances and min_ready >= len(instances):
            words = f"with {min_ready} of {len(instances)} ready at least, none can ever be drained"
            table.wrong("min_ready", words, "lower it, or list all instances")
        found[name] = Service(name, depends_on, instances, quorum, min_ready)
    check_circle(
        problems, {name: service.depends_on for name, service in found.items()}, "services", "depends_on"
    )
    return found


def read_instances(table: Strict) -> tuple[str, ...]:
    """The key ``instances``, with its ranges expanded."""
    patterns = table.names("instances")
    try:
        return expand(patterns)
    except ValueError as error:
        table.problems.spoil(table.path("instances"), error, 'write them like ["web-[1-12]", "db-a"]')
        return ()
