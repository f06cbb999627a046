"""The ids of stream entries: milliseconds since the epoch, a dash, and a number."""


def next_id(entry: bytes) -> bytes:
    """The smallest id after ``entry``: servers before 6.2 know no exclusive ranges."""
    time, _, sequence = entry.partition(b"-")
    if not time.isdigit() or not (sequence or b"0").isdigit():
        return b"0-1"
    after = int(sequence or 0) + 1
    return b"%d-0" % (int(time) + 1) if after >= 2**64 else b"%d-%d" % (int(time), after)


def previous_id(entry: bytes) -> bytes:
    """The largest id before ``entry``; 0-0, which no entry has, before the first."""
    time, sequence = order(entry)
    if sequence:
        return b"%d-%d" % (time, sequence - 1)
    return b"%d-%d" % (time - 1, 2**64 - 1) if time else b"0-0"


def order(entry: bytes) -> tuple[int, int]:
    """An id as numbers that compare; (0, 0) for what is none."""
    time, _, sequence = entry.partition(b"-")
    return (int(time), int(sequence or 0)) if time.isdigit() and (sequence or b"0").isdigit() else (0, 0)
