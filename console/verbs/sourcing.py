"""From what the command line names to Settings, or to words on stderr and an exit status."""

import os
import sys
from pathlib import Path

from collectors import redaction
from collectors.errors import QuarterdeckError
from collectors.text import Shown
from console.cli import Wanted
from console.keys import defaults
from console.settings import Settings, SettingsError, Source, load
from console.settings.problems import UsageError


def settings_or_exit(wanted: Wanted, *, idle: bool = False) -> Settings:
    """The settings of a file or of instant URLs; every mistake goes to stderr, then 78 or 64.

    Settings that watch nothing are a mistake too, unless ``idle`` says that they will do. What a file
    is warned of is told by ``config validate`` and ``doctor``, not at each start.
    """
    try:
        settings = settings_of(wanted)
    except SettingsError as error:
        for problem in error.problems:
            print(f"quarterdeck: {problem}", file=sys.stderr)
        print(f"quarterdeck: {error.why}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except UsageError as error:
        say_error(error)
        raise SystemExit(error.exit_code) from None
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
    source = Source(Path(wanted.config) if wanted.config else None, wanted.environment, Path.cwd())
    settings = load(source, os.environ, keys=defaults())
    redaction.use(settings.redaction)
    return settings


def say_error(error: QuarterdeckError) -> None:
    """Why, and what to do, on stderr."""
    hint = f" – {error.hint}" if error.hint else ""
    print(f"quarterdeck: {error.why}{hint}", file=sys.stderr)
