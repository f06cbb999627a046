"""TOML and environment to validated settings, every mistake at once, with file, line, key and remedy."""

from collections.abc import Mapping

from collectors.transport.servers.spec import Container, Pod, Server
from console.settings.files import changed
from console.settings.problems import AmbiguousError, Problem, SettingsError, UsageError
from console.settings.source import Source, find
from console.settings.values import (
    CollectorSettings,
    ConsoleSettings,
    CustomAction,
    CustomRequest,
    JournalSettings,
    Limit,
    Limits,
    Service,
    Settings,
    Threshold,
    is_protected,
)

__all__ = [
    "AmbiguousError",
    "CollectorSettings",
    "ConsoleSettings",
    "Container",
    "CustomAction",
    "CustomRequest",
    "JournalSettings",
    "Limit",
    "Limits",
    "Pod",
    "Problem",
    "Server",
    "Service",
    "Settings",
    "SettingsError",
    "Source",
    "Threshold",
    "UsageError",
    "changed",
    "find",
    "is_protected",
    "load",
]


def load(
    source: Source,
    environ: Mapping[str, str],
    *,
    overrides: Mapping[str, object] | None = None,
    keys: Mapping[str, tuple[str, ...]] | None = None,
) -> Settings:
    """The settings of the file that ``source`` finds; empty settings where there is none.

    ``overrides`` are typed flags by the name of their ``[console]`` key. ``keys`` are the console's
    own keys by action id; without them ``[keys]`` is checked for its shape only. Commands that give
    secrets run now. Raises SettingsError with all mistakes, UsageError where the choice of a file
    cannot be met, AmbiguousError where there are several and none is chosen.
    """
    # Reading needs pydantic, which whoever only holds settings does not.
    from console.settings.loading import load_tree  # noqa: PLC0415

    return load_tree(source, environ, overrides=overrides, keys=keys).settings
