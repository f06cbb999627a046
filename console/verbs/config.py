"""``config show|validate|schema|keys``: what the configuration is, whether it is right, what it may be."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from collectors.text import Shown
from console.cli import Wanted
from console.keys import ALL_KEYS, defaults, key_map
from console.settings import SettingsError, Source, UsageError
from console.verbs.sourcing import say_error, settings_or_exit


def run_show(wanted: Wanted, *, as_json: bool) -> int:
    """Print each effective value with the file and line that it comes from; secrets are masked."""
    from console.settings import show  # noqa: PLC0415 - each verb loads what it needs
    from console.settings.loading import load_tree  # noqa: PLC0415 - the same

    try:
        loading = load_tree(_source(wanted), os.environ, keys=defaults())
    except SettingsError as error:
        for problem in error.problems:
            print(f"quarterdeck: {problem}", file=sys.stderr)
        return error.exit_code
    except UsageError as error:
        say_error(error)
        return error.exit_code
    values = show.effective(loading)
    if as_json:
        print(json.dumps(show.as_json(loading, values), indent=2))
    else:
        _print(show.as_text(loading, values))
    return 0


def run_validate(wanted: Sequence[Wanted], *, as_json: bool) -> int:
    """Report every mistake and warning of each file; 78 if one has a mistake, 64 if one cannot be chosen."""
    from console.settings import validate  # noqa: PLC0415 - each verb loads what it needs

    code = 0
    for one in wanted:
        try:
            report = validate.validate(_source(one), os.environ, keys=defaults())
        except UsageError as error:
            say_error(error)
            code = code or error.exit_code
            continue
        if as_json:
            print(json.dumps(validate.as_json(report), indent=2))
        else:
            _print(validate.as_text(report))
        code = max(code, report.exit_code)
    return code


def run_schema() -> int:
    """Print the JSON Schema of a configuration file."""
    from console.settings.schema import json_schema  # noqa: PLC0415 - it loads every adapter

    print(json.dumps(json_schema(), indent=2))
    return 0


def run_keys(wanted: Wanted, *, as_json: bool) -> int:
    """Print the key map in force, one id a line, as [keys] takes it."""
    bound = key_map(settings_or_exit(wanted, idle=True).keys)
    if as_json:
        told = [
            {"id": key.id, "keys": list(bound[key.id]), "does": key.words, "group": key.group}
            for key in ALL_KEYS
        ]
        print(json.dumps({"format": 1, "keys": told}, indent=2))
        return 0
    for key in ALL_KEYS:
        names = json.dumps(list(bound[key.id]))
        print(f"{key.id:<20} = {names:<34} # {key.words}")
    return 0


def _print(text: str) -> None:
    """Lines for people: a path may hold control characters."""
    for line in text.splitlines():
        print(Shown(line))


def _source(wanted: Wanted) -> Source:
    return Source(Path(wanted.config) if wanted.config else None, wanted.environment, Path.cwd())
