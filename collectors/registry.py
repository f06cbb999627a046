"""Type names → classes: ours from the path, others' from entry points; loaded one at a time."""

import dataclasses
import difflib
import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from collectors import importing
from collectors.base import API, Collector
from collectors.errors import QuarterdeckError
from collectors.model.practice import Practice

GROUP = "quarterdeck.collectors"
"""Entry-point group of collectors from other distributions."""

_REPORT = "report it to its author"


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A type name, the distribution that brings it (empty: ours), and the entry points of that name."""

    name: str
    distribution: str = ""
    points: tuple[EntryPoint, ...] = ()

    @property
    def foreign(self) -> bool:
        """Whether another distribution brings it."""
        return bool(self.distribution)


class PluginError(QuarterdeckError):
    """A collector's class could not be loaded."""


@cache
def types() -> dict[str, TypeInfo]:
    """Every type by name, without importing any; a name that two bring is an error at load."""
    root = Path(__file__).parent
    found: dict[str, TypeInfo] = {}
    # Looking for entry points reads the metadata of everything that is installed: once is enough.
    points: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        points.setdefault(point.name, []).append(point)
    for practice in Practice:
        folder = root / practice.value
        if folder.is_dir():
            for entry in sorted(folder.iterdir()):
                stem = entry.stem
                is_module = entry.suffix == ".py" or (entry / "__init__.py").is_file()
                if is_module and not stem.startswith("_"):
                    name = f"{practice.value}.{stem}"
                    found[name] = TypeInfo(name, points=tuple(points.get(name, ())))
    for name, brought in points.items():
        found.setdefault(name, TypeInfo(name, _distribution(brought[0]), tuple(brought)))
    return found


def nearest(name: str) -> str:
    """The type name most like ``name``, or empty."""
    return next(iter(difflib.get_close_matches(name, types(), n=1, cutoff=0.5)), "")


def load(name: str) -> type[Collector[Any]]:
    """The class of a type; raises PluginError with the distribution and the reason."""
    info = types().get(name)
    if info is None:
        hint = nearest(name)
        raise PluginError(f"no collector type {name!r}", f"did you mean {hint!r}?" if hint else "")
    rivals = info.points
    if len(rivals) > 1 or (rivals and not info.foreign):
        owners = sorted(
            {_distribution(point) for point in rivals} | ({"quarterdeck"} if not info.foreign else set())
        )
        raise PluginError(f"{name} is brought by {' and '.join(owners)}", "uninstall one of them")
    try:
        if rivals:
            found = importing.load(rivals[0])
        else:
            found = importlib.import_module(f"collectors.{name}").COLLECTOR
    except importing.StuckError:
        words = f"{name}{_from(info)} did not load within {importing.WITHIN:g} s"
        raise PluginError(words, _REPORT) from None
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{name}{_from(info)} failed to load: {type(error).__name__}: {error}",
            _REPORT if info.foreign else "run `quarterdeck doctor`",
        ) from error
    return _checked(info, found)


def _checked(info: TypeInfo, found: object) -> type[Collector[Any]]:
    who = f"{info.name}{_from(info)}"
    if not (isinstance(found, type) and issubclass(found, Collector)):
        raise PluginError(f"{who} is not a Collector", _REPORT)
    if info.foreign and not any("api" in vars(base) for base in found.__mro__ if base is not Collector):
        raise PluginError(f"{who} states no collector interface", f"its author must write `api = {API}`")
    if found.api != API:
        raise PluginError(
            f"{who} was written for collector interface {found.api}, this is {API}",
            "install a release of it that fits this console",
        )
    practice = getattr(found, "practice", None)
    if not isinstance(practice, Practice):
        raise PluginError(f"{who} names no practice", _REPORT)
    if info.name.partition(".")[0] != practice.value:
        raise PluginError(f"{who} reads {practice}: its name must begin with {practice}.", _REPORT)
    if inspect.isabstract(found) or not dataclasses.is_dataclass(getattr(found, "Options", None)):
        raise PluginError(f"{who} lacks `collect` or `Options`", _REPORT)
    return found


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _from(info: TypeInfo) -> str:
    return f" (from {info.distribution})" if info.foreign else ""
