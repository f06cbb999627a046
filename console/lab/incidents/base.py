"""What an incident is, and what it may lay hands on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Shop(Protocol):
    """The running shop, as incidents see it."""

    held: dict[str, Any]

    def fault(self, name: str, *, on: bool) -> None:
        """Turn a switch that a process of the shop obeys within 0.1 s."""

    def queues_url(self) -> str:
        """Return the redis:// URL of the broker."""
        ...

    def cache_url(self, service: str) -> str:
        """Return the redis:// URL of a service's cache."""
        ...

    def database_url(self, role: str) -> str:
        """Return the postgresql:// URL of the shop's database for a service's role."""
        ...

    async def stop_process(self, name: str) -> None:
        """End one process with SIGTERM and keep it ended."""

    async def start_process(self, name: str) -> None:
        """Start a process that was ended."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its name, what happened in one sentence, what one sees, how it begins and ends.

    `press` is what an operator presses in the console: keys, and after `a` the row and the action's word.
    """

    name: str
    title: str
    sees: str
    press: str
    start: Callable[[Shop], Awaitable[None]]
    stop: Callable[[Shop], Awaitable[None]]
