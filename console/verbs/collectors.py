"""``collectors``: which types there are, and what each of them takes."""

import dataclasses
import inspect
import itertools
import json
import sys
import typing
from collections.abc import Iterator
from typing import Any

from collectors import registry
from collectors.base import Collector
from collectors.options import Duration
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
        "help": _help(found.Options),
        "options": _options(found),
        "details": [detail.name for detail in getattr(found, "details", ())],
    }


def _help(options: type[Any]) -> str:
    """What the options say of themselves, those that are inherited first."""
    bases = [one for one in reversed(options.__mro__) if dataclasses.is_dataclass(one)]
    return "\n\n".join(doc for one in bases if (doc := inspect.cleandoc(one.__doc__ or "")))


def _options(found: type[Collector[Any]]) -> list[dict[str, Any]]:
    hints = typing.get_type_hints(found.Options, include_extras=True)
    options = []
    for field in dataclasses.fields(found.Options):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        required = default is dataclasses.MISSING
        told = "" if required else as_toml(default, hints[field.name])
        options.append({"name": field.name, "required": required, "default": told or None})
    return options


def as_toml(value: object, hint: object = None) -> str:
    """A default as a configuration would say it; empty where it is no value at all."""
    if value is None or value in ("", (), frozenset(), {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if hint == Duration and isinstance(value, float):
        return f'"{value:g}s"'
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return json.dumps(str(value))
    if isinstance(value, (set, frozenset)):
        return json.dumps(", ".join(_ranges(sorted(value))))
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(as_toml(one) for one in value)}]"
    return json.dumps(str(value))


def _ranges(numbers: list[int]) -> Iterator[str]:
    """Numbers as ``200-299``, runs of neighbours folded."""
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0])


def _explained(told: dict[str, Any]) -> list[str]:
    if told["error"]:
        return [f"{told['type']} from {told['from']}: {told['error']}"]
    lines = [f"{told['type']} – {told['summary']}", "", told["help"], ""]
    lines.append(f"every {told['every']:g} s, time-out {told['timeout']:g} s unless set")
    for option in told["options"]:
        standard = f"default {option['default']}" if option["default"] else "not set"
        lines.append(f"  {option['name']:<20} {'required' if option['required'] else standard}")
    if told["details"]:
        lines.append(f"details: {', '.join(told['details'])}")
    return lines
