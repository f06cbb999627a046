"""From what the command line names to Settings, or to words on stderr and an exit status."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from collectors import redaction
from collectors.errors import QuarterdeckError
from collectors.text import Shown
from console.cli import Wanted
from console.keys import defaults
from console.settings import Settings, SettingsError, Source, load
from console.settings.problems import UsageError

T = TypeVar("T")


def settings_or_exit(wanted: Wanted, *, idle: bool = False) -> Settings:
    """The settings of a file or of instant URLs; every mistake goes to stderr, then 78 or 64.

    Settings that watch nothing are a mistake too, unless ``idle`` says that they will do. What a file
    is warned of is told by ``config validate`` and ``doctor``, not at each start.
    """
    settings = _or_exit(lambda: settings_of(wanted))
    for warning in settings.warnings if wanted.urls else ():
        print(f"quarterdeck: warning: {warning}", file=sys.stderr)
    if not settings.collectors and not idle:
        where = Shown(str(settings.file or "no configuration file was found"))
        print(
            f"quarterdeck: nothing to watch: {where}.\n"
            "Try `quarterdeck demo`, or name what to watch: quarterdeck redis://localhost https://host/readyz",
            file=sys.stderr,
        )
        raise SystemExit(SettingsError.exit_code)
    return settings


def settings_of(wanted: Wanted) -> Settings:
    """The settings; raises SettingsError or UsageError."""
    if wanted.urls:
        if wanted.config or wanted.environment:
            raise UsageError("URLs and a configuration exclude each other", "put the URLs into the file")
        from console.settings import instant  # noqa: PLC0415 - only where URLs are given

        return instant.settings(wanted.urls, os.environ)
    settings = load(_source(wanted), os.environ, keys=defaults())
    redaction.use(settings.redaction)
    return settings


def redact_or_exit(wanted: Wanted) -> None:
    """Replace secrets as the configuration says, where there is one, and read nothing else of it."""
    from console.settings.redacting import redaction_of  # noqa: PLC0415 - only where files are asked

    redaction.use(_or_exit(lambda: redaction_of(_source(wanted), os.environ)))


def _source(wanted: Wanted) -> Source:
    return Source(Path(wanted.config) if wanted.config else None, wanted.environment, Path.cwd())


def _or_exit(read: Callable[[], T]) -> T:
    """What ``read`` gives; every mistake goes to stderr, then 78 or 64."""
    try:
        return read()
    except SettingsError as error:
        for problem in error.problems:
            print(f"quarterdeck: {problem}", file=sys.stderr)
        print(f"quarterdeck: {error.why}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except UsageError as error:
        say_error(error)
        raise SystemExit(error.exit_code) from None


def say_error(error: QuarterdeckError) -> None:
    """Why, and what to do, on stderr."""
    hint = f" – {error.hint}" if error.hint else ""
    print(f"quarterdeck: {error.why}{hint}", file=sys.stderr)
