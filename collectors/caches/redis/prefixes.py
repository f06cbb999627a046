"""What fills a database: keys by prefix, estimated from a random sample or told exactly; pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.model.quantity import Quantity, Unit, about, at_least, exact
from collectors.text import Shown, one_line

_NORMAL_95 = 1.96
_MANY, _HEAVY = 0.02, 0.1
"""Part of the sample's keys, or of its bytes, from which a prefix has a row of its own: at most 60 have."""

_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """One sampled key: bytes as MEMORY USAGE tells, and whether it never expires."""

    key: bytes
    size: int
    lasting: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Sampled keys of a database that holds ``total``.

    ``whole``: these are all of them, else a random sample with replacement. ``refused``: drawn keys
    that this user may not look at.
    """

    seen: tuple[Seen, ...]
    total: int
    whole: bool
    refused: int = 0


Row = tuple[Shown | Quantity, ...]
COLUMNS = ("prefix", "keys", "bytes", "without ttl", "largest seen")


def rows(sample: Sample, separators: bytes) -> tuple[Row, ...]:
    """A row for each prefix, most bytes first."""
    by_size = sorted(
        group(sample.seen, separators).items(),
        key=lambda item: (-sum(seen.size for seen in item[1]), item[0]),
    )
    return tuple(_row(prefix, members, sample) for prefix, members in by_size)


def group(seen: Sequence[Seen], separators: bytes) -> dict[bytes, list[Seen]]:
    """Sampled keys by prefix.

    A prefix that enough keys or bytes share stands by itself, and so do the longer ones below it; ids
    are shared by few and so never split. What is left over stands under the prefix above, at last
    under the empty one.
    """
    found: dict[bytes, list[Seen]] = {}
    enough = max(1, math.ceil(_MANY * len(seen))), _HEAVY * sum(one.size for one in seen)
    _split(b"", list(seen), separators, enough, found)
    return found


def _split(
    prefix: bytes,
    members: list[Seen],
    separators: bytes,
    enough: tuple[int, float],
    found: dict[bytes, list[Seen]],
) -> None:
    longer: dict[bytes, list[Seen]] = defaultdict(list)
    rest: list[Seen] = []
    for seen in members:
        head = _next(seen.key, len(prefix), separators)
        (rest if head is None else longer[head]).append(seen)
    keys = enough[0] if not prefix else max(enough[0], 3)
    depth = sum(prefix.count(sign) for sign in separators)
    for head, below in longer.items():
        many = len(below) >= keys or sum(one.size for one in below) >= enough[1]
        if many and depth < _DEEPEST:
            _split(head, below, separators, enough, found)
        else:
            rest += below
    if rest:
        found[prefix] = rest


def _next(key: bytes, start: int, separators: bytes) -> bytes | None:
    """The key up to and with the next separator, None where none comes."""
    ends = [end for sign in separators if (end := key.find(sign, start)) >= 0]
    return key[: min(ends) + 1] if ends else None


def _row(prefix: bytes, members: list[Seen], sample: Sample) -> Row:
    name = one_line(prefix + b"*", 80) if prefix else Shown("other keys")
    sizes = [seen.size for seen in members]
    lasting = sum(seen.lasting for seen in members)
    if sample.whole:
        return (
            name,
            exact(len(members)),
            exact(sum(sizes), Unit.BYTES),
            exact(lasting / len(members), Unit.RATIO),
            exact(max(sizes), Unit.BYTES),
        )
    drawn = len(sample.seen)
    share = len(members) / drawn
    return (
        name,
        about(sample.total * share, sample.total * half(len(members), drawn)),
        about(sample.total * sum(sizes) / drawn, sample.total * _half_of_mean(sizes, drawn), Unit.BYTES),
        about(lasting / len(members), half(lasting, len(members)), Unit.RATIO),
        at_least(max(sizes), Unit.BYTES),
    )


def half(count: int, drawn: int) -> float:
    """Half the 95 % interval of a share (Agresti and Coull: honest at 0 and 1 too)."""
    share = (count + 2) / (drawn + 4)
    return _NORMAL_95 * math.sqrt(share * (1 - share) / (drawn + 4))


def _half_of_mean(sizes: Sequence[int], drawn: int) -> float:
    """Half the 95 % interval of the mean of ``sizes`` over a sample whose other members count 0."""
    mean = sum(sizes) / drawn
    spread = sum(size * size for size in sizes) / drawn - mean * mean
    return _NORMAL_95 * math.sqrt(max(0.0, spread) / drawn)
