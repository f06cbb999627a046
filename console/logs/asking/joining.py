"""Lines that belong together, joined as the live stream joins them."""

from collections.abc import Sequence

from collectors.lines.facts import Facts, Profile, numbered


def joined(lines: Sequence[bytes], profile: Profile) -> tuple[list[bytes], list[Facts], list[int]]:
    """Records, what they tell, and where each begins among the lines."""
    records: list[bytes] = []
    told: list[Facts] = []
    firsts: list[int] = []
    for raw, one, first in numbered(lines, profile):
        records.append(raw)
        told.append(one)
        firsts.append(first)
    return records, told, firsts
