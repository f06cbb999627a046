"""What is said of a worker's jobs; pure."""

from collectors.drains.rq.look import Hand, Job
from collectors.text import Shown, one_line


def name_of(job: Job) -> str:
    """The job as people know it: its call, or its id."""
    return str(one_line(job.description or job.id, 80))


def lost(hand: Hand) -> Shown:
    """What a SIGKILL would cost: RQ finds out when the job's heartbeat is over."""
    if not hand.worker.alive or not hand.jobs:
        return Shown("")
    job = hand.jobs[0]
    others = f" and {len(hand.jobs) - 1} more" if len(hand.jobs) > 1 else ""
    fate = f"RQ would try it again ({job.tries} left)" if job.tries else "RQ would give it up as abandoned"
    return one_line(f"{name_of(job)}{others}: {fate}", 200)
