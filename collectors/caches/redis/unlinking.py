"""Unlinking what a pattern hits: counted first, then in batches that leave the server time for others."""

import contextlib
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.action import Control, RefusedError, Request
from collectors.caches.redis.guarding import LISTS, OWN, VALUES, is_doubtful, library_of
from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.quoting import written
from collectors.hands import RedisHands
from collectors.text import Shown
from collectors.transport.read.redis_probes import Probes

STEP = 250
"""COUNT of one SCAN: others wait for it, and for us to read its answer where we share their processors."""

FIRST, LEAST, MOST = 100, 25, 150
"""Keys in a batch: at first, and within which bounds the server's answers move it."""

BUDGET = 0.003
"""Seconds above the best answer that a batch or a PING may take before we slow down."""

SHORT_REST, LONG_REST = 0.001, 0.25
"""Seconds of rest after a batch, at least as long as the batch took; doubled while the server is slow."""

MOST_PASSES = 3
"""Walks over the database: until one finds nothing; a cache that fills all the time is left at last."""

_SCRIPT = """
local letters = {string='s', hash='h', list='l', set='t', zset='z', stream='x', none='n'}
local told, unlinked = {}, {}
for index, key in ipairs(KEYS) do
  local letter = letters[redis.call('TYPE', key).ok] or 'o'
  local wanted = string.sub(ARGV[3], index, index) == '1' and ARGV[2] or ARGV[1]
  told[index] = letter
  if letter ~= 'n' and string.find(wanted, letter, 1, true) then unlinked[#unlinked + 1] = key end
end
if #unlinked > 0 then redis.call('UNLINK', unpack(unlinked)) end
return table.concat(told)
"""
"""Types are looked at and keys are unlinked in one step. ARGV: letters of types that go, those that go
where a name is doubtful, and for each key whether it is."""

_TYPES = {
    "s": "string", "h": "hash", "l": "list", "t": "set", "z": "zset", "x": "stream", "o": "type of a module",
    "n": "none",
}  # fmt: skip

_BACK = "came back, and is newer"


