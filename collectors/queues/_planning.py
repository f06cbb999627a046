"""Pieces that the plans of several queue adapters on Redis share."""

from collections.abc import Sequence

from collectors.options import parse_duration
from collectors.queues._canary import SIZES
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_info import parse_info

RATE = 50.0
"""Items a second of a bulk retry, where nobody says another rate."""

DEADLINE = 4 * 3600.0
"""Seconds that a bulk retry may last."""

MOST_BATCH = 50
"""Items of one script: it holds up other clients for far less than a millisecond each."""


def server_of(reader: RedisReader) -> str:
    """The server that was asked, in the words of the writers: run id and role."""
    return f"{reader.server.run_id} {reader.server.role}".strip()


def number(text: str) -> int | None:
    """A number of items as an operator writes it; None for what is none or below 1."""
    plain = text.strip()
    return int(plain) if plain.isdecimal() and len(plain) < 10 and int(plain) > 0 else None


def seconds(text: str) -> float | None:
    """A duration as an operator writes it (``90s``, ``5m``); None for what is none."""
    try:
        return parse_duration(float(text) if text.replace(".", "", 1).isdecimal() else text)
    except ValueError:
        return None


def beyond(count: int, maximum: int | None, noun: str) -> str:
    """The refusal of a plan that hits more than it may; empty where it does not."""
    if maximum is None or count <= maximum:
        return ""
    return f"{count} {noun} are more than the limit of {maximum}: narrow it down or raise the limit"


def pace(count: int, rate: float | None, canary: float) -> tuple[str, str]:
    """How fast a bulk retry goes in words, and the refusal of one that would last too long; one or none."""
    rest, speed = count - sum(SIZES), rate or RATE
    if rest <= 0:
        return "", ""
    if count / speed + 2 * len(SIZES) * canary > DEADLINE:
        return (
            "",
            f"at {speed:g}/s it would last longer than {DEADLINE / 3600:g} h: take fewer or raise the rate",
        )
    return f"first 1, then 5, then the rest at {speed:g}/s", ""


def shown_all(lines: Sequence[str]) -> tuple[Shown, ...]:
    """Lines that are not empty, for a plan."""
    return tuple(one_line(line, 400) for line in lines if line)


def batch_size(rate: float | None) -> int:
    """Items of one batch at a rate: no more than a second's worth."""
    return max(1, min(MOST_BATCH, int(rate or RATE)))


async def eviction(reader: RedisReader) -> str:
    """A warning where the server may throw a quarantine away to free memory; empty where it will not."""
    [told] = await reader.ask_each(read("INFO", "memory"))
    if not isinstance(told, bytes):
        return ""
    info = parse_info(told)
    policy = info.get("maxmemory_policy", "")
    if info.get("maxmemory", "0") == "0" or policy in ("", "noeviction"):
        return ""
    return f"this server evicts keys when its memory is full ({policy}): the quarantine may go earlier"
