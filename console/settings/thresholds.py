"""Thresholds, read in the unit of the field that they limit."""

import importlib
import math
import re
from functools import cache

from collectors.model.fields import Bad, FieldSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from collectors.model.reading import Reading
from collectors.options import parse_duration, parse_size
from console.settings.problems import KeyPath, Problems, did_you_mean
from console.settings.strict import Strict
from console.settings.values import Threshold

_PER = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RATE = re.compile(r"([0-9.]+)\s*/\s*(s|min|m|h|d)")
_EXAMPLES = {
    Unit.SECONDS: '"10m"',
    Unit.BYTES: '"1GiB"',
    Unit.PER_SECOND: '5 or "300/min"',
    Unit.RATIO: '"90%" or 0.9',
    Unit.COUNT: "100",
}


@cache
def specs_of(practice: Practice) -> dict[str, FieldSpec]:
    """The fields of a practice's readings by name; empty where it has no reading yet."""
    try:
        module = importlib.import_module(f"collectors.model.{practice.value}")
    except ModuleNotFoundError:
        return {}
    found: dict[str, FieldSpec] = {}
    for member in vars(module).values():
        is_reading = isinstance(member, type) and issubclass(member, Reading) and member is not Reading
        if is_reading and getattr(member, "practice", None) is practice:
            found |= {spec.name: spec for spec in member.specs()}
    return found


def parse_limit(value: object, unit: Unit) -> float:
    """A limit in its field's unit; raises ValueError with an example."""
    number = _number(value)
    if number is None:
        number = _worded(value, unit)
    elif unit is Unit.RATIO and number >= 10:
        raise ValueError(f"is a ratio, and {number:g} is {number:.0%}")
    if not math.isfinite(number) or number < 0:
        raise ValueError("must be a number from 0")
    return number


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        return float(value)
    return None


def _worded(value: object, unit: Unit) -> float:
    if unit is Unit.SECONDS:
        return parse_duration(value)
    if unit is Unit.BYTES:
        return float(parse_size(value))
    text = value.strip() if isinstance(value, str) else ""
    if unit is Unit.RATIO and re.fullmatch(r"\d+(\.\d+)?\s*%", text):
        return float(text[:-1]) / 100
    rate = _RATE.fullmatch(text) if unit is Unit.PER_SECOND else None
    if rate is not None and _number(rate[1]) is not None:
        return float(rate[1]) / _PER[rate[2]]
    raise ValueError(f"must be written like {_EXAMPLES[unit]}")


def read_thresholds(
    problems: Problems,
    paths: dict[str, KeyPath],
    values: dict[str, object],
    type_name: str,
    practice: Practice,
) -> dict[str, Threshold]:
    """The thresholds of a collector; the adapter's own fields begin with its type's last word."""
    specs = specs_of(practice)
    prefix = type_name.rpartition(".")[2] + "."
    found: dict[str, Threshold] = {}
    for name, value in values.items():
        spec = specs.get(name)
        if spec is None and not name.startswith(prefix):
            remedy = did_you_mean(name, specs)
            problems.spoil(paths[name], f"{practice.value} readings have no field {name!r}", remedy)
            continue
        threshold = _one(Strict(problems, paths[name], value), spec)
        if threshold is not None:
            found[name] = threshold
    return found


def _one(table: Strict, spec: FieldSpec | None) -> Threshold | None:
    before = len(table.problems)
    remedy = f"write it like {_EXAMPLES[spec.unit]}" if spec else 'write a number, "10m", "90%" or "1GiB"'

    def parse(value: object) -> float:
        return parse_limit(value, spec.unit) if spec else _any_unit(value)

    threshold = Threshold(
        warning=table.parsed("warning", parse, remedy),
        critical=table.parsed("critical", parse, remedy),
        for_=table.duration("for", 0.0, 'write it like "30s"') or 0.0,
        clear=table.parsed("clear", parse, remedy),
        min_volume=table.parsed("min_volume", lambda value: parse_limit(value, Unit.COUNT), "write a number"),
    )
    table.done()
    if len(table.problems) > before or table.problems.is_spoiled(table.at):
        return None
    _check_order(table, threshold, spec.bad if spec else Bad.HIGH)
    return threshold


def read_threshold(table: Strict) -> Threshold | None:
    """A threshold whose unit only its values tell; None where it is wrong, which is told."""
    return _one(table, None)


def _any_unit(value: object) -> float:
    for unit in (Unit.COUNT, Unit.SECONDS, Unit.RATIO, Unit.BYTES, Unit.PER_SECOND):
        try:
            return parse_limit(value, unit)
        except ValueError:
            continue
    raise ValueError("is neither a number nor a duration, ratio, size or rate")


def _check_order(table: Strict, threshold: Threshold, bad: Bad) -> None:
    warning, critical, clear = threshold.warning, threshold.critical, threshold.clear
    sign, beyond = (-1, "below") if bad is Bad.LOW else (1, "above")
    if warning is None and critical is None:
        table.problems.add(table.at, "has neither warning nor critical", "set at least one of them")
    if warning is not None and critical is not None and sign * warning > sign * critical:
        table.wrong("warning", f"is {beyond} critical, so it would never be seen", "swap the two")
    first = critical if warning is None else warning
    if clear is not None and first is not None and sign * clear > sign * first:
        table.wrong("clear", f"is {beyond} the limit that it is to clear", "put it on the good side of it")
