"""Others' modules are imported in a thread that can be left behind: one that never ends stops nobody."""

import threading
from concurrent.futures import Future
from importlib.metadata import EntryPoint

WITHIN = 5.0
"""Seconds that an import may take."""

_stuck: set[EntryPoint] = set()


class StuckError(Exception):
    """An import has not ended in time; its thread is left behind."""


def load(point: EntryPoint) -> object:
    """What an entry point names; raises whatever its import raises, and StuckError."""
    if point in _stuck:
        raise StuckError
    answer: Future[object] = Future()
    threading.Thread(target=_load, args=(point, answer), name=f"import {point.value}", daemon=True).start()
    try:
        return answer.result(WITHIN)
    except TimeoutError:
        if answer.done():
            raise
        _stuck.add(point)
        raise StuckError from None


def _load(point: EntryPoint, answer: "Future[object]") -> None:
    try:
        answer.set_result(point.load())
    except BaseException as error:  # noqa: BLE001 - handed over to who asked
        answer.set_exception(error)
