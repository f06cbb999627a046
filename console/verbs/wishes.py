"""The words of ``act`` on the command line, checked."""

import math
from collections.abc import Sequence
from typing import Any

import click

from console.verbs.act import Wish


def wish_of(*, given: Sequence[str], rate: str, **said: Any) -> Wish:  # noqa: ANN401 - click's values
    """What is asked for, by the fields of ``Wish``; raises click's UsageError."""
    if said["undo"] and (said["action"] or said["target"]):
        raise click.UsageError("--undo RUN names all there is to say")
    if not said["undo"] and not (said["action"] and said["target"]):
        raise click.UsageError("say ACTION and TARGET; `quarterdeck act --list` lists them")
    pairs = [one.partition("=") for one in given]
    if not all(name and equals for name, equals, _value in pairs):
        raise click.UsageError("--with wants NAME=VALUE")
    arguments = tuple((name, value) for name, _equals, value in pairs)
    return Wish(arguments=arguments, rate=_rate(rate), **said)


def _rate(text: str) -> float | None:
    if not text:
        return None
    try:
        rate = float(text.removesuffix("/s"))
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise click.UsageError(f"--rate {text}: write it like 5/s")
    return rate