class Pace:
    """How large a batch may be and how long to rest after it, by what the server's answers take.

    ``most``: keys that a batch may have. ``best`` and ``highest``: the quickest PING and the slowest
    answer, in seconds.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.best = math.inf
        self.highest = 0.0
        self.size = min(FIRST, most)
        self.rest = SHORT_REST
        self.slowed = 0

    def saw(self, ping: float, batch: float = 0.0) -> None:
        """Take in the round trips of a batch and of the PING right after it."""
        self.best = min(self.best, ping)
        slowest = max(ping, batch)
        self.highest = max(self.highest, slowest)
        if slowest - self.best > BUDGET:
            self.slowed += 1
            self.size = max(min(LEAST, self.most), self.size // 2)
            self.rest = min(LONG_REST, max(self.rest, batch) * 2)
        else:
            self.size = min(self.most, self.size + LEAST // 5)
            self.rest = max(SHORT_REST, batch, self.rest * 0.7)


class Names:
    """Names that were put in, in 4 MiB: holding a million, it takes one foreign name in 2,000 for its own."""

    _BITS = 2**25

    def __init__(self) -> None:
        self._bits = bytearray(self._BITS // 8)

    def add(self, name: bytes) -> None:
        """Put a name in."""
        for place in self._places(name):
            self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, name: bytes) -> bool:
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in self._places(name))

    def _places(self, name: bytes) -> Sequence[int]:
        digest = hashlib.blake2b(name, digest_size=12).digest()
        return [int.from_bytes(digest[at : at + 4], "big") % self._BITS for at in (0, 4, 8)]


@dataclass(slots=True)
class Tally:
    """What a walk did: keys unlinked, those ``left`` alone by reason, and some of the unlinked names."""

    counted: int = 0
    done: int = 0
    batches: int = 0
    passes: int = 0
    left: Counter[str] = field(default_factory=Counter)
    names: list[bytes] = field(default_factory=list)
    stopped: Shown = Shown("")


class _EndError(Exception):
    """The walk must not go on: why."""


class Walk:
    """One run over a database. ``probes`` learn of the look-ups that the server counts for us."""

    def __init__(
        self,
        hands: RedisHands,
        control: Control,
        glob: Glob,
        probes: Probes,
        *,
        lists: bool,
        request: Request,
    ) -> None:
        self._hands, self._control, self._glob, self._probes = hands, control, glob, probes
        self._letters = "".join(letter for letter, kind in _TYPES.items() if lists or kind not in LISTS)
        self._maximum = request.maximum
        self._ours = Names()
        self.tally = Tally()
        # a batch of more than a second's keys would be a burst
        self.pace = Pace(MOST if request.rate is None else max(1, min(MOST, int(request.rate))))

    async def count(self) -> int:
        """Keys that match now, by a walk that only reads.

        Raises RefusedError where it meets a key of a queue library: nothing is unlinked then.
        """
        for _ in range(5):
            await self._ping()
        cursor = b"0"
        while True:
            cursor, keys = await self._scan(cursor)
            keys = [key for key in keys if not key.startswith(OWN)]
            await self._refuse_queues(keys)
            self.tally.counted += len(keys)
            self._control.report(0, f"{self.tally.counted} counted")
            if cursor == b"0":
                return self.tally.counted
            await self._control.pause(max(SHORT_REST, self._hands.took))

    async def run(self) -> Tally:
        """Unlink until a pass over the database finds nothing more; ``stopped`` says why it ended before."""
        with contextlib.suppress(_EndError):
            for _ in range(MOST_PASSES):
                before = self.tally.done
                await self._pass()
                if self.tally.done == before:
                    break
        return self.tally

    async def _refuse_queues(self, keys: Sequence[bytes]) -> None:
        doubtful = [key for key in keys if is_doubtful(key)]
        told = await unlink(self._hands, self._probes, doubtful, "") if doubtful else ""
        kinds = {key: _TYPES[letter] for key, letter in zip(doubtful, told, strict=True)}
        for key in keys:
            if library := library_of(key, kinds.get(key, "")):
                why = f"it hits {written(key)}, a key of {library}: nothing was invalidated"
                raise RefusedError(why, "choose a pattern that leaves it out")

    async def _pass(self) -> None:
        self.tally.passes += 1
        self.tally.left.pop(_BACK, None)
        cursor = b"0"
        waiting: dict[bytes, None] = {}
        while True:
            cursor, keys = await self._scan(cursor)
            waiting.update(dict.fromkeys(key for key in keys if self._goes(key)))
            ended = cursor == b"0"
            while waiting and (ended or len(waiting) >= self.pace.size):
                batch = list(waiting)[: self.pace.size]
                for key in batch:
                    del waiting[key]
                await self._unlink(batch)
            if ended:
                return
            await self._control.pause(max(SHORT_REST, self._hands.took))

    def _goes(self, key: bytes) -> bool:
        """Whether a name that SCAN gave is one to unlink."""
        library = library_of(key)
        if library and not key.startswith(OWN):
            self._end(f"it hits {written(key)}, a key of {library}, which came meanwhile")
        if library or not self._glob.matches(key):
            return False
        if self.tally.passes > 1 and key in self._ours:
            self.tally.left[_BACK] += 1
            return False
        return True

    async def _unlink(self, batch: list[bytes]) -> None:
        if self._maximum is not None and self.tally.done + len(batch) > self._maximum:
            self._end(f"more than {self._maximum} keys match, which is the limit")
        await self._control.step(len(batch))
        told = await unlink(self._hands, self._probes, batch, self._letters)
        took = self._hands.took
        await self._ping(took)
        self._take(batch, told)
        words = f"{self.tally.done} of {self.tally.counted}, the server answers in {took * 1000:.1f} ms"
        self._control.report(self.tally.done, words)
        await self._control.pause(self.pace.rest)

    def _take(self, batch: Sequence[bytes], told: str) -> None:
        """Count a batch by what became of each key."""
        tally, met = self.tally, ""
        tally.batches += 1
        for key, letter in zip(batch, told, strict=True):
            kind = _TYPES[letter]
            if letter == "n":
                tally.left["gone"] += 1
            elif is_doubtful(key) and kind not in VALUES:
                met = f"it hits {written(key)}, a {kind}, as {library_of(key, kind)} has it"
            elif letter in self._letters:
                tally.done += 1
                self._ours.add(key)
            elif tally.passes == 1:
                tally.left[f"a {kind}, as queues are"] += 1
        tally.names.append(batch[0])
        if len(tally.names) > 40:
            tally.names = tally.names[::2]
        if met:
            self._end(met)

    def _end(self, why: str) -> None:
        self.tally.stopped = Shown(why)
        raise _EndError

    async def _scan(self, cursor: bytes) -> tuple[bytes, list[bytes]]:
        command = ("SCAN", cursor, "MATCH", self._glob.pattern, "COUNT", STEP)
        [[cursor, keys]] = await self._hands.send(command)
        return cursor, keys

    async def _ping(self, batch: float = 0.0) -> None:
        await self._hands.send(("PING",))
        self.pace.saw(self._hands.took, batch)


async def unlink(hands: RedisHands, probes: Probes, keys: Sequence[bytes], letters: str) -> str:
    """Unlink the keys whose type is among ``letters``, none for none of them.

    Gives the letter of each key's type, ``n`` where it is not there.
    """
    doubtful = "".join("1" if is_doubtful(key) else "0" for key in keys)
    values = "".join(letter for letter, kind in _TYPES.items() if kind in VALUES and letter in letters)
    looks = [("TYPE", (key,)) for key in keys]
    begun, told = probes.begin(looks), b""
    try:
        told = bytes(await hands.script(_SCRIPT, keys, [letters, values, doubtful]))
    finally:
        if told:
            probes.count(looks, [_TYPES[letter].encode() for letter in told.decode()], begun)
        else:
            probes.lose(looks)
    return told.decode()


def letter_of(kind: str) -> str:
    """The letter of a type that TYPE tells."""
    return next((letter for letter, name in _TYPES.items() if name == kind), "o")


def kind_of(letter: str) -> str:
    """The type of a letter."""
    return _TYPES[letter]
