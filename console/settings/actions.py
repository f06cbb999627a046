"""``[actions.*]``: programs and requests of the configuration's own, offered on subjects that they name."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from collectors.action import Risk
from collectors.model.practice import Practice
from console.settings.commands import read_command, read_env
from console.settings.problems import KeyPath, did_you_mean
from console.settings.requests import read_request
from console.settings.strict import Strict, entries
from console.settings.tree import Tree
from console.settings.values import CustomAction

STANDARD = 30.0
"""Seconds that an action may take where the file does not say."""

LONGEST = 3600.0
"""Seconds that an action of this kind may take."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_PRACTICES = tuple(str(practice) for practice in Practice)
_RISKS = tuple(str(risk) for risk in Risk)


def read_actions(tree: Tree, values: object, services: Mapping[str, object]) -> dict[str, CustomAction]:
    """``[actions.*]``; ``services`` are those that are declared or that collectors name."""
    found: dict[str, CustomAction] = {}
    for name, at, value in entries(tree.problems, "actions", values):
        if not _NAME.fullmatch(name):
            tree.problems.spoil(at, f"{name!r} cannot be an action's name", "use letters, digits, - and _")
            continue
        table = Strict(tree.problems, at, value)
        before = len(tree.problems)
        action = _read_one(tree, name, table)
        table.done(elsewhere={"max_items": f'set it in [limits."custom.{name}"]', "max_rate": "it acts once"})
        if action is not None and len(tree.problems) == before:
            found[name] = action
            _warn_idle(tree, at, action, services)
    return found


def _read_one(tree: Tree, name: str, table: Strict) -> CustomAction | None:
    risk = table.choice("risk", _RISKS, "destructive")
    if "risk" not in table.values and not table.problems.is_spoiled(table.at):
        table.problems.add(table.at, "has no risk", f"set risk to one of {', '.join(_RISKS)}")
    practice = table.choice("practice", _PRACTICES, _PRACTICES[0]) if table.raw("practice") else ""
    read: dict[str, Any] = {
        "words": table.text("words") or name.replace("-", " ").replace("_", " "),
        "target": table.text("target"),
        "practice": Practice(practice) if practice else None,
        "service": table.name("service"),
        "timeout": _timeout(table),
        "command": read_command(tree, table),
        "env": read_env(tree, table),
        "request": read_request(tree, table),
    }
    _check_way(table)
    if not any(key in table.values for key in ("target", "practice", "service")):
        words = "does not say what it acts on"
        table.problems.add(table.at, words, 'set target = "COLLECTOR/SUBJECT" (with *), practice or service')
    elif table.values.get("target") == "":
        table.wrong("target", "fits nothing", 'write target = "orders-jobs/mail*"')
    file, line = tree.file(table.at), tree.place(table.at)[1]
    return CustomAction(name=name, risk=Risk(risk), file=file, line=line, **read)


def _timeout(table: Strict) -> float:
    seconds = table.duration("timeout", 0.1, 'write it like "30s"')
    if seconds is not None and seconds > LONGEST:
        table.wrong("timeout", f"is longer than {LONGEST:g}s", "let the program begin the work, and watch it")
    return seconds or STANDARD


def _check_way(table: Strict) -> None:
    ways = [key for key in ("command", "request") if key in table.values]
    if len(ways) > 1:
        table.wrong("request", "command and request are two actions", "keep one of them")
    elif not ways and not table.problems.is_spoiled(table.at):
        table.problems.add(table.at, "does nothing", 'set command = ["…"], or request = { url = "…" }')
    if ways == ["request"] and "env" in table.values:
        table.wrong("env", "belongs to a command", "take it out")


def _warn_idle(tree: Tree, at: KeyPath, action: CustomAction, services: Mapping[str, object]) -> None:
    """Tell of what an action is said to act on and what is not here."""
    if action.service and action.service not in services:
        remedy = did_you_mean(action.service, services)
        tree.problems.warn((*at, "service"), f"there is no service {action.service!r}: {remedy}")
    collectors: Iterable[str] = tree.values.get("collectors", {})
    glob = action.target.partition("/")[0]
    if glob and not any(fnmatchcase(name, glob) for name in collectors):
        remedy = did_you_mean(glob, collectors)
        tree.problems.warn((*at, "target"), f"no collector here is called {glob!r}: {remedy}")
