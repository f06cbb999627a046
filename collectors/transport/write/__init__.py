"""The writers. Only the console's action runner may import them: an import contract holds it."""

import importlib

from collectors.action import Hands, RefusedError
from collectors.base import Collector

KINDS = ("redis", "postgres", "http", "process", "lines", "drain")
"""Kinds of hands; each has a module here with ``open_hands``."""


async def open_hands(kind: str, collector: Collector[object]) -> Hands:
    """Hands of a kind for what a collector watches; raises SourceError or RefusedError."""
    if kind not in KINDS:
        raise RefusedError(f"no hands of the kind {kind!r}", f"there are {', '.join(KINDS)}")
    module = importlib.import_module(f"collectors.transport.write.{kind}")
    hands: Hands = await module.open_hands(collector)
    return hands
