"""A server's clock against ours, and how well one question can tell it; pure."""

from collectors.health.host.told import Told
from collectors.model.quantity import Quantity, Unit, about, unknown


def skew_of(told: Told, asked: float, took: float) -> Quantity:
    """Seconds by which the server's clock is ahead of ours (below 0: behind), with its margin.

    ``asked``: our UTC epoch seconds before the question; ``took``: seconds until its answer. The server
    looked at its clock twice in between, so its first look came after ours and its last before: the middle
    of what is possible is told, half of the way there and back is the margin.
    """
    if told.began is None or told.ended is None:
        return unknown(Unit.SECONDS)
    most = told.began.at + told.began.width - asked
    least = told.ended.at - (asked + took)
    if least > most:
        # one of the clocks was set meanwhile
        return unknown(Unit.SECONDS)
    return about((most + least) / 2, (most - least) / 2, Unit.SECONDS)
