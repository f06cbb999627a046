"""What an invalidation says before it begins and when it has ended; pure."""

from collections.abc import Mapping

from collectors.action import Outcome, Result
from collectors.caches.redis.guarding import sentence
from collectors.caches.redis.selecting import BROAD, Selected
from collectors.caches.redis.surveying import Survey
from collectors.caches.redis.unlinking import Pace, Tally
from collectors.text import Shown

NO_UNDO = Shown("it cannot be undone: values come back from their source, one miss each, at its cost")
_NEWER = Shown(
    "Redis does not tell when a key came: those that come before the walk is through go too, apart from "
    "names that were invalidated already"
)


def warnings(chosen: Selected, found: Survey, info: Mapping[str, str], maximum: int | None) -> list[Shown]:
    """What the operator must know of a pattern besides its count."""
    told = [NO_UNDO]
    if not found.whole:
        told.append(Shown(_estimated(found)))
        if maximum is not None and found.most > maximum:
            told.append(
                Shown(f"they may be more than the limit of {maximum}: counted again before the first goes")
            )
    if found.share > BROAD:
        told.append(Shown(f"this is {found.share:.0%} of the database"))
    if found.neighbours:
        told.append(
            Shown(f"this database also holds queues: {sentence(found.neighbours)}; they are left alone")
        )
        policy = info.get("maxmemory_policy", "")
        if policy.startswith("allkeys") and info.get("maxmemory", "0") != "0":
            told.append(
                Shown(f"its policy {policy} may throw queue keys out as well: queues want noeviction")
            )
    if found.lists:
        what = "they go too" if chosen.lists else "they stay"
        looked = f"{found.lists} of {len(found.kinds)} looked at"
        told.append(Shown(f"{looked} are lists or streams, as queues are: {what}"))
    told.append(_NEWER)
    return told


def _estimated(found: Survey) -> str:
    if found.hits:
        drawn = f"estimated from {found.looked} random keys of {found.total}"
    else:
        drawn = f"none of {found.looked} random keys of {found.total} matches: {found.most} do at most"
    return f"{drawn}; they are counted before the first one goes"


def ended(tally: Tally, pace: Pace, seconds: float) -> Outcome:
    """The outcome of a walk that ran for ``seconds``."""
    told = f"{_keys(tally.done)} invalidated in {seconds:.1f} s"
    if tally.done and seconds > 0:
        told += f", {tally.done / seconds:.0f}/s"
    if tally.stopped:
        told = f"stopped: {tally.stopped}; {told}"
    lines = [
        f"highest latency seen {pace.highest * 1000:.1f} ms, the server's best {pace.best * 1000:.1f} ms",
        f"{tally.batches} batches in {tally.passes} walks over the database",
    ]
    if pace.slowed:
        lines.append(f"slowed down after {pace.slowed} of them, since the server answered late")
    return Outcome(
        result=Result.FAILED if tally.stopped else Result.DONE,
        count=tally.done,
        words=Shown(told),
        skipped={reason: count for reason, count in tally.left.items() if count},
        lines=tuple(Shown(line) for line in lines),
    )


def looked_again(found: Survey, again: int, asked: int) -> tuple[Shown, ...]:
    """What matches after a run; ``again`` of ``asked`` names that it had invalidated are there again."""
    lines = []
    if asked:
        back = f"{again} are there again, filled anew" if again else "none is there again"
        lines.append(f"of {asked} that went {back}")
    if found.whole:
        lines.append(f"{_keys(found.hits)} {'matches' if found.hits == 1 else 'match'} now")
    elif found.hits:
        lines.append(
            f"{found.hits} of {found.looked} random keys match now: about {found.count.value:.0f} in all"
        )
    else:
        lines.append(f"none of {found.looked} random keys matches now: {found.most} do at most")
    return tuple(Shown(line) for line in lines)


def found_out(planned: float, now: int | None) -> Outcome:
    """What became of a run that nobody saw end, by how many keys match ``now`` (None: too many to count)."""
    if now is None:
        words = "there are too many keys to count those that still match: look at the cache"
        return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))
    went = max(0, round(planned) - now)
    if not now:
        return Outcome(result=Result.DONE, count=went, words=Shown("no key matches any more"))
    if went > planned / 10:
        words = f"broken off, or filled again since: {_keys(now)} still match of {planned:.0f} planned"
        return Outcome(result=Result.FAILED, count=went, words=Shown(words))
    words = f"{_keys(now)} match, as many as were planned: none went, or they were filled again"
    return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))


def _keys(count: int) -> str:
    return f"{count} key" if count == 1 else f"{count} keys"
