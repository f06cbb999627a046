"""What an operator wants to invalidate: one key, a pattern, or a version of Django's; and what is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.action import Argument, RefusedError
from collectors.caches.redis.guarding import library_of, sentence
from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.quoting import typed, written
from collectors.caches.redis.surveying import Survey
from collectors.text import Shown
from collectors.transport.read.redis_info import glob_escape

ARGUMENTS = (
    Argument("key", 'one key; in double quotes as redis-cli has it where need be: "a\\xff"'),
    Argument("pattern", "keys by a glob of the server's: frag:*, user:[1-3]?:*"),
    Argument("django", "one version of Django's keys: PREFIX:VERSION, :1 without a prefix"),
    Argument(
        "lists", "with a pattern: lists and streams, as queues are, go too", "no", choices=("no", "yes")
    ),
)

BROAD = 0.9
"""Part of a database from which a pattern must name something to be believed."""

NAMES = 2
"""Bytes in a row from which a pattern names something."""

_DJANGO = re.compile(r"(.*):(\d{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Selected:
    """What was chosen: ``key``, or ``glob`` of many; ``lists``: lists and streams too."""

    words: Shown
    key: bytes = b""
    glob: Glob | None = None
    lists: bool = False


def selected(arguments: Mapping[str, str]) -> Selected:
    """What the arguments choose; raises RefusedError with the right way to say it."""
    said = {name: arguments[name] for name in ("key", "pattern", "django") if arguments.get(name)}
    if len(said) != 1:
        told = f"{' and '.join(said)} are said" if said else "none is"
        raise RefusedError(f"say one of key, pattern and django: {told}", "pattern=frag:* for instance")
    lists = arguments.get("lists") or "no"
    if lists not in ("no", "yes"):
        raise RefusedError(f"lists is {lists!r}", "say yes or no")
    [(name, text)] = said.items()
    try:
        if name == "key":
            key = typed(text)
            return Selected(Shown(f"the key {written(key)}"), key=key, lists=True)
        pattern = _of_django(text) if name == "django" else typed(text)
        return Selected(written(pattern), glob=Glob(pattern), lists=lists == "yes")
    except ValueError as error:
        raise RefusedError(f"{name}: {_why(error)}", "see `quarterdeck act --list`") from None


def unfit_name(chosen: Selected) -> str:
    """Why this can be chosen nowhere; empty where it can."""
    if chosen.glob is None:
        library = library_of(chosen.key)
        return f"{written(chosen.key)} is a key of {library}, not a cached value" if library else ""
    if not chosen.glob.named:
        return f"{chosen.words} names no part of a key: it is * in other words, and that is refused"
    library = library_of(chosen.glob.prefix)
    return f"{chosen.words} hits keys of {library}, not cached values" if library else ""


def unfit_hits(chosen: Selected, glob: Glob, found: Survey) -> str:
    """Why what was found must not be invalidated by this pattern; empty where it may."""
    if found.queue is not None:
        key, library = found.queue
        return f"it hits {written(key)}, a key of {library}: choose a pattern that leaves it out"
    if found.claimed:
        return f"such names are those of {found.claimed}, whose queues are in this database"
    if found.share > BROAD and glob.named < NAMES:
        return f"it hits {found.share:.0%} of all keys and names nearly nothing: name more of them"
    if chosen.lists and found.neighbours:
        return f"lists=yes where there are queues, {sentence(found.neighbours)}: name a list by its key"
    return "no key matches" if found.whole and not found.hits else ""


def _of_django(text: str) -> bytes:
    """The pattern of ``PREFIX:VERSION``: Django's own keys are ``PREFIX:VERSION:key``."""
    version = _DJANGO.fullmatch(text)
    if version is None:
        raise ValueError("write PREFIX:VERSION, such as shop:2, or :1 where there is no KEY_PREFIX")
    return glob_escape(typed(text) + b":") + b"*"


def _why(error: ValueError) -> str:
    return "it cannot be written in bytes" if isinstance(error, UnicodeError) else str(error)
