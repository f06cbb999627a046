"""The words of the language, and the nearest right one for a wrong one."""

import difflib
from collections.abc import Iterable

FUNCTIONS = ("count", "p50", "p95", "p99", "sum", "avg", "min", "max", "uniq", "rate")
STAGES = (*FUNCTIONS, "hist", "top", "patterns", "fields", "around", "show", "diff")
"""What may begin a stage; ``pN`` stands for every percentile."""

LEVELS = ("trace", "debug", "info", "warning", "error", "critical")


def nearest(word: str, words: Iterable[str]) -> str:
    """The word most like ``word``, or empty where none is like it."""
    known = list(words)
    return next(iter(difflib.get_close_matches(word[:60].lower(), known, n=1, cutoff=0.6)), "")


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A remedy: the nearest word, else all of them."""
    known = list(words)
    near = nearest(word, known)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}"
