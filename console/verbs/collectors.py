"""``collectors``: which types there are, and what each of them takes."""

import dataclasses
import inspect
import json
import sys
from typing import Any

from collectors import registry
from collectors.base import Collector
from collectors.registry import PluginError, TypeInfo


def run_collectors(name: str, *, as_json: bool) -> int:
    """List all types, or explain one; 64 for a type that is not there, 1 if one failed to load."""
    if name and name not in registry.types():
        hint = registry.nearest(name)
        print(
            f"quarterdeck: no collector type {name!r}" + (f"; did you mean {hint!r}?" if hint else ""),
            file=sys.stderr,
        )
        return 64
    infos = [registry.types()[name]] if name else list(registry.types().values())
    told = [_told(info) for info in infos]
    if as_json:
        print(json.dumps({"format": 1, "collectors": told}, indent=2))
    elif name:
        print("\n".join(_explained(told[0])))
    else:
        for one in told:
            print(f"{one['type']:<20} {one['from']:<24} {one['error'] or one['summary']}")
    return 1 if any(one["error"] for one in told) else 0


def _told(info: TypeInfo) -> dict[str, Any]:
    told: dict[str, Any] = {"type": info.name, "from": info.distribution or "quarterdeck", "error": ""}
    try:
        found = registry.load(info.name)
    except PluginError as error:
        return told | {"error": str(error.why), "summary": "", "options": []}
    doc = inspect.getdoc(found) or ""
    return told | {
        "summary": doc.partition("\n")[0],
        "practice": str(found.practice),
        "every": found.default_every,
        "timeout": found.default_timeout,
        "help": inspect.getdoc(found.Options) or "",
        "options": _options(found),
        "details": [detail.name for detail in getattr(found, "details", ())],
    }


def _options(found: type[Collector[Any]]) -> list[dict[str, Any]]:
    options = []
    for field in dataclasses.fields(found.Options):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if required or field.default is dataclasses.MISSING else str(field.default)
        options.append({"name": field.name, "required": required, "default": default})
    return options


def _explained(told: dict[str, Any]) -> list[str]:
    if told["error"]:
        return [f"{told['type']} from {told['from']}: {told['error']}"]
    lines = [f"{told['type']} – {told['summary']}", "", told["help"], ""]
    lines.append(f"every {told['every']:g} s, time-out {told['timeout']:g} s unless set")
    for option in told["options"]:
        default = "required" if option["required"] else f"default {option['default']}"
        lines.append(f"  {option['name']:<20} {default}")
    if told["details"]:
        lines.append(f"details: {', '.join(told['details'])}")
    return lines
